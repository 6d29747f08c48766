//! `sbc learn` with the real strace and real programs: what it proposes makes them work.

use crate::formats::valid;
use crate::packages::{CLAUDE, Installed, installed_or_skip};
use crate::support::{Output, Project, run, skip};
use crate::trust::answered;
use sbc::builtin;
use sbc::path::SymbolicPath;
use sbc::policy::{Access, Entry};
use serde_json::Value;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, Stdio};

const SBC: &str = env!("CARGO_BIN_EXE_sbc");

/// Runs `sbc learn`, trusted as `exec` needs it. A caller has the programs of nvm on PATH, if there are any.
fn learn(project: &Project, arguments: &[&str]) -> Output {
    project.trust();
    let nvm = project.home.join(".nvm/versions/node/v20.1.0/bin");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", nvm.display());
    run(project.plain_command(&["learn"]).args(arguments).env("PATH", path))
}

/// What `sbc learn --format json` says, after a look at its schema.
fn answer(project: &Project, arguments: &[&str]) -> Value {
    let output = learn(project, &[&["--format", "json"], arguments].concat()).code(0);
    valid("schema/learn.schema.json", &output.stdout)
}

/// The rules of an answer that are in force.
fn rules(answer: &Value) -> Vec<String> {
    let all = answer["proposals"].as_array().unwrap().iter();
    let accepted = all.filter(|one| one["accepted"].as_bool().unwrap());
    accepted.map(|one| one["rule"].as_str().unwrap().to_owned()).collect()
}

/// Learns and applies until the command succeeds: at most so many times, and ten lines. Gives the rules.
fn teach(project: &Project, command: &[&str], rounds: usize) -> Vec<String> {
    let words = [&["--apply", "--"], command].concat();
    let mut learned = Vec::new();
    for _ in 0..rounds {
        let answer = answer(project, &words);
        let new = rules(&answer);
        assert!(!new.is_empty(), "{}\n{answer:#}", project.read(".agent-sandbox.kdl"));
        learned.extend(new);
        project.sbc(&["check"]).code(0);
        let mut exec = project.sbc_command(&["exec", "--"]);
        if run(exec.args(command)).code == 0 {
            assert!(learned.len() <= 10, "{learned:?}");
            learned.iter().for_each(|rule| assert_not_wider(rule));
            return learned;
        }
    }
    panic!("{command:?} does not run yet:\n{}", project.read(".agent-sandbox.kdl"));
}

/// A rule shows no more than the built-in profiles do, where they show a part of the same: never a directory
/// of which each of them picks something.
#[track_caller]
fn assert_not_wider(rule: &str) {
    let Some(path) = rule.strip_prefix("ro \"").and_then(|rest| rest.strip_suffix('"')) else {
        let is_known = ["inherit \"", "prepend PATH=\""].iter().any(|start| rule.starts_with(start));
        return assert!(is_known, "{rule}");
    };
    let path = SymbolicPath::parse(path).unwrap();
    let shows = |entry: &Entry<Access>| matches!(entry.value, Some(Access::Host { .. }));
    let all = || builtin::layers().flat_map(|layer| &layer.filesystem).filter(|(_, entry)| shows(entry));
    let is_part = all().any(|(own, _)| *own != path && own.is_within(&path));
    assert!(!is_part || all().any(|(own, _)| path.is_within(own)), "{rule} is wider than the profiles");
}

fn program(project: &Project, path: &str, text: &str) {
    project.write_home(path, text);
    fs::set_permissions(project.home.join(path), fs::Permissions::from_mode(0o755)).unwrap();
}

fn has(program: &str) -> bool {
    run(Project::empty().command("which").arg(program)).code == 0
}

/// What a program names when it fails is proposed, a secret only as a comment, and the policy's own comments
/// and formatting stay. Nothing is written before `--apply`, nothing twice, and nothing stays in the records.
#[test]
fn files() {
    let project = Project::new("// Ours.\nsandbox \"app\" {\n    inherit \"base-dev\" // the floor\n}\n");
    project.write_home(".toolrc", "settings\n");
    project.write_home(".npmrc", "token\n");
    let command = ["--", "/bin/sh", "-c", "cat ~/.toolrc ~/.npmrc ~/.nothing; exit 3"];
    let before = project.read(".agent-sandbox.kdl");
    let output = learn(&project, &command).code(0);
    let output = output.says(&[
        "the command ended with status 3",
        "~/.npmrc is on this host",
        "SECRET: npm tokens",
        "REFUSED, so only a comment: ro \"~/.npmrc\"",
    ]);
    assert!(output.stdout.contains("\n+        ro \"~/.toolrc\"\n"), "{}", output.stdout);
    output.says(&["this does that: sbc learn --apply -- /bin/sh -c 'cat ~/.toolrc ~/.npmrc ~/.nothing; exit 3'\n"]);
    assert_eq!(project.read(".agent-sandbox.kdl"), before);
    let output = learn(&project, &[&["--apply"], &command[..]].concat()).code(0);
    output.says(&["then `sbc exec -- /bin/sh -c 'cat ~/.toolrc ~/.npmrc ~/.nothing; exit 3'`"]);
    let after = "// Ours.\nsandbox \"app\" {\n    inherit \"base-dev\" // the floor\n    filesystem {\n        \
                 ro \"~/.toolrc\"\n        /- ro \"~/.npmrc\" reason=\"shows `~/.npmrc`: npm tokens\"\n    }\n}\n";
    assert_eq!(project.read(".agent-sandbox.kdl"), after);
    assert_eq!(project.exec("cat ~/.toolrc").code(0).stdout, "settings\n");
    learn(&project, &command).code(0).says(&["nothing to propose"]);
    assert_eq!(logs_left(&project), [""; 0]);
}

