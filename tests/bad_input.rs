//! Bad input that needs a file or a host in some state: a coded message that names the thing and
//! the remedy, the right exit code, no panic, nothing half-written.

use crate::support::{Output, Project, run};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The policy of a project in which `base-dev` is enough.
const PLAIN: &str = "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n";

/// Asserts that `check` ends with 1 and `exec` with 125, both saying each of the texts.
#[track_caller]
fn refused(project: &Project, texts: &[&str]) {
    sane(project.sbc(&["check"])).code(1).says(texts);
    sane(project.exec("true")).code(125).says(texts);
}

/// As [`refused`], for rules of `filesystem` in a sandbox that inherits `base-dev`.
#[track_caller]
fn rules_refused(project: &Project, rules: &str, texts: &[&str]) {
    let body = format!("sandbox \"app\" {{\n    inherit \"base-dev\"\n    filesystem {{\n{rules}\n    }}\n}}\n");
    project.write(".agent-sandbox.kdl", body);
    refused(project, texts);
}

/// Asserts that nothing panicked and that every remedy is there.
#[track_caller]
fn sane(output: Output) -> Output {
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    let (codes, remedies) = (output.stderr.matches("SBC0").count(), output.stderr.matches("help: ").count());
    assert!(codes > 0 && codes <= remedies, "a code or a remedy is missing:\n{}", output.stderr);
    output
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// bubblewrap around sbc itself: a host of another shape. The host's files are all there.
fn bwrap(project: &Project, options: &[&str]) -> Command {
    let mut command = project.command("bwrap");
    command.args(["--dev-bind", "/", "/"]).args(options);
    command
}

/// Runs the sbc of this build in what [`bwrap`] makes.
fn inside(project: &Project, options: &[&str], arguments: &[&str]) -> Output {
    run(bwrap(project, options).args(["--", env!("CARGO_BIN_EXE_sbc")]).args(arguments))
}

// text

/// A policy that may not be read is named with the way to get at it.
#[test]
fn unreadable_policy() {
    let project = Project::new(PLAIN);
    mode(&project.root.join(".agent-sandbox.kdl"), 0o000);
    refused(&project, &["SBC0006", "`.agent-sandbox.kdl` cannot be read", "chmod u+r"]);
}

/// A policy that is a link to nothing or a pipe is no policy, and nothing waits for it.
#[test]
fn policy_of_a_wrong_kind() {
    let project = Project::empty();
    let policy = project.root.join(".agent-sandbox.kdl");
    symlink("nowhere", &policy).unwrap();
    refused(&project, &["SBC0006", "No such file"]);
    fs::remove_file(&policy).unwrap();
    run(project.command("mkfifo").arg(&policy)).code(0);
    refused(&project, &["SBC0006", "not a regular file"]);
}

/// Local profiles that may not be listed or read are named.
#[test]
fn unreadable_profiles() {
    let project = Project::new(PLAIN);
    project.write(".agent-sandbox/profiles/team.kdl", "profile \"team\" {\n}\n");
    mode(&project.root.join(".agent-sandbox/profiles/team.kdl"), 0o000);
    refused(&project, &["SBC0006", "`.agent-sandbox/profiles/team.kdl` cannot be read"]);
    let folder = project.root.join(".agent-sandbox/profiles");
    mode(&folder, 0o000);
    let listed = project.sbc(&["check"]);
    mode(&folder, 0o755);
    listed.code(1).says(&["SBC0006", "cannot be listed"]);
}

/// A directory that is gone while sbc starts in it is no place for a project.
#[test]
fn deleted_directory() {
    let project = Project::empty();
    let mut shell = project.command("sh");
    shell.args(["-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$0\" check", env!("CARGO_BIN_EXE_sbc")]);
    sane(run(&mut shell)).code(1).says(&["SBC0006", "cannot be read"]);
}

/// A byte more than 64 KiB is too much, and 64 KiB are not.
#[test]
fn large_file() {
    let project = Project::new(&format!("{PLAIN}{}", " ".repeat(64 * 1024 - PLAIN.len())));
    project.sbc(&["check", "--no-host"]).code(0);
    project.write(".agent-sandbox.kdl", format!("{PLAIN}{}", " ".repeat(64 * 1024 + 1 - PLAIN.len())));
    refused(&project, &["SBC0001", "this file has more than", ".agent-sandbox.kdl:", "profiles/NAME.kdl"]);
}

/// A thousand and one openers are too many, wherever they stand.
#[test]
fn many_openers() {
    let project = Project::empty();
    for opener in ["{\n", "/*\n", "/-\n", "n {\n", "n \"{\"\n"] {
        project.write(".agent-sandbox.kdl", opener.repeat(1001));
        refused(&project, &["SBC0002", "one too many"]);
    }
}

/// Deep nesting within the limits overflows no stack.
#[test]
fn deep_nesting() {
    let project = Project::empty();
    for opener in ["n {", "/*", "/- n {", "/-{", "/-\n", "n \"a\" {\n"] {
        project.write(".agent-sandbox.kdl", opener.repeat(1000 / opener.matches(['{', '/']).count()));
        let output = sane(project.sbc(&["check", "--no-host"]));
        output.code(1).says(&["SBC0"]);
    }
}

/// Flat floods of stray tokens overflow no stack, either.
#[test]
fn stray_tokens() {
    let project = Project::empty();
    for token in ["(", "}", "\\", "#", "#\"", "a ", "~ ", "\"\"\"\n", "r\"", "/", "\"a"] {
        project.write(".agent-sandbox.kdl", token.repeat(64_000 / token.len()));
        let output = sane(project.sbc(&["check", "--no-host"])).code(1).says(&["SBC0"]);
        assert!(output.stderr.len() < 20_000, "{token:?} is answered by {} bytes", output.stderr.len());
    }
}

/// A text that the parser would chew on for hours is given up after five seconds.
#[test]
fn deadline() {
    let project = Project::new(&"=(\\".repeat(64 * 1024 / 3));
    let start = Instant::now();
    sane(project.sbc(&["check"])).code(1).says(&["SBC0004", "within 5 seconds"]);
    assert!(start.elapsed() < Duration::from_secs(8), "{:?}", start.elapsed());
}

// which project, which sandbox

/// What is wrong with the policy or the choice of a sandbox ends `exec` with 125.
#[test]
fn exec_without_a_sandbox() {
    let two = Project::new("sandbox \"shop\" {\n}\nsandbox \"review\" {\n}\n");
    sane(two.sbc(&["exec", "shpo"])).code(125).says(&["SBC0205", "did you mean `shop`?"]);
    sane(two.sbc(&["exec"])).code(125).says(&["SBC0206", "name one of `shop` and `review`"]);
    let none = Project::new("profile \"team\" {\n}\n");
    sane(none.sbc(&["exec"])).code(125).says(&["SBC0205", "defines no sandbox"]);
    sane(Project::empty().sbc(&["exec"])).code(125).says(&["SBC0007", "sbc init"]);
    let broken = Project::new("sandbox \"app\" {\n    filesystem { ro \"src\"; }\n}\n");
    sane(broken.sbc(&["exec"])).code(125).says(&["SBC0401", "write `./src`"]);
}

/// Options that nobody knows end `exec` with 2, as everywhere.
#[test]
fn usage() {
    let project = Project::new(PLAIN);
    for arguments in [&["exec", "--nonsense"][..], &["check", "a", "b"], &["nonsense"], &[]] {
        project.sbc(arguments).code(2);
    }
}

/// The home, and every directory that holds it, is no project.
#[test]
fn project_around_the_home() {
    let project = Project::empty();
    for root in [project.home.as_path(), project.home.parent().unwrap()] {
        fs::write(root.join(".agent-sandbox.kdl"), PLAIN).unwrap();
        refused(&project, &["SBC0409", "contains your home directory"]);
        fs::remove_file(root.join(".agent-sandbox.kdl")).unwrap();
    }
    let output = run(project.sbc_command(&["init"]).current_dir(&project.home));
    sane(output).code(1).says(&["SBC0409"]);
    assert!(!project.home.join(".agent-sandbox.kdl").exists());
}

/// A policy in `/` makes the whole machine the project, and is refused.
#[test]
fn project_is_the_root() {
    let project = Project::new(PLAIN);
    let (home, policy) = (project.home.to_str().unwrap(), project.root.join(".agent-sandbox.kdl"));
    let mut command = project.command("bwrap");
    command.args(["--ro-bind", "/usr", "/usr", "--bind", home, home, "--proc", "/proc", "--dev", "/dev"]);
    command.arg("--ro-bind").args([policy.to_str().unwrap(), "/.agent-sandbox.kdl"]);
    command.args(["--ro-bind", env!("CARGO_BIN_EXE_sbc"), "/sbc", "--chdir", "/", "--", "/sbc"]);
    sane(run(command.arg("check"))).code(1).says(&["SBC0409", "the project `/`"]);
}

// paths on this host

/// A required path that vanished is named with the nearest one that is there.
#[test]
fn vanished_path() {
    let project = Project::empty();
    project.write_home(".nvm/versions/node/node-v22.12.1/bin/node", "");
    let near = project.home.join(".nvm/versions/node/node-v22.12.1").display().to_string();
    let texts = ["SBC0404", "does not exist on this host", "did you mean", near.as_str(), "missing=\"skip\""];
    rules_refused(&project, "ro \"~/.nvm/versions/node/node-v22.11.0\"", &texts);
    rules_refused(&project, "ro \"~/.nvm/versions/node/node-v22.11.0\" at=\"/opt/node\"", &texts);
}

/// Links that lead in a circle lead nowhere.
#[test]
fn circle_of_links() {
    let project = Project::empty();
    symlink("two", project.home.join("one")).unwrap();
    symlink("one", project.home.join("two")).unwrap();
    rules_refused(&project, "ro \"~/one\"", &["SBC0404", "circle"]);
}

/// A path that may not be read, or not be reached, says which of the two.
#[test]
fn unreadable_path() {
    let project = Project::empty();
    project.write_home("locked/file", "");
    let (folder, file) = (project.home.join("locked"), project.home.join("locked/file"));
    mode(&file, 0o000);
    rules_refused(&project, "ro \"~/locked/file\"", &["SBC0407", "cannot be read"]);
    mode(&folder, 0o000);
    rules_refused(&project, "ro \"~/locked/file\"", &["SBC0407", "cannot be reached"]);
    mode(&folder, 0o755);
}

/// `copy` takes files, `overlay` directories, `device` devices.
#[test]
fn path_of_a_wrong_kind() {
    let project = Project::empty();
    project.write_home("folder/file", "");
    rules_refused(&project, "copy \"~/folder\"", &["SBC0406", "`copy` takes a file"]);
    rules_refused(&project, "overlay \"~/folder/file\"", &["SBC0406", "`overlay` takes a directory"]);
    rules_refused(&project, "device \"~/folder/file\"", &["SBC0406", "`device` takes a device"]);
}

/// A link that the sandbox itself could have made is not followed.
#[test]
fn planted_link() {
    let project = Project::empty();
    symlink("/etc", project.root.join("settings")).unwrap();
    rules_refused(&project, "ro \"./settings\"", &["SBC0408", "to `/etc`", "the sandbox could point it anywhere"]);
}

/// A mount point that is missing in a read-only directory is never made there.
#[test]
fn missing_mount_point() {
    let project = Project::empty();
    project.write_home("tools/file", "");
    project.write_home("extra/file", "");
    let rules = "ro \"~/tools\"\nro \"~/extra\" at=\"~/tools/extra\"";
    rules_refused(&project, rules, &["SBC0411", "must exist on the host", "mkdir -p"]);
    assert!(!project.home.join("tools/extra").exists());
}

/// A variable without a value stops what needs it.
#[test]
fn unset_variables() {
    let project = Project::empty();
    rules_refused(&project, "ro \"${XDG_RUNTIME_DIR}/bus\"", &["SBC0410", "`${XDG_RUNTIME_DIR}` has no value"]);
    let output = run(project.sbc_command(&["check"]).env_remove("HOME"));
    sane(output).code(1).says(&["SBC0410", "`HOME` is not set"]);
    let output = run(project.sbc_command(&["exec"]).env("HOME", "relative"));
    sane(output).code(125).says(&["SBC0410", "`HOME` is not set to an absolute path"]);
}

/// Two rules about one place are refused on the hosts where they are.
#[test]
fn same_place_twice() {
    let project = Project::empty();
    project.write_home(".config/x", "");
    let texts = ["SBC0405", "are the same place on this host", "remove one of the rules"];
    rules_refused(&project, "ro \"${XDG_CONFIG_HOME}/x\"\nro \"~/.config/x\"", &texts);
}

/// An absolute path into the home would be hidden by the home, and is refused.
#[test]
fn absolute_path_below_the_home() {
    let project = Project::empty();
    project.write_home("tools/file", "");
    let rule = format!("ro \"{}\"", project.home.join("tools").display());
    rules_refused(&project, &rule, &["SBC0405", "would hide it", "such as `~/…`"]);
}

/// A protection under another root than the writable tree around it cannot be pinned.
#[test]
fn protection_under_another_root() {
    let project = Project::empty();
    project.write_home(".cache/secret", "");
    let rules = "rw \"~/.cache\"\ndeny \"${XDG_CACHE_HOME}/secret\"";
    rules_refused(&project, rules, &["SBC0405", "cannot be protected there", "with the same start"]);
}

/// A working directory that is not inside is refused.
#[test]
fn invisible_workdir() {
    let project = Project::with_body("    run { workdir \"/srv/nowhere\"; }");
    refused(&project, &["SBC0707", "`/srv/nowhere`", "this rule", ".agent-sandbox.kdl:3"]);
}

/// A sandbox without a command has nothing to run.
#[test]
fn no_command() {
    let project = Project::new("sandbox \"app\" {\n}\n");
    sane(project.sbc(&["exec"])).code(125).says(&["SBC0706", "sbc exec -- COMMAND"]);
}

/// A placeholder that cannot be made stops the start.
#[test]
fn impossible_placeholder() {
    let project = Project::with_body("    filesystem { rw \"/usr/nowhere\" missing=\"create-dir\"; }");
    sane(project.exec("true")).code(125).says(&["SBC0603", "`/usr/nowhere` cannot be created"]);
}

// writing

/// Where nothing can be written, the artefact that was there stays, and nothing lies about.
#[test]
fn read_only_project() {
    let project = Project::new(PLAIN);
    mode(&project.root, 0o555);
    sane(project.sbc(&["build"])).code(1).says(&["SBC0603", "make the directory writable"]);
    mode(&project.root, 0o755);
    assert!(!project.root.join(".agent-sandbox").exists());
    project.sbc(&["build"]).code(0);
    let before = project.read(".agent-sandbox/app.sh");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" {\n}\n");
    mode(&project.root.join(".agent-sandbox"), 0o555);
    let output = sane(project.sbc(&["build"])).code(1).says(&["SBC0603", "nothing was changed"]);
    assert!(!output.stderr.contains(".sbc-"), "a temporary name is of no use: {}", output.stderr);
    mode(&project.root.join(".agent-sandbox"), 0o755);
    assert_eq!(project.read(".agent-sandbox/app.sh"), before);
    assert_eq!(fs::read_dir(project.root.join(".agent-sandbox")).unwrap().count(), 2);
}

