//! Reasons: what of a policy's comments reaches the artefacts.

use crate::support::Project;

/// The comments in the policy that `sbc init` writes are the reasons of the rules below them, and no others.
#[test]
fn comments_are_reasons() {
    let project = Project::named("shop");
    project.write(".env", "KEY=1");
    project.sbc(&["init"]).code(0);
    project.sbc(&["build"]).code(0);
    let script = project.read(".agent-sandbox/shop.sh");
    assert!(script.contains("    # deny \"./.env\" [shop] Probably variables with secrets.\n"), "{script}");
}
