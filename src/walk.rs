//! The directories of a tree in the order in which they are searched: those in one after the other, beside what
//! the last search has seen of them (`seen.rs`).
//!
//! Follows no link and leaves no file system.

#![allow(clippy::disallowed_methods, reason = "this module opens the directories of projects")]

use crate::nofollow;
use crate::seen::{Node, Print, Seen};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, fstat, openat2, statat};
use rustix::io::Errno;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A tree and how far it has been searched.
pub struct Walk<'a> {
    root: &'a Path,
    opened: OwnedFd,
    device: u64,
    seen: Option<&'a Seen>,
    known: Vec<Node<'a>>,
    steps: Vec<Step<'a>>,
}

/// A directory that is to be searched, or has been.
pub struct Step<'a> {
    node: Node<'a>,
    /// The step to the one around it.
    above: usize,
    /// How long its path is.
    length: usize,
    /// The place among the finds of the one in which it lies.
    inside: Option<usize>,
    /// Its place in what was seen.
    known: Option<usize>,
}

impl<'a> Walk<'a> {
    /// From an opened root on. `seen`: what is remembered, where a change shows.
    pub fn new(root: &'a Path, opened: OwnedFd, device: u64, seen: Option<&'a Seen>) -> Walk<'a> {
        let known = seen.map(Seen::nodes).unwrap_or_default();
        let length = root.as_os_str().len();
        let first = Step { node: Node::default(), above: 0, length, inside: None, known: Some(0) };
        Walk { root, opened, device, seen, known, steps: vec![first] }
    }

    /// How long the path of a step's directory is; `None` after the last.
    pub fn length(&self, at: usize) -> Option<usize> {
        self.steps.get(at).map(|step| step.length)
    }

    /// The place among the finds of the one in which a directory lies.
    pub fn inside(&self, at: usize) -> Option<usize> {
        self.steps.get(at)?.inside
    }

    /// The path of a directory.
    pub fn path(&self, at: usize) -> PathBuf {
        self.root.join(self.below(at))
    }

    /// The same below the root.
    fn below(&self, at: usize) -> PathBuf {
        let around = |step: &&Step<'a>| self.steps.get(step.above).filter(|_| step.above != 0);
        let steps = std::iter::successors(self.steps.get(at).filter(|_| at != 0), around);
        let mut names: Vec<&OsStr> = steps.map(|step| OsStr::from_bytes(&step.node.name)).collect();
        names.reverse();
        names.into_iter().collect()
    }

    /// Opens a directory, through no link.
    pub fn open(&self, at: usize, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = if at == 0 { PathBuf::from(".") } else { self.below(at) };
        let flags = flags | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        match openat2(&self.opened, &path, flags, Mode::empty(), resolve) {
            // Before Linux 5.6, and in containers that do not know it.
            Err(Errno::NOSYS | Errno::PERM) => {
                let opened = nofollow::open(&self.root.join(path), flags)?;
                if fstat(&opened)?.st_dev == self.device { Ok(opened) } else { Err(Errno::XDEV) }
            }
            opened => opened,
        }
    }

    /// Goes on to the directories in one that has not changed since its names were read; `false` for all others.
    ///
    /// # Errors
    /// When it cannot be opened any more.
    pub fn skip(&mut self, at: usize) -> rustix::io::Result<bool> {
        let Some(step) = self.steps.get(at).filter(|step| step.node.print.is_some()) else { return Ok(false) };
        let inner = step.known.and_then(|known| self.known.get(known)).map(|known| known.inner.clone());
        let inner = inner.filter(|inner| !inner.is_empty()).unwrap_or_default();
        if !inner.is_empty() {
            let opened = self.open(at, OFlags::PATH)?;
            let known = |place: usize| Some((place, self.known.get(place)?.name.clone()));
            let steps =
                inner.filter_map(known).map(|(place, name)| self.known_step(at, &opened, name, None, Some(place)));
            let steps = steps.collect();
            self.go_on(at, steps);
        }
        Ok(true)
    }

    /// The step to a directory in one that is being read.
    pub fn step(&self, at: usize, opened: &OwnedFd, name: &[u8], inside: Option<usize>) -> Step<'a> {
        let place = || {
            let inner = self.known.get(self.steps.get(at)?.known?)?.inner.clone();
            let found = self.known.get(inner.clone())?.binary_search_by(|node| node.name.as_ref().cmp(name));
            Some(inner.start + found.ok()?)
        };
        self.known_step(at, opened, Cow::Owned(name.to_owned()), inside, place())
    }

    fn known_step(
        &self,
        above: usize,
        opened: &OwnedFd,
        name: Cow<'a, [u8]>,
        inside: Option<usize>,
        known: Option<usize>,
    ) -> Step<'a> {
        let length = self.steps.get(above).map_or(0, |step| step.length) + 1 + name.len();
        let print = known.and_then(|known| self.known.get(known)?.print).filter(|_| inside.is_none());
        let print = print.filter(|print| self.is_same(opened, &name, *print));
        Step { node: Node { name, print, inner: 0..0 }, above, length, inside, known }
    }

    /// Whether a directory is the one that was seen, as it was. What is told so has its names still, also should
    /// somebody move it this moment.
    fn is_same(&self, opened: &OwnedFd, name: &[u8], print: Print) -> bool {
        let there = statat(opened, OsStr::from_bytes(name), AtFlags::SYMLINK_NOFOLLOW);
        self.seen.zip(there.ok()).is_some_and(|(seen, there)| seen.is_same(print, &there))
    }

    /// How an opened directory is told from what becomes of it; to be asked before its names are read.
    pub fn print(&self, opened: &OwnedFd) -> Option<Print> {
        self.seen?.print(&fstat(opened).ok()?)
    }

    /// Ends a directory that was read. `print` is `None` if it must be read again next time.
    pub fn enter(&mut self, at: usize, print: Option<Print>, mut steps: Vec<Step<'a>>) {
        if let Some(step) = self.steps.get_mut(at) {
            step.node.print = print;
        }
        steps.sort_unstable_by(|one, other| one.node.name.cmp(&other.node.name));
        self.go_on(at, steps);
    }

    fn go_on(&mut self, at: usize, steps: Vec<Step<'a>>) {
        let first = self.steps.len();
        self.steps.extend(steps);
        let inner = first..self.steps.len();
        if let Some(step) = self.steps.get_mut(at) {
            step.node.inner = inner;
        }
    }

    /// Ends a directory that could not be searched.
    pub fn forget(&mut self, at: usize) {
        if let Some(step) = self.steps.get_mut(at) {
            step.node.print = None;
        }
    }

    /// All directories, in order.
    pub fn nodes(&self) -> impl Iterator<Item = &Node<'a>> {
        self.steps.iter().map(|step| &step.node)
    }
}
