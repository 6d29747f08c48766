//! The directories of a tree in the order in which they are searched: those in one after the other, beside what
//! the last search has seen of them (`seen.rs`).
//!
//! Follows no link and leaves no file system.

#![allow(clippy::disallowed_methods, reason = "this module opens the directories of projects")]

use crate::nofollow;
use crate::seen::{Node, Print, Seen};
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags, StatxFlags, fstat, openat2, statat, statx};
use rustix::io::Errno;
use rustix::thread::sched_getaffinity;
use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// So many directories are compared in less time than it takes to start a thread.
const SHARE: usize = 500;

/// More threads than this gain nothing.
const MOST_WORKERS: usize = 8;

/// A tree and how far it has been searched.
pub struct Walk<'a> {
    root: &'a Path,
    opened: OwnedFd,
    device: u64,
    seen: Option<&'a Seen>,
    /// What was seen, with the prints of what is still so.
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
        let length = root.as_os_str().len();
        let first = Step { node: Node::default(), above: 0, length, inside: None, known: Some(0) };
        let mut walk = Walk { root, opened, device, seen, known: Vec::new(), steps: vec![first] };
        if let Some(seen) = seen {
            walk.known = seen.nodes();
            walk.steps.reserve(walk.known.len());
            let prints = walk.unchanged(seen);
            walk.known.iter_mut().zip(prints).for_each(|(node, print)| node.print = print);
        }
        walk
    }

    /// The prints of all directories that are still as they were seen; side by side where there are many.
    fn unchanged(&self, seen: &Seen) -> Vec<Option<Print>> {
        let around = self.around();
        let mut prints = vec![None; self.known.len()];
        let workers = match prints.len() / SHARE {
            0 | 1 => 1,
            shares => shares.min(MOST_WORKERS).min(sched_getaffinity(None).map_or(1, |set| set.count() as usize)),
        };
        let share = prints.len().div_ceil(workers.max(1)).max(1);
        std::thread::scope(|scope| {
            let around = &around;
            let mut shares = prints.chunks_mut(share).enumerate();
            let own = shares.next();
            for (number, prints) in shares {
                let work = move || self.compare(seen, around, number * share, prints);
                // What nobody compares is read.
                let _ = std::thread::Builder::new().spawn_scoped(scope, work);
            }
            own.into_iter().for_each(|(_, prints)| self.compare(seen, around, 0, prints));
        });
        prints
    }

    /// For each directory that was seen, the place of the one around it.
    fn around(&self) -> Vec<usize> {
        let inner = |(place, node): (usize, &Node<'_>)| node.inner.clone().map(move |_| place);
        std::iter::once(0).chain((0..).zip(&self.known).flat_map(inner)).collect()
    }

    /// Finds out which of the directories from a place on are the ones that were seen, as they were. What is told so
    /// has its names still, also if somebody moves it this moment, or puts a link on the way.
    fn compare(&self, seen: &Seen, around: &[usize], first: usize, prints: &mut [Option<Print>]) {
        let mut opened = None;
        for (place, print) in (first..).zip(prints) {
            let (Some(node), Some(above)) = (self.known.get(place), around.get(place)) else { continue };
            let Some(known) = node.print else { continue };
            if opened.as_ref().is_none_or(|(place, _)| place != above) {
                opened = Some((*above, self.open_below(&self.path_seen(around, *above), OFlags::PATH)));
            }
            if let Some((_, Ok(opened))) = &opened {
                let there = statat(opened, OsStr::from_bytes(&node.name), AtFlags::SYMLINK_NOFOLLOW);
                *print = there.is_ok_and(|there| seen.is_same(known, &there)).then_some(known);
            }
        }
    }

    /// The path below the root of a directory that was seen.
    fn path_seen(&self, around: &[usize], place: usize) -> PathBuf {
        let above = |place: &usize| around.get(*place).copied().filter(|above| *above != 0);
        let places = std::iter::successors(Some(place).filter(|place| *place != 0), above);
        joined(places.filter_map(|place| Some(&*self.known.get(place)?.name)))
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
        joined(steps.map(|step| &*step.node.name))
    }

    /// Opens a directory, through no link.
    pub fn open(&self, at: usize) -> rustix::io::Result<OwnedFd> {
        self.open_below(&self.below(at), OFlags::RDONLY)
    }

    fn open_below(&self, path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
        let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
        let flags = flags | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
        match openat2(&self.opened, path, flags, Mode::empty(), resolve) {
            // Before Linux 5.6, and in containers that do not know it.
            Err(Errno::NOSYS | Errno::PERM) => {
                let opened = nofollow::open(&self.root.join(path), flags)?;
                if fstat(&opened)?.st_dev == self.device { Ok(opened) } else { Err(Errno::XDEV) }
            }
            opened => opened,
        }
    }

    /// Goes on to the directories in one that has not changed since its names were read; `false` for all others.
    pub fn skip(&mut self, at: usize) -> bool {
        let Walk { known, steps, .. } = self;
        let Some(step) = steps.get_mut(at).filter(|step| step.node.print.is_some()) else { return false };
        let inner = step.known.and_then(|place| known.get(place)).map_or(0..0, |node| node.inner.clone());
        let (above, length) = (at, step.length);
        let first = steps.len();
        steps.extend(inner.filter_map(|place| {
            let Node { name, print, .. } = known.get(place)?;
            let node = Node { name: name.clone(), print: *print, inner: 0..0 };
            let length = length + 1 + name.len();
            Some(Step { node, above, length, inside: None, known: Some(place) })
        }));
        self.ends(at, first);
        true
    }

    /// The step to a directory in one that is being read.
    pub fn step(&self, at: usize, name: &[u8], inside: Option<usize>) -> Step<'a> {
        let around = self.steps.get(at);
        let place = || {
            let inner = self.known.get(around?.known?)?.inner.clone();
            let found = self.known.get(inner.clone())?.binary_search_by(|node| node.name.as_ref().cmp(name));
            Some(inner.start + found.ok()?)
        };
        let known = place();
        // In a directory that was found for its name, all is looked at.
        let print = known.and_then(|place| self.known.get(place)?.print).filter(|_| inside.is_none());
        let length = around.map_or(0, |step| step.length) + 1 + name.len();
        let node = Node { name: Cow::Owned(name.to_owned()), print, inner: 0..0 };
        Step { node, above: at, length, inside, known }
    }

    /// How an opened directory is told from what becomes of it; to be asked before its names are read.
    pub fn print(&self, opened: &OwnedFd) -> Option<Print> {
        let flags = AtFlags::EMPTY_PATH | AtFlags::SYMLINK_NOFOLLOW;
        self.seen?.print(&statx(opened, "", flags, StatxFlags::BASIC_STATS).ok()?)
    }

    /// Ends a directory that was read. `print` is `None` if it must be read again next time.
    pub fn enter(&mut self, at: usize, print: Option<Print>, mut steps: Vec<Step<'a>>) {
        if let Some(step) = self.steps.get_mut(at) {
            step.node.print = print;
        }
        steps.sort_unstable_by(|one, other| one.node.name.cmp(&other.node.name));
        let first = self.steps.len();
        self.steps.extend(steps);
        self.ends(at, first);
    }

    /// All steps from the first on are directly in a directory.
    fn ends(&mut self, at: usize, first: usize) {
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

/// A path of names, the last first.
fn joined<'n>(names: impl Iterator<Item = &'n [u8]>) -> PathBuf {
    let mut names: Vec<&OsStr> = names.map(OsStr::from_bytes).collect();
    names.reverse();
    names.into_iter().collect()
}
