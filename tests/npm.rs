//! Claude Code from npm, installed once and linked into the homes of tests.
//!
//! The newest version is kept in `~/.cache/sbc-tests/claude/VERSION` of the user that runs the
//! tests. A directory with a version's name is complete: it gets its name at the end.

use crate::support::run;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The package. A name without a tag picks an old version where node is old, too.
const PACKAGE: &str = "@anthropic-ai/claude-code@latest";

/// An installation that stays in place as long as this lives.
pub struct Claude {
    /// What `--version` prints first.
    pub version: String,
    prefix: PathBuf,
    /// Shared: keeps another run of the tests from replacing the installation.
    _lock: File,
}

/// Claude Code, or why there is none.
pub fn claude() -> Result<&'static Claude, &'static str> {
    static CLAUDE: OnceLock<Result<Claude, String>> = OnceLock::new();
    CLAUDE.get_or_init(Claude::find).as_ref().map_err(String::as_str)
}

/// Claude Code, or the end of a test that needs it.
macro_rules! claude_or_skip {
    () => {
        match $crate::npm::claude() {
            Ok(claude) => claude,
            Err(reason) => $crate::support::skip!("{reason}"),
        }
    };
}
pub(crate) use claude_or_skip;

impl Claude {
    /// Puts it into a home, below `.local`. Costs no space where the file system is the same.
    pub fn link_into(&self, home: &Path) {
        let local = home.join(".local");
        fs::create_dir_all(&local).expect("~/.local");
        let device = |path: &Path| fs::metadata(path).expect("metadata").dev();
        let how = if device(&self.prefix) == device(&local) { "-al" } else { "-a" };
        run(Command::new("cp").arg(how).arg(self.prefix.join(".")).arg(&local)).code(0);
    }

    /// Takes what is there, or installs it; a new version replaces an old one.
    fn find() -> Result<Claude, String> {
        let home = std::env::var_os("HOME").ok_or("HOME is not set")?;
        let cache = Path::new(&home).join(".cache/sbc-tests/claude");
        fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
        let lock = File::create(cache.join("lock")).map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        let version = match npm(&["view", PACKAGE, "version"]) {
            Ok(newest) => newest,
            // Without the network the kept one will do.
            Err(reason) => kept(&cache).pop().ok_or(reason)?,
        };
        let prefix = cache.join(&version);
        if !prefix.exists() {
            install(&cache, &prefix)?;
        }
        lock.lock_shared().map_err(|error| error.to_string())?;
        Ok(Claude { version, prefix, _lock: lock })
    }
}

/// Installs beside the place, then moves there; removes what was kept before.
fn install(cache: &Path, prefix: &Path) -> Result<(), String> {
    let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(cache).map_err(|error| error.to_string())?;
    let into = fresh.path().to_string_lossy();
    npm(&["install", "--global", "--prefix", &into, PACKAGE])?;
    for version in kept(cache) {
        fs::remove_dir_all(cache.join(version)).map_err(|error| error.to_string())?;
    }
    fs::rename(fresh.keep(), prefix).map_err(|error| error.to_string())
}

/// The versions that are installed.
fn kept(cache: &Path) -> Vec<String> {
    let names = fs::read_dir(cache).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with(|c: char| c.is_ascii_digit()))
        .collect()
}

/// Runs npm with the settings of this machine and gives what it prints.
fn npm(arguments: &[impl AsRef<OsStr>]) -> Result<String, String> {
    let mut command = Command::new("timeout");
    command.args(["300", "npm", "--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--update-notifier=false"]);
    // Above the project, so that nothing in a package.json or .npmrc nearby counts.
    let output = run(command.args(arguments).current_dir("/").stdin(Stdio::null()));
    if output.code == 0 {
        return Ok(output.stdout.trim().to_owned());
    }
    let reason = output.stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("npm is out of reach: {reason}"))
}