/// Three files of one directory become the directory; never the home, nor one with a secret in it.
#[test]
fn directories() {
    let project = Project::with_body("");
    for name in ["tool/a", "tool/b", "tool/c", ".x", ".y", ".z", ".config/gh/hosts.yml", ".config/a", ".config/b"] {
        project.write_home(name, "text\n");
    }
    let shell = "cd ~; cat tool/a tool/b tool/c .x .y .z .config/a .config/b .config/gh/hosts.yml";
    let answer = answer(&project, &["--", "/bin/sh", "-c", shell]);
    let expected = [".config/a", ".config/b", ".x", ".y", ".z", "tool"].map(|name| format!("ro \"~/{name}\""));
    assert_eq!(rules(&answer), expected);
    let held: Vec<_> = answer["proposals"].as_array().unwrap().iter().filter(|one| one["hold"] == "refused").collect();
    assert_eq!(held.len(), 1, "{answer:#}");
    assert!(answer["diff"].as_str().unwrap().contains("+        /- ro \"~/.config/gh"), "{answer:#}");
}

/// What was found at another place of a search is no finding, and what nothing complains of is proposed only
/// with `--all`.
#[test]
fn noise() {
    let project = Project::with_body("");
    project.write_home("first/lib.txt", "host\n");
    project.write("second/lib.txt", "project\n");
    project.write_home(".quiet", "text\n");
    let shell = "test -e ~/first/lib.txt || test -e second/lib.txt; test -e ~/.quiet; true";
    let words = ["--", "/bin/sh", "-c", shell];
    assert_eq!(rules(&answer(&project, &words)), [""; 0]);
    assert_eq!(rules(&answer(&project, &[&["--all"], &words[..]].concat())), ["ro \"~/.quiet\""]);
}

/// What guards and assertions forbid is not asked for: it is said with what forbids it, and never more
/// than a comment. The policy holds with it.
#[test]
fn what_guards_forbid() {
    let body = "    filesystem {\n        ro \"~/.local/bin\"\n    }\n    assert {\n        network \"none\"\n    }";
    let project = Project::with_body(body);
    project.write_home(".local/bin/tool", "text\n");
    project.write_home(".ssh/id_rsa", "key\n");
    let shell = "cat ~/.ssh/id_rsa; echo more >> ~/.local/bin/tool; exec 3<>/dev/tcp/192.0.2.1/80";
    let output = learn(&project, &["--apply", "--", "/bin/bash", "-c", shell]).code(0);
    output.says(&[
        "SECRET: SSH keys",
        "REFUSED, so only a comment: ro \"~/.ssh/id_rsa\"\n  `~/.ssh` must not be visible inside",
        "REFUSED, so only a comment: rw \"~/.local/bin/tool\"\n  lets the sandbox write a part of `~/.local/bin`",
        "REFUSED, so only a comment: network \"host\"\n  the network is `host` and must be `none`",
    ]);
    let policy = project.read(".agent-sandbox.kdl");
    for line in ["        /- ro \"~/.ssh/id_rsa\"", "        /- rw \"~/.local/bin/tool\"", "    /- network \"host\"\n"]
    {
        assert!(policy.contains(line), "{policy}");
    }
    project.sbc(&["check"]).code(0);
    assert_eq!(project.exec("cat ~/.ssh/id_rsa").code, 1);
}

/// A profile stands for the paths of its tools, and an agent's never for files that others read, too.
#[test]
fn profiles_are_not_wider_than_needed() {
    let project = Project::with_body("    network \"host\"");
    project.write_home(".gitconfig", "text\n");
    project.write_home(".config/git/ignore", "text\n");
    let shell = "cat ~/.gitconfig ~/.config/git/ignore";
    assert_eq!(rules(&answer(&project, &["--", "/bin/sh", "-c", shell])), ["inherit \"git\""]);
    let project = Project::with_body("");
    project.write_home(".nvm/alias", "text\n");
    project.write_home(".volta/hooks.json", "text\n");
    let shell = "cat ~/.nvm/alias ~/.volta/hooks.json";
    assert_eq!(rules(&answer(&project, &["--", "/bin/sh", "-c", shell])), ["inherit \"node\""]);
}

