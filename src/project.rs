//! Finds the project and loads its texts.
//!
//! Reads `.agent-sandbox.kdl`, `.agent-sandbox/profiles/*.kdl` and, for what happens on this machine only,
//! `.agent-sandbox.local.kdl`, each once, and nothing else.

#![allow(clippy::disallowed_methods, reason = "this module loads the texts")]

use crate::builtin;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Source, SourceKind, Sources};
use std::fs;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The name of the policy in every project.
pub const POLICY: &str = ".agent-sandbox.kdl";

/// The name of the local layer: what one user adds to the policy on one machine.
pub const LOCAL: &str = ".agent-sandbox.local.kdl";

/// The directory of a project's own profiles and of artefacts.
pub const DIRECTORY: &str = ".agent-sandbox";

/// What people name a policy by mistake.
const MISNAMED: &[&str] = &[
    "agent-sandbox.kdl",
    ".agent-sandbox.yaml",
    ".agent-sandbox.yml",
    ".agent-sandbox.json",
    ".agent-sandbox.toml",
    ".agent_sandbox.kdl",
    ".agentsandbox.kdl",
    ".sandbox.kdl",
    "agent-sandbox.yaml",
    "agent-sandbox.yml",
    "agent-sandbox.json",
    "agent-sandbox.toml",
];

/// A project with its texts.
#[derive(Clone, Debug)]
pub struct Project {
    /// As it was found; not necessarily physical.
    pub root: PathBuf,
    pub sources: Sources,
}

impl Project {
    /// The project with its texts named by the path that a person gave for it, such as
    /// `old/.agent-sandbox.kdl`.
    pub fn named_by(mut self, path: &Path) -> Project {
        let directory = if path.ends_with(POLICY) { path.parent().unwrap_or(path) } else { path };
        if matches!(directory.to_str(), Some("" | ".")) {
            return self;
        }
        // A policy that was found further up is not where the path says.
        let is_there = fs::canonicalize(directory).is_ok_and(|physical| physical == self.root);
        let base = if is_there { directory.to_owned() } else { self.root.clone() };
        let mut sources = Sources::default();
        for (_, source) in self.sources.iter() {
            let mut source = source.clone();
            if source.kind != SourceKind::BuiltIn {
                source.name = base.join(&source.name).display().to_string();
            }
            sources.add(source);
        }
        self.sources = sources;
        self
    }
}

/// Finds the nearest policy at or above `start`, which may also be the policy itself.
pub fn find(start: &Path) -> Result<PathBuf, Diagnostic> {
    let name = start.file_name();
    let directory = if name.is_some_and(|name| name == POLICY) && !start.is_dir() {
        start.parent().unwrap_or(start)
    } else {
        start
    };
    let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
    let physical = fs::canonicalize(directory).map_err(|error| {
        let diagnostic = unreadable(&directory.display().to_string(), &error);
        let is_word = directory.components().count() == 1 && Path::new(POLICY).exists();
        // Other commands take the name of a sandbox in this place.
        if is_word {
            diagnostic.note("this is a path; `sbc check` alone checks all sandboxes here")
        } else {
            diagnostic
        }
    })?;
    if !physical.is_dir() {
        let title = format!("`{}` is neither a project directory nor a `{POLICY}`", start.display());
        return Err(Diagnostic::error(Code::SBC0007, title).help("name the directory that holds the policy"));
    }
    // `exists` would take an unreadable or dangling policy for none.
    let found = physical.ancestors().find(|above| above.join(POLICY).symlink_metadata().is_ok());
    found.map(Path::to_owned).ok_or_else(|| {
        if let Some(misnamed) = MISNAMED.iter().find(|name| physical.join(name).is_file()) {
            let title = format!("a policy is named `{POLICY}`, and here is a `{misnamed}`");
            let help = match misnamed.ends_with(".kdl") {
                true => format!("rename it: `mv {misnamed} {POLICY}`"),
                false => format!("a policy is written in KDL: see `sbc init --dry-run`, and write it as `{POLICY}`"),
            };
            return Diagnostic::error(Code::SBC0007, title).help(help);
        }
        let title = format!("there is no `{POLICY}` in `{}` or above it", physical.display());
        Diagnostic::error(Code::SBC0007, title).help("run `sbc init` in the directory of your project")
    })
}

/// Loads the texts of a project, without the local layer. Problems with single files are collected.
pub fn load(root: &Path, out: &mut Diagnostics) -> Project {
    let mut sources = load_profiles(root, out);
    read(root, &root.join(POLICY), POLICY.to_owned(), SourceKind::Policy, &mut sources, out);
    Project { root: root.to_owned(), sources }
}

