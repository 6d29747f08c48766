//! `sbc explain` says what is so, why, and what to type for another answer.

use crate::formats::valid;
use crate::support::{Output, Project, run};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

/// A policy with every kind of rule, each on a line of its own.
const POLICY: &str = r#"// Rules that several projects share.
profile "team" {
    inherit "base-dev"
    filesystem {
        // The team's notes.
        ro "~/notes"
        deny "~/.token"
        rw "~/cache" at="~/.cache/tool"
        copy "~/.tool.json"
        // A token that somebody may need.
        deny "./.env"
    }
    env {
        set EDITOR="vi"
        pass "TOOL_*"
        secret "API_KEY"
        prepend PATH="${HOME}/bin"
    }
    assert {
        denied "~/.token"
        no-env "BAD"
    }
}

sandbox "app" {
    inherit "team"
    filesystem {
        ro "~/open"
        file "/etc/motd" "Hello."
        tmpfs "~/scratch"
        dir "/srv/empty"
        symlink "/srv/link" to="/etc/motd"
        deny "./secret"
        deny "./secret-file"
        ro "./.missing" missing="skip"
    }
    env {
        set EDITOR="nano"
    }
    isolation {
    }
    run {
    }
    limits {
        processes "500"
    }
}
"#;

/// The policy above, with all that it names.
pub fn project() -> Project {
    let project = Project::new(POLICY);
    for name in ["notes/a", ".token", "cache/entry", "open/x", ".tool.json", ".ssh/id"] {
        project.write_home(name, "text\n");
    }
    for name in ["src/main.rs", "run.sh", ".env", "secret/x", "secret-file"] {
        project.write(name, "text\n");
    }
    project.executable("run.sh");
    symlink("src/main.rs", project.root.join("to-main")).unwrap();
    symlink("turning", project.root.join("turning")).unwrap();
    project
}

fn answer(project: &Project, subject: &str) -> Value {
    let output = project.sbc(&["explain", "--format", "json", subject]).code(0);
    valid("schema/explain.schema.json", &output.stdout)["explanations"][0].clone()
}

#[track_caller]
fn verdict(project: &Project, subject: &str, expected: &str) {
    assert_eq!(answer(project, subject)["verdict"], expected, "{subject}");
}

/// Each kind of thing that can be at a path has a sentence that is true of it.
#[test]
fn verdicts_of_paths() {
    let project = project();
    let is = |subject: &str, expected: &str| verdict(&project, subject, expected);
    is("./src/main.rs", "`./src/main.rs` is readable and writable, and what is written reaches the host.");
    is("run.sh", "`./run.sh` is readable, writable and executable, and what is written reaches the host.");
    is("~/notes/a", "`~/notes/a` is readable.");
    is("~/.token", "`~/.token` is not visible: `team` denies it; what is created there is gone when the sandbox ends.");
    is("./secret", "`./secret` is not visible: `app` denies it.");
    is("./secret/x", "`./secret/x` is not visible: `app` denies `./secret`.");
    is(
        "~/.tool.json",
        "`~/.tool.json` is a private copy of the host's file: readable and writable, and what is written is gone when the \
         sandbox ends.",
    );
    is(
        "~/.cache/tool/entry",
        "`~/.cache/tool/entry` is the host's `~/cache/entry`: readable and writable, and what is written reaches the host.",
    );
    is(
        "~/.ssh/id",
        "`~/.ssh/id` does not exist inside: `~` is an empty directory in memory, and no rule shows `~/.ssh/id`.",
    );
    is("/etc/shadow", "`/etc/shadow` does not exist inside: no rule shows it.");
    is("/etc/motd", "`/etc/motd` is a file with text of the policy: readable.");
    is("/srv/link", "`/srv/link` leads to `/etc/motd`, which is a file with text of the policy: readable.");
    is("/srv/empty", "`/srv/empty` is a directory of the sandbox's own: readable.");
    is("/etc", "`/etc` is a directory that is only there because of what lies in it: readable.");
    is(
        "to-main",
        "`./to-main` leads to `./src/main.rs`, which is readable and writable, and what is written reaches the host.",
    );
    is("turning", "`./turning` leads nowhere: its links go in a circle.");
    is("./new", "`./new` does not exist: the host has none; what is created there reaches the host.");
    is(
        "./.missing",
        "`./.missing` does not exist: the host has none, and `ro \"./.missing\" missing=\"skip\"` comes to nothing then; \
         what is created there reaches the host.",
    );
    is(
        "~/scratch",
        "`~/scratch` is a directory in memory, empty at the start: readable and writable, and what is written is gone when \
         the sandbox ends.",
    );
    is("/dev/null", "`/dev/null` is a device of the sandbox's own: readable and writable.");
    is("/proc/version", "`/proc/version` is made up by the kernel: readable.");
    is("/etc/motd/x", "`/etc/motd/x` does not exist: `/etc/motd` is a file.");
}

