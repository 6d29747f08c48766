//! The real Claude Code in real sandboxes, with a stand-in for its service on loopback.

use crate::desk::{COMMAND, Desk, SBC, SECRET};
use crate::packages::{CLAUDE, Installed, installed_or_skip};
use crate::stand_in::{Call, Script};
use crate::support::{Output, Project};
use serde_json::json;
use std::collections::BTreeSet;
use std::fs;
use walkdir::WalkDir;

/// What a team would write for a Node project.
const POLICY: &str = "sandbox \"app\" { inherit \"claude\" \"node\"; }\n";

/// The same, with what makes the agent keep files as they were where nobody talks to it.
const KEEPING: &str = "sandbox \"app\" { inherit \"claude\" \"node\"; \
     env { set CLAUDE_CODE_ENABLE_SDK_FILE_CHECKPOINTING=\"1\"; }; }\n";

/// What stands in the agent's own file before a run.
const SETTINGS: &str = "{\n  \"hasCompletedOnboarding\": true\n}\n";

/// The agent's arguments for one turn without questions.
const TURN: [&str; 3] = ["-p", "run the command", "--dangerously-skip-permissions"];

/// What is the agent's own in the home.
const OWN: [&str; 2] = [".claude", ".local/share/sbc"];

/// A desk with the agent and its file.
fn desk(policy: &str, claude: &Installed) -> Desk {
    let input = json!({ "command": COMMAND, "description": "Run the command of the test" });
    desk_at(Project::new(policy), claude, Script::call("Bash", input))
}

/// The same, for a project that is there and another script.
fn desk_at(project: Project, claude: &Installed, script: Script) -> Desk {
    let desk = Desk::at(project, claude, script);
    desk.project.write_home(".claude.json", SETTINGS);
    // Its login is its own: it may be seen, and this one is none.
    fs::remove_file(desk.project.home.join(".claude/.credentials.json")).unwrap();
    desk
}

/// Runs a program with arguments as the agent wants it.
fn run(desk: &Desk, words: &[&str]) -> Output {
    let variables = [
        ("ANTHROPIC_API_KEY", "no-key".to_owned()),
        ("ANTHROPIC_BASE_URL", desk.api.url()),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1".to_owned()),
    ];
    desk.run(words, &variables.map(|(name, value)| (name.to_owned(), value)))
}

/// Runs one turn inside and asserts what it saw, did and left behind.
fn turn(desk: &Desk, words: &[&str]) {
    let before = desk.files(&OWN);
    let output = run(desk, &[words, &TURN].concat()).code(0);
    let root = desk.project.root.to_str().unwrap();
    for text in ["DONE: ", root, "readme.txt", "id_ed25519: No such file or directory"] {
        assert!(output.stdout.contains(text), "the agent's answer lacks {text:?}: {output:?}");
    }
    desk.assert_requests();
    assert_eq!(desk.changed_since(&before, &OWN), ["work/made-by-agent"], "files that are new, changed or gone");
    assert_eq!(desk.project.read("made-by-agent"), "from-inside\n");
    assert_eq!(fs::read_to_string(desk.project.home.join(".claude.json")).unwrap(), SETTINGS);
    let sessions = WalkDir::new(desk.project.home.join(".claude/projects")).into_iter().flatten();
    let sessions = sessions.filter(|entry| entry.path().extension().is_some_and(|end| end == "jsonl"));
    assert_eq!(sessions.count(), 1, "one session in ~/.claude/projects");
}

/// The agent starts inside and is the one that was installed.
#[test]
fn prints_its_version() {
    let claude = installed_or_skip!(CLAUDE);
    let output = run(&desk(POLICY, claude), &[SBC, "exec", "--", "claude", "--version"]).code(0);
    assert!(output.stdout.starts_with(&claude.version), "{}", output.stdout);
}

/// Without a sandbox the same turn sends the key to the service: the other tests can fail.
#[test]
fn without_a_sandbox_the_key_gets_out() {
    let claude = installed_or_skip!(CLAUDE);
    let desk = desk(POLICY, claude);
    let program = desk.project.home.join(".local/bin/claude");
    run(&desk, &[&[program.to_str().unwrap()], &TURN[..]].concat()).code(0);
    assert!(desk.api.requests().iter().any(|request| request.contains(SECRET)));
}