/// The network, and writing outside of the project, are only comments where nobody can be asked.
#[test]
fn what_has_to_be_asked() {
    let project = Project::with_body("    filesystem {\n        ro \"~/data\"\n    }");
    project.write_home("data/in/file", "text\n");
    project.write_home("other/file", "text\n");
    project.write_home("new/file", "text\n");
    let shell = "echo more > ~/data/in/file; echo more >> ~/other/file; echo more > ~/new/one; \
                 exec 3<>/dev/tcp/192.0.2.1/80";
    let answer = answer(&project, &["--apply", "--", "/bin/bash", "-c", shell]);
    assert_eq!(rules(&answer), [""; 0], "{answer:#}");
    let policy = project.read(".agent-sandbox.kdl");
    let paths = ["data/in/file", "other/file", "new"].map(|path| format!("        /- rw \"~/{path}\"\n"));
    for line in paths.iter().map(String::as_str).chain(["    /- network \"host\"\n"]) {
        assert!(policy.contains(line), "{policy}");
    }
    // What the policy protects in the project is said, and no rule is proposed for it.
    let output = learn(&project, &["--", "/bin/sh", "-c", "echo x >> .agent-sandbox.kdl"]).code(0);
    output.says(&["./.agent-sandbox.kdl cannot be changed inside: ro"]).says(&["nothing to propose"]);
}

/// At a terminal what opens more than reading is asked, once the command has ended: it is in force after
/// yes, and a comment after no, after nothing at all and after the end of the input. What a guard forbids
/// is not asked.
#[test]
fn questions_at_a_terminal() {
    let shell =
        format!("exec {SBC} learn --apply -- /bin/sh -c 'echo more >> ~/data/file; cat ~/.ssh/id_rsa; echo done'");
    for (answer, is_in_force) in
        [(&b"y\n"[..], true), (b"YES\n", true), (b"n\n", false), (b"\n", false), (b"\x04", false)]
    {
        let project = Project::with_body("");
        project.write_home("data/file", "text\n");
        project.write_home(".ssh/id_rsa", "key\n");
        project.trust();
        // What is typed before the question is no answer to it.
        let (screen, code) = answered(&project, &shell, "[y/N] ", b"y\n", answer);
        assert_eq!(code, Some(0), "{screen}");
        assert_eq!(screen.matches("[y/N]").count(), 1, "{screen}");
        let (before, _) = screen.split_once("May programs inside change `~/data/file` on this host? [y/N]").unwrap();
        assert!(before.contains("\ndone\n"), "{screen}");
        assert!(
            before.contains("~/data/file cannot be changed inside") || before.contains("~/data/file is on"),
            "{screen}"
        );
        let line = if is_in_force { "        rw \"~/data/file\"\n" } else { "        /- rw \"~/data/file\"\n" };
        let policy = project.read(".agent-sandbox.kdl");
        assert!(policy.contains(line) && policy.contains("        /- ro \"~/.ssh/id_rsa\""), "{policy}");
        assert_eq!(screen.contains("nobody said yes"), !is_in_force, "{screen}");
        assert_eq!(project.exec("echo more >> ~/data/file").code == 0, is_in_force);
    }
}

/// While a command without the terminal runs, its calls are counted there, and the line is gone at the end.
/// Where the command has the terminal, or there is none, nothing is counted.
#[test]
fn progress() {
    let project = Project::with_body("");
    project.trust();
    let many =
        "i=0; while [ $i -lt 9000 ]; do [ -e /none ]; i=$((i+1)); done; stty size; read line; echo \"got $line\"";
    let start = format!("exec {SBC} learn -- /bin/sh -c '{many}'");
    let (screen, code) = answered(&project, &format!("{start} </dev/null >out"), "\u{1b}[K", b"", b"");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("4096 calls\u{1b}[K") && screen.contains("8192 calls\u{1b}[K"), "{screen:?}");
    // `answered` leaves out returns to the start of the line.
    assert!(screen.contains("\u{1b}[Kthe command ended"), "{screen:?}");
    assert_eq!(project.read("out"), "got \n");
    let (screen, code) = answered(&project, &start, "0 0", b"", b"words\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("got words\n") && !screen.contains(" calls") && !screen.contains('\u{1b}'), "{screen:?}");
    let output = run(project.plain_command(&["learn", "--", "/bin/sh", "-c", many]).stdin(Stdio::null())).code(0);
    assert!(!output.stderr.contains(" calls") && !output.stderr.contains('\u{1b}'), "{}", output.stderr);
}

