//! A home of its own for the benchmarks: with what agents keep in one, and projects that are repositories.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The tree that is measured.
pub const TREE: &str = env!("CARGO_MANIFEST_DIR");

/// The policy of the two profiles that most people take.
const CLAUDE_NODE: &str = "sandbox \"claude-node\" {\n    inherit \"claude\" \"node\"\n}\n";

/// The sandboxes of ours that are measured.
pub const SANDBOXES: [&str; 3] = ["claude-classic", "claude-node", "minimal"];

/// Where everything lies; gone when it is dropped.
pub struct World {
    pub home: PathBuf,
    /// Where `run.sh --peers` has put other tools.
    pub peers: PathBuf,
    _directory: TempDir,
}

impl World {
    /// Neither below `/tmp` nor below `~/.cache`: some tools refuse to work there, others hide it.
    pub fn new() -> World {
        let cache = cache();
        fs::create_dir_all(&cache).expect("the cache directory");
        let user = std::env::var_os("HOME").expect("a home");
        let directory = tempfile::Builder::new().prefix("sbc-bench-").tempdir_in(user).expect("a directory");
        let home = fs::canonicalize(directory.path()).expect("its real path").join("home");
        let world = World { home, peers: cache.join("peers"), _directory: directory };
        world.furnish();
        world
    }

    /// What a home has that the classic script and the profiles look for.
    fn furnish(&self) {
        for directory in [".claude", ".cache", ".local/bin", ".config", ".npm"] {
            fs::create_dir_all(self.home.join(directory)).expect("a directory");
        }
        let files = [
            (".bashrc", "PS1='$ '\n"),
            (".profile", "umask 022\n"),
            (".gitconfig", "[user]\n\tname = Bench\n\temail = bench@example.org\n[safe]\n\tdirectory = *\n"),
            (".claude.json", "{\"numStartups\":1}\n"),
        ];
        for (name, text) in files {
            write(&self.home.join(name), text);
        }
        let classic = Path::new(TREE).join("tests/bench/classic.sh");
        fs::copy(classic, self.home.join("classic.sh")).expect("the classic script");
    }

    /// A command in a directory, in an environment that is the same everywhere.
    pub fn command(&self, program: &str, directory: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(directory).env_clear().stdin(Stdio::null());
        command.env("HOME", &self.home).env("USER", "bench").env("LANG", "C.UTF-8").env("TERM", "xterm-256color");
        let peers = self.peers.display();
        let path = format!("/usr/local/bin:/usr/bin:/bin:{peers}/bin:{peers}/node_modules/.bin:{peers}/pypi/bin");
        command.env("PATH", path);
        if let Some(bwrap) = std::env::var_os("SBC_BWRAP") {
            command.env("SBC_BWRAP", bwrap);
        }
        command
    }

    /// Runs a program to its end, which must be a good one, and gives what it printed.
    pub fn run(&self, words: &[&str], directory: &Path) -> String {
        let (program, arguments) = words.split_first().expect("a program");
        let output = self.command(program, directory).args(arguments).output().unwrap_or_else(|error| {
            panic!("{words:?}: {error}");
        });
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// A directory below the home with a policy that is trusted and built.
    pub fn project(&self, name: &str, policy: &str) -> PathBuf {
        let project = self.home.join(name);
        write(&project.join(".agent-sandbox.kdl"), policy);
        self.run(&[sbc(), "build"], &project);
        self.run(&[sbc(), "trust", "--yes"], &project);
        project
    }

    /// The same as a small repository.
    pub fn repository(&self, name: &str, policy: &str) -> PathBuf {
        let project = self.home.join(name);
        files(&project, 30);
        self.commit(&project);
        self.project(name, policy)
    }

    /// Makes a directory a repository, all that is in it committed.
    pub fn commit(&self, project: &Path) {
        self.run(&["git", "init", "--quiet"], project);
        self.run(&["git", "add", "--all"], project);
        self.run(&["git", "commit", "--quiet", "--message", "all"], project);
    }
}

/// The sbc of this build.
pub fn sbc() -> &'static str {
    env!("CARGO_BIN_EXE_sbc")
}

/// Where the benchmarks keep things between runs.
pub fn cache() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").expect("a home")).join(".cache/sbc-bench");
    std::env::var_os("SBC_BENCH_CACHE").map_or_else(home, PathBuf::from)
}

/// The text of a policy that is measured.
pub fn policy(name: &str) -> String {
    let example = Path::new(TREE).join("examples").join(name).join(".agent-sandbox.kdl");
    fs::read_to_string(example).unwrap_or_else(|_| CLAUDE_NODE.to_owned())
}

/// Writes a file with its parents.
pub fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
    fs::write(path, text).expect("a file");
}

/// So many small files, a hundred in a directory.
pub fn files(root: &Path, count: usize) {
    for directory in 0..count.div_ceil(100) {
        let directory_path = root.join(format!("src/{directory}"));
        fs::create_dir_all(&directory_path).expect("a directory");
        for file in directory * 100..count.min(directory * 100 + 100) {
            fs::write(directory_path.join(format!("file-{file}.txt")), format!("line {file}\n")).expect("a file");
        }
    }
}