/// A variable's sentence says where its value comes from; the caller's values are never shown.
#[test]
fn verdicts_of_variables() {
    let project = project();
    let is = |subject: &str, expected: &str| verdict(&project, subject, expected);
    is("$EDITOR", "`EDITOR` is `nano` inside.");
    is("PATH=", "`PATH` is `${HOME}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` inside.");
    is("env:NOTHING", "`NOTHING` is not set inside: no rule sets or passes it.");
    is("$TERM", "`TERM` is passed from the caller, where it is not set now.");
    is("$LANG", "`LANG` is passed from the caller, where it is set now.");
    is("$TOOL_HOME", "`TOOL_HOME` is passed from the caller, where it is not set now: it fits `TOOL_*`.");
    is("$PWD", "`PWD` is the working directory inside: bubblewrap sets it.");
    let mut command = project.sbc_command(&["explain", "$API_KEY", "$TOOL_HOME"]);
    let said = run(command.env("API_KEY", "hunter2").env("TOOL_HOME", "hunter3")).code(0).stdout;
    assert!(said.contains("`API_KEY` is passed from the caller, where it is set now, and is a secret"), "{said}");
    assert!(!said.contains("hunter"), "{said}");
}

/// A setting's sentence says what goes, also where the policy says nothing.
#[test]
fn verdicts_of_settings() {
    let project = project();
    verdict(&project, "network", "There is no network inside but a loopback interface of the sandbox's own.");
    verdict(&project, "hostname", "The host name inside is `sandbox`.");
    verdict(&project, "processes", "At most 500 processes and threads of this user.");
    verdict(&project, "memory", "The address space of one process has no limit of sbc's.");
    for word in sbc::words::SettingKey::WORDS {
        let answer = answer(&project, word);
        assert_eq!(answer["kind"], "setting");
        assert!(!answer["changes"].as_array().unwrap().is_empty(), "{word}");
    }
}

/// The rule comes with its line, its reason, the way it is inherited, what it replaced and what it shadows.
#[test]
fn rules_have_their_history() {
    let project = project();
    let notes = answer(&project, "~/notes");
    let origin = &notes["rule"]["origins"][0];
    assert_eq!(notes["rule"]["rule"], "ro \"~/notes\"");
    assert_eq!((&origin["file"], &origin["line"]), (&".agent-sandbox.kdl".into(), &6.into()));
    assert_eq!((&origin["layer"], &origin["inherited"]), (&"team".into(), &"app → team".into()));
    assert_eq!(origin["reason"], "The team's notes.");
    assert_eq!(notes["shadows"][0]["rule"], "tmpfs \"~\" size=\"2G\" mode=\"0700\"");
    assert_eq!(notes["shadows"][0]["origins"][0]["inherited"], "app → team → base-dev");
    let editor = answer(&project, "$EDITOR");
    assert_eq!(editor["rule"]["replaces"][0]["rule"], "set EDITOR=\"vi\"");
    assert_eq!(editor["rule"]["replaces"][0]["line"], 14);
    let token = answer(&project, "~/.token");
    assert_eq!(token["assertions"][0]["assertion"], "denied \"~/.token\"");
}

/// Writing what an answer says gives a policy that compiles, runs here, and has another verdict.
#[test]
fn changes_do_what_they_say() {
    let subjects = [
        "./src/main.rs",
        "~/notes",
        "~/.token",
        "./secret",
        "./secret/x",
        "~/.tool.json",
        "~/.cache/tool",
        "~/.ssh/id",
        "/srv/empty",
        "/srv/link",
        "./.env",
        "~/scratch",
        "./new",
        "./.missing",
        "~/open",
        "/etc/motd",
        "~/none",
        "/usr",
        "to-main",
        "/tmp",
        ".",
        "~",
        "$EDITOR",
        "$TERM",
        "$NOTHING",
        "$NPM_TOKEN",
        "$API_KEY",
        "$TOOL_HOME",
        "$BAD",
        "$PATH",
        "network",
        "hostname",
        "terminal",
        "lifetime",
        "nested-sandboxes",
        "command",
        "workdir",
        "pid",
        "memory",
        "processes",
        "./we$ird \"name\"",
    ];
    let project = project();
    project.write("we$ird \"name\"", "");
    let mut count = 0;
    for subject in subjects {
        let before = answer(&project, subject);
        for change in before["changes"].as_array().unwrap().iter().filter(|change| change["problem"].is_null()) {
            let text = changed(change);
            project.write(".agent-sandbox.kdl", &text);
            let checked = project.sbc(&["check", "--allow", "warnings"]);
            assert_eq!(checked.code, 0, "{subject}: {change:#}\n{}\n{text}", checked.stderr);
            let after = answer(&project, subject);
            let same = after["verdict"] == before["verdict"];
            let waits = change["goal"] == "to show it as soon as the host has it";
            assert!(!same || waits, "{subject}: {change:#}\nchanges nothing: {}", after["verdict"]);
            let reach = after["path"]["reach"].as_str().unwrap_or_default();
            match change["goal"].as_str().unwrap() {
                "to hide it" => assert_ne!(reach, "host", "{subject}: {after:#}"),
                "to let it be changed on the host" => assert_eq!(reach, "host", "{subject}: {after:#}"),
                "to show it, read-only" | "to keep it from being changed" => {
                    assert_eq!(reach, "read", "{subject}: {after:#}")
                }
                _ => {}
            }
            count += 1;
        }
        project.write(".agent-sandbox.kdl", POLICY);
    }
    assert!(count > 55, "only {count} changes were tried");
}

