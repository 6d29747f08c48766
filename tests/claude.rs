//! The real Claude Code in real sandboxes, with a stand-in for its service on loopback.

use crate::messages_api::MessagesApi;
use crate::npm::{Claude, claude_or_skip};
use crate::support::{Output, Project, run};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::time::SystemTime;
use walkdir::WalkDir;

const SBC: &str = env!("CARGO_BIN_EXE_sbc");

/// What a team would write for a Node project.
const POLICY: &str = "sandbox \"app\" { inherit \"claude\" \"node\"; }\n";

/// What the service tells the agent to run.
const COMMAND: &str = "pwd; ls; cat ~/.ssh/id_ed25519; echo from-inside > made-by-agent";

/// What stands in a key of the user.
const SECRET: &str = "planted-key-material";

/// What stands in the agent's own file before a run.
const SETTINGS: &str = "{\n  \"hasCompletedOnboarding\": true\n}\n";

/// The agent's arguments for one turn without questions.
const TURN: [&str; 3] = ["-p", "run the command", "--dangerously-skip-permissions"];

/// Size and time of each file, nothing of each directory and link.
type Files = BTreeMap<PathBuf, Option<(u64, SystemTime)>>;

/// A home with the agent, its file, a key and a project, and a service for one turn.
struct Desk {
    project: Project,
    api: MessagesApi,
}

impl Desk {
    fn new(policy: &str, claude: &Claude) -> Desk {
        let project = Project::new(policy);
        project.trust();
        project.write("readme.txt", "A project.\n");
        project.write_home(".ssh/id_ed25519", SECRET);
        project.write_home(".claude.json", SETTINGS);
        // Where every home keeps states, sbc's among them.
        fs::create_dir_all(project.home.join(".local/state")).unwrap();
        claude.link_into(&project.home);
        Desk { project, api: MessagesApi::start(COMMAND) }
    }

    /// Runs a program with arguments in the project. The agent waits for ever for a dead service.
    fn run(&self, words: &[&str]) -> Output {
        let mut command = self.project.command("timeout");
        command.args(["--kill-after=5", "120"]).args(words);
        command.env("ANTHROPIC_API_KEY", "no-key").env("ANTHROPIC_BASE_URL", self.api.url());
        run(command.env("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"))
    }

    /// Runs one turn inside and asserts what it saw, did and left behind.
    fn turn(&self, words: &[&str]) {
        let before = self.files();
        let output = self.run(&[words, &TURN].concat()).code(0);
        self.assert_result(&output);
        self.assert_requests();
        let changed = self.changed_since(&before);
        assert_eq!(changed, ["work/made-by-agent"], "files that are new, changed or gone");
        assert_eq!(self.project.read("made-by-agent"), "from-inside\n");
        assert_eq!(fs::read_to_string(self.project.home.join(".claude.json")).unwrap(), SETTINGS);
        let sessions = WalkDir::new(self.project.home.join(".claude/projects")).into_iter().flatten();
        let sessions = sessions.filter(|entry| entry.path().extension().is_some_and(|end| end == "jsonl"));
        assert_eq!(sessions.count(), 1, "one session in ~/.claude/projects");
    }

    /// The agent saw the project in its place, and no key.
    fn assert_result(&self, output: &Output) {
        let root = self.project.root.to_str().unwrap();
        for text in ["DONE: ", root, "readme.txt", "id_ed25519: No such file or directory"] {
            assert!(output.stdout.contains(text), "the agent's answer lacks {text:?}: {output:?}");
        }
    }

    /// The service got the command's result, and no key.
    fn assert_requests(&self) {
        let requests = self.api.requests();
        assert!(requests.last().is_some_and(|last| last.contains("tool_result")), "{requests:#?}");
        assert!(!requests.iter().any(|request| request.contains(SECRET)), "the key reached the service");
    }

    /// Every path of the home but those that are the agent's and sbc's own.
    fn files(&self) -> Files {
        let own = [".claude", ".local/state/sbc"].map(|own| self.project.home.join(own));
        let entries = WalkDir::new(&self.project.home).min_depth(1).into_iter();
        entries
            .filter_entry(|entry| !own.iter().any(|own| entry.path() == own))
            .map(|entry| {
                let entry = entry.expect("an entry");
                let metadata = entry.metadata().expect("metadata");
                let path = entry.path().strip_prefix(&self.project.home).expect("below the home").to_owned();
                (path, metadata.is_file().then(|| (metadata.len(), metadata.modified().expect("a time"))))
            })
            .collect()
    }

