//! The profiles of toolchains, with the real toolchains of this machine.

use crate::node::has;
use crate::support::{Output, Project, run, skip};
use std::os::unix::fs::symlink;
use std::path::Path;

/// A project that is built and run without the network, by a program that the machine may not have.
struct Build {
    profile: &'static str,
    program: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Prints 42 in its last line.
    shell: &'static str,
}

const BUILDS: &[Build] = &[
    Build {
        profile: "c-cpp",
        program: "cc",
        files: &[("main.c", "#include <stdio.h>\nint main(void) { return puts(\"42\") < 0; }\n")],
        shell: "cc -o main main.c && ./main",
    },
    Build {
        profile: "go",
        program: "go",
        files: &[
            ("go.mod", "module example.test/app\n\ngo 1.18\n"),
            ("main.go", "package main\n\nfunc main() { println(40 + 2) }\n"),
        ],
        shell: "go build -o main . && ./main 2>&1 && test -d ~/.cache/sbc/go/build",
    },
    Build {
        profile: "ruby",
        program: "bundle",
        files: &[("Gemfile", "source \"https://rubygems.org\"\n")],
        shell: "bundle install --local >/dev/null && bundle exec ruby -e 'puts 40 + 2'",
    },
    Build {
        profile: "php",
        program: "composer",
        files: &[
            ("composer.json", "{ \"autoload\": { \"files\": [\"sum.php\"] } }"),
            ("sum.php", "<?php function sum($a, $b) { return $a + $b; }\n"),
        ],
        shell: "composer --quiet install && php -r 'require \"vendor/autoload.php\"; echo sum(40, 2), PHP_EOL;'",
    },
    Build {
        profile: "elixir",
        program: "mix",
        files: &[
            (
                "mix.exs",
                "defmodule App.MixProject do\n  use Mix.Project\n  def project, do: [app: :app, version: \"0.1.0\"]\nend\n",
            ),
            ("lib/app.ex", "defmodule App do\n  def sum(a, b), do: a + b\nend\n"),
        ],
        shell: "mix run -e 'IO.puts(App.sum(40, 2))'",
    },
    Build {
        profile: "haskell",
        program: "ghc",
        files: &[("Main.hs", "main :: IO ()\nmain = print (40 + 2)\n")],
        shell: "ghc -v0 Main.hs && ./Main",
    },
    Build {
        profile: "java",
        program: "javac",
        files: &[("App.java", "class App { public static void main(String[] a) { System.out.println(40 + 2); } }\n")],
        shell: "javac App.java && java App",
    },
    Build {
        profile: "java",
        program: "gradle",
        files: &[("settings.gradle", ""), ("build.gradle", "task sum { doLast { println 40 + 2 } }\n")],
        shell: "gradle --offline --quiet sum && test -d ~/.cache/sbc/java/gradle",
    },
    Build {
        profile: "browser",
        program: "chromium",
        files: &[("page.html", "<script>document.write(40 + 2)</script>")],
        shell: "chromium --headless --no-sandbox --disable-gpu --dump-dom \"file://$PWD/page.html\" 2>/dev/null | grep -o 42",
    },
];

/// Every toolchain of this machine builds and runs a program, twice, and leaves nothing in the home outside of the directory
/// that is sbc's own.
#[test]
fn builds() {
    for build in BUILDS {
        if !has(build.program) {
            // Small machines have few of them.
            eprintln!("{} is not installed", build.program);
            continue;
        }
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{}\"; }}\n", build.profile));
        build.files.iter().for_each(|(name, text)| project.write(name, text));
        for _ in 0..2 {
            let output = project.exec(build.shell).code(0);
            assert_eq!(output.stdout.lines().last(), Some("42"), "{}: {output:?}", build.program);
        }
        only_sbc_directory(&project.home);
    }
}

/// The home holds the project and the caches of sandboxes, and no cache of the host's.
fn only_sbc_directory(home: &Path) {
    let names = |path: &Path| {
        let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let extra: Vec<String> =
        names(home).into_iter().filter(|name| !["work", ".cache", ".local"].contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "{extra:?}");
    let extra: Vec<String> = names(&home.join(".cache")).into_iter().filter(|name| name != "sbc").collect();
    assert!(extra.is_empty(), "{extra:?}");
}

/// A project with the network, and a shell in it. Settings of this machine that tell where packages come from are passed on.
fn online(profile: &str, env: &str) -> Project {
    let pass = r#"pass "NPM_CONFIG_REGISTRY" "PIP_INDEX_URL" "UV_DEFAULT_INDEX" "CARGO_REGISTRIES_*" "CARGO_SOURCE_*""#;
    Project::new(&format!(
        "sandbox \"app\" {{\n    inherit \"{profile}\"\n    network \"host\"\n    env {{ {pass}; {env}; }}\n}}\n"
    ))
}

fn shell(project: &Project, text: &str) -> Output {
    let mut command = project.sbc_command(&["exec", "--", "/bin/sh", "-c", text]);
    for name in ["NPM_CONFIG_REGISTRY", "PIP_INDEX_URL", "UV_DEFAULT_INDEX"] {
        std::env::var_os(name).map(|value| command.env(name, value));
    }
    let certificates = "/etc/ssl/certs/ca-certificates.crt";
    for name in ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "PIP_CERT"] {
        command.env(name, certificates);
    }
    run(&mut command)
}

