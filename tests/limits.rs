//! What `limits` promises, in real sandboxes.

use crate::support::Project;

/// A limit holds for the command that `sbc exec` starts.
#[test]
fn limit_holds() {
    let project = Project::with_body("limits { open-files \"64\"; }");
    assert_eq!(project.exec("ulimit -n").code(0).stdout, "64\n");
}

/// Where a limit cannot be set, nothing runs: sbc sets limits through `/proc`.
#[test]
fn limit_without_proc_is_refused() {
    let project =
        Project::with_body("filesystem { remove \"/proc\"; }\nlimits { processes \"none\"; open-files \"64\"; }");
    project.exec("true").code(125).says(&["SBC0708", "proc \"/proc\"", "limits { open-files \"none\"; }"]);
}
