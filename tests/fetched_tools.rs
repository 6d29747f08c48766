//! Tools that come from registries themselves, in the sandboxes of their profiles.

use crate::node::has;
use crate::packages::{COREPACK, PIPENV, PLAYWRIGHT, installed_or_skip};
use crate::support::{Project, skip};
use crate::toolchains::{online, only_sbc_directory, shell};
use std::fs;

/// corepack fetches the package managers that projects name, keeps them in sbc's directory, and runs them from there
/// without the registry.
#[test]
fn corepack_fetches_once() {
    let corepack = installed_or_skip!(COREPACK);
    let project = online("node", "pass \"COREPACK_*\"; prepend PATH=\"${HOME}/tools/bin\"");
    let policy =
        project.read(".agent-sandbox.kdl").replace("    network", "    filesystem { ro \"~/tools\"; }\n    network");
    project.write(".agent-sandbox.kdl", policy);
    corepack.link_into(&project.home);
    fs::rename(project.home.join(".local"), project.home.join("tools")).unwrap();
    project.write("one/package.json", r#"{ "name": "one", "packageManager": "pnpm@10.0.0" }"#);
    project.write("two/package.json", r#"{ "name": "two", "packageManager": "yarn@1.22.22" }"#);
    // Where packages come from, as the machine says. It may be a copy of the registry without its signatures.
    let registry = std::env::var("NPM_CONFIG_REGISTRY").unwrap_or("https://registry.npmjs.org".to_owned());
    let registry = format!("COREPACK_INTEGRITY_KEYS=0 COREPACK_NPM_REGISTRY={}", registry.trim_end_matches('/'));
    let versions = "(cd one && corepack pnpm --version) && (cd two && corepack yarn --version)";
    let first = shell(&project, &format!("export {registry} CI=1; {versions}"));
    if first.code != 0 {
        skip!("npm's registry is out of reach: {}", first.stderr);
    }
    assert_eq!(first.stdout, "10.0.0\n1.22.22\n");
    let again = shell(&project, &format!("export COREPACK_NPM_REGISTRY=http://127.0.0.1:9 CI=1; {versions}")).code(0);
    assert_eq!(again.stdout, first.stdout);
    assert!(project.home.join(".cache/sbc/node/corepack/v1/pnpm/10.0.0").is_dir());
}

/// Playwright starts the browser of the machine, clicks in a page and takes a picture of it.
#[test]
fn playwright_drives_chromium() {
    let playwright = installed_or_skip!(PLAYWRIGHT);
    if !has("chromium") {
        skip!("chromium is not installed");
    }
    let project = Project::new("sandbox \"app\" { inherit \"browser\" \"node\"; }\n");
    playwright.link_into(&project.home);
    project.write(
        "page.js",
        "const { chromium } = require(process.env.HOME + '/.local/lib/node_modules/playwright-core');\n\
         (async () => {\n\
           const browser = await chromium.launch({ executablePath: '/usr/bin/chromium' });\n\
           const page = await browser.newPage();\n\
           await page.setContent('<button onclick=\"this.textContent = 40 + 2\">sum</button>');\n\
           await page.click('button');\n\
           console.log(await page.textContent('button'));\n\
           await page.screenshot({ path: 'page.png' });\n\
           await browser.close();\n\
         })();\n",
    );
    assert_eq!(project.exec("node page.js").code(0).stdout, "42\n");
    assert!(fs::read(project.root.join("page.png")).unwrap().starts_with(b"\x89PNG"));
    only_sbc_directory(&project.home);
}

/// Pipenv locks and installs into an environment of sbc's directory, and finds it again.
#[test]
fn pipenv_installs() {
    let pipenv = installed_or_skip!(PIPENV);
    let project = online("python", "set CI=\"1\"");
    pipenv.link_into(&project.home);
    project.write("Pipfile", "[packages]\nsix = \"*\"\n");
    let first = shell(&project, "pipenv install");
    if first.code != 0 {
        skip!("pip's index is out of reach: {}", first.stderr);
    }
    let again = shell(&project, "pipenv run python -c 'import six; print(six.__name__)'").code(0);
    assert_eq!(again.stdout, "six\n");
    assert!(project.root.join("Pipfile.lock").is_file());
    assert!(project.home.join(".cache/sbc/python/virtualenvs").is_dir());
    only_sbc_directory(&project.home);
}