/// The policy with a change made as its reader would make it.
fn changed(change: &Value) -> String {
    let mut lines: Vec<String> = POLICY.lines().map(str::to_owned).collect();
    if let Some(line) = change["instead_of"]["origins"][0]["line"].as_u64() {
        let old = change["instead_of"]["rule"].as_str().unwrap();
        assert_eq!(lines[line as usize - 1].trim(), old);
        lines[line as usize - 1].clear();
    }
    let sandbox = lines.iter().position(|line| line.starts_with("sandbox ")).unwrap();
    assert_eq!(change["line"], sandbox + 1);
    for line in change["lines"].as_array().unwrap().iter().rev() {
        let start = line["section"].as_str().map(|section| format!("    {section} {{"));
        let place =
            start.map_or(sandbox, |start| sandbox + lines[sandbox..].iter().position(|line| *line == start).unwrap());
        lines.insert(place + 1, line["text"].as_str().unwrap().to_owned());
    }
    lines.join("\n") + "\n"
}

/// What the answers say of reading, writing and executing is what a process inside finds.
#[test]
fn answers_are_true() {
    let project = project();
    fs::set_permissions(project.home.join("notes/a"), fs::Permissions::from_mode(0o000)).unwrap();
    let home = project.home.display();
    let paths: Vec<String> = [
        "src",
        "src/main.rs",
        "run.sh",
        ".env",
        "secret",
        "secret/x",
        "secret-file",
        "to-main",
        "turning",
        "new",
        ".missing",
        ".agent-sandbox.kdl",
    ]
    .map(|name| project.root.join(name).display().to_string())
    .into_iter()
    .chain(
        [
            "",
            "/notes",
            "/notes/a",
            "/.token",
            "/cache",
            "/.cache/tool",
            "/.cache/tool/entry",
            "/.cache",
            "/open/x",
            "/.tool.json",
            "/.ssh",
            "/.ssh/id",
            "/scratch",
        ]
        .map(|name| format!("{home}{name}")),
    )
    .chain(
        [
            "/",
            "/etc",
            "/etc/motd",
            "/etc/shadow",
            "/etc/passwd",
            "/srv",
            "/srv/link",
            "/srv/empty",
            "/usr",
            "/bin/sh",
            "/usr/bin/env",
            "/dev",
            "/dev/null",
            "/dev/kmsg",
            "/proc",
            "/proc/version",
            "/tmp",
            "/root",
            "/var",
            "/etc/hosts",
        ]
        .map(str::to_owned),
    )
    .collect();
    let mut words = vec!["explain", "--format", "json"];
    words.extend(paths.iter().map(String::as_str));
    let Output { stdout, .. } = project.sbc(&words).code(0);
    let answers = valid("schema/explain.schema.json", &stdout);
    // Files are really opened: of a denied one, `test -r` would say what its device says.
    let probe = r#"yes() { "$@" 2>/dev/null && printf 1 || printf 0; }
        open() { if test -d "$2"; then test "-$1" "$2"; elif test "$1" = r; then (: <"$2"); else test -e "$2" && (: >>"$2"); fi; }
        for p; do yes test -e "$p"; yes open r "$p"; yes open w "$p"; yes test -x "$p"; echo; done"#;
    let mut words = vec!["exec", "--", "/bin/sh", "-c", probe, "probe"];
    words.extend(paths.iter().map(String::as_str));
    let found = project.sbc(&words).code(0).stdout;
    for ((path, answer), found) in paths.iter().zip(answers["explanations"].as_array().unwrap()).zip(found.lines()) {
        let facts = &answer["path"];
        let is = |name: &str| facts[name].as_bool().unwrap();
        let absent = matches!(facts["what"].as_str().unwrap(), "absent" | "circle" | "unreachable");
        // A device keeps nothing, and the kernel says of each of its files what it likes.
        let said: String = [!absent, is("read"), is("write") && !absent, is("execute")]
            .map(|yes| if yes { '1' } else { '0' })
            .iter()
            .collect();
        if facts["what"] == "kernel" {
            continue;
        }
        assert_eq!(said, found, "{path}: {answer:#}");
    }
}