/// On a full disk the artefact that was there stays whole, and no temporary file is left.
#[test]
fn full_disk() {
    let project = Project::new(PLAIN);
    project.write(".agent-sandbox/keep", "");
    let folder = project.root.join(".agent-sandbox").display().to_string();
    let script = r#"
        "$0" build && cp .agent-sandbox/app.sh before || exit 9
        cat /dev/zero > .agent-sandbox/filling 2> /dev/null
        printf 'sandbox "app" {\n    inherit "base-dev" "node"\n}\n' > .agent-sandbox.kdl
        "$0" build
        echo "code $?"
        cmp before .agent-sandbox/app.sh && ls -A .agent-sandbox"#;
    let mut command = bwrap(&project, &["--size", "131072", "--tmpfs", &folder]);
    let output = run(command.args(["--", "sh", "-c", script, env!("CARGO_BIN_EXE_sbc")])).code(0);
    let output = output.says(&["SBC0603", "No space left", "make room on the disk; nothing was changed"]);
    assert_eq!(output.stdout, "code 1\napp.sh\nfilling\nsbc.lock\n");
}

/// Output that cannot be written is a failure, and a reader that went away is none.
#[test]
fn unwritable_output() {
    let project = Project::new(PLAIN);
    let full = fs::File::options().write(true).open("/dev/full").unwrap();
    let child = project.sbc_command(&["show"]).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("SBC0603") && text.contains("No space left"), "{text}");
    let mut shell = project.command("sh");
    shell.args(["-c", "{ \"$0\" show; echo \"code $?\" >&2; } | true", env!("CARGO_BIN_EXE_sbc")]);
    assert_eq!(run(&mut shell).stderr, "code 0\n");
}

