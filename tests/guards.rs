//! Guards: what every sandbox asserts by itself, on a real host. Each is refused, and lifted by a waiver.

use crate::support::{Output, Project, run, skip};
use sbc::autorun::AUTORUN;
use sbc::devices::DEVICES;
use sbc::path::SymbolicPath;
use sbc::wholesale::WHOLESALE;
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::os::unix::net::UnixListener;

/// The policy of a sandbox that inherits `base-dev`.
fn body(project: &Project, body: &str) {
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{\n    inherit \"base-dev\"\n    {body}\n}}\n"));
}

/// A rule of the sandbox, refused by `check` and `exec` with a code; with a waiver the sandbox starts.
#[track_caller]
fn refused_and_lifted(project: &Project, rule: &str, code: &str, waived: &str) {
    let with = |waiver: &str| body(project, &format!("filesystem {{ {rule}; }}\n    {waiver}"));
    with("");
    // No level of warnings changes that.
    project.sbc(&["check", "--allow", "warnings"]).code(1).says(&[code, rule.split(' ').nth(1).unwrap()]);
    project.exec("echo started").code(125).says(&[code]);
    with(&format!("waive {waived} reason=\"a test\""));
    project.sbc(&["check"]).code(0);
    assert_eq!(project.exec("echo started").code(0).stdout, "started\n");
}

/// What sbc says of the policy with another PATH, whose entries are paths of the home.
fn with_path(project: &Project, words: &[&str], entries: &[&str]) -> Output {
    let own = entries.iter().map(|entry| project.home.join(entry).display().to_string());
    let path: Vec<String> = own.chain(["/usr/local/bin:/usr/bin:/bin".to_owned()]).collect();
    run(project.sbc_command(words).env("PATH", path.join(":")))
}

const RUN: [&str; 5] = ["exec", "--", "/bin/sh", "-c", "echo started"];

/// Families that are known by name: secrets, what the host obeys, what is too much as a whole, devices.
#[test]
fn known_by_name() {
    let project = Project::empty();
    for file in
        [".npmrc", ".pypirc", ".bashrc", ".config/x/file", ".local/bin/tool", ".config/autostart/x", ".bash_history"]
    {
        project.write_home(file, "");
    }
    let rules = [
        ("ro \"~/.npmrc\"", "SBC0506", "\"denied\" \"~/.npmrc\""),
        ("copy \"~/.pypirc\"", "SBC0506", "\"denied\" \"~/.pypirc\""),
        ("ro \"~/.bash_history\"", "SBC0506", "\"denied\" \"~/.bash_history\""),
        ("ro \"/run\"", "SBC0506", "\"denied\" \"/run\""),
        ("rw \"~/.bashrc\" reason=\"a test\"", "SBC0507", "\"not-writable\" \"~/.bashrc\""),
        ("rw \"~/.local/bin\"", "SBC0507", "\"not-writable\" \"~/.local/bin\""),
        ("rw \"~/.config/autostart\"", "SBC0507", "\"not-writable\" \"~/.config/autostart\""),
        // A waiver of the directory covers what lies in it.
        ("rw \"~/.config/autostart/x\" reason=\"a test\"", "SBC0507", "\"not-writable\" \"~/.config\""),
        // And one of what is shown covers that much.
        ("rw \"~/.local/bin/tool\" reason=\"a test\"", "SBC0507", "\"not-writable\" \"~/.local/bin/tool\""),
    ];
    for (rule, code, waiver) in rules {
        refused_and_lifted(&project, rule, code, waiver);
    }
}

/// The home and what is above it, writable: by all its names, whatever is inherited.
#[test]
fn the_home_and_above() {
    let project = Project::empty();
    let above = project.home.parent().unwrap().display().to_string();
    let waive = "waive \"not-writable\" \"/\" reason=\"x\"; waive \"denied\" \"/\" reason=\"x\";";
    for rule in ["rw \"~\"", "rw \"/\"", "rw \"./..\"", &format!("rw \"{above}\"")] {
        // What sbc keeps cannot be written by any sandbox, and no waiver lifts that.
        for (waiver, code) in [("", "SBC0507"), (waive, "SBC0504")] {
            project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{ filesystem {{ {rule}; }}; {waiver} }}\n"));
            project.exec("true").code(125).says(&[code]);
        }
    }
    body(&project, "filesystem { rw \"/home\"; }");
    project.exec("true").code(125).says(&["SBC0506", "the homes of all users"]);
}