/// A word that is nothing is refused with what may have been meant.
#[test]
fn misspelt_subjects() {
    let project = project();
    project.sbc(&["explain", "netwrk"]).code(1).says(&["SBC0112", "did you mean `network`?", "`./netwrk`"]);
    project.sbc(&["explain", "NOTHING"]).code(1).says(&["SBC0112", "write `NOTHING=`"]);
    project.sbc(&["explain", "SBC0310"]).code(1).says(&["there is no code `SBC0310`"]);
    project.sbc(&["explain", "--sandbox", "ap", "network"]).code(1).says(&["did you mean `app`?"]);
    // What is there is a path, whatever it is called; so is what looks like one.
    project.write("netwrk", "");
    project.sbc(&["explain", "netwrk"]).code(0);
    // One that is none does not keep the others from their answers.
    let output = project.sbc(&["explain", "SBC0310", "network"]).code(1);
    assert!(output.stdout.contains("There is no network inside"), "{}", output.stdout);
}

/// A policy that does not compile is reported, and nothing is answered from it.
#[test]
fn wrong_policy() {
    let project = Project::new("sandbox \"app\" { netwrk \"none\"; }\n");
    let output = project.sbc(&["explain", "network"]).code(1).says(&["SBC0101"]);
    assert_eq!(output.stdout, "");
    project.sbc(&["explain", "SBC0101"]).code(0);
}

/// Paths are meant from where the caller is, and as a policy writes them.
#[test]
fn paths_are_the_callers() {
    let project = project();
    let mut command =
        project.sbc_command(&["explain", "--format", "json", "main.rs", "../run.sh", "${HOME}/notes", "..", "../.."]);
    let output = run(command.current_dir(project.root.join("src"))).code(0);
    let answers = valid("schema/explain.schema.json", &output.stdout);
    let subjects: Vec<&str> =
        answers["explanations"].as_array().unwrap().iter().map(|answer| answer["subject"].as_str().unwrap()).collect();
    assert_eq!(subjects, ["./src/main.rs", "./run.sh", "~/notes", ".", "~"]);
}

/// Without a host the policy alone answers, and where the host cannot run the sandbox as well.
#[test]
fn without_a_host() {
    let project = project();
    let alone = project.sbc(&["explain", "--no-host", "~/notes", "~/.ssh", "./x", "./.env"]).code(0);
    assert!(alone.stdout.contains("`~/notes` is readable, as far as the host has it."), "{}", alone.stdout);
    assert!(alone.stdout.contains("`./.env` is not visible: `team` denies it."), "{}", alone.stdout);
    fs::remove_dir_all(project.home.join("notes")).unwrap();
    let cannot = project.sbc(&["explain", "~/notes"]).code(0).says(&["SBC0404", "the policy alone answers"]);
    assert!(cannot.stdout.contains("as far as the host has it"), "{}", cannot.stdout);
}

/// Names of files cannot drive the terminal, in either format.
#[test]
fn hostile_names() {
    let project = project();
    let name = "a\u{1b}[31m\u{202e}\nb";
    project.write(name, "");
    for format in ["human", "json"] {
        let said = project.sbc(&["explain", "--format", format, &format!("./{name}")]).code(0).stdout;
        assert!(said.chars().all(|c| !c.is_control() || c == '\n') && !said.contains('\u{202e}'), "{said:?}");
        assert!(said.contains("readable and writable"), "{said}");
    }
    valid("schema/explain.schema.json", &project.sbc(&["explain", "--format", "json", &format!("./{name}")]).stdout);
}

/// Colours and drawings follow the conventions of terminals.
#[test]
fn looks() {
    let project = project();
    let plain = project.sbc(&["explain", "~/notes"]).code(0).stdout;
    assert!(!plain.contains('\u{1b}') && plain.contains("app → team"), "{plain}");
    let mut command = project.sbc_command(&["explain", "~/notes"]);
    let coloured = run(command.env("CLICOLOR_FORCE", "1").env("LANG", "C")).code(0).stdout;
    assert!(coloured.contains("\u{1b}[1m") && coloured.contains("app -> team"), "{coloured}");
}
