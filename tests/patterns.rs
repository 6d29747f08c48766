//! Variables by pattern, in real sandboxes.

use crate::support::{Project, run};

/// A pattern is a key as any other: an heir can remove an inherited one.
#[test]
fn pattern_can_be_removed() {
    let project = Project::with_body("env { remove \"LC_*\"; }");
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", "echo ${LC_TIME-none}"]);
    assert_eq!(run(command.env("LC_TIME", "C")).code(0).stdout, "none\n");
}

/// A secret has one name; a pattern would pass whatever happens to fit.
#[test]
fn secret_is_no_pattern() {
    let project = Project::with_body("env { secret \"AWS_*\"; }");
    project.sbc(&["check", "--no-host"]).code(1).says(&["SBC0109"]);
}
