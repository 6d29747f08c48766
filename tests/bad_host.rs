//! A host that lets sbc down: no room, no rights, no bubblewrap, no namespaces. A coded message, the
//! right exit code, nothing half-written.

use crate::bad_input::{PLAIN, mode, sane};
use crate::support::{Output, Project, refusing, run};
use std::fs;
use std::process::{Command, Stdio};

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
    let output = output.says(&["SBC0603", "make room on the disk; nothing was changed"]);
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
    let old = project.program("old", "#!/bin/sh\nexec bwrap --option-of-a-later-day \"$@\"\n");
    let output = run(project.sbc_command(&["check"]).env("SBC_BWRAP", &old));
    sane(output).code(1).says(&["SBC0702", "too old"]);
    let output = run(project.sbc_command(&["exec", "--", "true"]).env("SBC_BWRAP", &old));
    sane(output).code(125).says(&["SBC0702", "too old"]);
}

/// Where no namespace may be made, the message says so and names a cure.
#[test]
fn forbidden_namespaces() {
    let project = Project::new(PLAIN);
    project.trust();
    let options = ["--unshare-user", "--disable-userns"];
    let output = sane(inside(&project, &options, &["check"])).code(1);
    output.says(&["SBC0703", "this is a sandbox already", "nested-sandboxes \"allow\""]);
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
    let project = Project::new(PLAIN);
    fs::write(project.home.join("filter"), refusing(libc::SYS_keyctl, libc::EDQUOT)).unwrap();
    project.trust();
    let script = "exec bwrap --dev-bind / / --seccomp 5 -- \"$0\" exec -- true 5< ~/filter";
    let output = run(project.command("sh").args(["-c", script, env!("CARGO_BIN_EXE_sbc")]));
    sane(output).code(125).says(&["SBC0708", "session keyring"]);
}

/// What bubblewrap itself cannot mount is shown with the rule that asks for it, also when the plan
/// was compiled before.
#[test]
fn refused_mounts() {
    let long = "n".repeat(300);
    let project = Project::with_body(&format!("filesystem {{\n    dir \"/srv/{long}\"\n}}"));
    for _ in 0..2 {
        let texts = ["SBC0705", "File name too long", ".agent-sandbox.kdl:4:9", "for this rule"];
        project.exec("true").code(125).says(&texts);
    }
}

/// A missing path below a file, or beside dangling links, is a message and not an endless search.
#[test]
fn neighbours_that_lead_nowhere() {
    let project = Project::with_body("filesystem { ro \"~/data/a/x\"; ro \"~/data/c/x\"; ro \"~/data/e/a\"; }");
    project.write_home("data/a", "a file");
    project.write_home("data/d/b", "a file");
    std::os::unix::fs::symlink("nowhere", project.home.join("data/b")).unwrap();
    sane(project.sbc(&["check"])).code(1).says(&[
        "SBC0404",
        "`~/data/a/x` does not exist",
        "`~/data/c/x` does not exist",
    ]);
}
