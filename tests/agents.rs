//! The real agents in real sandboxes, each with its profile and a stand-in for its service on loopback.
//!
//! Claude Code has tests of its own, in `claude.rs`.

use crate::desk::{COMMAND, Desk, SBC, SECRET};
use crate::packages::{self, Installed, Package, installed_or_skip};
use crate::stand_in::{Call, Script};
use crate::support::{Output, Project, run};
use sbc::builtin;
use sbc::card::Card;
use serde_json::Value;
use std::fs;

/// An agent, and what one turn of it is.
struct Agent {
    /// The name of its profile, and of its program.
    name: &'static str,
    /// Its variables.
    env: &'static [(&'static str, &'static str)],
    /// Files that its user has in the home. None of them may change.
    home: &'static [(&'static str, &'static str)],
    /// The arguments of a turn without questions. None: it cannot be told where its service is.
    turn: &'static [&'static str],
    /// The arguments that go on with the last session.
    again: &'static [&'static str],
    /// The tools that the service calls, with their input as JSON. `{command}` is what it wants to have run.
    calls: &'static [(&'static str, &'static str)],
    /// What the service says instead.
    closing: Option<&'static str>,
    /// The arguments that change its settings.
    saves: &'static [&'static str],
    /// What must be kept in the home afterwards.
    keeps: &'static [&'static str],
    /// What a turn makes or changes besides the command's file.
    makes: &'static [&'static str],
    /// Beginnings of what it may make besides.
    may: &'static [&'static str],
}

/// What an agent has that needs nothing special.
const PLAIN: Agent = Agent {
    name: "",
    env: &[],
    home: &[],
    turn: &[],
    again: &[],
    calls: &[],
    closing: None,
    saves: &[],
    keeps: &[],
    makes: &[],
    may: &[],
};

/// What is the sandboxes' own in the home.
const OWN: [&str; 2] = [".local/share/sbc", ".cache/sbc"];

/// What the user says in a turn, and when going on.
const PROMPTS: [&str; 2] = ["run the command", "once more"];

