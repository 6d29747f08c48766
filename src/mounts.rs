//! The sandbox's file system as it grows, mount by mount, on one host.
//!
//! Answers where a path really lies inside: bubblewrap 0.12 refuses to mount on a symbolic link,
//! and older ones mount somewhere else, so every destination is resolved here first.

use crate::host::Links;
use std::collections::{HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// What a mount provides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Provider {
    /// A host path; a link below it could be the sandbox's own work if it is writable.
    Host { source: PathBuf, writable: bool },
    /// Something of the sandbox's own, in which no path exists that no rule made.
    Own,
    /// Nothing that can be read.
    Denied,
}

/// Why a path has no place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplaced {
    /// A link in a tree that the sandbox can write; where it lies on the host.
    Planted(PathBuf),
    /// Links that lead in a circle.
    Circle(PathBuf),
}

/// A path inside with every link followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    pub path: PathBuf,
    /// The host path behind it, when a host path provides it; it need not exist.
    pub host: Option<PathBuf>,
    pub writable: bool,
}

/// The mounts so far. Keys are paths in normal form, as bytes: comparing components is slow.
#[derive(Debug, Default)]
pub struct Mounts {
    providers: HashMap<OsString, Provider>,
    links: HashMap<OsString, PathBuf>,
}

/// Where a walk stands: a path without links, and the host path behind it.
#[derive(Debug)]
struct Cursor {
    path: PathBuf,
    host: Option<(PathBuf, bool)>,
}

impl Mounts {
    pub fn add(&mut self, at: PathBuf, provider: Provider) {
        self.providers.insert(at.into(), provider);
    }

    pub fn add_link(&mut self, at: PathBuf, to: PathBuf) {
        self.links.insert(at.into(), to);
    }

    /// The mount that provides a path without links, and where it stands.
    pub fn provider<'p>(&self, path: &'p Path) -> Option<(&'p Path, &Provider)> {
        path.ancestors().find_map(|above| Some((above, self.providers.get(above.as_os_str())?)))
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
        match self.providers.get(cursor.path.as_os_str()) {
            Some(Provider::Host { source, writable }) => cursor.host = Some((source.clone(), *writable)),
            Some(Provider::Own | Provider::Denied) => cursor.host = None,
            None => {
                if let Some((host, _)) = &mut cursor.host {
                    host.push(part);
                }
            }
        }
    }

    /// Follows every link of a path as the kernel would inside.
    pub fn resolve(&self, path: &Path, links: &Links) -> Result<Placed, Unplaced> {
        let mut left = parts(path);
        let mut cursor = self.cursor(Path::new("/"));
        let mut followed = 0;
        while let Some(part) = left.pop_front() {
            if part == ".." {
                cursor = self.cursor(cursor.path.parent().unwrap_or(Path::new("/")));
                continue;
            }
            self.step(&mut cursor, &part);
            let Some(target) = self.link(&cursor, links)? else { continue };
            followed += 1;
            if followed > MAX_LINKS {
                return Err(Unplaced::Circle(path.to_owned()));
            }
            let from =
                if target.is_absolute() { Path::new("/") } else { cursor.path.parent().unwrap_or(Path::new("/")) };
            cursor = self.cursor(from);
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
        }
        let (host, writable) = cursor.host.map_or((None, false), |(host, writable)| (Some(host), writable));
        Ok(Placed { path: cursor.path, host, writable })
    }

    /// Where the link that a cursor stands on leads, if it is one.
    fn link(&self, cursor: &Cursor, links: &Links) -> Result<Option<PathBuf>, Unplaced> {
        if let Some(target) = self.links.get(cursor.path.as_os_str()) {
            return Ok(Some(target.clone()));
        }
        let Some((host, writable)) = &cursor.host else { return Ok(None) };
        match links.read(host) {
            Some(_) if *writable => Err(Unplaced::Planted(host.clone())),
            target => Ok(target),
        }
    }
}

/// The host's own file system, with the trees that the sandbox can write.
#[derive(Debug)]
pub struct HostTree(Mounts);

impl HostTree {
    /// A link inside one of `writable` will be refused, because the sandbox could have made it.
    pub fn new(writable: &[PathBuf]) -> HostTree {
        let mut host = Mounts::default();
        host.add("/".into(), Provider::Host { source: "/".into(), writable: false });
        for tree in writable {
            host.add(tree.clone(), Provider::Host { source: tree.clone(), writable: true });
        }
        HostTree(host)
    }

    /// Follows every link of a host path. A path that does not exist is an answer, too.
    pub fn resolve(&self, path: &Path, links: &Links) -> Result<PathBuf, Unplaced> {
        self.0.resolve(path, links).map(|placed| placed.path)
    }
}

fn parts(path: &Path) -> VecDeque<OsString> {
    let normal = |part: Component<'_>| match part {
        Component::Normal(_) | Component::ParentDir => Some(part.as_os_str().to_owned()),
        _ => None,
    };
    path.components().filter_map(normal).collect()
}
