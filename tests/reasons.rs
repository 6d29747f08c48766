//! Reasons: what of a policy's comments reaches the artefacts.

use crate::support::Project;

/// The hints in the policy that `sbc init` writes are not the reason of the rule below them.
#[test]
fn hints_are_no_reason() {
    let project = Project::named("shop");
    project.write(".env", "KEY=1");
    project.sbc(&["init"]).code(0);
    project.sbc(&["build"]).code(0);
    let script = project.read(".agent-sandbox/shop.sh");
    assert!(script.contains("    # deny \"./.env\" [shop] Probably holds secrets.\n"), "{script}");
}