const CODEX: Agent = Agent {
    name: "codex",
    env: &[("OPENAI_API_KEY", "no-key")],
    home: &[(
        ".codex/config.toml",
        "model = \"stand-in\"\nmodel_provider = \"here\"\nsandbox_mode = \"workspace-write\"\n[model_providers.here]\n\
         name = \"here\"\nbase_url = \"{api}/v1\"\nenv_key = \"OPENAI_API_KEY\"\nwire_api = \"responses\"\n",
    )],
    turn: &["exec", "--skip-git-repo-check", "{prompt}"],
    again: &["exec", "--skip-git-repo-check", "resume", "--last", "{prompt}"],
    calls: &[("exec_command", r#"{ "cmd": "{command}" }"#)],
    saves: &["mcp", "add", "one", "--", "true"],
    keeps: &[".local/share/sbc/codex/sessions", ".local/share/sbc/codex/config.toml"],
    ..PLAIN
};

const GEMINI: Agent = Agent {
    name: "gemini",
    env: &[("GEMINI_API_KEY", "no-key"), ("GOOGLE_GEMINI_BASE_URL", "{api}"), ("GEMINI_CLI_TRUST_WORKSPACE", "true")],
    home: &[(".gemini/settings.json", r#"{ "security": { "auth": { "selectedType": "gemini-api-key" } } }"#)],
    // With a model that is named, no other is asked which one to take.
    turn: &["--model", "gemini-2.5-pro", "--yolo", "--prompt", "{prompt}"],
    again: &["--model", "gemini-2.5-pro", "--yolo", "--resume", "latest", "--prompt", "{prompt}"],
    calls: &[
        ("run_shell_command", r#"{ "command": "{command}", "description": "as told" }"#),
        ("write_file", r#"{ "file_path": "{root}/readme.txt", "content": "A changed project.\n" }"#),
    ],
    saves: &["mcp", "add", "--scope", "user", "one", "true"],
    keeps: &[".local/share/sbc/gemini/tmp/work/chats"],
    makes: &["work/readme.txt"],
    ..PLAIN
};

const QWEN: Agent = Agent {
    name: "qwen",
    env: &[("OPENAI_API_KEY", "no-key"), ("OPENAI_BASE_URL", "{api}/v1")],
    home: &[(
        ".qwen/settings.json",
        r#"{ "model": { "name": "stand-in" }, "security": { "auth": { "selectedType": "openai" } } }"#,
    )],
    turn: &["--yolo", "--prompt", "{prompt}"],
    again: &["--yolo", "--continue", "--prompt", "{prompt}"],
    calls: &[
        ("run_shell_command", r#"{ "command": "{command}", "description": "as told", "is_background": false }"#),
        ("write_file", r#"{ "file_path": "{root}/new.txt", "content": "New.\n" }"#),
    ],
    saves: &["mcp", "add", "--scope", "user", "one", "true"],
    keeps: &[".local/share/sbc/qwen/projects", ".local/share/sbc/qwen/settings.json"],
    makes: &["work/new.txt"],
    ..PLAIN
};

/// A provider of opencode, and of what was made from it.
const OPENCODE_SETTINGS: &str = r#"{
    "permission": "allow",
    "provider": { "anthropic": { "options": { "baseURL": "{api}/v1", "apiKey": "no-key" } } }
}"#;

const OPENCODE: Agent = Agent {
    name: "opencode",
    home: &[(".config/opencode/opencode.json", OPENCODE_SETTINGS)],
    turn: &["run", "--model", "anthropic/claude-sonnet-4-5", "{prompt}"],
    again: &["run", "--continue", "--model", "anthropic/claude-sonnet-4-5", "{prompt}"],
    calls: &[
        ("bash", r#"{ "command": "{command}", "description": "as told" }"#),
        ("write", r#"{ "filePath": "{root}/new.txt", "content": "New.\n" }"#),
    ],
    keeps: &[".local/share/sbc/opencode/opencode.db"],
    makes: &["work/new.txt"],
    ..PLAIN
};

const KILO: Agent = Agent {
    name: "kilo",
    home: &[(".config/kilo/kilo.json", OPENCODE_SETTINGS)],
    keeps: &[".local/share/sbc/kilo/kilo.db"],
    ..OPENCODE
};

const COPILOT: Agent = Agent {
    name: "copilot",
    env: &[
        ("COPILOT_PROVIDER_BASE_URL", "{api}/v1"),
        ("COPILOT_PROVIDER_API_KEY", "no-key"),
        ("COPILOT_MODEL", "stand-in"),
        ("COPILOT_OFFLINE", "true"),
    ],
    turn: &["--allow-all", "--prompt", "{prompt}"],
    again: &["--allow-all", "--continue", "--prompt", "{prompt}"],
    calls: &[
        ("bash", r#"{ "command": "{command}", "description": "as told" }"#),
        ("create", r#"{ "path": "{root}/new.txt", "file_text": "New.\n" }"#),
    ],
    saves: &["mcp", "add", "one", "--", "true"],
    keeps: &[".local/share/sbc/copilot/session-state"],
    makes: &["work/new.txt"],
    ..PLAIN
};

const AIDER: Agent = Agent {
    name: "aider",
    env: &[("AIDER_OPENAI_API_KEY", "no-key"), ("AIDER_OPENAI_API_BASE", "{api}/v1")],
    home: &[(
        ".aider.conf.yml",
        "model: openai/stand-in\nyes-always: true\nshow-model-warnings: false\nshow-release-notes: false\nanalytics: false\n",
    )],
    turn: &["--test-cmd", "{command}; false", "--auto-test", "--message", "{prompt}", "readme.txt"],
    again: &["--restore-chat-history", "--message", "{prompt}", "readme.txt"],
    closing: Some("Here it is.\n\nreadme.txt\n```\nA changed project.\n```\n"),
    keeps: &[".local/share/sbc/aider/caches", "work/.aider.chat.history.md"],
    makes: &["work/readme.txt", "work/.git/COMMIT_EDITMSG"],
    may: &["work/.aider", "work/.git"],
    ..PLAIN
};

const CLINE: Agent = Agent {
    name: "cline",
    turn: &["{prompt}"],
    calls: &[("run_commands", r#"{ "commands": ["{command}"] }"#)],
    saves: &["auth", "-p", "openai", "-k", "no-key", "-m", "stand-in", "-b", "{api}/v1"],
    keeps: &[".local/share/sbc/cline/data/sessions", ".local/share/sbc/cline/data/settings/providers.json"],
    // It looks at what has changed, and git notes that.
    may: &["work/.git/index"],
    ..PLAIN
};

const PI: Agent = Agent {
    name: "pi",
    home: &[(
        ".pi/agent/models.json",
        r#"{ "providers": { "here": {
            "baseUrl": "{api}/v1", "api": "openai-completions", "apiKey": "no-key", "models": [{ "id": "stand-in" }]
        } } }"#,
    )],
    env: &[("PI_OFFLINE", "1")],
    turn: &["--provider", "here", "--model", "stand-in", "--print", "{prompt}"],
    again: &["--provider", "here", "--model", "stand-in", "--continue", "--print", "{prompt}"],
    calls: &[
        ("bash", r#"{ "command": "{command}" }"#),
        ("write", r#"{ "path": "readme.txt", "content": "A changed project.\n" }"#),
    ],
    keeps: &[".local/share/sbc/pi/agent/sessions"],
    makes: &["work/readme.txt"],
    ..PLAIN
};

const DROID: Agent = Agent {
    name: "droid",
    home: &[(
        ".factory/settings.json",
        r#"{ "customModels": [{
            "model": "stand-in", "displayName": "stand-in", "baseUrl": "{api}/v1", "apiKey": "no-key",
            "provider": "generic-chat-completion-api", "maxOutputTokens": 1000
        }] }"#,
    )],
    env: &[("FACTORY_AIRGAP_ENABLED", "true")],
    turn: &["exec", "--auto", "high", "--model", "custom:stand-in-0", "{prompt}"],
    calls: &[(
        "Execute",
        r#"{ "command": "{command}", "summary": "as told", "riskLevel": "low", "riskLevelReason": "none", "timeout": 60 }"#,
    )],
    keeps: &[".local/share/sbc/droid/sessions"],
    ..PLAIN
};

const GROK: Agent = Agent {
    name: "grok",
    env: &[("XAI_API_KEY", "no-key")],
    home: &[(
        ".grok/config.toml",
        "[models]\ndefault = \"stand-in\"\n[model.stand-in]\nmodel = \"stand-in\"\nname = \"stand-in\"\n\
         base_url = \"{api}/v1\"\nenv_key = \"XAI_API_KEY\"\n",
    )],
    turn: &["--always-approve", "--single", "{prompt}"],
    again: &["--always-approve", "--continue", "--single", "{prompt}"],
    calls: &[
        ("run_terminal_command", r#"{ "command": "{command}", "description": "as told" }"#),
        ("write", r#"{ "file_path": "{root}/new.txt", "contents": "New.\n", "content": "New.\n" }"#),
    ],
    keeps: &[".local/share/sbc/grok/sessions"],
    makes: &["work/new.txt"],
    ..PLAIN
};

const AMP: Agent = Agent { name: "amp", ..PLAIN };

const AUGGIE: Agent = Agent { name: "auggie", ..PLAIN };

impl Agent {
    fn policy(&self) -> String {
        format!("sandbox \"app\" {{ inherit \"{}\"; }}\n", self.name)
    }

    /// A desk with the agent, its files and a service that says its script.
    fn desk(&self, installed: &Installed) -> Desk {
        // The stand-in's answers name the project's place, which is known when it is there.
        let project = Project::new(&self.policy());
        let fill = |text: &str| text.replace("{root}", project.root.to_str().unwrap());
        let calls = self.calls.iter().map(|(tool, input)| Call { tool: (*tool).to_owned(), input: json(&fill(input)) });
        let script = Script { calls: calls.collect(), closing: self.closing.map(str::to_owned) };
        let desk = Desk::at(project, installed, script);
        for (name, text) in self.home {
            desk.project.write_home(name, text.replace("{api}", &desk.api.url()));
        }
        run(desk.project.command("git").args(["init", "--quiet"])).code(0);
        desk.project.sbc(&["build"]).code(0);
        desk
    }

    /// Runs words in the project with the agent's variables.
    fn run(&self, desk: &Desk, words: &[&str], prompt: &str) -> Output {
        let fill = |text: &str| {
            let text = text.replace("{api}", &desk.api.url()).replace("{command}", COMMAND);
            text.replace("{prompt}", prompt)
        };
        let words: Vec<String> = words.iter().map(|word| fill(word)).collect();
        let variables: Vec<(String, String)> =
            self.env.iter().map(|(name, value)| ((*name).to_owned(), fill(value))).collect();
        desk.run(&words.iter().map(String::as_str).collect::<Vec<_>>(), &variables)
    }

    /// Runs the agent by `sbc exec`.
    fn inside(&self, desk: &Desk, words: &[&str], prompt: &str) -> Output {
        self.run(desk, &[&[SBC, "exec", "--", self.name], words].concat(), prompt).code(0)
    }

    /// Runs all that it can do here, and asserts what it saw, did and left behind.
    fn works(&self, package: &'static Package) {
        let installed = installed_or_skip!(package);
        self.assert_description(package);
        let desk = self.desk(installed);
        let before = desk.files(&OWN);
        let version = self.inside(&desk, &["--version"], "");
        let help = self.inside(&desk, &["--help"], "");
        for (output, text) in [(version, installed.version.as_str()), (help, self.name)] {
            assert!(format!("{}{}", output.stdout, output.stderr).contains(text), "no {text:?}: {output:?}");
        }
        assert_eq!(desk.changed_since(&before, &OWN), [""; 0], "files that version and help change");
        if self.turn.is_empty() {
            return;
        }
        if !self.saves.is_empty() {
            self.inside(&desk, self.saves, "");
            assert_eq!(desk.changed_since(&before, &OWN), [""; 0], "files that new settings change");
        }
        self.inside(&desk, self.turn, PROMPTS[0]);
        desk.assert_requests();
        let again = if self.again.is_empty() { self.turn } else { self.again };
        self.run(&desk, &[&[".agent-sandbox/app.sh", "--", self.name], again].concat(), PROMPTS[1]).code(0);
        desk.assert_requests();
        self.assert_session(&desk);
        self.assert_files(&desk, &desk.changed_since(&before, &OWN));
    }

    /// The profile names the version that is tested here.
    fn assert_description(&self, package: &Package) {
        let card = Card::of(builtin::find(self.name).unwrap());
        let tested = card.fact("Tested").unwrap();
        assert!(package.version.is_some_and(|version| tested.starts_with(version)), "{}: {tested}", self.name);
    }

    /// The session was kept: the second start sends what was said in the first one.
    fn assert_session(&self, desk: &Desk) {
        let both = |request: &String| PROMPTS.iter().all(|prompt| request.contains(prompt));
        let requests = desk.api.requests();
        assert!(self.again.is_empty() || requests.iter().any(both), "the session is lost: {:#?}", requests.last());
        for kept in self.keeps {
            let path = desk.project.home.join(kept);
            let size = if path.is_dir() {
                fs::read_dir(&path).unwrap().count() as u64
            } else {
                path.metadata().map_or(0, |kept| kept.len())
            };
            assert!(size > 0, "{kept} is not kept");
        }
    }

    /// What changed in the home is what a turn makes, and nothing else.
    fn assert_files(&self, desk: &Desk, changed: &[String]) {
        assert_eq!(desk.project.read("made-by-agent"), "from-inside\n");
        for made in self.makes.iter().chain(&["work/made-by-agent"]) {
            assert!(changed.iter().any(|name| name == made), "{made} is not among {changed:#?}");
        }
        let expected = |name: &&String| {
            let name = name.as_str();
            name == "work/made-by-agent"
                || self.makes.contains(&name)
                || self.may.iter().any(|may| name.starts_with(may))
        };
        let more: Vec<&String> = changed.iter().filter(|name| !expected(name)).collect();
        assert!(more.is_empty(), "files that are new, changed or gone: {more:#?}");
    }
}

fn json(text: &str) -> Value {
    let command = serde_json::to_string(COMMAND).unwrap();
    serde_json::from_str(&text.replace("\"{command}\"", &command)).unwrap()
}

/// Without a sandbox a turn sends the key to the service: the other tests can fail.
#[test]
fn without_a_sandbox_the_key_gets_out() {
    let installed = installed_or_skip!(packages::PI);
    let desk = PI.desk(installed);
    let program = desk.project.home.join(".local/bin/pi");
    PI.run(&desk, &[&[program.to_str().unwrap()], PI.turn].concat(), PROMPTS[0]).code(0);
    assert!(desk.api.requests().iter().any(|request| request.contains(SECRET)));
}

/// One test of each agent: by `sbc exec` it starts inside and does a turn in the project, by the script it goes
/// on with its session, and it leaves nothing behind that is not its own.
macro_rules! work {
    ($($test:ident: $agent:ident,)*) => {$(
        #[test]
        fn $test() {
            $agent.works(&packages::$agent);
        }
    )*};
}

work! {
    aider: AIDER,
    amp: AMP,
    auggie: AUGGIE,
    cline: CLINE,
    codex: CODEX,
    copilot: COPILOT,
    droid: DROID,
    gemini: GEMINI,
    grok: GROK,
    kilo: KILO,
    opencode: OPENCODE,
    pi: PI,
    qwen: QWEN,
}
