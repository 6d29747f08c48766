//! The profiles of toolchains, with the real toolchains of this machine.

use crate::node::has;
use crate::support::{Output, Project, run, skip};
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// A project that is built and run without the network.
struct Build {
    profile: &'static str,
    program: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Prints 42 in its last line.
    shell: &'static str,
}

impl Build {
    /// Builds and runs it twice, which leaves nothing in the home outside of the directory that is sbc's own.
    fn run(&self) {
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{}\"; }}\n", self.profile));
        self.files.iter().for_each(|(name, text)| project.write(name, text));
        for _ in 0..2 {
            let output = project.exec(self.shell).code(0);
            assert_eq!(output.stdout.lines().last(), Some("42"), "{}: {output:?}", self.program);
        }
        only_sbc_directory(&project.home);
    }

    /// The same, where the machine has the program.
    fn run_or_skip(&self) {
        if !has(self.program) {
            skip!("{} is not installed", self.program);
        }
        self.run();
    }
}

/// C is compiled and runs.
#[test]
fn c_builds() {
    let files = &[("main.c", "#include <stdio.h>\nint main(void) { return puts(\"42\") < 0; }\n")];
    Build { profile: "c-cpp", program: "cc", files, shell: "cc -o main main.c && ./main" }.run_or_skip();
}

/// Go builds and runs a module, with its build cache in sbc's directory.
#[test]
fn go_builds() {
    let files = &[
        ("go.mod", "module example.test/app\n\ngo 1.18\n"),
        ("main.go", "package main\n\nfunc main() { println(40 + 2) }\n"),
    ];
    let shell = "go build -o main . && ./main 2>&1 && test -d ~/.cache/sbc/go/build";
    Build { profile: "go", program: "go", files, shell }.run_or_skip();
}

/// Bundler installs what a Gemfile says and runs Ruby with it.
#[test]
fn ruby_builds() {
    let files = &[("Gemfile", "source \"https://rubygems.org\"\n")];
    let shell = "bundle install --local >/dev/null && bundle exec ruby -e 'puts 40 + 2'";
    Build { profile: "ruby", program: "bundle", files, shell }.run_or_skip();
}

/// Composer installs, and PHP loads the project by its autoloader.
#[test]
fn php_builds() {
    let files = &[
        ("composer.json", "{ \"autoload\": { \"files\": [\"sum.php\"] } }"),
        ("sum.php", "<?php function sum($a, $b) { return $a + $b; }\n"),
    ];
    let shell = "composer --quiet install && php -r 'require \"vendor/autoload.php\"; echo sum(40, 2), PHP_EOL;'";
    Build { profile: "php", program: "composer", files, shell }.run_or_skip();
}

/// Mix compiles a project and runs it.
#[test]
fn elixir_builds() {
    let files = &[
        (
            "mix.exs",
            "defmodule App.MixProject do\n  use Mix.Project\n  def project, do: [app: :app, version: \"0.1.0\"]\nend\n",
        ),
        ("lib/app.ex", "defmodule App do\n  def sum(a, b), do: a + b\nend\n"),
    ];
    Build { profile: "elixir", program: "mix", files, shell: "mix run -e 'IO.puts(App.sum(40, 2))'" }.run_or_skip();
}

/// Java is compiled and runs.
#[test]
fn java_builds() {
    Build { profile: "java", program: "javac", files: JAVA, shell: "javac App.java && java App" }.run_or_skip();
}

/// Chromium runs a page's script.
#[test]
fn browser_runs() {
    let files = &[("page.html", "<script>document.write(40 + 2)</script>")];
    let shell =
        "chromium --headless --no-sandbox --disable-gpu --dump-dom \"file://$PWD/page.html\" 2>/dev/null | grep -o 42";
    Build { profile: "browser", program: "chromium", files, shell }.run_or_skip();
}

/// Programs that are too large for every machine build and run something where they are installed. What was run is
/// printed; nothing else stands for those that were not.
#[test]
fn builds_where_installed() {
    let builds = [
        Build {
            profile: "haskell",
            program: "ghc",
            files: &[("Main.hs", "main :: IO ()\nmain = print (40 + 2)\n")],
            shell: "ghc -v0 Main.hs && ./Main",
        },
        Build {
            profile: "java",
            program: "gradle",
            files: &[("settings.gradle", ""), ("build.gradle", "task sum { doLast { println 40 + 2 } }\n")],
            shell: "gradle --offline --quiet sum && test -d ~/.cache/sbc/java/gradle",
        },
        Build {
            profile: "kotlin",
            program: "kotlinc",
            files: &[("sum.kt", "fun main() { println(40 + 2) }\n")],
            shell: "kotlinc sum.kt -include-runtime -d sum.jar 2>/dev/null && java -jar sum.jar",
        },
        Build {
            profile: "editor",
            program: "emacs",
            files: &[],
            shell: "emacs --batch --eval '(progn (princ (+ 40 2)) (terpri))'",
        },
    ];
    for build in builds {
        let installed = has(build.program);
        if installed {
            build.run();
        }
        let what = if installed { "was run" } else { "is not installed, and was not run" };
        writeln!(std::io::stderr(), "{}: `{}` {what}", build.profile, build.program).unwrap();
    }
}