/// `npm ci` installs from the registry and once more without it, and a test runs; nothing gets into the cache of the host.
#[test]
fn npm_ci() {
    if !has("npm") {
        skip!("npm is not installed");
    }
    let project = online("node", "set CI=\"1\"");
    project.write(
        "package.json",
        r#"{ "name": "app", "version": "1.0.0", "scripts": { "test": "node test.js" }, "dependencies": { "is-odd": "3.0.1" } }"#,
    );
    project.write("test.js", "require('assert')(require('is-odd')(3)); console.log('passed');\n");
    let first = shell(&project, "npm install --no-audit --no-fund");
    if first.code != 0 {
        skip!("npm's registry is out of reach: {}", first.stderr);
    }
    let again = shell(&project, "rm -r node_modules && npm ci --offline --no-audit --no-fund && npm test").code(0);
    assert!(again.stdout.contains("\npassed\n"), "{again:?}");
    assert!(project.home.join(".cache/sbc/node/npm/_cacache").is_dir());
    only_sbc_directory(&project.home);
}

/// pip installs uv into an environment of the project, and uv the project's own, from the index and then without it.
#[test]
fn python_environments() {
    if run(Project::empty().command("/usr/bin/python3").args(["-c", "import venv, ensurepip"])).code != 0 {
        skip!("python3-venv is not installed");
    }
    let project = online("python", "set CI=\"1\"");
    project.write(
        "pyproject.toml",
        "[project]\nname = \"app\"\nversion = \"0.1.0\"\nrequires-python = \">=3.9\"\ndependencies = [\"six\"]\n",
    );
    let first = shell(&project, "/usr/bin/python3 -m venv tools && tools/bin/pip install --quiet uv");
    if first.code != 0 {
        skip!("pip's index is out of reach: {}", first.stderr);
    }
    shell(&project, "tools/bin/uv sync --quiet && .venv/bin/python -c 'import six'").code(0);
    shell(&project, "rm -r .venv && tools/bin/uv sync --quiet --offline && .venv/bin/python -c 'import six'").code(0);
    assert!(project.home.join(".cache/sbc/python/uv").is_dir());
    only_sbc_directory(&project.home);
}

/// cargo builds with a dependency from the registry and once more without it, by rustup's toolchain of this machine.
#[test]
fn cargo_build() {
    let real = |variable: &str, name: &str| {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(name));
        std::env::var_os(variable).map(Into::into).or(home).filter(|path: &std::path::PathBuf| path.is_dir())
    };
    let (Some(cargo), Some(rustup)) = (real("CARGO_HOME", ".cargo"), real("RUSTUP_HOME", ".rustup")) else {
        // Root's is out of the test user's reach.
        return eprintln!("there is no rustup in the home of the user who runs the tests");
    };
    let project = online("rust", "set CI=\"1\"");
    std::fs::create_dir(project.home.join(".cargo")).unwrap();
    symlink(cargo.join("bin"), project.home.join(".cargo/bin")).unwrap();
    symlink(rustup, project.home.join(".rustup")).unwrap();
    project.write(
        "Cargo.toml",
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2021\"\n[dependencies]\nitoa = \"1\"\n",
    );
    project.write("src/main.rs", "fn main() { println!(\"{}\", itoa::Buffer::new().format(42)); }\n");
    let first = shell(&project, "cargo fetch --quiet");
    if first.code != 0 {
        skip!("the registry is out of reach: {}", first.stderr);
    }
    for _ in 0..2 {
        let output = shell(&project, "cargo run --quiet --offline").code(0);
        assert_eq!(output.stdout, "42\n");
        project.exec("cargo clean --quiet").code(0);
    }
    assert!(project.home.join(".cache/sbc/rust/registry").is_dir());
    project.exec("echo planted > ~/.cargo/bin/cargo").code(2).says(&["Read-only file system"]);
}

/// What is compiled once is taken from the cache, through the compiler's own name.
#[test]
fn compilers_are_cached() {
    if !has("ccache") {
        skip!("ccache is not installed");
    }
    let project = Project::new("sandbox \"app\" { inherit \"c-cpp\"; }\n");
    project.write("main.c", "int main(void) { return 0; }\n");
    let output = project.exec("cc -c main.c && rm main.o && cc -c main.c && ccache --print-stats").code(0);
    assert!(output.stdout.contains("direct_cache_hit\t1\n"), "{output:?}");
}