/// Links lead to what is guarded: from the rule's side and from the place's side. `check --no-host` cannot
/// know, `exec` refuses.
#[test]
fn through_links() {
    let project = Project::empty();
    for file in ["vault/token", "dotfiles/bashrc", "hidden/key", "keys/id"] {
        project.write_home(file, "s3cret");
    }
    fs::create_dir_all(project.home.join("programs/bin")).unwrap();
    for (to, link) in [
        ("vault/token", ".vault-token"),
        ("dotfiles/bashrc", ".bashrc"),
        ("hidden", ".ssh"),
        (".ssh", "also"),
        ("keys", ".gnupg"),
        ("programs/bin", "bin"),
    ] {
        symlink(to, project.home.join(link)).unwrap();
    }
    let _socket = UnixListener::bind(project.home.join("vault/docker.sock")).unwrap();
    fs::create_dir_all(project.home.join(".docker/run")).unwrap();
    symlink("../../vault/docker.sock", project.home.join(".docker/run/docker.sock")).unwrap();
    symlink("vault/docker.sock", project.home.join("sock")).unwrap();
    let rules = [
        ("ro \"~/vault/token\"", "SBC0506", "\"denied\" \"~/.vault-token\""),
        ("rw \"~/dotfiles\"", "SBC0507", "\"not-writable\" \"~/.bashrc\""),
        ("rw \"~/programs\"", "SBC0507", "\"not-writable\" \"~/bin\""),
        ("rw \"~/sock\"", "SBC0506", "\"denied\" \"~/.docker/run/docker.sock\""),
        // base-dev asserts these, and its waiver is the guard's.
        ("ro \"~/also\"", "SBC0501", "\"denied\" \"~/.ssh\""),
        ("ro \"~/keys/id\"", "SBC0501", "\"denied\" \"~/.gnupg\""),
    ];
    for (rule, code, waiver) in rules {
        body(&project, &format!("filesystem {{ {rule}; }}"));
        project.sbc(&["check", "--no-host"]).code(0);
        refused_and_lifted(&project, rule, code, waiver);
    }
    // The same without an assertion, and the project itself.
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { filesystem { ro \"/usr\"; ro \"~/also\"; }; }");
    project.exec("true").code(125).says(&["SBC0506", "`~/.ssh`: SSH keys", "waive \"denied\" \"~/.ssh\""]);
    symlink("work/profile", project.home.join(".profile")).unwrap();
    project.write("profile", "");
    body(&project, "");
    project.exec("true").code(125).says(&["SBC0507", "`~/.profile`", "`ro \"./profile\"`"]);
    body(&project, "filesystem { ro \"./profile\"; }");
    project.exec("true").code(0);
}

/// A rule that makes a directory of the PATH writable is refused, and the rule that the help names settles
/// it. What is planted there is what the host's shell finds, and with that rule nothing is.
#[test]
fn directory_of_the_search_path() {
    let project = Project::with_body("filesystem { rw \"~/tools\"; }");
    fs::create_dir_all(project.home.join("tools/bin")).unwrap();
    let help = "write `ro \"~/tools/bin\"` in `filesystem { }` of `app`";
    let waive = "waive \"not-writable\" \"~/tools/bin\"";
    for words in [&["check"], &RUN[..]] {
        with_path(&project, words, &["tools/bin"]).says(&["SBC0507", "`~/tools/bin`", "on your PATH", help, waive]);
        with_path(&project, words, &[]).code(0);
    }
    // A plan from the cache is looked at as well.
    with_path(&project, &RUN, &["tools/bin"]).code(125);

    let plant = "printf '#!/bin/sh\\necho planted\\n' > ~/tools/bin/tool; chmod +x ~/tools/bin/tool";
    project.exec(plant).code(0);
    let path = format!("{}:/usr/bin:/bin", project.home.join("tools/bin").display());
    let found = || run(project.command("sh").args(["-c", "tool"]).env("PATH", &path));
    assert_eq!(found().code(0).stdout, "planted\n");

    fs::remove_file(project.home.join("tools/bin/tool")).unwrap();
    body(&project, "filesystem { rw \"~/tools\"; ro \"~/tools/bin\"; }");
    with_path(&project, &RUN, &["tools/bin"]).code(0);
    assert_ne!(project.exec(plant).code, 0);
    found().code(127);

    body(&project, "filesystem { rw \"~/tools\"; }\n    waive \"not-writable\" \"~/tools/bin\" reason=\"mine alone\"");
    with_path(&project, &RUN, &["tools/bin"]).code(0);
}

/// A directory of the PATH that is not there yet can be made, and so has to be held.
#[test]
fn missing_directory_of_the_search_path() {
    let project = Project::with_body("filesystem { rw \"~/tools\" missing=\"create-dir\"; }");
    fs::create_dir_all(project.home.join("tools")).unwrap();
    let rule = "`ro \"~/tools/bin\" missing=\"create-dir\"`";
    with_path(&project, &["check"], &["tools/bin"]).code(1).says(&["SBC0507", rule]);
}

/// Links of the PATH are followed, and a link that the sandbox can replace is named.
#[test]
fn links_of_the_search_path() {
    let project = Project::with_body("filesystem { rw \"~/dotfiles\"; }");
    fs::create_dir_all(project.home.join("dotfiles/programs")).unwrap();
    symlink("dotfiles/programs", project.home.join("tools")).unwrap();
    let texts = ["SBC0507", "`~/tools`", "on your PATH", "`ro \"~/dotfiles/programs\"`"];
    with_path(&project, &["check"], &["tools"]).code(1).says(&texts);

    symlink("/usr/bin", project.home.join("dotfiles/current")).unwrap();
    let text = "`~/dotfiles/current` is a link that can be replaced by another";
    with_path(&project, &["check"], &["dotfiles/current"]).code(1).says(&["SBC0507", text, "take it off your PATH"]);
    body(&project, "filesystem { rw \"~/dotfiles\"; }\n    waive \"not-writable\" \"~/dotfiles\" reason=\"x\"");
    with_path(&project, &["check"], &["dotfiles/current", "tools"]).code(0);
}

/// The project is no danger as such; on the PATH it is, also by a relative entry.
#[test]
fn project_on_the_search_path() {
    let project = Project::with_body("");
    fs::create_dir_all(project.root.join("node_modules/.bin")).unwrap();
    with_path(&project, &["check"], &[]).code(0);
    let rule = "`ro \"./node_modules/.bin\"`";
    let texts = ["SBC0507", "`./node_modules/.bin`", "on your PATH", rule];
    with_path(&project, &["check"], &["work/node_modules/.bin"]).code(1).says(&texts);
    let relative = |path: &str| run(project.sbc_command(&["check"]).env("PATH", path)).code(1);
    relative("node_modules/.bin:/usr/bin").says(&["SBC0507", rule]);
    relative(".:/usr/bin").says(&["SBC0507", "`.`", "take it off your PATH", "waive \"not-writable\" \".\""]);
}

/// What the user may not write, what lies deeper than a program, and what is shown read-only or
/// privately is no danger.
#[test]
fn search_path_out_of_reach() {
    let project = Project::with_body("filesystem { rw \"/usr/lib\"; ro \"~/ro\"; rw \"~/tools/data\"; }");
    for directory in ["ro", "tools/data"] {
        fs::create_dir_all(project.home.join(directory)).unwrap();
    }
    let path = format!("{}/ro:{}/tools:/usr/lib:/usr/bin", project.home.display(), project.home.display());
    run(project.sbc_command(&["check"]).env("PATH", path)).code(0);
    project.write_home("tools/tool", "");
    body(&project, "filesystem { rw \"~/tools/tool\" reason=\"why\"; }");
    with_path(&project, &["check"], &["tools"]).code(1).says(&["SBC0507", "`ro \"~/tools/tool\"`"]);
}

/// What the host obeys and does not have yet can be made inside, unless its name is guarded: a rule that
/// is left out protects nothing.
#[test]
fn what_is_not_there_yet() {
    let project = Project::empty();
    fs::create_dir_all(project.home.join(".cargo")).unwrap();
    let rules = |rule: &str| {
        let others = "ro \"~/.cargo/bin\" \"~/.cargo/config.toml\" missing=\"watch\"; deny \"~/.cargo/credentials\" \"~/.cargo/credentials.toml\"";
        body(&project, &format!("filesystem {{ rw \"~/.cargo\"; {others}; {rule}; }}"));
    };
    for open in ["ro \"~/.cargo/env\" missing=\"skip\"", "deny \"~/.cargo/env\""] {
        rules(open);
        let help = "write `ro \"~/.cargo/env\" missing=\"watch\"` instead of this rule";
        project.exec("touch ~/.cargo/env").code(125).says(&["SBC0507", "`~/.cargo/env`", help]);
    }
    for held in ["watch", "hold-file", "create-file"] {
        rules(&format!("ro \"~/.cargo/env\" missing=\"{held}\""));
        project.exec("echo evil > ~/.cargo/env");
        assert!(!project.home.join(".cargo/env").exists(), "{held}");
    }
}

/// Sockets and keys that the caller's environment names, wherever they are.
#[test]
fn doors_of_the_environment() {
    let project = Project::empty();
    fs::create_dir_all(project.home.join("sockets")).unwrap();
    let _socket = UnixListener::bind(project.home.join("sockets/agent")).unwrap();
    let home = project.home.display().to_string();
    let values = [
        ("SSH_AUTH_SOCK", format!("{home}/sockets/agent"), "your SSH agent"),
        ("DOCKER_HOST", format!("unix://{home}/sockets/agent"), "a container service"),
        ("DBUS_SESSION_BUS_ADDRESS", format!("unix:path={home}/sockets/agent,guid=1"), "the session bus"),
        ("WAYLAND_DISPLAY", format!("{home}/sockets/agent"), "the desktop's windows"),
    ];
    for (variable, value, about) in values {
        for (waiver, code) in [("", 125), ("waive \"denied\" \"~/sockets\" reason=\"a test\"", 0)] {
            body(&project, &format!("filesystem {{ ro \"~/sockets\"; }}\n    {waiver}"));
            let output = run(project.sbc_command(&RUN).env(variable, &value));
            let texts = ["SBC0506", about];
            output.code(code).says(if code == 0 { &[] } else { &texts });
        }
    }
    // What is no file is no door.
    body(&project, "filesystem { ro \"~/sockets\"; }");
    run(project.sbc_command(&RUN).env("DOCKER_HOST", "tcp://127.0.0.1:2375").env("SSH_AUTH_SOCK", "")).code(0);
}

/// A runtime directory is found by its number, too, where the caller's environment does not name it; and
/// settings and data where their variables say.
#[test]
fn by_another_name() {
    let project = Project::empty();
    for directory in ["settings/gh", "run"] {
        fs::create_dir_all(project.home.join(directory)).unwrap();
    }
    let check = |rule: &str| {
        body(&project, &format!("filesystem {{ {rule}; }}"));
        let mut command = project.sbc_command(&["check"]);
        command.env("XDG_CONFIG_HOME", project.home.join("settings"));
        run(command.env("XDG_RUNTIME_DIR", project.home.join("run"))).code(1)
    };
    check("ro \"~/settings\"").says(&["SBC0506", "`${XDG_CONFIG_HOME}/gh`"]);
    check("ro \"${XDG_CONFIG_HOME}/gh\"").says(&["SBC0506", "GitHub tokens"]);
    check("ro \"~/run\"").says(&["SBC0506", "`${XDG_RUNTIME_DIR}`"]);
    check("ro \"/run/user\"").says(&["SBC0506", "`/run/user/${UID}`"]);
    check("ro \"/var/run/docker.sock\" missing=\"skip\"").says(&["SBC0506", "the Docker daemon"]);
}

/// A waiver reaches its own layer and what that inherits: not a sibling's rule. An heir's does.
#[test]
fn reach_of_a_waiver() {
    let project = Project::empty();
    project.write_home(".npmrc", "");
    let policy = |profiles: &str, sandbox: &str| {
        let text = format!("{profiles}\nsandbox \"app\" {{ inherit \"base-dev\" \"one\" \"two\"; {sandbox} }}\n");
        project.write(".agent-sandbox.kdl", text);
    };
    let (rule, waive) = ("filesystem { ro \"~/.npmrc\"; };", "waive \"denied\" \"~/.npmrc\" reason=\"why\";");
    let profile = |name: &str, body: String| format!("profile \"{name}\" {{ {body} }}\n");
    let refused = || project.exec("true").code(125).says(&["SBC0506"]);
    // A sibling's; of two layers that say so, one waives.
    policy(&(profile("one", rule.to_owned()) + &profile("two", waive.to_owned())), "");
    refused();
    policy(&(profile("one", rule.to_owned()) + &profile("two", format!("{rule} {waive}"))), "");
    refused();
    // The sandbox's rule is not for a profile to lift, also not of one with its name.
    policy(&(profile("one", waive.to_owned()) + &profile("two", waive.to_owned())), rule);
    refused();
    project.write(
        ".agent-sandbox.kdl",
        format!("profile \"app\" {{ {waive} }}\nsandbox \"app\" {{ inherit \"base-dev\" \"app\"; {rule} }}\n"),
    );
    refused();
    // Its own, an heir's, and the sandbox's. Twice: the second start takes the plan of the first.
    policy(&(profile("one", format!("{rule} {waive}")) + &profile("two", String::from("network \"none\";"))), "");
    project.exec("true").code(0);
    project.exec("true").code(0);
    policy(&(profile("one", rule.to_owned()) + &profile("two", format!("inherit \"one\"; {waive}"))), "");
    project.exec("true").code(0);
    policy(&(profile("one", rule.to_owned()) + &profile("two", rule.to_owned())), waive);
    project.exec("true").code(0);
    project.exec("true").code(0);
}

/// The policies before and after a guard is lifted.
fn before_and_after(project: &Project) -> (String, String) {
    let sandbox = |body: &str| format!("sandbox \"app\" {{\n    inherit \"base-dev\"\n    {body}\n}}\n");
    let rule = "filesystem { rw \"~/tools\" missing=\"create-dir\"; };";
    let after = sandbox(&format!("{rule} waive \"not-writable\" \"~/tools/bin\" reason=\"shared by the team\""));
    project.write(".agent-sandbox.kdl", &after);
    (sandbox(rule), after)
}

/// A waiver shows with its reason in `show`, its page, `explain` and the script, and in the plan as JSON.
#[test]
fn waivers_are_shown() {
    let project = Project::empty();
    before_and_after(&project);
    let line = "not-writable \"~/tools/bin\"";
    for words in [&["show"][..], &["explain", "~/tools/bin"]] {
        let shown = project.sbc(words).code(0).stdout;
        assert!(shown.contains(line) && shown.contains("waived: shared by the team"), "{words:?}: {shown}");
    }
    let page = project.sbc(&["show", "--html", "-"]).code(0).stdout;
    assert!(page.contains("waived: shared by the team"), "{page}");
    project.sbc(&["build"]).code(0);
    let script = project.read(".agent-sandbox/app.sh");
    let header = script.split("set -fu").next().unwrap();
    assert!(header.contains("#   waive \"not-writable\" \"~/tools/bin\": shared by the team\n"), "{header}");
    let plan = project.sbc(&["build", "--emit", "json"]).code(0).stdout;
    let plan: serde_json::Value = serde_json::from_str(&plan).unwrap();
    assert_eq!(plan["waived"], serde_json::json!([{ "kind": "not-writable", "subject": "~/tools/bin" }]));
}

/// A waiver that comes is a widening, one that goes a narrowing, with its reason.
#[test]
fn waivers_are_compared() {
    let project = Project::empty();
    let (before, after) = before_and_after(&project);
    for (name, text) in [("a", &before), ("b", &after)] {
        project.write(&format!("{name}/.agent-sandbox.kdl"), text);
    }
    let texts = ["widens", "waives `not-writable \"~/tools/bin\"`: `shared by the team`"];
    let said = project.sbc(&["diff", "a", "b", "--fail-on", "widening"]).code(1);
    assert!(texts.iter().all(|text| said.stdout.contains(text)), "{}", said.stdout);
    let said = project.sbc(&["diff", "b", "a", "--fail-on", "widening"]).code(0).stdout;
    assert!(said.contains("narrows") && said.contains("no longer waives `not-writable \"~/tools/bin\"`"), "{said}");
}

/// A waiver that comes after the approval is asked about: without it, what a host makes of the same rules
/// could be lifted behind the user's back.
#[test]
fn waivers_are_asked_about() {
    let project = Project::empty();
    fs::create_dir_all(project.home.join("tools")).unwrap();
    let (before, after) = before_and_after(&project);
    project.write(".agent-sandbox.kdl", before);
    project.exec("true").code(0);
    project.write(".agent-sandbox.kdl", after);
    let untrusted = run(&mut project.plain_command(&["exec", "--", "true"])).code(125);
    untrusted.says(&["SBC0711", "widens   waives `not-writable \"~/tools/bin\"`: `shared by the team`"]);
    // The first question names it as well.
    run(&mut project.plain_command(&["trust", "--revoke"])).code(0);
    let asked = run(&mut project.plain_command(&["trust", "--yes"])).code(0);
    asked.says(&["waives    not-writable \"~/tools/bin\" (reason: \"shared by the team\")"]);
}

/// Every path of the tables is one that a policy could write, in normal form, once.
#[test]
fn tables_are_paths() {
    let autorun = AUTORUN.iter().map(|row| ("obeys", row.path, row.by));
    let wholesale = WHOLESALE.iter().map(|row| (row.kind.word(), row.path, row.about));
    let devices = DEVICES.iter().map(|row| ("device", row.start, row.about));
    let mut seen = BTreeSet::new();
    for (kind, path, about) in autorun.chain(wholesale).chain(devices) {
        let parsed = SymbolicPath::parse(path).unwrap_or_else(|error| panic!("{path}: {error:?}"));
        assert_eq!(parsed.to_string(), path.strip_suffix("/").filter(|rest| !rest.is_empty()).unwrap_or(path));
        assert!(seen.insert((kind, path)), "{path} stands twice");
        assert!(!about.is_empty() && !about.ends_with('.'), "{path}");
    }
}

/// A disk is refused by its own name and by a link to it.
#[test]
fn disks() {
    let project = Project::empty();
    let Some(disk) = fs::read_dir("/dev").unwrap().flatten().map(|entry| entry.path()).find(|path| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        ["sda", "vda", "nvme0n1", "loop0", "dm-0"].contains(&name.as_str())
    }) else {
        skip!("there is no disk in /dev");
    };
    symlink(&disk, project.home.join("disk")).unwrap();
    for rule in [format!("device \"{}\"", disk.display()), "device \"~/disk\"".to_owned()] {
        body(&project, &format!("filesystem {{ {rule}; }}"));
        project.exec("true").code(125).says(&["SBC0506", "below its file system"]);
    }
}

