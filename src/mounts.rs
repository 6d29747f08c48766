//! The sandbox's file system as it grows, mount by mount, on one host.
//!
//! Answers where a path really lies inside: bubblewrap 0.12 refuses to mount on a symbolic link,
//! and older ones mount somewhere else, so every destination is resolved here first.

use crate::host::Links;
use std::collections::{BTreeMap, VecDeque};
use std::ffi::OsString;
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

/// The mounts so far.
#[derive(Debug, Default)]
pub struct Mounts {
    providers: BTreeMap<PathBuf, Provider>,
    links: BTreeMap<PathBuf, PathBuf>,
}

impl Mounts {
    pub fn add(&mut self, at: PathBuf, provider: Provider) {
        self.providers.insert(at, provider);
    }

    pub fn add_link(&mut self, at: PathBuf, to: PathBuf) {
        self.links.insert(at, to);
    }

    /// The mount that provides a path without links.
    pub fn provider(&self, path: &Path) -> Option<(&Path, &Provider)> {
        path.ancestors()
            .find_map(|above| self.providers.get_key_value(above))
            .map(|(at, provider)| (at.as_path(), provider))
    }

    /// The host path behind a path without links, and whether it can be written inside.
    fn host(&self, path: &Path) -> Option<(PathBuf, bool)> {
        match self.provider(path)? {
            (at, Provider::Host { source, writable }) => {
                let rest = path.strip_prefix(at).ok()?;
                Some((if rest.as_os_str().is_empty() { source.clone() } else { source.join(rest) }, *writable))
            }
            _ => None,
        }
    }

    /// Follows every link of a path as the kernel would inside.
    pub fn resolve(&self, path: &Path, links: &Links) -> Result<Placed, Unplaced> {
        let mut left = parts(path);
        let mut real = PathBuf::from("/");
        let mut followed = 0;
        while let Some(part) = left.pop_front() {
            if part == ".." {
                real.pop();
                continue;
            }
            real.push(&part);
            let Some(target) = self.link(&real, links)? else { continue };
            followed += 1;
            if followed > MAX_LINKS {
                return Err(Unplaced::Circle(path.to_owned()));
            }
            real.pop();
            if target.is_absolute() {
                real = PathBuf::from("/");
            }
            for part in parts(&target).into_iter().rev() {
                left.push_front(part);
            }
        }
        let host = self.host(&real);
        Ok(Placed {
            path: real,
            writable: host.as_ref().is_some_and(|(_, writable)| *writable),
            host: host.map(|(host, _)| host),
        })
    }

    /// Where the link at `path` leads, if one is there.
    fn link(&self, path: &Path, links: &Links) -> Result<Option<PathBuf>, Unplaced> {
        if let Some(target) = self.links.get(path) {
            return Ok(Some(target.clone()));
        }
        let Some((host, writable)) = self.host(path) else { return Ok(None) };
        match links.read(&host) {
            Some(_) if writable => Err(Unplaced::Planted(host)),
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
