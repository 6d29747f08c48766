//! What a cloned repository cannot make sbc read or write: what lies outside of it.

use crate::support::Project;
use std::os::unix::fs::symlink;

/// A policy that is a link out of the project is refused, and what it leads to is not shown.
#[test]
fn policy_behind_a_link_is_refused() {
    let project = Project::empty();
    project.write_home(".ssh/id_ed25519", "private-key {");
    symlink("../.ssh/id_ed25519", project.root.join(".agent-sandbox.kdl")).unwrap();
    let output = project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0006", "leads out of the project"]);
    assert!(!output.stderr.contains("private-key"), "{}", output.stderr);
}

/// So is a profile, and a whole directory of them.
#[test]
fn profiles_behind_a_link_are_refused() {
    let project = Project::with_body("");
    project.write_home("secrets/profiles/key.kdl", "private-key {");
    symlink("../secrets", project.root.join(".agent-sandbox")).unwrap();
    let output = project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0006", "leads out of the project"]);
    assert!(!output.stderr.contains("private-key"), "{}", output.stderr);
}

/// Artefacts are not written through a link that leads out of the project.
#[test]
fn artefacts_stay_inside() {
    let project = Project::with_body("");
    project.write_home("bin/other", "");
    symlink("../bin", project.root.join(".agent-sandbox")).unwrap();
    project.sbc(&["build"]).code(1).says(&["SBC0603", "leads out of the project"]);
    assert!(!project.home.join("bin/app.sh").exists());
}

/// A link that stays in the project is as good as a file.
#[test]
fn link_inside_is_followed() {
    let project = Project::empty();
    project.write("config/policy.kdl", "sandbox \"app\" { inherit \"base-dev\"; }\n");
    symlink("config/policy.kdl", project.root.join(".agent-sandbox.kdl")).unwrap();
    project.sbc(&["check", "--no-host"]).code(0);
}
