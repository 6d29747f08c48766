//! Bad input that needs a file or a host in some state: a coded message that names the thing and
//! the remedy, the right exit code, no panic, nothing half-written.

use crate::support::{Output, Project, run};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

/// The policy of a project in which `base-dev` is enough.
pub const PLAIN: &str = "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n";

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
pub fn sane(output: Output) -> Output {
    assert!(!output.stderr.contains("panicked"), "{}", output.stderr);
    let codes = output.stderr.lines().filter(|line| line.starts_with("SBC0")).count();
    let remedies = output.stderr.matches("help: ").count();
    assert!(codes > 0 && codes <= remedies, "a code or a remedy is missing:\n{}", output.stderr);
    output
}

pub fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
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

/// A text that the parser would chew on for hours is given up after five seconds of the processor. How long that is
/// by the clock depends on what else the machine does.
#[test]
fn deadline() {
    let project = Project::new(&"=(\\".repeat(64 * 1024 / 3));
    let start = Instant::now();
    sane(project.sbc(&["check"])).code(1).says(&["SBC0004", "within 5 seconds"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
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
    sane(broken.sbc(&["exec"])).code(125).says(&["SBC0401", "write `\"./src\"`"]);
}

/// A wrong command line ends with 2, and with 125 where it keeps `exec` from its command.
#[test]
fn usage() {
    let project = Project::new(PLAIN);
    for arguments in [&["check", "a", "b"][..], &["nonsense"], &[]] {
        project.sbc(arguments).code(2);
    }
    project.sbc(&["exec", "--nonsense"]).code(125);
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

/// A required path that vanished is named with another version of it, and with the ways to do without.
#[test]
fn vanished_path() {
    let project = Project::empty();
    project.write_home(".nvm/versions/node/node-v22.12.1/bin/node", "");
    project.write_home(".nvm/versions/node/node-v4.9.1/bin/node", "");
    let near = "did you mean `~/.nvm/versions/node/node-v22.12.1`?";
    let texts = ["SBC0404", "does not exist on this host", near, "missing=\"skip\"", "missing=\"create-dir\""];
    rules_refused(&project, "ro \"~/.nvm/versions/node/node-v22.11.0\"", &texts);
    rules_refused(&project, "ro \"~/.nvm/versions/node/node-v22.11.0\" at=\"/opt/node\"", &texts);
}

/// A slip of the finger is found in any part of a path, and what is merely alike is not offered.
#[test]
fn mistyped_path() {
    let project = Project::empty();
    project.write_home("tools/compiler/bin/cc", "");
    rules_refused(&project, "ro \"~/tools/compiler/bni\"", &["did you mean `~/tools/compiler/bin`?"]);
    rules_refused(&project, "ro \"~/tolos/compilre/bin/cc\"", &["did you mean `~/tools/compiler/bin/cc`?"]);
    let texts = ["`~/tools/linker` does not exist", "`~/tools` is there, `linker` in it is not"];
    rules_refused(&project, "ro \"~/tools/linker\"", &texts);
    assert!(!project.sbc(&["check"]).stderr.contains("did you mean"));
    let json = project.sbc(&["check", "--format", "json"]);
    assert!(!json.stdout.contains("~/tools/compiler"), "{}", json.stdout);
}

/// A link to nothing is named together with what it leads to.
#[test]
fn dangling_link() {
    let project = Project::empty();
    symlink("/nowhere/settings", project.home.join("settings")).unwrap();
    let texts = ["SBC0404", "`~/settings` is a symbolic link to `/nowhere/settings`", "mend the link"];
    rules_refused(&project, "ro \"~/settings\"", &texts);
    rules_refused(&project, "ro \"~/settings/deep/file\"", &texts);
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
    let texts = ["SBC0407", "cannot be read: it belongs to", "the mode 0000", "`chmod u+r ~/locked/file`"];
    rules_refused(&project, "ro \"~/locked/file\"", &texts);
    mode(&folder, 0o000);
    let texts = ["SBC0407", "cannot be reached: `~/locked` belongs to", "`chmod u+x ~/locked`"];
    rules_refused(&project, "ro \"~/locked/file\"", &texts);
    rules_refused(&project, "ro \"/etc/shadow\"", &["SBC0407", "belongs to `root` and has the mode", "the owner"]);
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
    rules_refused(&project, "ro \"${XDG_RUNTIME_DIR}/app\"", &["SBC0410", "`${XDG_RUNTIME_DIR}` has no value"]);
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
