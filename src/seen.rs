//! What the last search of a tree has seen of its directories, kept outside of every project: the names in a
//! directory that has not changed need not be read again (`walk.rs`).
//!
//! A directory is remembered only if nothing in it means anything to a search for these very names, and only if
//! any change of it from then on gives it another time. So what is remembered is true whoever has put there
//! what: it vouches for no find. It holds until the machine starts anew or its clock is set. What is missing or
//! damaged is read again.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::moment::{Beginning, Moment};
use crate::plan::sha256;
use crate::small::small;
use crate::write::private_directory;
use rustix::fs::Stat;
use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A larger file is neither read nor written: some 400,000 directories.
const LARGEST: usize = 16 << 20;

/// So few names are read again in less time than it takes to write down that they need not be.
const FEW: usize = 2_000;

/// Another one for each change of the format, or of what a directory must be to be remembered.
const VERSION: &str = "1";

/// Tells a directory, as it is, from every other and from what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    inode: u64,
    changed: Moment,
}

/// A directory of a tree.
#[derive(Clone, Debug, Default)]
pub struct Node<'a> {
    /// Its name in the directory around it.
    pub name: Cow<'a, [u8]>,
    /// `None` where its names must be read.
    pub print: Option<Print>,
    /// The places of the directories directly in it, which are sorted by name.
    pub inner: Range<usize>,
}

/// What is remembered of one tree of a project, and will be.
#[derive(Debug)]
pub struct Seen {
    file: PathBuf,
    /// Stands for everything on which it depends what the names in a directory mean.
    key: String,
    device: u64,
    /// When the search began that will be remembered.
    began: Beginning,
    /// The nodes as they are kept; empty where nothing is remembered.
    kept: Vec<u8>,
}

impl Print {
    /// How a directory is told, by what the kernel says of it.
    pub fn of(there: &Stat) -> Print {
        Print { inode: there.st_ino, changed: Moment::of_file(there) }
    }
}

impl Seen {
    /// What is remembered of a tree on this device, where a change shows. `state` is sbc's own directory, `words` are
    /// all names that mean something.
    pub fn read(state: &Path, project: &Path, tree: &Path, device: u64, mut words: Vec<&[u8]>) -> Seen {
        let began = Beginning::now();
        words.sort_unstable();
        let [project, tree] = [project, tree].map(|path| path.as_os_str().as_bytes());
        let number = device.to_string();
        let about = [VERSION.as_bytes(), env!("CARGO_PKG_VERSION").as_bytes(), project, tree, number.as_bytes()];
        let key = sha256(&[&about, &*words].concat().join(&0));
        let file = state.join("seen").join(sha256(&[project, b"\0", tree].concat()));
        let kept = small(&file, LARGEST as u64).and_then(|bytes| valid(&bytes, &key)).unwrap_or_default();
        Seen { file, key, device, began, kept }
    }

    /// The directories that are remembered, those in one after the other. The first is the root of the tree.
    pub fn nodes(&self) -> Vec<Node<'_>> {
        parse(&self.kept).unwrap_or_default()
    }

    /// How to tell a directory, before its names are read, from what becomes of it. `None` where that cannot be told.
    pub fn print(&self, there: &Stat) -> Option<Print> {
        let print = Print::of(there);
        // Only a change that is older than the clock's last step gets another time than the next one. Seconds
        // would be too long a step where the clock is set.
        let is_told = !print.changed.is_whole() && self.began.is_after(Some(print.changed));
        (is_told && there.st_dev == self.device).then_some(print)
    }

    /// Whether this is the directory, as it was.
    pub fn is_same(&self, print: Print, there: &Stat) -> bool {
        there.st_dev == self.device && Print::of(there) == print
    }

    /// Keeps what has been seen now, if that spares so many names next time that it is worth while. What cannot be
    /// kept is read again.
    pub fn keep<'a>(&self, nodes: impl Iterator<Item = &'a Node<'a>>, spared: usize) {
        if spared < FEW {
            return;
        }
        let mut bytes = Vec::with_capacity(self.kept.len());
        let is_written = nodes.map(|node| node.write(&mut bytes)).all(|written| written.is_some());
        if is_written && bytes.len() < LARGEST {
            let _ = self.replace(&bytes);
        }
    }

    fn replace(&self, nodes: &[u8]) -> io::Result<()> {
        let directory = self.file.parent().unwrap_or(Path::new("/"));
        private_directory(directory)?;
        let body = [self.key.as_bytes(), b" ", self.began.write().as_bytes(), b"\n", nodes].concat();
        let mut file = tempfile::NamedTempFile::new_in(directory)?;
        file.write_all(&[sha256(&body).as_bytes(), b"\n", &body].concat())?;
        file.persist(&self.file).map(drop).map_err(|error| error.error)
    }
}

impl Node<'_> {
    /// `None` for a directory that the format cannot hold.
    fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        // No inode has the number 0.
        let (inode, (seconds, nanoseconds)) =
            self.print.map_or_else(Default::default, |print| (print.inode, print.changed.numbers()));
        out.extend_from_slice(&inode.to_le_bytes());
        out.extend_from_slice(&seconds.to_le_bytes());
        out.extend_from_slice(&nanoseconds.to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.inner.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&u16::try_from(self.name.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&self.name);
        Some(())
    }
}

