//! Projects in homes of their own, and the real sbc run in them.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A fresh home with a project in it. Both are gone when it is dropped.
pub struct Project {
    /// The home directory.
    pub home: PathBuf,
    /// The project's root, below the home.
    pub root: PathBuf,
    _directory: TempDir,
}

/// What a command printed and how it ended.
#[derive(Debug)]
pub struct Output {
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Project {
    /// A project without a policy, in `~/work`.
    pub fn empty() -> Project {
        Project::named("work")
    }

    /// A project without a policy, in a directory of this name.
    pub fn named(name: impl AsRef<OsStr>) -> Project {
        Project::below(&std::env::temp_dir(), name)
    }

    /// As [`Project::named`], with the home in another directory than that for temporary files.
    pub fn below(above: &Path, name: impl AsRef<OsStr>) -> Project {
        let directory = tempfile::Builder::new().prefix("sbc-test-").tempdir_in(above).expect("a temporary directory");
        let base = fs::canonicalize(directory.path()).expect("its real path");
        let home = base.join("home");
        let root = home.join(name.as_ref());
        fs::create_dir_all(&root).expect("the project's directory");
        Project { home, root, _directory: directory }
    }

    /// One of the examples with its neighbour, in a home that holds nothing else. Its path has the same length on
    /// every machine: what is counted depends on that.
    pub fn example(name: &str) -> Project {
        let project = Project::below(Path::new("/tmp"), name);
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
        for folder in [name, "design-system"] {
            for entry in
                walkdir::WalkDir::new(examples.join(folder)).into_iter().map(|entry| entry.expect("an example"))
            {
                let below = entry.path().strip_prefix(&examples).expect("below").display().to_string();
                match entry.file_type().is_dir() {
                    true => fs::create_dir_all(project.home.join(below)).expect("a directory"),
                    false => project.write_home(&below, fs::read(entry.path()).expect("a file")),
                }
            }
        }
        project
    }

    /// A project with this policy.
    pub fn new(policy: &str) -> Project {
        let project = Project::empty();
        project.write(".agent-sandbox.kdl", policy);
        project
    }

    /// A project whose one sandbox `app` inherits `base-dev` and has this body.
    pub fn with_body(body: &str) -> Project {
        Project::new(&format!("sandbox \"app\" {{\n    inherit \"base-dev\"\n{body}\n}}\n"))
    }

    /// Writes a file below the project's root, with its parents.
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        write(&self.root.join(name), text.as_ref());
    }

    /// Writes a file below the home, with its parents.
    pub fn write_home(&self, name: &str, text: impl AsRef<[u8]>) {
        write(&self.home.join(name), text.as_ref());
    }

    /// Makes a file of the project executable.
    pub fn executable(&self, name: &str) {
        fs::set_permissions(self.root.join(name), fs::Permissions::from_mode(0o755)).expect("permissions");
    }

