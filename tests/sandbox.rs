//! Real sandboxes: what a process inside sees and may do.

use crate::support::Project;

/// The home is empty but for the project, and a key in it is not there.
#[test]
fn home_is_empty() {
    let project = Project::with_body("");
    project.write_home(".ssh/id_ed25519", "key");
    let output = project.exec("ls -A ~; cat ~/.ssh/id_ed25519").code(1);
    assert_eq!(output.stdout, "work\n");
}

/// The project is writable in place, and the host sees what is written.
#[test]
fn project_is_writable() {
    let project = Project::with_body("");
    project.exec("echo new > file && pwd").code(0);
    assert_eq!(project.read("file"), "new\n");
}
