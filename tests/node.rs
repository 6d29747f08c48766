//! The profile `node`, with the node and the npm of this machine.

use crate::support::{Project, run, skip};

const POLICY: &str = "sandbox \"app\" { inherit \"node\"; }\n";

/// Whether the machine has the program where sandboxes show it.
fn has(program: &str) -> bool {
    run(Project::empty().command("which").arg(program)).code == 0
}

/// Node runs a program of the project.
#[test]
fn node_runs() {
    if !has("node") {
        skip!("node is not installed");
    }
    let project = Project::new(POLICY);
    project.write("sum.js", "module.exports = (a, b) => a + b;\n");
    let output = project.sbc(&["exec", "--", "node", "-e", "console.log(require('./sum')(40, 2))"]).code(0);
    assert_eq!(output.stdout, "42\n");
}

/// npm runs, installs into the project and runs its scripts; a token for a registry stays outside,
/// and so does whatever npm leaves in the home.
#[test]
fn npm_runs() {
    if !has("npm") {
        skip!("npm is not installed");
    }
    let project = Project::new(POLICY);
    project.write("package.json", r#"{ "name": "app", "version": "1.0.0", "scripts": { "hello": "echo from-npm" } }"#);
    project.write_home(".npmrc", "//registry.example.test/:_authToken=planted-token\n");
    let shell = "npm --version && npm install --offline && npm run hello && npm config get userconfig; cat ~/.npmrc";
    let output = project.exec(shell).code(1).says(&[".npmrc: No such file"]);
    assert!(output.stdout.starts_with(|c: char| c.is_ascii_digit()), "{}", output.stdout);
    assert!(output.stdout.contains("\nfrom-npm\n"), "{}", output.stdout);
    assert!(!output.stdout.contains("planted-token"), "{}", output.stdout);
    assert!(project.read("package-lock.json").contains("\"app\""));
}