/// What no rule shows is no matter, whatever the host has.
#[test]
fn silent_where_nothing_is_shown() {
    let project = Project::with_body("");
    for name in [".ssh/id", ".npmrc", ".bashrc", ".config/gh/hosts.yml"] {
        project.write_home(name, "");
    }
    let output = with_path(&project, &["check"], &[".local/bin", "bin"]).code(0);
    assert!(!output.stderr.contains("SBC050"), "{}", output.stderr);
}

/// A profile's waiver is for its own rules, also where the sandbox that inherits it has its name; and a start whose
/// guards such a waiver lifts comes from the cache like any other.
#[test]
fn waivers_of_a_profile_of_the_sandboxes_name() {
    let policy = |rule: &str| format!("sandbox \"git-ssh\" {{ inherit \"git-ssh\"; filesystem {{ {rule} }}; }}\n");
    let project = Project::new(&policy(""));
    project.write_home(".ssh/known_hosts", "example.test ssh-ed25519 AAAA\n");
    project.sbc(&["check"]).code(0);
    assert_eq!(project.exec("cat /etc/ssh/ssh_known_hosts").code(0).stdout, "example.test ssh-ed25519 AAAA\n");
    let plans = || {
        let plans = fs::read_dir(project.home.join(".local/state/sbc/plans")).unwrap();
        plans.map(|plan| plan.unwrap().metadata().unwrap().ino()).collect::<Vec<_>>()
    };
    let before = plans();
    project.exec("true").code(0);
    assert_eq!((before.len(), plans()), (1, before));
    project.write(".agent-sandbox.kdl", policy("ro \"~/.ssh\""));
    project.sbc(&["check"]).code(1).says(&["SBC0506", "SSH keys"]);
}

/// An agent's login is for that agent: its own profile shows it without a waiver of the user's, another rule does not, neither by
/// its name nor by its directory.
#[test]
fn logins_of_agents() {
    Project::new("sandbox \"claude\" { inherit \"claude\"; }\n").sbc(&["check", "--no-host"]).code(0);
    for (agent, rule, login) in [
        ("claude", "ro \"~/.codex\"", "Codex's login"),
        ("opencode", "ro \"~/.claude\"", "Claude Code's login"),
        ("codex", "copy \"~/.qwen/oauth_creds.json\"", "Qwen Code's login"),
    ] {
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{agent}\"; filesystem {{ {rule}; }}; }}\n"));
        project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0506", login]);
    }
}