/// Loads the texts of a project, the local layer last if there is one.
pub fn load_with_local(root: &Path, out: &mut Diagnostics) -> Project {
    let mut project = load(root, out);
    let path = root.join(LOCAL);
    // A link that leads nowhere is one that cannot be read.
    if path.symlink_metadata().is_ok() {
        read(root, &path, LOCAL.to_owned(), SourceKind::Local, &mut project.sources, out);
    }
    project
}

/// The built-in profiles and those of a project that may have no policy.
pub fn load_profiles(root: &Path, out: &mut Diagnostics) -> Sources {
    let mut sources = builtin::sources();
    for path in profiles(root, out) {
        let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
        read(root, &path, name, SourceKind::Profile, &mut sources, out);
    }
    sources
}

/// The local profile files by name, so that nothing depends on the order of a directory.
fn profiles(root: &Path, out: &mut Diagnostics) -> Vec<PathBuf> {
    let folder = root.join(DIRECTORY).join("profiles");
    if !folder.exists() {
        return Vec::new();
    }
    if let Err(error) = within(root, &folder) {
        out.push(unreadable(&format!("{DIRECTORY}/profiles"), &error));
        return Vec::new();
    }
    let mut paths = Vec::new();
    for entry in WalkDir::new(&folder).min_depth(1).max_depth(1).sort_by_file_name() {
        match entry {
            Ok(entry) if entry.path().extension().is_some_and(|extension| extension == "kdl") => {
                paths.push(entry.into_path())
            }
            Ok(_) => {}
            Err(error) => out.push(Diagnostic::error(Code::SBC0006, format!("the profiles cannot be listed: {error}"))),
        }
    }
    paths
}

fn read(root: &Path, path: &Path, name: String, kind: SourceKind, sources: &mut Sources, out: &mut Diagnostics) {
    let text = read_bytes(root, path).and_then(utf8);
    add(name, kind, text, sources, out);
}

/// Adds a text under the name that messages give it, or says why it cannot be read.
pub fn add(name: String, kind: SourceKind, text: io::Result<String>, sources: &mut Sources, out: &mut Diagnostics) {
    match text {
        Ok(text) => {
            sources.add(Source { kind, name, text: text.into() });
        }
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            let title = format!("`{name}` is not UTF-8: {error}");
            out.push(
                Diagnostic::error(Code::SBC0003, title).help(format!("convert it: `iconv -f latin1 -t utf-8 {name}`")),
            );
        }
        Err(error) => out.push(unreadable(&name, &error)),
    }
}

/// Refuses a path that links lead out of the project: a cloned repository could have sbc show or
/// overwrite what it is not asked about.
fn within(root: &Path, path: &Path) -> io::Result<()> {
    if fs::canonicalize(path)?.starts_with(fs::canonicalize(root)?) {
        return Ok(());
    }
    Err(io::Error::other("it leads out of the project"))
}

/// The same for what is open, wherever its path leads by now.
pub fn holds(root: &Path, opened: &fs::File) -> io::Result<()> {
    if fs::read_link(handle(opened))?.starts_with(fs::canonicalize(root)?) {
        return Ok(());
    }
    Err(io::Error::other("it leads out of the project"))
}

/// A path to what is open, which nothing can change.
pub fn handle(opened: &impl AsRawFd) -> PathBuf {
    format!("/proc/self/fd/{}", opened.as_raw_fd()).into()
}

/// The bytes of a regular file in the project. It is held before it is looked at, so that nothing takes
/// its place between. A byte more than the guard admits is read, so that it can refuse.
fn read_bytes(root: &Path, path: &Path) -> io::Result<Vec<u8>> {
    use io::Read as _;
    // Held, and not yet opened: opening a pipe or a device does something.
    let held = fs::File::options().read(true).custom_flags(libc::O_PATH).open(path)?;
    holds(root, &held)?;
    let metadata = held.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    let most = crate::guard::MAX_BYTES as u64 + 1;
    let mut bytes = Vec::with_capacity(most.min(metadata.len() + 1) as usize);
    fs::File::open(handle(&held))?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Bytes as a text.
pub fn utf8(bytes: Vec<u8>) -> io::Result<String> {
    match String::from_utf8(bytes) {
        Ok(text) => Ok(text),
        // The limit may have cut a character in two; the guard refuses the rest.
        Err(error) if error.as_bytes().len() > crate::guard::MAX_BYTES => {
            Ok(String::from_utf8_lossy(error.as_bytes()).into_owned())
        }
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
            Err(io::Error::new(io::ErrorKind::InvalidData, format!("line {line} has a byte that is none")))
        }
    }
}

fn unreadable(name: &str, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied => "give yourself the right to read it: `chmod u+r …`",
        io::ErrorKind::NotFound => "check the spelling of the path",
        _ => "a policy is a text file",
    };
    Diagnostic::error(Code::SBC0006, format!("`{name}` cannot be read: {error}")).help(help)
}
