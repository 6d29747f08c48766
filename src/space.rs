//! Where paths are compared and looked up: as symbols, or on a host.
//!
//! `host.rs` is the space of one machine. Nothing here looks at any.

use crate::path::{Root, SymbolicPath};
use std::cmp::Reverse;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// What is known of a host path, its own links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// No host is known.
    Unknown,
    Absent,
    /// Some directory on the way may not be entered.
    Unreachable,
    File,
    Directory,
    /// A character or block device.
    Device,
    /// A socket or a FIFO: who writes to it reaches a process, also where the file is read-only.
    Channel,
    Link,
}

/// What a process may do with a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Access {
    pub read: bool,
    /// Change it; of what is absent: create it.
    pub write: bool,
    pub execute: bool,
}

impl Access {
    pub const ALL: Access = Access { read: true, write: true, execute: true };
    /// Look at, enter and list.
    pub const LOOK: Access = Access { read: true, write: false, execute: true };
    pub const NONE: Access = Access { read: false, write: false, execute: false };
}

/// Where paths are compared and looked up: as symbols, or on a host.
pub trait Space {
    /// A path of a policy as a path inside, its links not followed; `None` if it has no place here.
    fn inside(&self, path: &SymbolicPath) -> Option<PathBuf>;
    /// A path of a policy on the host, with links followed as far as they are known.
    fn real(&self, path: &SymbolicPath) -> Option<PathBuf>;
    /// A path that [`Space::inside`] gives, on the host, with links followed as far as they are known.
    fn follow(&self, path: &Path) -> Option<PathBuf>;
    /// Where a link of the host leads; `None` for what is no link.
    fn link(&self, path: &Path) -> Option<PathBuf>;
    fn node(&self, path: &Path) -> Node;
    /// What the user may do with a host path; everything where no host is known.
    fn rights(&self, path: &Path) -> Access;
    /// A path as a policy writes it.
    fn spell(&self, path: &Path) -> String;
}

/// The space of symbols: `/${HOME}/.cache`. Nothing is known of any host.
#[derive(Clone, Copy, Debug)]
pub struct Symbols;

impl Space for Symbols {
    fn inside(&self, path: &SymbolicPath) -> Option<PathBuf> {
        let mut out = match path.root() {
            Root::Absolute => PathBuf::from("/"),
            // One directory above the project is not inside it.
            Root::AboveProject(Reverse(up)) => PathBuf::from(format!("/${{PROJECT-{up}}}")),
            // Not by `format!`, as this is asked for every rule and every guard.
            root => ["/${", root.variable().map_or("", |variable| variable.word()), "}"].concat().into(),
        };
        out.extend(path.components().iter().map(|component| component.as_str()));
        Some(out)
    }

    fn real(&self, path: &SymbolicPath) -> Option<PathBuf> {
        self.inside(path)
    }

    fn follow(&self, path: &Path) -> Option<PathBuf> {
        Some(path.to_owned())
    }

    fn link(&self, _: &Path) -> Option<PathBuf> {
        None
    }

    fn node(&self, _: &Path) -> Node {
        Node::Unknown
    }

    fn rights(&self, _: &Path) -> Access {
        Access::ALL
    }

    fn spell(&self, path: &Path) -> String {
        let text = path.display().to_string();
        let above = text.strip_prefix("/${PROJECT-").and_then(|rest| rest.split_once('}'));
        if let Some((up, rest)) = above.and_then(|(up, rest)| Some((up.parse().ok()?, rest))) {
            return format!(".{}{rest}", "/..".repeat(up));
        }
        match text
            .strip_prefix("/${HOME}")
            .map(|rest| ("~", rest))
            .or(text.strip_prefix("/${PROJECT}").map(|rest| (".", rest)))
        {
            Some((start, rest)) => format!("{start}{rest}"),
            None => text.strip_prefix('/').filter(|rest| rest.starts_with("${")).map(str::to_owned).unwrap_or(text),
        }
    }
}

/// Whether `path` is `base` or lies below it. Both are in normal form, so bytes can be compared.
pub fn is_within(path: &Path, base: &Path) -> bool {
    let (path, base) = (path.as_os_str().as_encoded_bytes(), base.as_os_str().as_encoded_bytes());
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || base.ends_with(b"/"))
}

/// The directory of a path and the name in it. Splitting by bytes, because that is done for every path that any
/// rule is about; `None` for what that would not be true of.
pub fn split(path: &Path) -> Option<(&Path, &OsStr)> {
    let bytes = path.as_os_str().as_bytes();
    let slash = bytes.iter().rposition(|byte| *byte == b'/')?;
    let (directory, name) = (bytes.get(..slash.max(1))?, bytes.get(slash + 1..)?);
    let is_name = !matches!(name, b"" | b"." | b"..");
    is_name.then(|| (Path::new(OsStr::from_bytes(directory)), OsStr::from_bytes(name)))
}

/// A path in normal form and those above it, the nearest first; `/` is the last.
pub fn upwards(path: &Path) -> impl Iterator<Item = &Path> {
    std::iter::successors(Some(path), |path| split(path).map(|(above, _)| above))
}
