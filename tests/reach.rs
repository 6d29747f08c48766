//! What `sbc check` says of a command that cannot start inside, against what really starts.
//!
//! Each repair is made as a program would make it: the changes of the message, nothing else, until
//! `sbc check` is content. Then the command has to start.

use crate::packages::{CLAUDE, installed_or_skip};
use crate::support::{Output, Project, run, skip};
use sbc::edit::{Replacement, apply};
use sbc::program::{self, Program};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// A home with programs, and the caller's PATH beside the system's.
struct Desk {
    project: Project,
    path: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Desk {
    /// A project whose sandbox has this body.
    fn new(body: &str) -> Desk {
        let project = Project::new(&format!("sandbox \"app\" {{\n{body}\n}}\n"));
        Desk { project, path: Vec::new(), variables: Vec::new() }
    }

    /// Puts a directory of the home on the caller's PATH.
    fn on_path(mut self, directory: &str) -> Desk {
        self.path.push(self.home(directory));
        self
    }

    fn home(&self, path: &str) -> String {
        self.project.home.join(path).display().to_string()
    }

    /// Writes a program into the home.
    fn program(&self, path: &str, text: &str) {
        self.project.write_home(path, text);
        fs::set_permissions(self.project.home.join(path), fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Makes a link in the home.
    fn link(&self, from: &str, to: &str) {
        let from = self.project.home.join(from);
        fs::create_dir_all(from.parent().unwrap()).unwrap();
        symlink(to, from).unwrap();
    }

    /// Compiles C in the home.
    fn compile(&self, source: &str, arguments: &[&str]) {
        self.project.write_home("src/source.c", source);
        run(self.project.command("cc").current_dir(&self.project.home).args(arguments).arg("src/source.c")).code(0);
    }

    /// A program that needs a library, which needs another one.
    fn greeter(&self, program: &str, libraries: &str, options: &[&str]) {
        self.greeter_with(program, libraries, options, "-Wl,--as-needed");
    }

    /// The same with an option for its library.
    fn greeter_with(&self, program: &str, libraries: &str, options: &[&str], of_library: &str) {
        for path in [program, &format!("{libraries}/x")] {
            fs::create_dir_all(self.project.home.join(path).parent().unwrap()).unwrap();
        }
        let (deep, greet) = (format!("{libraries}/libdeep.so.1"), format!("{libraries}/libgreet.so.1"));
        let shared = ["-shared", "-fPIC", "-o"];
        self.compile("int deep(void) { return 42; }\n", &[&shared[..], &[&deep, "-Wl,-soname,libdeep.so.1"]].concat());
        let of_deep = [&shared[..], &[&greet, "-Wl,-soname,libgreet.so.1"]].concat();
        self.project.write_home("src/greet.c", "int deep(void); int greet(void) { return deep(); }\n");
        let mut cc = self.project.command("cc");
        cc.current_dir(&self.project.home).args(of_deep).args(["src/greet.c", "-l:libdeep.so.1"]);
        run(cc.args([&format!("-L{libraries}"), of_library])).code(0);
        let main =
            "#include <stdio.h>\nint greet(void);\nint main(void) { printf(\"greet %d\\n\", greet()); return 0; }\n";
        self.project.write_home("src/main.c", main);
        let mut cc = self.project.command("cc");
        cc.current_dir(&self.project.home).args(["-o", program, "src/main.c", "-l:libgreet.so.1"]);
        run(cc.arg(format!("-L{libraries}")).arg("-Wl,--allow-shlib-undefined").args(options)).code(0);
    }

    fn sbc(&self, arguments: &[&str]) -> Output {
        let mut command: Command = self.project.sbc_command(arguments);
        let path = [&self.path[..], &["/usr/local/bin:/usr/bin:/bin".to_owned()]].concat().join(":");
        run(command.env("PATH", path).envs(self.variables.clone()))
    }

    /// What `sbc check` finds.
    fn findings(&self) -> Vec<Value> {
        let output = self.sbc(&["check", "--format", "json"]);
        let report: Value = serde_json::from_str(&output.stdout).expect(&output.stderr);
        report["diagnostics"].as_array().unwrap().clone()
    }

    /// Makes the changes of one finding in the policy.
    fn repair(&self, finding: &Value) {
        let policy = self.project.read(".agent-sandbox.kdl");
        let edits = finding["fix"]["edits"].as_array().unwrap_or_else(|| panic!("no changes: {finding:#}"));
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap();
        let replacement = |edit: &Value| {
            Replacement::new(number(&edit["start"]), number(&edit["end"]), edit["text"].as_str().unwrap())
        };
        let replacements: Vec<Replacement> = edits.iter().map(replacement).collect();
        self.project.write(".agent-sandbox.kdl", apply(&policy, &replacements).0);
    }

    /// Repairs until nothing is found. Gives the titles in their order.
    #[track_caller]
    fn repaired(&self) -> Vec<String> {
        let mut titles = Vec::new();
        while let [first, ..] = self.findings().as_slice() {
            assert_eq!(first["code"], "SBC0412", "{first:#}");
            assert!(titles.len() < 12, "{titles:#?}");
            titles.push(self.named(first["title"].as_str().unwrap()));
            self.repair(first);
        }
        titles
    }

    /// A text without what is different each time.
    fn named(&self, text: &str) -> String {
        text.replace(self.project.home.to_str().unwrap(), "/home/me")
    }

    /// The command does not start; `check` says why in these titles, the first run in as many
    /// findings; and with its changes it starts and prints this.
    #[track_caller]
    fn lacks(&self, titles: &[&str], printed: &str) {
        let before = self.sbc(&["exec"]);
        assert!(before.code != 0 && before.stdout.is_empty(), "it starts without repairs: {before:?}");
        let all: Vec<String> = self.findings().iter().map(|one| self.named(one["title"].as_str().unwrap())).collect();
        assert_eq!(all, titles, "what one run finds");
        assert_eq!(self.repaired(), titles, "what is repaired one by one");
        self.starts(printed);
    }

    /// `check` finds nothing, and the command starts and prints this.
    #[track_caller]
    fn starts(&self, printed: &str) {
        let findings = self.findings();
        assert!(findings.is_empty(), "{findings:#?}");
        let output = self.sbc(&["exec"]).code(0);
        assert!(output.stdout.starts_with(printed), "{output:?}\n{}", self.project.read(".agent-sandbox.kdl"));
    }

    fn policy_has(&self, rules: &[&str]) {
        let policy = self.project.read(".agent-sandbox.kdl");
        rules.iter().for_each(|rule| assert!(policy.contains(rule), "{rule} is not in\n{policy}"));
    }
}

/// The body of a sandbox on the usual floor.
fn base(command: &str) -> String {
    format!("    inherit \"base-dev\"\n    run {{\n        command \"{command}\"\n    }}")
}

/// A program with its own libraries beside it, found by `$ORIGIN` in run paths: its tree is shown, and
/// put on PATH.
#[test]
fn library_by_origin() {
    let desk = Desk::new(&base("greet")).on_path("tools/greet/bin");
    desk.greeter_with("tools/greet/bin/greet", "tools/greet/lib", &["-Wl,-rpath,$ORIGIN/../lib"], "-Wl,-rpath,$ORIGIN");
    desk.lacks(&["the command `greet` is not on the sandbox's PATH"], "greet 42");
    desk.policy_has(&["ro \"~/tools/greet\"", "prepend PATH=\"${HOME}/tools/greet/bin\""]);
}

/// `DT_RUNPATH` is not for the libraries of libraries: such a program starts nowhere on this host.
#[test]
fn run_path_of_the_program_only() {
    let desk = Desk::new(&base("${HOME}/greet")).on_path("tools/greet/bin");
    desk.greeter("greet", "libs", &["-Wl,-rpath,$ORIGIN/libs"]);
    let findings = desk.findings();
    let titles: Vec<&str> = findings.iter().map(|one| one["title"].as_str().unwrap()).collect();
    assert_eq!(titles.len(), 3, "{titles:#?}");
    assert!(titles[2].contains("libgreet.so.1` needs the library `libdeep.so.1`"), "{titles:?}");
    assert_eq!(findings[2]["code"], "SBC0811");
    findings.iter().take(2).for_each(|_| desk.repair(&desk.findings()[0]));
    desk.policy_has(&["ro \"~/greet\"", "ro \"~/libs\""]);
    let output = desk.sbc(&["exec"]).code(127);
    assert!(output.stderr.contains("libdeep.so.1"), "{output:?}");
}

/// `DT_RPATH` counts for the libraries of libraries, too.
#[test]
fn library_by_rpath() {
    let desk = Desk::new(&base("greet")).on_path("tools/greet/bin");
    desk.greeter("tools/greet/bin/greet", "tools/greet/lib", &["-Wl,--disable-new-dtags,-rpath,$ORIGIN/../lib"]);
    desk.lacks(&["the command `greet` is not on the sandbox's PATH"], "greet 42");
}

/// The libraries lie elsewhere: one finding for their directory, however many there are.
#[test]
fn library_directory_is_missing() {
    let desk = Desk::new(&base("greet")).on_path(".local/bin");
    let rpath = format!("-Wl,--disable-new-dtags,-rpath,{}", desk.home("libs/greet"));
    desk.greeter(".local/bin/greet", "libs/greet", &[&rpath]);
    let titles = [
        "the command `greet` is not on the sandbox's PATH",
        "`~/.local/bin/greet` needs the library `libgreet.so.1`, which is not inside",
    ];
    desk.lacks(&titles, "greet 42");
    desk.policy_has(&["ro \"~/.local/bin/greet\"", "ro \"~/libs/greet\"", "prepend PATH=\"${HOME}/.local/bin\""]);
}

/// A library that the caller's LD_LIBRARY_PATH brings is shown, and the variable passed.
#[test]
fn library_by_variable() {
    let mut desk = Desk::new(&base("greet")).on_path(".local/bin");
    desk.greeter(".local/bin/greet", "libs", &[]);
    desk.variables.push(("LD_LIBRARY_PATH", desk.home("libs")));
    let titles = [
        "the command `greet` is not on the sandbox's PATH",
        "`~/.local/bin/greet` needs the library `libgreet.so.1`, which is not inside",
    ];
    desk.lacks(&titles, "greet 42");
    desk.policy_has(&["pass \"LD_LIBRARY_PATH\"", "ro \"~/libs\""]);
}

/// A library that only the loader's cache names is found through the cache that is visible inside.
#[test]
fn library_by_cache() {
    let body = "    inherit \"base-dev\"\n    filesystem {\n        ro \"~/.local/bin/greet\" \"~/libs\"\n        \
                ro \"~/cache\" at=\"/etc/ld.so.cache\"\n    }\n    run {\n        command \"~/.local/bin/greet\"\n    }";
    let desk = Desk::new(&body.replace("command \"~", "command \"${HOME}"));
    desk.greeter(".local/bin/greet", "libs", &[]);
    desk.project.write_home("conf", format!("{}\n", desk.home("libs")));
    let mut ldconfig = desk.project.command("/sbin/ldconfig");
    ldconfig.current_dir(&desk.project.home).args(["-X", "-C", "cache", "-f", "conf"]);
    let output = run(&mut ldconfig);
    if output.code != 0 {
        skip!("ldconfig makes no cache: {}", output.stderr);
    }
    desk.starts("greet 42");
    desk.project.write_home("cache", "not a cache");
    let findings = desk.findings();
    assert!(findings[0]["title"].as_str().unwrap().contains("needs the library `libgreet.so.1`"), "{findings:#?}");
    desk.sbc(&["exec"]).code(127);
}

/// A program that is linked statically needs nothing but itself, also in an empty sandbox.
#[test]
fn static_program() {
    let desk = Desk::new("    filesystem { rw \".\"; }\n    run { command \"hello\"; }").on_path("bin");
    fs::create_dir_all(desk.project.home.join("bin")).unwrap();
    desk.compile(
        "#include <stdio.h>\nint main(void) { puts(\"static\"); return 0; }\n",
        &["-static", "-o", "bin/hello"],
    );
    desk.lacks(&["the command `hello` is not on the sandbox's PATH"], "static");
    desk.policy_has(&["ro \"~/bin/hello\""]);
}

/// In a sandbox that shows nothing of the system, a system's program brings the rules for all of it.
#[test]
fn system_program_in_an_empty_sandbox() {
    let desk = Desk::new(
        "    filesystem {\n        rw \".\"\n    }\n    run {\n        command \"/bin/echo\" \"hello\"\n    }",
    );
    let before = desk.sbc(&["exec"]);
    assert!(before.code != 0, "{before:?}");
    let titles = desk.repaired();
    assert_eq!(titles[0], "the command `/bin/echo` is not inside");
    desk.starts("hello");
}

/// A script's `#!` and what `env` starts are looked for inside.
#[test]
fn scripts() {
    let desk = Desk::new(&base("./run"));
    desk.project.write("run", "#!/usr/bin/env -S sh -e\necho ran\n");
    desk.project.executable("run");
    desk.starts("ran");
    // An interpreter of the home, itself a script.
    let own = desk.home("tools/own/bin/own");
    desk.program("tools/own/bin/own", "#!/bin/sh\necho own\n");
    desk.project.write("run", format!("#!{own}\n"));
    desk.lacks(&["`./run` is run by `~/tools/own/bin/own`, which is not inside"], "own");
    let desk = Desk::new(&base("./run")).on_path("tools/own/bin");
    desk.program("tools/own/bin/own", "#!/bin/sh\necho own\n");
    desk.project.write("run", "#!/usr/bin/env own\n");
    desk.project.executable("run");
    desk.lacks(&["`./run` starts `own`, which is not on the sandbox's PATH"], "own");
    // Without a first line the shell reads it.
    desk.project.write("run", "echo shell\n");
    desk.starts("shell");
}

/// A Node program of nvm's: the profile that shows nvm, and its directory on PATH.
#[test]
fn nvm() {
    if run(Project::empty().command("test").args(["-x", "/usr/bin/node"])).code != 0 {
        skip!("there is no /usr/bin/node");
    }
    let desk = Desk::new(
        "    inherit \"base-dev\"\n    env {\n        set PATH=\"/usr/games\"\n    }\n    run {\n        command \"tool\"\n    }",
    );
    let bin = ".nvm/versions/node/v20.1.0/bin";
    desk.program(&format!("{bin}/tool"), "#!/usr/bin/env node\nconsole.log('node', process.execPath);\n");
    desk.program(".nvm/versions/node/v9.0.0/bin/tool", "#!/bin/false\n");
    run(desk.project.command("cp").args(["/usr/bin/node", &desk.home(&format!("{bin}/node"))])).code(0);
    let printed = format!("node {}", desk.home(&format!("{bin}/node")));
    desk.lacks(&["the command `tool` is not on the sandbox's PATH"], &printed);
    desk.policy_has(&["inherit \"node\"", "prepend PATH=\"${HOME}/.nvm/versions/node/v20.1.0/bin\""]);
}

/// A script for node where node is in nobody's sight but the shell's that has set nvm up.
#[test]
fn node_script_without_node() {
    let body = "    inherit \"base-dev\"\n    env {\n        set PATH=\"/usr/games\"\n    }\n    run {\n        command \"./serve.js\"\n    }";
    let desk = Desk::new(body).on_path("opt/node-v20/bin");
    desk.project.write("serve.js", "#!/usr/bin/env node\n");
    desk.project.executable("serve.js");
    desk.program("opt/node-v20/bin/node", "#!/bin/sh\necho stand-in\n");
    desk.lacks(&["`./serve.js` starts `node`, which is not on the sandbox's PATH"], "stand-in");
    desk.policy_has(&["ro \"~/opt/node-v20\"", "prepend PATH=\"${HOME}/opt/node-v20/bin\""]);
}

/// A program of npm's in the home is a link to a file that loads others from beside it: the link stays a
/// link, and the package is shown. What PATH is given already stays there.
#[test]
fn npm_program() {
    if run(Project::empty().command("test").args(["-x", "/usr/bin/node"])).code != 0 {
        skip!("there is no /usr/bin/node");
    }
    let body = "    inherit \"base-dev\"\n    env {\n        prepend PATH=\"/opt/none/bin\"\n    }\n    run {\n        command \"tool\"\n    }";
    let desk = Desk::new(body).on_path(".local/bin");
    let package = ".local/lib/node_modules/@scope/tool";
    desk.program(&format!("{package}/bin/cli.js"), "#!/usr/bin/env node\nconsole.log(require('../lib'));\n");
    desk.project.write_home(&format!("{package}/lib.js"), "module.exports = 'from the package';\n");
    desk.link(".local/bin/tool", "../lib/node_modules/@scope/tool/bin/cli.js");
    desk.lacks(&["the command `tool` is not on the sandbox's PATH"], "from the package");
    desk.policy_has(&[
        "ro \"~/.local/lib/node_modules/@scope/tool\"",
        "prepend PATH=\"${HOME}/.local/bin:/opt/none/bin\"",
    ]);
}

/// An entry point in a virtual environment of Python's, in the project and in the home.
#[test]
fn python_entry_point() {
    let desk = Desk::new(&base("hello"));
    let environment = desk.home(".venvs/hello");
    let made = run(desk.project.command("/usr/bin/python3").args(["-m", "venv", "--without-pip", &environment]));
    if made.code != 0 {
        skip!("python makes no environment: {}", made.stderr);
    }
    let script = format!("#!{environment}/bin/python\nimport sys\nprint('python', sys.prefix)\n");
    desk.program(".venvs/hello/bin/hello", &script);
    desk.link(".local/bin/hello", "../../.venvs/hello/bin/hello");
    let titles = ["the command `hello` is not on the sandbox's PATH"];
    desk.lacks(&titles, &format!("python {environment}"));
    let link = "symlink \"~/.local/bin/hello\" to=\"${HOME}/.venvs/hello/bin/hello\"";
    desk.policy_has(&[link, "ro \"~/.venvs/hello\"", "prepend PATH=\"${HOME}/.local/bin\""]);
}

/// The interpreter of an environment is a link to a Python of pyenv's, which is not inside.
#[test]
fn python_of_a_version_manager() {
    let desk = Desk::new(&base("./.venv/bin/python"));
    desk.program(".pyenv/versions/3.12.1/bin/python3.12", "#!/bin/sh\necho stand-in\n");
    desk.link(".pyenv/versions/3.12.1/bin/python", "python3.12");
    fs::create_dir_all(desk.project.root.join(".venv/bin")).unwrap();
    symlink(desk.home(".pyenv/versions/3.12.1/bin/python"), desk.project.root.join(".venv/bin/python")).unwrap();
    let title = "`./.venv/bin/python` is a link to `~/.pyenv/versions/3.12.1/bin/python`, which is not inside";
    desk.lacks(&[title], "stand-in");
    desk.policy_has(&["ro \"~/.pyenv/versions/3.12.1\""]);
}

/// pyenv as it lays out its files, with the shim that it writes and a stand-in for its own program.
fn pyenv(desk: &Desk) {
    let root = desk.home(".pyenv");
    let shim = format!(
        "#!/usr/bin/env bash\nset -e\n[ -n \"$PYENV_DEBUG\" ] && set -x\n\nprogram=\"${{0##*/}}\"\n\n\
         export PYENV_ROOT=\"{root}\"\nexec \"{root}/libexec/pyenv\" exec \"$program\" \"$@\"\n"
    );
    desk.program(".pyenv/shims/spam", &shim);
    desk.program(".pyenv/libexec/pyenv", "#!/usr/bin/env bash\nexec \"$PYENV_ROOT/versions/3.11.7/bin/$2\"\n");
    desk.program(".pyenv/versions/3.11.7/bin/spam", "#!/bin/sh\necho spam\n");
}

/// A shim of pyenv's: the profile that shows it.
#[test]
fn pyenv_shim() {
    let desk = Desk::new(&base("spam"));
    pyenv(&desk);
    desk.lacks(&["the command `spam` is not on the sandbox's PATH"], "spam");
    desk.policy_has(&["inherit \"pyenv\""]);
}

/// The shims alone do nothing: pyenv itself and its versions have to be inside.
#[test]
fn pyenv_shims_alone() {
    let body = "    inherit \"base-dev\"\n    filesystem {\n        ro \"~/.pyenv/shims\"\n    }\n    env {\n        \
                prepend PATH=\"${HOME}/.pyenv/shims\"\n    }\n    run {\n        command \"spam\"\n    }";
    let desk = Desk::new(body);
    pyenv(&desk);
    let titles = [
        "`~/.pyenv/shims/spam` starts `~/.pyenv/libexec/pyenv`, which is not inside",
        "`~/.pyenv/shims/spam` is a shim and needs `~/.pyenv/versions`, which is not inside",
    ];
    desk.lacks(&titles, "spam");
}

/// mise, which asks the user's settings for the version. It is a stand-in that does so.
fn mise(desk: &Desk) {
    let installs = desk.home(".local/share/mise/installs/hello");
    let version = "$(sed -n 's/hello = //p' ~/.config/mise/config.toml)";
    desk.program(".local/bin/mise", &format!("#!/bin/sh\nexec \"{installs}/{version}/bin/hello\"\n"));
    desk.program(".local/share/mise/installs/hello/1.0/bin/hello", "#!/bin/sh\necho hello\n");
    desk.project.write_home(".config/mise/config.toml", "[tools]\nhello = 1.0\n");
    desk.link(".local/share/mise/shims/hello", &desk.home(".local/bin/mise"));
}

/// A shim of mise's: the profile that shows all that it needs.
#[test]
fn mise_shim() {
    let desk = Desk::new(&base("hello")).on_path(".local/share/mise/shims");
    mise(&desk);
    desk.lacks(&["the command `hello` is not on the sandbox's PATH"], "hello");
    desk.policy_has(&["inherit \"mise\""]);
}

/// A shim of mise's is a link to mise itself, in another directory, which asks the user's settings for the version.
#[test]
fn mise_shims_alone() {
    let body = |more: &str| {
        format!(
            "    inherit \"base-dev\"\n    filesystem {{\n        ro \"~/.local/share/mise\"{more}\n    }}\n    env {{\n        \
             prepend PATH=\"${{HOME}}/.local/share/mise/shims\"\n    }}\n    run {{\n        command \"hello\"\n    }}"
        )
    };
    let desk = Desk::new(&body(""));
    mise(&desk);
    let titles = [
        "`~/.local/share/mise/shims/hello` is a link to `~/.local/bin/mise`, which is not inside",
        "`~/.local/share/mise/shims/hello` is a shim and needs `~/.config/mise`, which is not inside",
    ];
    desk.lacks(&titles, "hello");
    desk.policy_has(&["ro \"~/.local/bin/mise\"", "ro \"~/.config/mise\""]);
    // A project that says so itself needs no settings of the user.
    let desk = Desk::new(&body(" \"~/.local/bin/mise\""));
    mise(&desk);
    desk.project.write(".tool-versions", "hello 1.0\n");
    assert!(desk.findings().is_empty());
}

/// Links that leave what is shown at another place are followed where they lead inside.
#[test]
fn link_out_of_a_moved_tree() {
    let body = "    inherit \"base-dev\"\n    filesystem {\n        ro \"~/tools/bin\" at=\"/tools/bin\"\n    }\n    run {\n        command \"/tools/bin/hello\"\n    }";
    let desk = Desk::new(body);
    desk.program("tools/lib/hello", "#!/bin/sh\necho hello\n");
    desk.link("tools/bin/hello", "../lib/hello");
    desk.lacks(&["`/tools/bin/hello` is a link to `/tools/lib/hello`, which is not inside"], "hello");
    desk.policy_has(&["ro \"~/tools/lib/hello\" at=\"/tools/lib/hello\""]);
}

/// What a rule hides, or what is no program, is said without a rule to add.
#[test]
fn hidden_and_not_executable() {
    let desk = Desk::new(
        "    inherit \"base-dev\"\n    filesystem {\n        deny \"./run\"\n    }\n    run {\n        command \"./run\"\n    }",
    );
    desk.project.write("run", "echo run\n");
    let findings = desk.findings();
    assert_eq!(findings[0]["code"], "SBC0412");
    assert!(findings[0]["title"].as_str().unwrap().contains("cannot be reached"), "{findings:#?}");
    assert!(findings[0]["fix"].is_null());
    desk.sbc(&["exec"]).code(126);
    let desk = Desk::new(&base("./run"));
    desk.project.write("run", "echo run\n");
    let findings = desk.findings();
    assert!(findings[0]["help"].as_str().unwrap().contains("chmod +x ./run"), "{findings:#?}");
    desk.sbc(&["exec"]).code(126);
}

/// What nobody may read may yet be run: nothing is said of it.
#[test]
fn unreadable_program() {
    let desk = Desk::new(&base("./hello"));
    desk.compile("#include <stdio.h>\nint main(void) { puts(\"hello\"); return 0; }\n", &["-o", "work/hello"]);
    fs::set_permissions(desk.project.root.join("hello"), fs::Permissions::from_mode(0o111)).unwrap();
    desk.starts("hello");
}

/// Whatever stands in a file, looking at it ends soon and says something: damaged programs, one that
/// claims a table of exabytes, and one with a hole of gigabytes.
#[test]
fn damaged_programs() {
    let project = Project::empty();
    let whole = fs::read("/bin/true").unwrap();
    let (path, mut random) = (project.root.join("program"), 0x2545_f491_4f6c_dd1d_u64);
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(random >> 33).unwrap() % below
    };
    for round in 0..2000 {
        let mut damaged = whole.clone();
        // Headers first: they hold the sizes.
        let reach = if round % 2 == 0 { 0x400 } else { damaged.len() };
        for _ in 0..=next(8) {
            damaged[next(reach)] = u8::try_from(next(256)).unwrap();
        }
        damaged.truncate(if round % 5 == 0 { next(damaged.len()) } else { damaged.len() });
        fs::write(&path, damaged).unwrap();
        program::read(&path).unwrap();
    }
    let mut liar = whole.clone();
    let headers = 64..64 + 56 * usize::from(whole[56]);
    // The sizes in the file, of every segment.
    headers.step_by(56).for_each(|header| liar[header + 32..header + 40].fill(0x3f));
    fs::write(&path, liar).unwrap();
    let Program::Elf(elf) = program::read(&path).unwrap() else { panic!("it is an ELF file") };
    assert!(elf.needed.is_empty() && elf.interpreter.is_none(), "no table is read: {elf:?}");
    fs::File::create(&path).unwrap().set_len(1 << 33).unwrap();
    assert_eq!(program::read(&path).unwrap(), Program::Unknown);
}

/// A program that this host does not have at all is a warning: the policy may be checked where nobody
/// wants to run it. So is a link that leads nowhere here.
#[test]
fn nowhere() {
    let desk = Desk::new(&base("no-such-agent"));
    let output = desk.sbc(&["check"]).code(0).says(&["SBC0811", "and not on this host"]);
    assert!(!output.stderr.contains("can run it"), "{}", output.stderr);
    desk.sbc(&["check", "--deny", "SBC0811"]).code(1);
    desk.sbc(&["exec"]).code(127);
    let desk = Desk::new(&base("./run"));
    symlink("/nowhere/run", desk.project.root.join("run")).unwrap();
    desk.sbc(&["check"]).code(0).says(&["SBC0811"]);
}

/// `execvp` goes on where the kernel refuses a program, and so does the check.
#[test]
fn the_next_of_path() {
    let body = "    inherit \"base-dev\"\n    env {\n        prepend PATH=\"${PROJECT}/bin\"\n    }\n    run {\n        command \"true\"\n    }";
    let desk = Desk::new(body);
    desk.project.write("bin/true", "#!/nowhere/interpreter\n");
    desk.project.executable("bin/true");
    desk.starts("");
}

/// Claude Code by npm: with its profile nothing is lacking, and without it the profile is proposed.
#[test]
fn claude_by_npm() {
    let claude = installed_or_skip!(CLAUDE);
    let options = "    run {\n        command \"claude\" \"--version\"\n    }";
    for inherits in ["\"claude\"", "\"claude\" \"node\""] {
        let desk = Desk::new(&format!("    inherit {inherits}\n{options}"));
        claude.link_into(&desk.project.home);
        desk.starts(&claude.version);
    }
    let desk = Desk::new(&format!("    inherit \"base-dev\"\n{options}"));
    claude.link_into(&desk.project.home);
    desk.lacks(&["the command `claude` is not on the sandbox's PATH"], &claude.version);
    desk.policy_has(&["inherit \"claude\""]);
}

/// Claude Code as its own installer lays it out: a link into the directory of its versions.
#[test]
fn claude_by_its_installer() {
    let claude = installed_or_skip!(CLAUDE);
    let shown = "    filesystem {\n        ro \"~/.local/bin\"\n    }\n    env {\n        prepend PATH=\"${HOME}/.local/bin\"\n    }\n";
    let command = "    run {\n        command \"claude\" \"--version\"\n    }";
    for (body, lacking) in [("    inherit \"claude\"\n", false), (&format!("    inherit \"base-dev\"\n{shown}"), true)]
    {
        let desk = Desk::new(&format!("{body}{command}"));
        claude.link_into(&desk.project.home);
        let local = desk.project.home.join(".local");
        let versions = local.join("share/claude/versions");
        fs::create_dir_all(&versions).unwrap();
        let program = fs::canonicalize(local.join("bin/claude")).unwrap();
        fs::rename(program, versions.join(&claude.version)).unwrap();
        fs::remove_dir_all(local.join("lib")).unwrap();
        fs::remove_file(local.join("bin/claude")).unwrap();
        let to = format!(".local/share/claude/versions/{}", claude.version);
        desk.link(".local/bin/claude", &desk.home(&to));
        if lacking {
            let title = format!("`~/.local/bin/claude` is a link to `~/{to}`, which is not inside");
            desk.lacks(&[&title], &claude.version);
            desk.policy_has(&["ro \"~/.local/share/claude\""]);
        } else {
            desk.starts(&claude.version);
        }
    }
}
