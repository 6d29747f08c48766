//! One attack, as its file says it.
//!
//! The file is shell. Comments at its top say what it is:
//!
//! ```text
//! # tries: what the attacker wants, in one sentence
//! # stopped by: what stands in the way
//! # cve: published weaknesses of this kind (optional)
//! # control: the command line without the protection, `"$@"` comes after it (`env` is no sandbox at all)
//! # control needs: a shell condition; where it does not hold, the control alone is not made (optional)
//! # ways: exec script (optional: both by default)
//! # untrusted: why the policy is not trusted before (optional)
//! # needs: a shell condition; where it does not hold, even the control could not get through (optional)
//! ```
//!
//! Then sections, each after a line `### NAME`:
//!
//! - `policy`: another policy than that of [`POLICY`].
//! - `control-policy`: another one for the control, where a policy is what protects.
//! - `prepare`: what is there before, on the host, in the project.
//! - `launch`: how the sandbox is started, on the host; `"$SANDBOX" COMMAND…` runs a command in it. By
//!   default that is `/bin/sh -c "$INSIDE"`.
//! - `inside`: the attack.
//! - `succeeded`: ends with 0 on the host if it got through. By default: it has printed `GOT-THROUGH`.
//! - `stopped`: ends with 0 if it failed for the right reason, such as the error that is expected.
//!
//! All of them know `HOME`, `PROJECT`, `SBC`, `OUT` (what was printed), `XDG_RUNTIME_DIR`, `BASE` (all of it
//! is below), `WAY` (`control`, `exec` or `script`), and, where a section names `tools/`, the programs of `tests/attacks/programs`, compiled, in
//! `$PROJECT/tools`. What goes on after a section writes its number into `$BASE/pids`, and is ended at the end.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use walkdir::WalkDir;

/// The policy of almost all attacks: built-in profiles, and nothing of its own.
pub const POLICY: &str = "sandbox \"app\" {\n    inherit \"claude\" \"node\"\n}\n";

/// How an attack is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Control,
    Exec,
    Script,
}

impl Way {
    pub fn word(self) -> &'static str {
        match self {
            Way::Control => "control",
            Way::Exec => "exec",
            Way::Script => "script",
        }
    }
}

/// One attack.
#[derive(Debug)]
pub struct Attack {
    /// Family and name, such as `secrets/ssh-key`.
    pub name: String,
    pub tries: String,
    pub stopped_by: String,
    /// The published weaknesses of its kind.
    pub cves: Vec<String>,
    pub control: String,
    /// What the host must have for the control, such as an old bubblewrap.
    pub control_needs: String,
    pub policy: String,
    pub control_policy: String,
    pub prepare: String,
    pub launch: String,
    pub inside: String,
    pub succeeded: String,
    pub stopped: String,
    pub is_trusted: bool,
    /// A condition for the machine, in shell.
    pub needs: Option<String>,
    /// Whether it uses compiled programs.
    pub has_tools: bool,
    ways: Vec<Way>,
}

/// All attacks of a directory, by name.
pub fn all(directory: &Path) -> Vec<Attack> {
    let files = WalkDir::new(directory).sort_by_file_name().into_iter().map(|entry| entry.expect("an entry"));
    let files = files.filter(|entry| entry.path().extension().is_some_and(|extension| extension == "sh"));
    files
        .map(|entry| {
            let name = entry.path().strip_prefix(directory).expect("a path below").with_extension("");
            let text = fs::read_to_string(entry.path()).expect("an attack");
            Attack::read(name.to_str().expect("a name"), &text)
        })
        .collect()
}

impl Attack {
    fn read(name: &str, text: &str) -> Attack {
        let (head, sections) = text.split_once("\n### ").unwrap_or_else(|| panic!("{name}: no section"));
        let mut fields: BTreeMap<&str, &str> = BTreeMap::new();
        for line in head.lines() {
            let (key, value) = line
                .strip_prefix("# ")
                .and_then(|line| line.split_once(": "))
                .unwrap_or_else(|| panic!("{name}: {line:?}"));
            fields.insert(key, value);
        }
        let mut bodies: BTreeMap<&str, &str> = BTreeMap::new();
        for section in sections.split("\n### ") {
            let (title, body) = section.split_once('\n').unwrap_or((section, ""));
            assert!(bodies.insert(title, body).is_none(), "{name}: `{title}` comes twice");
        }
        let known = ["policy", "control-policy", "prepare", "launch", "inside", "succeeded", "stopped"];
        let unknown: Vec<_> = bodies.keys().filter(|title| !known.contains(title)).collect();
        assert!(unknown.is_empty(), "{name}: unknown sections {unknown:?}");
        let known = ["tries", "stopped by", "cve", "control", "control needs", "ways", "untrusted", "needs"];
        let unknown: Vec<_> = fields.keys().filter(|key| !known.contains(key)).collect();
        assert!(unknown.is_empty(), "{name}: unknown lines {unknown:?}");
        let field =
            |key: &str| fields.get(key).unwrap_or_else(|| panic!("{name}: it does not say `{key}`")).to_string();
        let body = |title: &str, default: &str| bodies.get(title).copied().unwrap_or(default).to_owned();
        assert!(bodies.contains_key("stopped"), "{name}: it does not say how it fails");
        let ways = fields.get("ways").copied().unwrap_or("exec script").split(' ').map(|way| match way {
            "exec" => Way::Exec,
            "script" => Way::Script,
            other => panic!("{name}: no way is called {other:?}"),
        });
        let policy = body("policy", POLICY);
        Attack {
            name: name.to_owned(),
            tries: field("tries"),
            stopped_by: field("stopped by"),
            cves: fields.get("cve").copied().unwrap_or_default().split_whitespace().map(str::to_owned).collect(),
            control: field("control"),
            control_needs: fields.get("control needs").copied().unwrap_or("true").to_owned(),
            control_policy: body("control-policy", &policy),
            policy,
            prepare: body("prepare", ""),
            launch: body("launch", "\"$SANDBOX\" /bin/sh -c \"$INSIDE\"\n"),
            inside: body("inside", ""),
            succeeded: body("succeeded", "grep -q GOT-THROUGH \"$OUT\"\n"),
            stopped: body("stopped", ""),
            is_trusted: !fields.contains_key("untrusted"),
            needs: fields.get("needs").map(|condition| (*condition).to_owned()),
            has_tools: text.contains("tools/"),
            ways: [Way::Control].into_iter().chain(ways).collect(),
        }
    }

    /// The directory in which it lies.
    pub fn family(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// Whether the script does not claim to stop it.
    pub fn is_only_for_exec(&self) -> bool {
        !self.ways.contains(&Way::Script)
    }

    /// The control first.
    pub fn ways(&self) -> Vec<Way> {
        self.ways.clone()
    }
}
