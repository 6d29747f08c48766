//! The sandbox's file system as it grows, mount by mount.
//!
//! Answers where a path really lies inside: bubblewrap 0.12 refuses to mount on a symbolic link,
//! and older ones mount somewhere else, so every destination is resolved here first. `view.rs`
//! reads the finished result.

use crate::plan::Step;
use crate::space::{Space, upwards};
use rustc_hash::FxHashMap;
use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// The links in a `/dev` that bubblewrap makes.
const DEVICE_LINKS: [(&str, &str); 6] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
    ("core", "/proc/kcore"),
    ("ptmx", "pts/ptmx"),
];

/// What a mount provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// A host path; a link below it could be the sandbox's own work if it is writable.
    Host {
        source: PathBuf,
        writable: bool,
        device: bool,
    },
    /// A host directory over which changes are discarded.
    Overlay {
        source: PathBuf,
    },
    /// A private copy of a host file; of the system's, one that cannot be written.
    Copy {
        source: PathBuf,
        writable: bool,
        executable: bool,
    },
    /// A read-only file with text of the policy.
    Text,
    /// An empty directory in memory, with these permission bits.
    Memory {
        mode: u32,
    },
    /// Nothing that can be read; `open` where mounts below it must be reached.
    Denied {
        open: bool,
        file: bool,
    },
    Proc,
    Dev,
}

impl Provider {
    /// The host path behind the mount, as far as what is below it is the host's, too.
    fn host(&self) -> Option<(&Path, bool)> {
        match self {
            Provider::Host { source, writable, .. } => Some((source, *writable)),
            Provider::Overlay { source } => Some((source, false)),
            _ => None,
        }
    }
}

/// One mount with the step that asks for it, if a step does.
#[derive(Clone, Debug)]
pub struct Mount<'a> {
    /// Without links.
    pub at: PathBuf,
    pub provider: Provider,
    pub step: Option<&'a Step>,
}

impl Mount<'_> {
    /// Whether it is known to be a file, in which nothing can lie.
    pub fn is_file(&self) -> bool {
        matches!(self.provider, Provider::Text | Provider::Copy { .. } | Provider::Denied { file: true, .. })
    }
}

/// A path that must exist on the host while the sandbox runs, and is removed afterwards when it is
/// untouched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Placeholder {
    pub path: PathBuf,
    pub directory: bool,
    /// What it holds if it is a file.
    pub text: Vec<u8>,
}

/// Paths that must not change behind the back of the sandbox's rules; looked at after the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guarded {
    /// Nothing was there, and nothing must appear.
    pub absent: Vec<PathBuf>,
    /// Shown read-only in a directory that can be written.
    pub kept: Vec<PathBuf>,
    /// A project in whose git directory names are guarded.
    pub repository: Option<PathBuf>,
    /// Names that are guarded in the project's root; what has one in a directory below is reported.
    pub names: Vec<OsString>,
}

/// Why a path has no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// A link in a tree that the sandbox can write; where it lies on the host.
    Planted(PathBuf),
    /// Links that lead in a circle.
    Circle(PathBuf),
}

/// What to do about links that the sandbox itself could have made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Planted {
    Refuse,
    Follow,
}

/// A path inside with every link followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub path: PathBuf,
    /// The host path behind it, when a host path provides it; it need not exist.
    pub host: Option<PathBuf>,
    pub writable: bool,
    /// The links on the way, each with what it says.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// The mounts so far. Keys are paths in normal form, as bytes: comparing components is slow.
#[derive(Clone, Debug, Default)]
pub struct Mounts<'a> {
    mounts: Vec<Mount<'a>>,
    by_place: FxHashMap<OsString, usize>,
    links: FxHashMap<OsString, (PathBuf, &'a Step)>,
    directories: FxHashMap<OsString, &'a Step>,
    /// Mounts that stand elsewhere than their rule says, because of links.
    moved: Vec<PathBuf>,
}

/// Where a walk stands: a path without links, and the host path behind it.
#[derive(Debug)]
struct Cursor {
    path: PathBuf,
    host: Option<(PathBuf, bool)>,
}

