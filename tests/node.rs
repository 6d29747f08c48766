//! The profile `node`, with the node and the npm of this machine.

use crate::support::{Project, run, skip};

const POLICY: &str = "sandbox \"app\" { inherit \"node\"; }\n";

/// Whether the machine has the program where sandboxes show it.
pub fn has(program: &str) -> bool {
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

/// Packages are kept for the next sandbox, and nothing gets into the caches from which the host
/// installs or runs programs.
#[test]
fn caches_are_not_the_hosts() {
    let project = Project::new(POLICY);
    let hosts = [".npm/_cacache/x", ".cache/node/corepack/x", ".cache/yarn/x", ".local/share/pnpm/store/x"];
    for name in hosts {
        project.write_home(name, "host\n");
    }
    project.exec("echo kept > ~/.cache/sbc/node/package").code(0);
    // yarn and pnpm keep theirs by a link to the same directory.
    for directory in [".cache/sbc/node", ".cache/yarn", ".local/share/pnpm/store"] {
        assert_eq!(project.exec(&format!("cat ~/{directory}/package")).code(0).stdout, "kept\n", "{directory}");
    }
    for name in hosts {
        project.exec(&format!("mkdir -p ~/$(dirname {name}); echo planted > ~/{name}")).code(0);
        assert_eq!(std::fs::read_to_string(project.home.join(name)).unwrap(), "host\n", "{name}");
    }
    let variables = "echo $NPM_CONFIG_CACHE $COREPACK_HOME $PNPM_CONFIG_STORE_DIR $YARN_GLOBAL_FOLDER";
    let inside = project.home.join(".cache/sbc/node").display().to_string();
    assert!(project.exec(variables).stdout.split_whitespace().all(|directory| directory.starts_with(&inside)));
}