/// The nodes in a file that is whole, about the same, and of this start of the machine.
fn valid(bytes: &[u8], key: &str) -> Option<Vec<u8>> {
    let (sum, body) = split_line(bytes)?;
    let (about, nodes) = split_line(body)?;
    let (its_key, began) = std::str::from_utf8(about).ok()?.split_once(' ')?;
    let is_whole = its_key == key && sum == sha256(body).as_bytes();
    (is_whole && Beginning::read(began)?.is_of_this_start()).then(|| nodes.to_vec())
}

fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    bytes.split_at_checked(end).and_then(|(line, rest)| Some((line, rest.get(1..)?)))
}

/// `None` for what was not written here.
fn parse(mut bytes: &[u8]) -> Option<Vec<Node<'_>>> {
    let mut nodes = Vec::new();
    // Those in each follow on those in the one before.
    let mut first = 1;
    while !bytes.is_empty() {
        // Each but the root lies in one before it.
        if nodes.len() >= first {
            return None;
        }
        let inode = u64::from_le_bytes(take(&mut bytes)?);
        let changed = Moment::new(i64::from_le_bytes(take(&mut bytes)?), u64::from_le_bytes(take(&mut bytes)?));
        let inner = first..first + usize::try_from(u32::from_le_bytes(take(&mut bytes)?)).ok()?;
        let length = usize::from(u16::from_le_bytes(take(&mut bytes)?));
        let (name, rest) = bytes.split_at_checked(length)?;
        (bytes, first) = (rest, inner.end);
        nodes.push(Node { name: name.into(), print: (inode != 0).then_some(Print { inode, changed }), inner });
    }
    (first == nodes.len()).then_some(nodes)
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(*taken)
}

#[cfg(test)]
mod tests {
    use super::{Node, Print, Seen, parse, valid};
    use crate::moment::{Beginning, Moment};
    use crate::plan::sha256;
    use rustix::fs::{AtFlags, CWD, statat};
    use std::error::Error;
    use std::path::PathBuf;

    /// A directory is remembered only with a time that no later change can give it: none of the step of the clock in
    /// which the search began, none in whole seconds, none of another device.
    #[test]
    fn young_directories_are_not_remembered() -> Result<(), Box<dyn Error>> {
        let now = Beginning::now().write();
        let numbers: Vec<&str> = now.split('.').collect();
        let [second, _, up] = numbers[..] else { return Err(now.into()) };
        let began = Beginning::read(&format!("{second}.500.{up}")).ok_or("no beginning")?;
        let second: i64 = second.parse()?;
        let seen = Seen { file: PathBuf::new(), key: String::new(), device: 7, began, kept: Vec::new() };
        let mut there = statat(CWD, "/", AtFlags::empty())?;
        for (seconds, nanoseconds, device, is_remembered) in [
            (second, 499, 7, true),
            (second, 500, 7, false),
            (second, 501, 7, false),
            (second - 1, 501, 7, true),
            (second - 1, 0, 7, false),
            (second, 499, 8, false),
        ] {
            (there.st_ctime, there.st_ctime_nsec, there.st_dev) = (seconds, nanoseconds, device);
            let print = seen.print(&there);
            assert_eq!(print.is_some(), is_remembered, "{seconds}.{nanoseconds} on {device}");
            assert!(print.is_none_or(|print| seen.is_same(print, &there)));
            let print = Print::of(&there);
            there.st_ctime_nsec += 1;
            assert!(!seen.is_same(print, &there));
            there.st_ctime_nsec = nanoseconds;
            there.st_ino += 1;
            assert!(!seen.is_same(print, &there));
            there.st_ino -= 1;
        }
        Ok(())
    }

    /// What was written comes back; what is not whole, about something else or of another start of the machine does not.
    #[test]
    fn memories() {
        let print = Some(Print { inode: 3, changed: Moment::new(-1, 5) });
        let node = |name: &'static str, print, inner| Node { name: name.as_bytes().into(), print, inner };
        let nodes = [node("", None, 1..3), node("a", print, 3..3), node("b \n", print, 3..4), node("c", None, 4..4)];
        let mut bytes = Vec::new();
        assert!(nodes.iter().all(|node| node.write(&mut bytes).is_some()));
        assert_eq!(format!("{:?}", parse(&bytes)), format!("{:?}", Some(nodes)));
        assert!((1..bytes.len()).all(|end| parse(bytes.get(..end).unwrap_or_default()).is_none()));

        bytes.clear();
        assert!([node("", None, 1..1), node("itself", None, 1..2)].iter().all(|node| node.write(&mut bytes).is_some()));
        assert!(parse(&bytes).is_none());

        let file = |began: &str| {
            let body = [format!("key {began}\n").as_bytes(), &bytes].concat();
            [sha256(&body).as_bytes(), b"\n", &body].concat()
        };
        let now = Beginning::now().write();
        assert_eq!(valid(&file(&now), "key").as_ref(), Some(&bytes));
        assert_eq!(valid(&file(&now), "another"), None);
        assert_eq!(valid(&file("1000.5.10"), "key"), None);
    }
}
