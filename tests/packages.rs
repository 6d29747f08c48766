//! Agents from npm and PyPI, installed once and linked into the homes of tests.
//!
//! The newest version of each is kept in `~/.cache/sbc-tests/NAME/VERSION` of the user that runs the
//! tests. A directory with a version's name is complete: it gets its name at the end.

use crate::support::run;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The interpreter of Python packages: one that every sandbox shows.
const PYTHON: &str = "/usr/bin/python3";

/// A package that is installed at most once in a run of the tests.
pub struct Package {
    /// Its directory in the cache.
    name: &'static str,
    source: Source,
    found: OnceLock<Result<Installed, String>>,
}

/// Where a package comes from.
enum Source {
    /// With a tag: without one, npm picks an old version where node is old, too.
    Npm(&'static str),
    PyPi(&'static str),
}

/// An installation that stays in place as long as this lives.
pub struct Installed {
    /// What `--version` prints.
    pub version: String,
    prefix: PathBuf,
    /// Shared: keeps another run of the tests from replacing the installation.
    _lock: File,
}

// The agents.
pub static CLAUDE: Package = Package::npm("claude", "@anthropic-ai/claude-code@latest");
pub static AIDER: Package = Package::pypi("aider", "aider-chat");
pub static AMP: Package = Package::npm("amp", "@sourcegraph/amp@latest");
pub static AUGGIE: Package = Package::npm("auggie", "@augmentcode/auggie@latest");
pub static CLINE: Package = Package::npm("cline", "cline@latest");
pub static CODEX: Package = Package::npm("codex", "@openai/codex@latest");
pub static COPILOT: Package = Package::npm("copilot", "@github/copilot@latest");
pub static DROID: Package = Package::npm("droid", "droid@latest");
pub static GEMINI: Package = Package::npm("gemini", "@google/gemini-cli@latest");
pub static GROK: Package = Package::npm("grok", "@xai-official/grok@latest");
/// The newest one that is complete: of others a part may be missing in a mirror.
pub static KILO: Package = Package::npm("kilo", "@kilocode/cli@7.7.7");
pub static OPENCODE: Package = Package::npm("opencode", "opencode-ai@latest");
pub static PI: Package = Package::npm("pi", "@mariozechner/pi-coding-agent@latest");
pub static QWEN: Package = Package::npm("qwen", "@qwen-code/qwen-code@latest");

/// A package, or the end of a test that needs it.
macro_rules! installed_or_skip {
    ($package:expr) => {
        match $package.installed() {
            Ok(installed) => installed,
            Err(reason) => $crate::support::skip!("{reason}"),
        }
    };
}
pub(crate) use installed_or_skip;

impl Package {
    pub const fn npm(name: &'static str, package: &'static str) -> Package {
        Package { name, source: Source::Npm(package), found: OnceLock::new() }
    }

    pub const fn pypi(name: &'static str, package: &'static str) -> Package {
        Package { name, source: Source::PyPi(package), found: OnceLock::new() }
    }

    /// The package, or why there is none.
    pub fn installed(&'static self) -> Result<&'static Installed, &'static str> {
        self.found.get_or_init(|| self.find()).as_ref().map_err(String::as_str)
    }

    /// Takes what is there, or installs it; a new version replaces an old one.
    fn find(&self) -> Result<Installed, String> {
        let home = std::env::var_os("HOME").ok_or("HOME is not set")?;
        let cache = Path::new(&home).join(".cache/sbc-tests").join(self.name);
        fs::create_dir_all(&cache).map_err(|error| format!("{}: {error}", cache.display()))?;
        let lock = File::create(cache.join("lock")).map_err(|error| error.to_string())?;
        lock.lock().map_err(|error| error.to_string())?;
        let version = match self.source.newest() {
            Ok(newest) => newest,
            // Without the network the kept one will do.
            Err(reason) => kept(&cache).pop().ok_or(reason)?,
        };
        let prefix = cache.join(&version);
        if !prefix.exists() {
            self.install(&cache, &prefix)?;
        }
        lock.lock_shared().map_err(|error| error.to_string())?;
        Ok(Installed { version, prefix, _lock: lock })
    }

    /// Installs beside the place, then moves there; removes what was kept before.
    fn install(&self, cache: &Path, prefix: &Path) -> Result<(), String> {
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(cache).map_err(|error| error.to_string())?;
        self.source.install(fresh.path())?;
        for version in kept(cache) {
            fs::remove_dir_all(cache.join(version)).map_err(|error| error.to_string())?;
        }
        fs::rename(fresh.keep(), prefix).map_err(|error| error.to_string())
    }
}

impl Installed {
    /// Puts it into a home, below `.local`. Costs no space where the file system is the same.
    pub fn link_into(&self, home: &Path) {
        let local = home.join(".local");
        fs::create_dir_all(&local).expect("~/.local");
        let device = |path: &Path| fs::metadata(path).expect("metadata").dev();
        let how = if device(&self.prefix) == device(&local) { "-al" } else { "-a" };
        run(Command::new("cp").arg(how).arg(self.prefix.join(".")).arg(&local)).code(0);
    }
}

impl Source {
    /// The version that would be installed now.
    fn newest(&self) -> Result<String, String> {
        match self {
            Source::Npm(package) => npm(&["view", package, "version"]),
            Source::PyPi(package) => {
                let text = pip(Path::new("/"), &["index", "versions", package])?;
                let version = text.split(['(', ')']).nth(1).ok_or("pip names no version")?;
                Ok(version.to_owned())
            }
        }
    }

    /// Installs it below a directory.
    fn install(&self, into: &Path) -> Result<(), String> {
        match self {
            Source::Npm(package) => {
                npm(&["install", "--global", "--prefix", &into.to_string_lossy(), package]).map(drop)
            }
            Source::PyPi(package) => pip(into, &["install", "--user", "--no-cache-dir", package]).map(drop),
        }
    }
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
    command.args(["--no-audit", "--no-fund"]);
    said("npm", command.args(arguments))
}

/// Runs pip with the settings of this machine; the user's packages are below `base`.
fn pip(base: &Path, arguments: &[impl AsRef<OsStr>]) -> Result<String, String> {
    let mut command = Command::new("timeout");
    command.args(["300", PYTHON, "-m", "pip"]).args(arguments);
    command.env("PYTHONUSERBASE", base).env("PIP_BREAK_SYSTEM_PACKAGES", "1").env("PIP_DISABLE_PIP_VERSION_CHECK", "1");
    said("pip", &mut command)
}

/// What a program prints, or the first line of its complaint.
fn said(name: &str, command: &mut Command) -> Result<String, String> {
    // Above the project, so that no settings nearby count.
    let output = run(command.current_dir("/").stdin(Stdio::null()));
    if output.code == 0 {
        return Ok(output.stdout.trim().to_owned());
    }
    let reason = output.stderr.lines().find(|line| !line.trim().is_empty()).unwrap_or("no message");
    Err(format!("{name} is out of reach: {reason}"))
}
