//! Agents and tools from npm and PyPI, installed once and linked into the homes of tests.
//!
//! One version of each is kept in `~/.cache/sbc-tests/NAME/VERSION` of the user that runs the tests. A
//! directory with a version's name is complete: it gets its name at the end. Which version that is stands
//! here, so that no test fails because of a program that came out today; `SBC_LATEST=1` takes the newest.

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
    /// None: always the newest.
    pub version: Option<&'static str>,
    found: OnceLock<Result<Installed, String>>,
}

/// Where a package comes from.
enum Source {
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
pub static CLAUDE: Package = Package::npm("claude", "@anthropic-ai/claude-code", None);
pub static AIDER: Package = Package::pypi("aider", "aider-chat", Some("0.86.2"));
pub static AMP: Package = Package::npm("amp", "@sourcegraph/amp", Some("0.0.1790142911-g7618fb"));
pub static AUGGIE: Package = Package::npm("auggie", "@augmentcode/auggie", Some("0.36.0"));
pub static CLINE: Package = Package::npm("cline", "cline", Some("3.0.65"));
pub static CODEX: Package = Package::npm("codex", "@openai/codex", Some("0.169.0"));
pub static COPILOT: Package = Package::npm("copilot", "@github/copilot", Some("1.0.102"));
pub static DROID: Package = Package::npm("droid", "droid", Some("0.215.0"));
pub static GEMINI: Package = Package::npm("gemini", "@google/gemini-cli", Some("0.61.0"));
pub static GROK: Package = Package::npm("grok", "@xai-official/grok", Some("1.0.41"));
pub static KILO: Package = Package::npm("kilo", "@kilocode/cli", Some("7.7.7"));
pub static OPENCODE: Package = Package::npm("opencode", "opencode-ai", Some("1.18.33"));
pub static PI: Package = Package::npm("pi", "@mariozechner/pi-coding-agent", Some("0.73.1"));
pub static QWEN: Package = Package::npm("qwen", "@qwen-code/qwen-code", Some("0.24.4"));

// Tools.
pub static COREPACK: Package = Package::npm("corepack", "corepack", Some("0.34.7"));
pub static PIPENV: Package = Package::pypi("pipenv", "pipenv", Some("2026.10.3"));
pub static PLAYWRIGHT: Package = Package::npm("playwright", "playwright-core", Some("1.65.1"));

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
    const fn npm(name: &'static str, package: &'static str, version: Option<&'static str>) -> Package {
        Package { name, source: Source::Npm(package), version, found: OnceLock::new() }
    }

    const fn pypi(name: &'static str, package: &'static str, version: Option<&'static str>) -> Package {
        Package { name, source: Source::PyPi(package), version, found: OnceLock::new() }
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
        let version = match self.version.filter(|_| std::env::var_os("SBC_LATEST").is_none()) {
            Some(version) => version.to_owned(),
            // Without the network the kept one will do.
            None => self.source.newest().or_else(|reason| kept(&cache).pop().ok_or(reason))?,
        };
        let prefix = cache.join(&version);
        if !prefix.exists() {
            self.install(&cache, &prefix, &version)?;
        }
        lock.lock_shared().map_err(|error| error.to_string())?;
        Ok(Installed { version, prefix, _lock: lock })
    }

    /// Installs beside the place, then moves there; removes what was kept before.
    fn install(&self, cache: &Path, prefix: &Path, version: &str) -> Result<(), String> {
        let fresh = tempfile::Builder::new().prefix(".new-").tempdir_in(cache).map_err(|error| error.to_string())?;
        self.source.install(fresh.path(), version)?;
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
            // With a tag: without one, npm picks an old version where node is old, too.
            Source::Npm(package) => npm(&["view", &format!("{package}@latest"), "version"]),
            Source::PyPi(package) => {
                let text = pip(Path::new("/"), &["index", "versions", package])?;
                let version = text.split(['(', ')']).nth(1).ok_or("pip names no version")?;
                Ok(version.to_owned())
            }
        }
    }

    /// Installs a version below a directory.
    fn install(&self, into: &Path, version: &str) -> Result<(), String> {
        let place = into.to_string_lossy();
        let said = match self {
            Source::Npm(name) => npm(&["install", "--global", "--prefix", &place, &format!("{name}@{version}")]),
            Source::PyPi(name) => pip(into, &["install", "--user", "--no-cache-dir", &format!("{name}=={version}")]),
        };
        said.map(drop)
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
