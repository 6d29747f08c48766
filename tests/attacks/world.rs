//! A home with a project and with secrets in it, for one attack.

use crate::attack::{Attack, Way};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Long enough for all that swaps or waits.
const SECONDS: &str = "60";

/// What is in every home, so that there is something to steal.
const HOME: [(&str, &str); 6] = [
    (".ssh/id_ed25519", "SECRET-KEY\n"),
    (".aws/credentials", "SECRET-AWS\n"),
    (".bash_history", "SECRET-HISTORY\n"),
    (".npmrc", "SECRET-NPM\n"),
    (".bashrc", "# start-up\n"),
    ("other/notes.txt", "SECRET-NOTES\n"),
];

/// What is in every project.
const PROJECT: [(&str, &str); 3] =
    [("package.json", "{ \"name\": \"app\" }\n"), ("src/main.js", "console.log(1)\n"), (".envrc", "export A=1\n")];

pub struct World {
    directory: TempDir,
    /// Its real path; everything is below.
    base: PathBuf,
    inside: String,
    way: Way,
}

impl World {
    /// Makes the home and the project, with the policy and the wrapper that starts the sandbox.
    pub fn new(attack: &Attack, way: Way) -> World {
        let directory = tempfile::Builder::new().prefix("sbc-attack-").tempdir().expect("a temporary directory");
        let base = fs::canonicalize(directory.path()).expect("its real path");
        let world = World { directory, base, inside: attack.inside.clone(), way };
        HOME.iter().for_each(|(name, text)| write(&world.home().join(name), text));
        PROJECT.iter().for_each(|(name, text)| write(&world.project().join(name), text));
        let policy = if way == Way::Control { &attack.control_policy } else { &attack.policy };
        write(&world.project().join(".agent-sandbox.kdl"), policy);
        fs::create_dir(world.base.join("run")).expect("a runtime directory");
        let start = match way {
            Way::Control => attack.control.clone(),
            Way::Exec => format!("{} exec --", env!("CARGO_BIN_EXE_sbc")),
            Way::Script => "\"$PROJECT/.agent-sandbox/app.sh\" --".to_owned(),
        };
        let wrapper = world.base.join("sandbox");
        write(&wrapper, &format!("#!/bin/sh\nexec {start} \"$@\"\n"));
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755)).expect("permissions");
        let git = "git init -q . && git config user.name tester && git config user.email tester@example.org && \
                   git add -A && git commit -qm start";
        world.section("set-up", git).expect("a repository");
        // No part of the repository, which would take its time.
        if attack.has_tools {
            copy_tools(&world.project().join("tools"));
        }
        world
    }

    fn home(&self) -> PathBuf {
        self.base.join("home")
    }

    fn project(&self) -> PathBuf {
        self.home().join("work")
    }

    fn out(&self) -> PathBuf {
        self.base.join("out")
    }

    /// A shell on the host, in the project.
    fn shell(&self, text: &str) -> Command {
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", SECONDS, "/bin/sh", "-euc", text]);
        command.current_dir(self.project()).env_clear().stdin(Stdio::null());
        command
            .env("HOME", self.home())
            .env("USER", "tester")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin")
            .env("LANG", "C.UTF-8")
            .env("XDG_RUNTIME_DIR", self.base.join("run"))
            .env("BASE", &self.base)
            .env("PROJECT", self.project())
            .env("SANDBOX", self.base.join("sandbox"))
            .env("SBC", env!("CARGO_BIN_EXE_sbc"))
            .env("OUT", self.out())
            .env("INSIDE", &self.inside)
            .env("WAY", self.way.word());
        if let Some(bwrap) = std::env::var_os("SBC_BWRAP") {
            command.env("SBC_BWRAP", bwrap);
        }
        command
    }

    /// Runs a part of an attack on the host. What it printed is the error if it does not end with 0.
    pub fn section(&self, name: &str, text: &str) -> Result<(), String> {
        let output = self.shell(text).output().expect("a shell");
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(format!("{name}: {}\n{}", output.status, String::from_utf8_lossy(&said)))
    }

    /// Does what the user did before: builds the script, and trusts the policy.
    pub fn trust(&self, attack: &Attack) -> Result<(), String> {
        self.section("build", "\"$SBC\" build >&2")?;
        if attack.is_trusted { self.section("trust", "\"$SBC\" trust --yes") } else { Ok(()) }
    }

    /// Starts the sandbox with the attack in it. How it ends says nothing; what it prints is kept.
    pub fn launch(&self, text: &str) {
        let out = fs::File::create(self.out()).expect("a file");
        let both = out.try_clone().expect("a descriptor");
        self.shell(text).stdout(out).stderr(both).status().expect("a shell");
    }

    /// What was printed.
    pub fn said(&self) -> String {
        fs::read(self.out()).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }
}

impl Drop for World {
    /// Ends what serves the attack, and what a control left running. A sandbox may have made what cannot be removed
    /// as it is.
    fn drop(&mut self) {
        let pids = fs::read_to_string(self.base.join("pids")).unwrap_or_default();
        let _ = Command::new("kill").arg("-9").args(pids.split_whitespace()).stderr(Stdio::null()).status();
        let _ = Command::new("chmod").args(["-R", "u+rwX"]).arg(self.directory.path()).stderr(Stdio::null()).status();
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
    fs::write(path, text).expect("a file");
}

/// The programs of `tests/attacks/programs`, compiled once, without libraries.
fn copy_tools(into: &Path) {
    static TOOLS: OnceLock<TempDir> = OnceLock::new();
    let tools = TOOLS.get_or_init(|| {
        let directory = TempDir::new().expect("a temporary directory");
        let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks/programs");
        for source in fs::read_dir(sources).expect("programs").map(|entry| entry.expect("an entry").path()) {
            let program = directory.path().join(source.file_stem().expect("a name"));
            let compiled =
                Command::new("cc").args(["-O1", "-static", "-pthread", "-o"]).arg(program).arg(&source).status();
            assert!(compiled.expect("cc").success(), "{}", source.display());
        }
        directory
    });
    fs::create_dir_all(into).expect("a directory");
    for program in fs::read_dir(tools.path()).expect("tools").map(|entry| entry.expect("an entry")) {
        fs::copy(program.path(), into.join(program.file_name())).expect("a copy");
    }
}