/// `learn` runs nothing that `exec` would not run.
#[test]
fn trust_is_required() {
    let project = Project::with_body("");
    let output = run(&mut project.plain_command(&["learn", "--", "/bin/sh", "-c", "touch ran"]));
    output.code(1).says(&["SBC0711"]);
    assert!(!project.root.join("ran").exists());
}

/// Signals reach the command, and what was learned until then is said.
#[test]
fn signals() {
    let project = Project::with_body("");
    project.write_home(".toolrc", "settings\n");
    project.trust();
    let shell = "trap 'cat ~/.toolrc; exit 7' TERM; touch ready; while :; do sleep 0.1; done";
    let mut command = project.plain_command(&["learn", "--", "/bin/sh", "-c", shell]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while !project.root.join("ready").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    run(Command::new("kill").arg(child.id().to_string())).code(0);
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the command ended with status 7"), "{said}");
    assert!(String::from_utf8_lossy(&output.stdout).contains("ro \"~/.toolrc\""), "{said}");
}

/// Ctrl-C ends the command, and what was learned until then is said: it is written only after a yes. No log
/// stays, and what a killed run has left is gone with the next.
#[test]
fn interrupted() {
    let shell = format!("exec {SBC} learn --apply -- /bin/sh -c 'cat ~/.toolrc; echo read''y; kill -INT $$; sleep 9'");
    for (answer, is_written) in [(&b"n\n"[..], false), (b"y\n", true)] {
        let project = Project::with_body("");
        project.write_home(".toolrc", "settings\n");
        project.trust();
        let before = project.read(".agent-sandbox.kdl");
        let (screen, code) = answered(&project, &shell, "[y/N] ", b"", answer);
        assert_eq!(code, Some(0), "{screen}");
        assert!(
            screen.contains("+        ro \"~/.toolrc\"") && screen.contains("The command was interrupted."),
            "{screen}"
        );
        assert_eq!(project.read(".agent-sandbox.kdl") != before, is_written, "{screen}");
        assert_eq!(logs_left(&project), [""; 0]);
        if !is_written {
            assert!(screen.contains("nothing was written, because the command was interrupted"), "{screen}");
            // Nobody can be asked.
            learn(&project, &["--apply", "--", "/bin/sh", "-c", "cat ~/.toolrc; kill -INT $$"]).code(0);
            assert_eq!(project.read(".agent-sandbox.kdl"), before);
        }
    }
    let project = Project::with_body("");
    project.trust();
    let mut child = project.plain_command(&["learn", "--", "/bin/sh", "-c", "touch ready; sleep 60"]).spawn().unwrap();
    while !project.root.join("ready").exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    let left = logs_left(&project);
    assert_eq!(left.len(), 1);
    learn(&project, &["--", "true"]).code(0);
    // It could be that of a run which is about to begin.
    assert_eq!(logs_left(&project), left);
    let old = project.home.join(".local/state/sbc").join(&left[0]);
    run(project.command("touch").args(["-d", "1 hour ago"]).arg(old)).code(0);
    learn(&project, &["--", "true"]).code(0);
    assert_eq!(logs_left(&project), [""; 0]);
}

/// The directories of logs in sbc's records.
fn logs_left(project: &Project) -> Vec<String> {
    let all = fs::read_dir(project.home.join(".local/state/sbc")).unwrap().flatten();
    all.map(|entry| entry.file_name().into_string().unwrap()).filter(|name| name.starts_with("learn-")).collect()
}

/// Rules that a run did not touch are named with their lines; profiles, too.
#[test]
fn unused_rules() {
    let project = Project::new(
        "sandbox \"app\" {\n    inherit \"node\"\n    filesystem {\n        ro \"~/used\"\n        ro \"~/idle\"\n    }\n}\n",
    );
    project.write_home("used/file", "text\n");
    project.write_home("idle/file", "text\n");
    let output =
        learn(&project, &["--unused", "--", "/bin/cat", &project.home.join("used/file").display().to_string()]);
    let output = output.code(0);
    assert!(output.stdout.contains(".agent-sandbox.kdl:5: ro \"~/idle\"\n"), "{}", output.stdout);
    assert!(output.stdout.contains("inherit \"node\"\n"), "{}", output.stdout);
    assert!(!output.stdout.contains("~/used") && !output.stdout.contains("base-dev"), "{}", output.stdout);
}

/// A log that was made elsewhere says the same: of strace inside, outside, and without `-y`.
#[test]
fn logs() {
    let project = Project::with_body("");
    project.write_home(".toolrc", "settings\n");
    let home = project.home.display().to_string();
    let missed = format!(
        "7 openat(AT_FDCWD, \"{home}/.toolrc\", O_RDONLY) = -1 ENOENT (No such file or directory)\n\
         7 write(2, \"tool: {home}/.toolrc: no settings\\n\", 30) = 30\n7 +++ exited with 1 +++\n"
    );
    let used = format!("[pid 7] openat(AT_FDCWD, \"{home}/.toolrc\", O_RDONLY) = 3\n");
    let apart = format!(
        "7 chdir(\"{home}\") = 0\n7 vfork( <unfinished ...>\n8 stat(\".toolrc\",  <unfinished ...>\n\
         7 <... vfork resumed>) = 8\n8 <... stat resumed>0x7ffd) = -1 ENOENT (No such file or directory)\n\
         8 +++ exited with 2 +++\n"
    );
    // strace does not know which calls threads made that ended meanwhile.
    let unknown = format!(
        "9 ???( <unfinished ...>\n8 ????( <unfinished ...>\n8 <... ???? resumed>) = ?\n9 +++ exited with 1 +++\n{missed}"
    );
    for log in [missed, used, apart, unknown] {
        project.write("trace.log", &log);
        assert_eq!(rules(&answer(&project, &["--from", "trace.log"])), ["ro \"~/.toolrc\""], "{log}");
    }
    // The real one, of the script.
    project.sbc(&["build"]).code(0);
    let mut strace = project.command("strace");
    strace
        .args(["-f", "-y", "-o", "real.log", ".agent-sandbox/app.sh", "--", "/bin/cat"])
        .arg(format!("{home}/.toolrc"));
    run(&mut strace).code(1);
    assert_eq!(rules(&answer(&project, &["--from", "real.log"])), ["ro \"~/.toolrc\""]);
}

/// What is no log, or only a part of one, is refused with its line; names cannot forge lines.
#[test]
fn logs_that_are_none() {
    let project = Project::with_body("");
    let long = format!("7 stat(\"{}\") = 0\n", "x".repeat(2 << 20));
    for (log, why) in [
        ("", "it holds no call"),
        ("7 +++ exited with 0 +++\n", "it holds no call"),
        ("hello world\n", "line 1 is none of strace's"),
        ("7 stat(\"/x\") = 0\n{\"a\": 1}\n", "line 2 is none of strace's"),
        ("7 stat(\"/x\") = 0\n7 openat(AT_FDCWD, \"/etc/pas", "line 2 ends in the middle"),
        ("7 stat(\"/x\" <unfinished ...>\n7 <... open resumed>) = 0\n", "line 2 is none of strace's"),
        (&long, "line 1 is longer than a megabyte"),
    ] {
        project.write("trace.log", log);
        let output = learn(&project, &["--from", "trace.log"]).code(1);
        output.says(&["SBC0722", why]);
    }
    fs::write(project.root.join("trace.log"), b"7 stat(\"/\xff\") = 0\n").unwrap();
    learn(&project, &["--from", "trace.log"]).code(1).says(&["line 1 is none of strace's"]);
    learn(&project, &["--from", "no.log"]).code(1).says(&["SBC0722", "No such file"]);
    // More text than any program's paths have is no reason to need more memory.
    let above = "x/".repeat(2000);
    let many: String = (0..20_000).map(|number| format!("7 stat(\"/{above}{number}\") = 0\n")).collect();
    project.write("trace.log", many);
    learn(&project, &["--from", "trace.log"])
        .code(1)
        .says(&["SBC0722", "more paths or processes than any program has"]);
    // The name of one file holds what would be a second line, and text that drives terminals.
    let name = r#"/tmp/a\") = -1 ENOENT (x)\n7 open(\"/etc\33[31m"#;
    project.write("trace.log", format!("7 stat(\"{name}\", 0x1) = -1 ENOENT (No such file or directory)\n"));
    let output = learn(&project, &["--from", "trace.log"]).code(0).says(&["nothing to propose"]);
    assert!(!output.stderr.contains('\u{1b}'), "{}", output.stderr);
}

/// A log of 200,000 lines needs less than 200 MiB and two seconds; a build that is not optimized gets ten.
#[test]
fn long_log() {
    let project = Project::with_body("");
    let mut log = String::new();
    for number in 0..200_000 {
        let (process, name) = (number % 50 + 100, number * 7919 % 200_000);
        let _ = match number % 4 {
            0 => writeln!(
                log,
                "{process} openat(AT_FDCWD, \"/usr/lib/node_modules/m{name}/index.js\", O_RDONLY) = 3</usr/lib/x>"
            ),
            1 => writeln!(log, "{process} statx(AT_FDCWD, \"/usr/lib/m{name}\", 0, STATX_ALL, <unfinished ...>"),
            2 => writeln!(log, "{} <... statx resumed>0x7f) = -1 ENOENT (No such file or directory)", process - 1),
            _ => writeln!(log, "{process} write(1, \"some text of the program {name}\\n\", 40) = 40"),
        };
    }
    project.write("trace.log", &log);
    project.trust();
    let mut command = project.plain_command(&["learn", "--from", "trace.log"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let (mut most, mut ticks) = (0, 0);
    let status = loop {
        // The time that it had a processor: others may want it, too.
        let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
        let after_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        ticks = ticks.max(after_name.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum());
        let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
        let peak =
            status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
        most = most.max(peak.unwrap_or(0));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    };
    assert!(status.success());
    assert!((1..200 * 1024).contains(&most), "{most} kB");
    let seconds = if cfg!(debug_assertions) { 10 } else { 2 };
    assert!((1..seconds * 100).contains(&ticks), "{ticks} hundredths of a second");
}

/// Without strace, with one that is none, and with one that the machine forbids.
#[test]
fn no_strace() {
    let project = Project::with_body("");
    project.trust();
    for path in ["/no/such/strace", "strace", "/etc"] {
        let mut command = project.plain_command(&["learn", "--", "true"]);
        run(command.env("SBC_STRACE", path)).code(1).says(&["SBC0720", path, "install"]);
    }
}

/// A strace that may not watch says so, and so does sbc.
#[test]
fn strace_that_may_not() {
    let project = Project::with_body("");
    project.trust();
    let text = "#!/bin/sh\necho 'strace: attach: ptrace(PTRACE_SEIZE, 17): Operation not permitted' >&2\nexit 1\n";
    program(&project, "strace", text);
    let mut command = project.plain_command(&["learn", "--", "true"]);
    run(command.env("SBC_STRACE", project.home.join("strace"))).code(1).says(&["SBC0721", "ptrace_scope"]);
}

/// Outside of a sandbox a policy comes from nothing: it says so loudly, and what the command used is in it.
#[test]
fn policy_from_nothing() {
    let project = Project::named("shop");
    project.write_home("opt/tool/bin/tool", "");
    program(&project, "opt/tool/bin/tool", "#!/bin/sh\ncat ~/.toolrc ~/.ssh/config\n");
    project.write_home(".toolrc", "settings\n");
    project.write_home(".ssh/config", "Host x\n");
    let path = format!("{}:/usr/bin:/bin", project.home.join("opt/tool/bin").display());
    let mut command = project.plain_command(&["learn", "--unconfined", "--apply", "--", "tool"]);
    let output = run(command.env("PATH", &path)).code(0).says(&["OUTSIDE OF ANY SANDBOX", "SECRET"]);
    assert!(output.stdout.contains("--- /dev/null\n"), "{}", output.stdout);
    let policy = project.read(".agent-sandbox.kdl");
    assert!(policy.starts_with("sandbox \"shop\" {\n    inherit \"base-dev\"\n"), "{policy}");
    // base-dev asserts that keys stay outside, so that they are never more than a comment.
    let has = |line: &str| policy.contains(&format!("\n        {line}"));
    assert!(has("ro \"~/.toolrc\"\n") && has("/- ro \"~/.ssh/config\" reason=\"`~/.ssh` must not"), "{policy}");
    let output = project.sbc(&["exec", "--", "tool"]).code(1);
    assert_eq!(output.stdout, "settings\n");
}

/// `npm ci` by a node of nvm's: the profile `node`, and the directory on PATH.
#[test]
fn npm_ci() {
    if !has("npm") || !Path::new("/usr/lib/node_modules/npm").exists() {
        skip!("there is no npm in /usr/lib");
    }
    let project = Project::with_body("    env {\n        set PATH=\"/usr/games\"\n    }");
    let version = project.home.join(".nvm/versions/node/v20.1.0");
    fs::create_dir_all(version.join("bin")).unwrap();
    fs::create_dir_all(version.join("lib/node_modules")).unwrap();
    run(Command::new("cp").arg("/usr/bin/node").arg(version.join("bin"))).code(0);
    run(Command::new("cp").args(["-rL", "/usr/lib/node_modules/npm"]).arg(version.join("lib/node_modules"))).code(0);
    symlink("../lib/node_modules/npm/bin/npm-cli.js", version.join("bin/npm")).unwrap();
    project.write("dep/package.json", r#"{ "name": "dep", "version": "1.0.0" }"#);
    project.write(
        "package.json",
        r#"{ "name": "app", "version": "1.0.0", "dependencies": { "dep": "file:dep-1.0.0.tgz" } }"#,
    );
    project.write_home(".npmrc", "//registry.example.test/:_authToken=token\n");
    run(project.command("npm").args(["pack", "./dep"])).code(0);
    run(project.command("npm").args(["install", "--offline", "--package-lock-only"])).code(0);
    let rules = teach(&project, &["npm", "ci", "--offline"], 2);
    assert_eq!(rules, ["inherit \"node\"", "prepend PATH=\"${HOME}/.nvm/versions/node/v20.1.0/bin\""]);
    assert!(project.root.join("node_modules/dep/package.json").exists());
}

/// An https server with a certificate of its own, in `~/ca/ca.pem`.
struct Server {
    child: Child,
    url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn server(project: &Project) -> Server {
    let script = "const fs = require('fs'); \
        const answer = (q, s) => { if (q.url.includes('info/refs')) return s.end('0'.repeat(40) + '\\trefs/heads/main\\n'); \
        s.end(q.url.includes('HEAD') ? 'ref: refs/heads/main\\n' : 'hello\\n'); }; \
        const server = require('https').createServer({ key: fs.readFileSync('key.pem'), cert: fs.readFileSync('ca.pem') }, answer); \
        server.listen(0, '127.0.0.1', () => fs.writeFileSync('port', String(server.address().port)));";
    project.write_home("ca/server.js", script);
    let directory = project.home.join("ca");
    let names = "subjectAltName=IP:127.0.0.1";
    let mut openssl = project.command("openssl");
    openssl
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-addext", names, "-days", "2"]);
    run(openssl.args(["-keyout", "key.pem", "-out", "ca.pem"]).current_dir(&directory)).code(0);
    let child = project.command("node").arg("server.js").current_dir(&directory).spawn().unwrap();
    let port = loop {
        match fs::read_to_string(directory.join("port")) {
            Ok(port) if !port.is_empty() => break port,
            _ => std::thread::sleep(std::time::Duration::from_millis(20)),
        }
    };
    Server { child, url: format!("https://127.0.0.1:{port}/") }
}

/// A certificate that a company has put into the home: curl, git and node each lead to this one file.
#[test]
fn certificates_of_the_home() {
    if !["openssl", "node", "curl", "git"].into_iter().all(has) {
        skip!("openssl, node, curl or git is not installed");
    }
    let certificate = "${HOME}/ca/ca.pem";
    let body = format!(
        "    network \"host\"\n    env {{\n        set CURL_CA_BUNDLE=\"{certificate}\" \
         GIT_SSL_CAINFO=\"{certificate}\" NODE_EXTRA_CA_CERTS=\"{certificate}\"\n    }}"
    );
    let one = Project::with_body(&body);
    let server = server(&one);
    let url = server.url.as_str();
    let policy = one.read(".agent-sandbox.kdl");
    for command in [&["curl", "-sS", url][..], &["git", "ls-remote", url], &["node", "-e", &get(url)]] {
        one.write(".agent-sandbox.kdl", &policy);
        assert_eq!(teach(&one, command, 1), ["ro \"~/ca/ca.pem\""], "{command:?}");
    }
}

/// A line of JavaScript that gets a page, and names the error where that fails.
fn get(url: &str) -> String {
    format!(
        "require('https').get('{url}', r => r.resume()).on('error', e => {{ console.error(e.code); process.exit(1); }})"
    )
}

/// The system's certificates, taken away: what curl, git and node look for is proposed, no wider than by
/// base-dev, and then each of them trusts the server. For this test alone its certificate is among them.
#[test]
fn certificates_of_the_system() {
    let bundle = "/etc/ssl/certs/ca-certificates.crt";
    if !Path::new(bundle).exists() || !["openssl", "node", "curl", "git"].into_iter().all(has) {
        skip!("there is no {bundle}, or no program");
    }
    let body = format!(
        "    network \"host\"\n    env {{\n        set NODE_EXTRA_CA_CERTS=\"{bundle}\"\n    }}\n    \
         filesystem {{\n        remove \"/etc/ssl\" \"/etc/ca-certificates/extracted\" \"/etc/pki\"\n    }}"
    );
    let project = Project::with_body(&body);
    let server = server(&project);
    let both = [Path::new(bundle), &project.home.join("ca/ca.pem")].map(|path| fs::read_to_string(path).unwrap());
    project.write_home("ca/both.pem", both.concat());
    let sbc = |arguments: &[&str]| {
        let mut command = project.command("bwrap");
        command.args(["--dev-bind", "/", "/", "--bind"]).arg(project.home.join("ca/both.pem")).arg(bundle);
        run(command.arg(SBC).args(arguments))
    };
    let (url, policy) = (server.url.as_str(), project.read(".agent-sandbox.kdl"));
    let by_openssl = format!("SSL_CERT_FILE={bundle}");
    let commands = [
        &["curl", "-sS", url][..],
        &["git", "ls-remote", url],
        &["node", "-e", &get(url)],
        &["env", "-u", "NODE_EXTRA_CA_CERTS", &by_openssl, "node", "--use-openssl-ca", "-e", &get(url)],
    ];
    for command in commands {
        project.write(".agent-sandbox.kdl", &policy);
        project.trust();
        assert_ne!(sbc(&[&["exec", "--"], command].concat()).code, 0, "{command:?}");
        let output = sbc(&[&["learn", "--format", "json", "--apply", "--"], command].concat()).code(0);
        let rules = rules(&valid("schema/learn.schema.json", &output.stdout));
        // curl names the file and the directory that it lies in; OpenSSL reads its settings, too.
        let (settings, rest): (Vec<_>, Vec<_>) = rules.iter().partition(|rule| *rule == "ro \"/etc/ssl/openssl.cnf\"");
        assert!(settings.is_empty() || command.contains(&"--use-openssl-ca"), "{command:?}: {rules:?}");
        assert_eq!(rest.len(), 1, "{command:?}: {rules:?}");
        assert!([format!("ro \"{bundle}\""), "ro \"/etc/ssl/certs\"".to_owned()].contains(rest[0]), "{rules:?}");
        rules.iter().for_each(|rule| assert_not_wider(rule));
        project.trust();
        sbc(&[&["exec", "--"], command].concat()).code(0);
    }
}

/// A Python of pyenv's, by its shim and by an environment in the project.
#[test]
fn pyenv() {
    let root = ".pyenv/versions/3.11.7";
    let project = Project::with_body("");
    let home = project.home.display().to_string();
    let shim = format!(
        "#!/usr/bin/env bash\nset -e\nprogram=\"${{0##*/}}\"\nexport PYENV_ROOT=\"{home}/.pyenv\"\n\
         exec \"{home}/.pyenv/libexec/pyenv\" exec \"$program\" \"$@\"\n"
    );
    program(&project, ".pyenv/shims/spam", &shim);
    program(&project, ".pyenv/libexec/pyenv", "#!/usr/bin/env bash\nexec \"$PYENV_ROOT/versions/3.11.7/bin/$2\"\n");
    program(&project, &format!("{root}/bin/spam"), "#!/bin/sh\ncat ~/.pyenv/versions/3.11.7/lib/spam.py\n");
    program(
        &project,
        &format!("{root}/bin/python3"),
        "#!/bin/sh\ncat \"${0%/bin/*}/lib/spam.py\" || cat ~/.pyenv/versions/3.11.7/lib/spam.py\n",
    );
    project.write_home(&format!("{root}/lib/spam.py"), "spam\n");
    let policy = project.read(".agent-sandbox.kdl");
    assert_eq!(teach(&project, &["spam"], 1), ["inherit \"pyenv\""]);
    project.write(".agent-sandbox.kdl", &policy);
    fs::create_dir_all(project.root.join(".venv/bin")).unwrap();
    symlink(project.home.join(root).join("bin/python3"), project.root.join(".venv/bin/python")).unwrap();
    assert_eq!(teach(&project, &["./.venv/bin/python"], 1), [format!("ro \"~/{root}\"")]);
}

/// A cargo of rustup's in the home, with its settings and a toolchain: `~/.cargo/credentials.toml` stays
/// outside.
#[test]
fn rustup() {
    let project = Project::with_body("");
    let rustup = "#!/bin/sh\nset -e\ntoolchain=$(cat ~/.rustup/settings.toml)\n\
                  exec ~/.rustup/toolchains/\"$toolchain\"/bin/\"${0##*/}\" \"$@\"\n";
    program(&project, ".cargo/bin/rustup", rustup);
    symlink("rustup", project.home.join(".cargo/bin/cargo")).unwrap();
    project.write_home(".rustup/settings.toml", "stable");
    program(&project, ".rustup/toolchains/stable/bin/cargo", "#!/bin/sh\ncat ~/.cargo/config.toml\n");
    project.write_home(".cargo/config.toml", "[build]\n");
    project.write_home(".cargo/credentials.toml", "token\n");
    let rules = teach(&project, &["cargo"], 4);
    assert!(rules.len() <= 6 && !rules.iter().any(|rule| rule == "ro \"~/.cargo\""), "{rules:?}");
    assert_eq!(project.exec("cat ~/.cargo/credentials.toml").code, 1);
}

/// Puts the program where its own installer puts it.
fn by_its_installer(claude: &Installed, home: &Path) {
    claude.link_into(home);
    let local = home.join(".local");
    let version = local.join("share/claude/versions").join(&claude.version);
    fs::create_dir_all(version.parent().unwrap()).unwrap();
    fs::rename(fs::canonicalize(local.join("bin/claude")).unwrap(), &version).unwrap();
    fs::remove_dir_all(local.join("lib")).unwrap();
    fs::remove_file(local.join("bin/claude")).unwrap();
    symlink(version, local.join("bin/claude")).unwrap();
}

/// Claude Code, by npm and by its own installer: the profile `claude`, and nothing else.
#[test]
fn claude_code() {
    let claude = installed_or_skip!(CLAUDE);
    for by_npm in [true, false] {
        let project = Project::with_body("");
        if by_npm {
            claude.link_into(&project.home);
        } else {
            by_its_installer(claude, &project.home);
        }
        assert_eq!(teach(&project, &["claude", "--version"], 1), ["inherit \"claude\""]);
    }
}