/// One turn by `sbc exec` works in the project, and nowhere else.
#[test]
fn turn_by_exec() {
    turn(&desk(POLICY, installed_or_skip!(CLAUDE)), &[SBC, "exec", "--", "claude"]);
}

/// One turn by the compiled script does the same.
#[test]
fn turn_by_script() {
    let claude = installed_or_skip!(CLAUDE);
    let desk = desk(POLICY, claude);
    desk.project.sbc(&["build"]).code(0);
    turn(&desk, &[".agent-sandbox/app.sh"]);
}

/// So does one beside `base-minimal`, in whose home nothing else can be written.
#[test]
fn turn_in_a_minimal_home() {
    let policy = "sandbox \"app\" { inherit \"claude\" \"node\" \"base-minimal\"; }\n";
    turn(&desk(policy, installed_or_skip!(CLAUDE)), &[SBC, "exec", "--", "claude"]);
}

/// The policy of the example does the turn with its own command and the caller's arguments.
#[test]
fn turn_by_the_classic_policy() {
    let policy = include_str!("../examples/claude-classic/.agent-sandbox.kdl");
    turn(&desk(policy, installed_or_skip!(CLAUDE)), &[SBC, "exec", "--"]);
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

/// Sessions, what was typed and a refreshed login stay on the host. Plans, tasks and files as they were before are the
/// sandboxes' own, and those of the host are not seen.
#[test]
fn keeps_its_state() {
    let project = Project::new(POLICY);
    project.write_home(".claude/.credentials.json", "{}\n");
    for name in ["plans/p.md", "tasks/s/1.json", "file-history/s/a@v1"] {
        project.write_home(&format!(".claude/{name}"), "of-the-host");
    }
    let change = "cd ~/.claude && mkdir projects/p && echo kept > projects/p/s.jsonl && echo kept > history.jsonl && \
                  echo kept > .credentials.json && ls plans tasks file-history | grep -v : ; \
                  mkdir -p tasks/s file-history/s && echo plan > plans/p.md && echo task > tasks/s/1.json && \
                  echo file > file-history/s/a@v1";
    assert_eq!(project.exec(change).code(0).stdout.trim(), "", "nothing of the host's plans, tasks and files");
    for name in ["projects/p/s.jsonl", "history.jsonl", ".credentials.json"] {
        assert_eq!(fs::read_to_string(project.home.join(".claude").join(name)).unwrap(), "kept\n", "{name}");
    }
    for name in ["plans/p.md", "tasks/s/1.json", "file-history/s/a@v1"] {
        assert_eq!(fs::read_to_string(project.home.join(".claude").join(name)).unwrap(), "of-the-host", "{name}");
    }
    let read = "cd ~/.claude && cat plans/p.md tasks/s/1.json file-history/s/a@v1";
    assert_eq!(project.exec(read).code(0).stdout, "plan\ntask\nfile\n");
}

/// The agent itself keeps files as they were before where the next sandbox finds them.
#[test]
fn keeps_files_as_they_were() {
    let claude = installed_or_skip!(CLAUDE);
    let project = Project::new(KEEPING);
    let path = project.root.join("readme.txt");
    let edit = json!({ "file_path": path, "old_string": "A project.", "new_string": "Changed." });
    let calls = [("Read", json!({ "file_path": path })), ("Edit", edit)];
    let calls = calls.map(|(tool, input)| Call { tool: tool.to_owned(), input });
    let desk = desk_at(project, claude, Script { calls: calls.to_vec(), closing: None });
    let output = run(&desk, &[&[SBC, "exec", "--", "claude"], &TURN[..]].concat()).code(0);
    assert_eq!(desk.project.read("readme.txt"), "Changed.\n", "{output:?}");
    let kept = WalkDir::new(desk.project.home.join(".local/share/sbc/claude")).min_depth(2).into_iter().flatten();
    let kept: Vec<(String, String)> = kept
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| (entry.file_name().to_str().unwrap().to_owned(), fs::read_to_string(entry.path()).unwrap()))
        .collect();
    assert!(kept.iter().any(|(name, text)| name.ends_with("@v1") && text == "A project.\n"), "{kept:?}");
}