// bubblewrap and the kernel

/// Without bubblewrap the message names the distribution's command that installs it.
#[test]
fn no_bubblewrap() {
    let project = Project::new(PLAIN);
    for path in ["/nowhere/bwrap", "bwrap", "/etc/passwd"] {
        for (arguments, code) in [(&["check"][..], 1), (&["exec", "--", "true"], 125)] {
            let output = run(project.sbc_command(arguments).env("SBC_BWRAP", path));
            sane(output).code(code).says(&["SBC0701", path, "install"]);
        }
    }
}

/// A bubblewrap that does not know an option is too old.
#[test]
fn old_bubblewrap() {
    let project = Project::new(PLAIN);
    project.write("old", "#!/bin/sh\nexec bwrap --option-of-a-later-day \"$@\"\n");
    project.executable("old");
    let old = project.root.join("old");
    let output = run(project.sbc_command(&["check"]).env("SBC_BWRAP", &old));
    sane(output).code(1).says(&["SBC0702", "too old"]);
    let output = run(project.sbc_command(&["exec", "--", "true"]).env("SBC_BWRAP", &old));
    sane(output).code(125).says(&["SBC0702", "too old"]);
}

/// Where no namespace may be made, the message says so and names a cure.
#[test]
fn forbidden_namespaces() {
    let project = Project::new(PLAIN);
    let options = ["--unshare-user", "--disable-userns"];
    sane(inside(&project, &options, &["check"])).code(1).says(&["SBC0703"]);
    sane(inside(&project, &options, &["exec", "--", "true"])).code(125).says(&["SBC0703"]);
}

