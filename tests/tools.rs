//! The programs that sbc runs outside of every sandbox: none that somebody else could change.

use crate::bad_input::{PLAIN, mode, sane};
use crate::support::{Project, run};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

fn bwrap() -> Vec<u8> {
    fs::read(std::env::var_os("SBC_BWRAP").unwrap_or("/usr/bin/bwrap".into())).unwrap()
}

/// Asserts that `check` and `exec` refuse a bubblewrap, with these texts.
#[track_caller]
fn refused(project: &Project, bwrap: &Path, texts: &[&str]) {
    for (arguments, code) in [(&["check"][..], 1), (&["exec", "--", "true"], 125)] {
        sane(run(project.sbc_command(arguments).env("SBC_BWRAP", bwrap))).code(code).says(texts);
    }
}

/// A bubblewrap in the project is refused, and one that a link in the project leads to.
#[test]
fn bubblewrap_in_the_project() {
    let project = Project::new(PLAIN);
    project.write("tools/bwrap", bwrap());
    project.executable("tools/bwrap");
    refused(&project, &project.root.join("tools/bwrap"), &["SBC0714", "lies where the sandbox can write"]);
    symlink("/usr/bin/bwrap", project.root.join("link")).unwrap();
    refused(&project, &project.root.join("link"), &["SBC0714", "lies where the sandbox can write"]);
}

/// A bubblewrap in the home is the user's own business, until a rule lets the sandbox write there.
#[test]
fn bubblewrap_in_a_writable_tree() {
    let project = Project::new(PLAIN);
    let path = project.program("tools/bwrap", bwrap());
    run(project.sbc_command(&["exec", "--", "/bin/true"]).env("SBC_BWRAP", &path)).code(0);
    project.write(".agent-sandbox.kdl", "sandbox \"app\" { inherit \"base-dev\"; filesystem { rw \"~/tools\"; }; }");
    refused(&project, &path, &["SBC0714", "lies where the sandbox can write"]);
}

/// A bubblewrap that others can change is refused: the file, and every directory above it. In a directory
/// where nobody can take another's names away it is not.
#[test]
fn bubblewrap_of_others() {
    let project = Project::new(PLAIN);
    let path = project.program("a/b/bwrap", bwrap());
    let open = ["a/b/bwrap", "a/b", "a"].map(|name| project.home.join(name));
    for part in &open {
        mode(part, 0o777);
        refused(&project, &path, &["SBC0714", "can be changed by everybody", "chmod o-w", part.to_str().unwrap()]);
        mode(part, 0o775);
        refused(&project, &path, &["SBC0714", "can be changed by group", "chmod g-w", part.to_str().unwrap()]);
        mode(part, 0o755);
    }
    mode(&open[2], 0o1777);
    run(project.sbc_command(&["exec", "--", "/bin/true"]).env("SBC_BWRAP", &path)).code(0);
}

/// A bubblewrap with rights of its own is refused: by its mode, or by capabilities of the file.
#[test]
fn bubblewrap_with_rights() {
    let project = Project::new(PLAIN);
    let path = project.program("bwrap", bwrap());
    for (bits, text) in [(0o4755, "set-user-ID"), (0o2755, "set-group-ID")] {
        mode(&path, bits);
        refused(&project, &path, &["SBC0701", text]);
    }
    mode(&path, 0o755);
    // In a namespace of its own a user may give capabilities to a file.
    let shown = path.to_str().unwrap();
    let mut give = project.command("unshare");
    give.args(["--user", "--map-root-user", "/usr/sbin/setcap", "cap_sys_admin+ep", shown]);
    let given = run(&mut give);
    if given.code != 0 {
        crate::support::skip!("no capabilities can be given to a file here: {}", given.stderr);
    }
    refused(&project, &path, &["SBC0701", "has capabilities of its own", "setcap -r"]);
}

/// Git, too, must be root's: where the system's directory is open to others, `diff` runs none.
#[test]
fn git_of_others() {
    let project = Project::new(PLAIN);
    run(project.command("git").args(["init", "--quiet", "."])).code(0);
    let mut outer = project.command("bwrap");
    let own = project.program("bin/git", "#!/bin/sh\ntouch \"$HOME/ran\"\n");
    outer.args(["--dev-bind", "/", "/", "--bind", own.parent().unwrap().to_str().unwrap(), "/usr/bin"]);
    let output = run(outer.args(["--", env!("CARGO_BIN_EXE_sbc"), "diff", "HEAD"]));
    sane(output).code(1).says(&["SBC0714", "`/usr/bin/git`", "who can change it"]);
    assert!(!project.home.join("ran").exists());
}