const JAVA: &[(&str, &str)] =
    &[("App.java", "class App { public static void main(String[] a) { System.out.println(40 + 2); } }\n")];

/// Maven builds offline from its repository in sbc's directory, which holds what Debian's packages of plugins hold, and
/// names what it lacks while that is empty; the host's repository is not there.
#[test]
fn maven_offline() {
    let debian = Path::new("/usr/share/maven-repo/org/apache/maven/plugins");
    for plugin in ["maven-compiler-plugin", "maven-resources-plugin"] {
        if !has("mvn") || !debian.join(plugin).is_dir() {
            skip!("Maven or its {plugin} is not installed");
        }
    }
    let project = Project::new("sandbox \"app\" { inherit \"java\"; }\n");
    project.write(
        "pom.xml",
        "<project><modelVersion>4.0.0</modelVersion><groupId>example.test</groupId><artifactId>app</artifactId>\
         <version>1</version><properties><maven.compiler.source>17</maven.compiler.source>\
         <maven.compiler.target>17</maven.compiler.target></properties></project>\n",
    );
    JAVA.iter().for_each(|(name, text)| project.write(&format!("src/main/java/{name}"), text));
    let shell = "mvn -o -q -B compile && java -cp target/classes App; ls -d ~/.m2/repository";
    project.write_home(".m2/repository/planted", "");
    let cold = project.exec(shell).says(&["/.m2/repository': No such file"]);
    assert!(cold.stdout.contains("offline mode") && !cold.stdout.contains("42"), "{cold:?}");
    let repository = project.home.join(".cache/sbc/java/maven");
    fs::remove_dir_all(&repository).unwrap();
    // Links to what sandboxes show below /usr.
    run(project.command("cp").args(["-rs", "/usr/share/maven-repo"]).arg(repository)).code(0);
    for _ in 0..2 {
        // Behind colours, which Debian's Maven writes at any end.
        assert!(project.exec(shell).stdout.ends_with("42\n"));
    }
}

/// The home holds the project and the caches of sandboxes, and no cache of the host's.
pub fn only_sbc_directory(home: &Path) {
    let names = |path: &Path| {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().into_string().unwrap()).collect::<Vec<_>>()
    };
    let extra: Vec<String> =
        names(home).into_iter().filter(|name| !["work", ".cache", ".local"].contains(&name.as_str())).collect();
    assert!(extra.is_empty(), "{extra:?}");
    let extra: Vec<String> = names(&home.join(".cache")).into_iter().filter(|name| name != "sbc").collect();
    assert!(extra.is_empty(), "{extra:?}");
}

/// A project with the network, and a shell in it. Settings of this machine that tell where packages come from are passed on.
pub fn online(profile: &str, env: &str) -> Project {
    let pass = r#"pass "NPM_CONFIG_REGISTRY" "PIP_INDEX_URL" "UV_DEFAULT_INDEX" "CARGO_REGISTRIES_*" "CARGO_SOURCE_*""#;
    Project::new(&format!(
        "sandbox \"app\" {{\n    inherit \"{profile}\"\n    network \"host\"\n    env {{ {pass}; {env}; }}\n}}\n"
    ))
}

pub fn shell(project: &Project, text: &str) -> Output {
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
    // What cargo says to its tests is root's where root runs them.
    let real = |variable: &str, name: &str| {
        let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(name));
        std::env::var_os(variable).map(PathBuf::from).into_iter().chain(home).find(|path| path.is_dir())
    };
    let (Some(cargo), Some(rustup)) = (real("CARGO_HOME", ".cargo"), real("RUSTUP_HOME", ".rustup")) else {
        // Root's is out of the test user's reach.
        skip!("there is no rustup in the home of the user who runs the tests: tests/run.sh puts it there");
    };
    let project = online("rust", "set CI=\"1\"");
    fs::create_dir(project.home.join(".cargo")).unwrap();
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