impl<'a> Mounts<'a> {
    pub fn add(&mut self, mount: Mount<'a>) {
        self.by_place.insert(mount.at.clone().into(), self.mounts.len());
        self.mounts.push(mount);
    }

    pub fn add_link(&mut self, at: PathBuf, to: PathBuf, step: &'a Step) {
        self.links.insert(at.into(), (to, step));
    }

    pub fn add_directory(&mut self, at: PathBuf, step: &'a Step) {
        self.directories.insert(at.into(), step);
    }

    /// Notes that what was asked for at `asked` stands at `at`.
    pub fn note_move(&mut self, asked: &Path, at: &Path) {
        if asked != at {
            self.moved.push(at.to_owned());
        }
    }

    /// The mount that a new one at `at` would bury: parents come first by their names, so that only
    /// links can bring it about. What the new one shows read-only in the same way is not lost; `source` is
    /// the host path that it shows so.
    pub fn buried(&self, asked: &Path, at: &Path, source: Option<&Path>) -> Option<&Mount<'a>> {
        let below = |path: &Path| path == at || path.starts_with(at);
        let shows_it = |mount: &Mount| match &mount.provider {
            Provider::Host { source: own, writable: false, device: false } => {
                source.zip(mount.at.strip_prefix(at).ok()).is_some_and(|(source, rest)| source.join(rest) == *own)
            }
            _ => false,
        };
        if asked != at {
            return self.mounts.iter().find(|mount| below(&mount.at) && !shows_it(mount));
        }
        let moved = self.moved.iter().filter(|moved| below(moved));
        moved.filter_map(|moved| self.mount_at(moved)).find(|mount| !shows_it(mount))
    }

    /// All mounts in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Mount<'a>> {
        self.mounts.iter()
    }

    /// What stands exactly there.
    pub fn mount_at(&self, path: &Path) -> Option<&Mount<'a>> {
        self.mounts.get(*self.by_place.get(path.as_os_str())?)
    }

    /// The mounts at and above a path without links, the nearest first. The first provides it.
    pub fn above<'s>(&'s self, path: &'s Path) -> impl Iterator<Item = &'s Mount<'a>> {
        upwards(path).filter_map(|above| self.mount_at(above))
    }

    /// The mount that provides a path without links.
    pub fn provider(&self, path: &Path) -> Option<&Mount<'a>> {
        upwards(path).find_map(|above| self.mount_at(above))
    }

    /// The link that the sandbox itself has at a path without links, and its step.
    pub fn link_at(&self, path: &Path) -> Option<(&Path, &'a Step)> {
        self.links.get(path.as_os_str()).map(|(to, step)| (to.as_path(), *step))
    }

    /// The step behind a directory of the sandbox's own that is there because of what lies below it
    /// or because a rule says so; `None` where there is no such directory.
    pub fn made(&self, path: &Path) -> Option<&'a Step> {
        let own = self.directories.get(path.as_os_str()).copied();
        let below = |at: &Path| at != path && at.starts_with(path);
        let places = || self.directories.iter().chain(self.links.iter().map(|(at, (_, step))| (at, step)));
        own.or_else(|| self.mounts.iter().find(|mount| below(&mount.at)).and_then(|mount| mount.step))
            .or_else(|| places().find(|(at, _)| below(Path::new(at))).map(|(_, step)| *step))
    }

    /// The names that the sandbox itself has directly in a directory.
    pub fn names_in(&self, path: &Path) -> Vec<OsString> {
        let places = self.mounts.iter().map(|mount| mount.at.as_path());
        let others = self.directories.keys().chain(self.links.keys()).map(Path::new);
        let name = |at: &Path| Some(at.strip_prefix(path).ok()?.components().next()?.as_os_str().to_owned());
        let mut names: Vec<OsString> = places.chain(others).filter_map(name).collect();
        names.sort();
        names.dedup();
        names
    }

    fn cursor(&self, path: &Path) -> Cursor {
        let mut cursor = Cursor { path: PathBuf::from("/"), host: None };
        self.arrive(&mut cursor, OsStr::new(""));
        parts(path).iter().for_each(|part| self.step(&mut cursor, part));
        cursor
    }

    /// Goes one component down.
    fn step(&self, cursor: &mut Cursor, part: &OsStr) {
        cursor.path.push(part);
        self.arrive(cursor, part);
    }

    /// Finds what provides the path that a cursor has just reached by `part`.
    fn arrive(&self, cursor: &mut Cursor, part: &OsStr) {
        match self.mount_at(&cursor.path) {
            Some(mount) => cursor.host = mount.provider.host().map(|(host, writable)| (host.to_owned(), writable)),
            None => {
                if let Some((host, _)) = &mut cursor.host {
                    host.push(part);
                }
            }
        }
    }

    /// Follows every link of a path as the kernel would inside.
    pub fn resolve(&self, path: &Path, space: &dyn Space, planted: Planted) -> Result<Placed, Unplaced> {
        let mut left = parts(path);
        let mut cursor = self.cursor(Path::new("/"));
        let mut links = Vec::new();
        while let Some(part) = left.pop_front() {
            if part == ".." {
                cursor = self.cursor(cursor.path.parent().unwrap_or(Path::new("/")));
                continue;
            }
            self.step(&mut cursor, &part);
            let Some(target) = self.link(&cursor, space, planted)? else { continue };
            if links.len() == MAX_LINKS {
                return Err(Unplaced::Circle(path.to_owned()));
            }
            let from =
                if target.is_absolute() { Path::new("/") } else { cursor.path.parent().unwrap_or(Path::new("/")) };
            let next = self.cursor(from);
            links.push((std::mem::replace(&mut cursor, next).path, target.clone()));
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
        }
        let (host, writable) = cursor.host.map_or((None, false), |(host, writable)| (Some(host), writable));
        Ok(Placed { path: cursor.path, host, writable, links })
    }

    /// Where a link of the sandbox's own `/dev` leads.
    pub fn device_link(&self, path: &Path) -> Option<PathBuf> {
        let is_dev = |mount: &&Mount<'_>| mount.provider == Provider::Dev && mount.at != path;
        let mount = self.provider(path).filter(is_dev)?;
        let rest = path.strip_prefix(&mount.at).ok()?;
        DEVICE_LINKS.iter().find(|(name, _)| rest == Path::new(name)).map(|(_, to)| PathBuf::from(to))
    }

    /// Where the link that a cursor stands on leads, if it is one.
    fn link(&self, cursor: &Cursor, space: &dyn Space, planted: Planted) -> Result<Option<PathBuf>, Unplaced> {
        if let Some((target, _)) = self.links.get(cursor.path.as_os_str()) {
            return Ok(Some(target.clone()));
        }
        let Some((host, writable)) = &cursor.host else { return Ok(self.device_link(&cursor.path)) };
        match space.link(host) {
            Some(_) if *writable && planted == Planted::Refuse => Err(Unplaced::Planted(host.clone())),
            target => Ok(target),
        }
    }
}

/// The host's own file system, with the trees that the sandbox can write.
#[derive(Debug)]
pub struct HostTree(Mounts<'static>);

impl HostTree {
    /// A link inside one of `writable` will be refused, because the sandbox could have made it.
    pub fn new(writable: &[PathBuf]) -> HostTree {
        let mut host = Mounts::default();
        let mut add = |at: &Path, writable| {
            let provider = Provider::Host { source: at.to_owned(), writable, device: false };
            host.add(Mount { at: at.to_owned(), provider, step: None });
        };
        add(Path::new("/"), false);
        writable.iter().for_each(|tree| add(tree, true));
        HostTree(host)
    }

    /// Follows every link of a host path. A path that does not exist is an answer, too.
    pub fn resolve(&self, path: &Path, space: &dyn Space) -> Result<PathBuf, Unplaced> {
        self.follow(path, space).map(|placed| placed.path)
    }

    /// As [`HostTree::resolve`], with the links on the way.
    pub fn follow(&self, path: &Path, space: &dyn Space) -> Result<Placed, Unplaced> {
        self.0.resolve(path, space, Planted::Refuse)
    }
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let normal = |part: Component<'_>| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        _ => None,
    };
    path.components().filter_map(normal).collect()
}