/// More arguments than bubblewrap takes are explained.
#[test]
fn too_many_arguments() {
    let paths: String = (0..2500).map(|number| format!("dir \"/d/{number}\"\n")).collect();
    let project = Project::with_body(&format!("filesystem {{\n{paths}}}"));
    sane(project.exec("true")).code(125).says(&["SBC0705", "9,000 arguments"]);
}

/// Root is refused, also one of a user namespace.
#[test]
fn root() {
    let project = Project::new(PLAIN);
    let output = inside(&project, &["--unshare-user", "--uid", "0", "--gid", "0"], &["exec", "--", "true"]);
    sane(output).code(125).says(&["SBC0704", "runuser -u"]);
}

/// A session keyring that cannot be left behind stops the start: it would be seen inside.
#[test]
fn full_keyring() {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let refuse = 0x0005_0000 | libc::EDQUOT as u32;
    let program: [(u16, u8, u8, u32); 4] = [
        (LOAD_NUMBER, 0, 0, 0),
        (JUMP_IF_EQUAL, 0, 1, libc::SYS_keyctl as u32),
        (RETURN, 0, 0, refuse),
        (RETURN, 0, 0, 0x7fff_0000),
    ];
    let bytes: Vec<u8> = program
        .iter()
        .flat_map(|(code, yes, no, value)| [&code.to_ne_bytes()[..], &[*yes, *no], &value.to_ne_bytes()].concat())
        .collect();
    let project = Project::new(PLAIN);
    fs::write(project.home.join("filter"), bytes).unwrap();
    let script = "exec bwrap --dev-bind / / --seccomp 5 -- \"$0\" exec -- true 5< ~/filter";
    let output = run(project.command("sh").args(["-c", script, env!("CARGO_BIN_EXE_sbc")]));
    sane(output).code(125).says(&["SBC0708", "session keyring"]);
}