    /// Makes a program in the home, outside of the project, and gives its path.
    pub fn program(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        self.write_home(name, text);
        let path = self.home.join(name);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("permissions");
        path
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.root.join(name)).unwrap_or_default()
    }

    /// A command in the project with a known environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env_clear().stdin(Stdio::null());
        command
            .env("HOME", &self.home)
            .env("USER", "tester")
            .env("PATH", "/usr/local/bin:/usr/bin:/bin")
            .env("LANG", "C.UTF-8");
        // Another bubblewrap can be tried: SBC_BWRAP=/path/to/bwrap cargo test.
        if let Some(bwrap) = std::env::var_os("SBC_BWRAP") {
            command.env("SBC_BWRAP", bwrap);
        }
        command
    }

    /// The sbc of this build. What a test runs by `exec` is trusted before, as its user would have done;
    /// `trust.rs` is about policies that are not.
    pub fn sbc_command(&self, arguments: &[&str]) -> Command {
        if arguments.first() == Some(&"exec") {
            self.trust();
        }
        self.plain_command(arguments)
    }

    /// The sbc of this build, with nothing done before.
    pub fn plain_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(env!("CARGO_BIN_EXE_sbc"));
        command.args(arguments);
        command
    }

    /// Trusts the policy as it is. One that does not compile cannot be, and `exec` says why.
    pub fn trust(&self) {
        run(&mut self.plain_command(&["trust", "--yes"]));
    }

    /// Runs sbc to its end.
    pub fn sbc(&self, arguments: &[&str]) -> Output {
        run(&mut self.sbc_command(arguments))
    }

    /// Runs a shell command in the sandbox by `sbc exec`.
    pub fn exec(&self, shell: &str) -> Output {
        self.sbc(&["exec", "--", "/bin/sh", "-c", shell])
    }

    /// Builds the artefacts and runs a shell command in the sandbox by the script, under `shell`
    /// (`dash`, `bash` or `busybox`).
    pub fn script(&self, interpreter: &str, command: &str) -> Output {
        let built = self.sbc(&["build"]);
        assert_eq!(built.code, 0, "{}", built.stderr);
        let mut words = vec![interpreter];
        if interpreter == "busybox" {
            words.push("sh");
        }
        let mut start = self.command(words.remove(0));
        run(start.args(words).arg(".agent-sandbox/app.sh").args(["--", "/bin/sh", "-c", command]))
    }
}

/// A filter of system calls that answers one call with an errno, as bubblewrap's `--seccomp` reads it.
pub fn refusing(call: libc::c_long, errno: libc::c_int) -> Vec<u8> {
    const LOAD_NUMBER: u16 = 0x20;
    const JUMP_IF_EQUAL: u16 = 0x15;
    const RETURN: u16 = 0x06;
    let program: [(u16, u8, u8, u32); 4] = [
        (LOAD_NUMBER, 0, 0, 0),
        (JUMP_IF_EQUAL, 0, 1, call as u32),
        (RETURN, 0, 0, 0x0005_0000 | errno as u32),
        (RETURN, 0, 0, 0x7fff_0000),
    ];
    let bytes = |(code, yes, no, value): &(u16, u8, u8, u32)| {
        [&code.to_ne_bytes()[..], &[*yes, *no], &value.to_ne_bytes()].concat()
    };
    program.iter().flat_map(bytes).collect()
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let status = output.status;
    let signal = std::os::unix::process::ExitStatusExt::signal(&status).map_or(0, |signal| 128 + signal);
    Output {
        code: status.code().unwrap_or(signal),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Output {
    /// Asserts the exit code; shows everything if it is another.
    #[track_caller]
    pub fn code(self, expected: i32) -> Output {
        assert_eq!(self.code, expected, "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }

    /// Asserts that standard error holds each of the texts.
    #[track_caller]
    pub fn says(self, texts: &[&str]) -> Output {
        for text in texts {
            assert!(self.stderr.contains(text), "standard error lacks {text:?}:\n{}", self.stderr);
        }
        self
    }
}

/// Ends a test that cannot run on this machine: `skip!("there is no npm: {reason}")`.
macro_rules! skip {
    ($($reason:tt)*) => {{
        $crate::support::skipped(&format!($($reason)*), std::env::var("CI").is_ok_and(|ci| ci == "true"));
        return;
    }};
}
pub(crate) use skip;

/// Says on standard error that a test is skipped. CI's machine can run every test, so there it fails.
pub fn skipped(reason: &str, in_ci: bool) {
    assert!(!in_ci, "skipped in CI: {reason}");
    // Not `eprintln!`: of a test that passes, its text is thrown away.
    writeln!(std::io::stderr(), "skipped: {reason}").expect("standard error");
}

fn write(path: &Path, text: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("directories");
    fs::write(path, text).expect("a file");
}

/// On CI's machine a test that cannot run fails.
#[test]
fn skipping_fails_in_ci() {
    let failed = std::panic::catch_unwind(|| skipped("a reason", true)).expect_err("a failure");
    assert_eq!(failed.downcast_ref::<String>().unwrap(), "skipped in CI: a reason");
}