    /// The files that are new, changed or gone.
    fn changed_since(&self, before: &Files) -> Vec<String> {
        let after = self.files();
        let differs = |path: &&PathBuf| before.get(*path) != after.get(*path);
        let gone = before.keys().filter(|path| !after.contains_key(*path));
        after.keys().filter(differs).chain(gone).map(|path| path.display().to_string()).collect()
    }
}

/// The agent starts inside and is the one that was installed.
#[test]
fn prints_its_version() {
    let claude = claude_or_skip!();
    let output = Desk::new(POLICY, claude).run(&[SBC, "exec", "--", "claude", "--version"]).code(0);
    assert!(output.stdout.starts_with(&claude.version), "{}", output.stdout);
}

/// Without a sandbox the same turn sends the key to the service: the other tests can fail.
#[test]
fn without_a_sandbox_the_key_gets_out() {
    let claude = claude_or_skip!();
    let desk = Desk::new(POLICY, claude);
    let program = desk.project.home.join(".local/bin/claude");
    desk.run(&[&[program.to_str().unwrap()], &TURN[..]].concat()).code(0);
    assert!(desk.api.requests().iter().any(|request| request.contains(SECRET)));
}

/// One turn by `sbc exec` works in the project, and nowhere else.
#[test]
fn turn_by_exec() {
    Desk::new(POLICY, claude_or_skip!()).turn(&[SBC, "exec", "--", "claude"]);
}

/// One turn by the compiled script does the same.
#[test]
fn turn_by_script() {
    let claude = claude_or_skip!();
    let desk = Desk::new(POLICY, claude);
    desk.project.sbc(&["build"]).code(0);
    desk.turn(&[".agent-sandbox/app.sh"]);
}

/// The policy of the example does the turn with its own command and the caller's arguments.
#[test]
fn turn_by_the_classic_policy() {
    let policy = include_str!("../examples/claude-classic/.agent-sandbox.kdl");
    Desk::new(policy, claude_or_skip!()).turn(&[SBC, "exec", "--"]);
}

/// The agent's way to save its file works inside: lock directory, temporary file, rename. The
/// host's file stays as it was, and nothing is left beside it.
#[test]
fn saves_its_file_inside_only() {
    let project = Project::new(POLICY);
    project.write_home(".claude.json", SETTINGS);
    let save = "set -e; cd ~; mkdir .claude.json.lock; echo saved > .claude.json.tmp; \
                mv .claude.json.tmp .claude.json; rmdir .claude.json.lock; cat .claude.json";
    assert_eq!(project.exec(save).code(0).stdout, "saved\n");
    assert_eq!(project.script("dash", save).code(0).stdout, "saved\n");
    assert_eq!(fs::read_to_string(project.home.join(".claude.json")).unwrap(), SETTINGS);
    let names = fs::read_dir(&project.home).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    assert!(!names.into_iter().any(|name| name.starts_with(".claude.json.")));
}

/// What the sandbox plants in the agent's directory for the host to run or obey is gone afterwards;
/// settings of the user are seen inside and cannot be changed.
#[test]
fn plants_nothing_for_the_host() {
    let project = Project::new(POLICY);
    project.write_home(".claude/settings.json", "{}\n");
    project.write_home(".claude/ide/1.lock", "door-to-the-editor");
    let plant = "cd ~/.claude && cat settings.json && ls ide; mkdir -p hooks plugins skills/x daemon; \
                 for file in .config.json settings.local.json hooks/run plugins/config.json skills/x/SKILL.md \
                 daemon/config.json CLAUDE.md; do echo planted > $file; done; \
                 echo planted > settings.json";
    let output = project.exec(plant).says(&["settings.json: Read-only file system", "ide': No such file"]);
    assert_eq!(output.stdout, "{}\n");
    assert!(output.code != 0);
    let planted = WalkDir::new(project.home.join(".claude")).min_depth(1).into_iter().flatten();
    let names: BTreeSet<_> = planted.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    assert_eq!(names.iter().collect::<Vec<_>>(), ["1.lock", "ide", "settings.json"]);
}

/// Sessions, plans and a refreshed login stay on the host.
#[test]
fn keeps_its_state() {
    let project = Project::new(POLICY);
    project.write_home(".claude/.credentials.json", "{}\n");
    let change = "cd ~/.claude && mkdir projects/p && echo kept > projects/p/s.jsonl && echo kept > plans/p.md && \
                  echo kept > history.jsonl && echo kept > .credentials.json";
    project.exec(change).code(0);
    for name in ["projects/p/s.jsonl", "plans/p.md", "history.jsonl", ".credentials.json"] {
        assert_eq!(fs::read_to_string(project.home.join(".claude").join(name)).unwrap(), "kept\n", "{name}");
    }
}
