//! What the last search of a tree has seen of its directories, kept outside of every project: the names in a
//! directory that has not changed need not be read again (`walk.rs`).
//!
//! A directory is remembered only if nothing in it means anything to a search for these very names, and only if
//! any change of it from then on gives it another time. So what is remembered is true whoever has put there
//! what: it vouches for no find. It holds until the machine starts anew or its clock is set. What is missing or
//! damaged is read again.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::cache::make_room;
use crate::moment::{Beginning, Moment};
use crate::plan::sha256;
use crate::small::small;
use crate::write::private_directory;
use rustix::fs::{Stat, Statx, StatxAttributes, makedev};
use std::borrow::Cow;
use std::io::{self, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A larger file is neither read nor written: some 300,000 directories.
const LARGEST: usize = 16 << 20;

/// So few names are read again in less time than it takes to write down that they need not be.
const FEW: usize = 2_000;

/// How long a node is without its name.
const LEAST: usize = 38;

/// How many files are kept. The oldest go first.
const KEPT: usize = 100;

/// Another one for each change of the format, or of what a directory must be to be remembered.
const VERSION: &str = "1";

/// Tells a directory, as it is, from every other and from what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    inode: u64,
    /// Before Linux 6.0, Btrfs gives a directory another size, and no other time, for a new subvolume in it.
    size: u64,
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
    /// Stands for everything on which it depends what the names in a directory mean; also the file's name.
    key: String,
    device: u64,
    /// When the search began that will be remembered.
    began: Beginning,
    /// The nodes as they are kept; empty where nothing is remembered.
    kept: Vec<u8>,
}

impl Print {
    fn of(there: &Stat) -> Print {
        Print { inode: there.st_ino, size: there.st_size.unsigned_abs(), changed: Moment::of_file(there) }
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
        let file = state.join("seen").join(&key);
        let kept = small(&file, LARGEST as u64).and_then(|bytes| valid(bytes, &key)).unwrap_or_default();
        Seen { file, key, device, began, kept }
    }

    /// The directories that are remembered, those in one after the other. The first is the root of the tree.
    pub fn nodes(&self) -> Vec<Node<'_>> {
        parse(&self.kept).unwrap_or_default()
    }

    /// How to tell a directory, by what the kernel says of it before its names are read, from what becomes of it. `None`
    /// where that cannot be told.
    pub fn print(&self, there: &Statx) -> Option<Print> {
        let changed = Moment::new(there.stx_ctime.tv_sec, there.stx_ctime.tv_nsec.into());
        // Only a change that is older than the clock's last step gets another time than the next one. Seconds would be
        // too long a step where the clock is set. With a key, an encrypted directory has other names.
        let is_told = !changed.is_whole()
            && self.began.is_after(Some(changed))
            && !there.stx_attributes.contains(StatxAttributes::ENCRYPTED)
            && makedev(there.stx_dev_major, there.stx_dev_minor) == self.device;
        is_told.then_some(Print { inode: there.stx_ino, size: there.stx_size, changed })
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
        make_room(directory, KEPT);
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
        let (inode, size, (seconds, nanoseconds)) =
            self.print.map_or_else(Default::default, |print| (print.inode, print.size, print.changed.numbers()));
        out.extend_from_slice(&inode.to_le_bytes());
        out.extend_from_slice(&size.to_le_bytes());
        out.extend_from_slice(&seconds.to_le_bytes());
        out.extend_from_slice(&nanoseconds.to_le_bytes());
        out.extend_from_slice(&u32::try_from(self.inner.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&u16::try_from(self.name.len()).ok()?.to_le_bytes());
        out.extend_from_slice(&self.name);
        Some(())
    }
}

/// The nodes in a file that is whole, about the same, and of this start of the machine.
fn valid(mut bytes: Vec<u8>, key: &str) -> Option<Vec<u8>> {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (sum, body) = (parts.next()?, parts.next()?);
    let about = body.split(|byte| *byte == b'\n').next()?;
    let (its_key, began) = std::str::from_utf8(about).ok()?.split_once(' ')?;
    let is_whole = its_key == key && sum == sha256(body).as_bytes();
    let is_valid = is_whole && Beginning::read(began)?.is_of_this_start();
    let start = sum.len() + 1 + about.len() + 1;
    (is_valid && start <= bytes.len()).then(|| {
        bytes.drain(..start);
        bytes
    })
}

/// `None` for what was not written here.
fn parse(mut bytes: &[u8]) -> Option<Vec<Node<'_>>> {
    let mut nodes = Vec::with_capacity(bytes.len() / (LEAST + 1));
    // Those in each follow on those in the one before.
    let mut first = 1;
    while !bytes.is_empty() {
        // Each but the root lies in one before it.
        if nodes.len() >= first {
            return None;
        }
        let (inode, size) = (u64::from_le_bytes(take(&mut bytes)?), u64::from_le_bytes(take(&mut bytes)?));
        let changed = Moment::new(i64::from_le_bytes(take(&mut bytes)?), u64::from_le_bytes(take(&mut bytes)?));
        let inner = first..first + usize::try_from(u32::from_le_bytes(take(&mut bytes)?)).ok()?;
        let length = usize::from(u16::from_le_bytes(take(&mut bytes)?));
        let (name, rest) = bytes.split_at_checked(length)?;
        (bytes, first) = (rest, inner.end);
        nodes.push(Node { name: name.into(), print: (inode != 0).then_some(Print { inode, size, changed }), inner });
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
    use rustix::fs::{AtFlags, CWD, Stat, StatxAttributes, StatxFlags, statat, statx};
    use std::error::Error;
    use std::path::PathBuf;

    /// A directory is remembered only with a time that no later change can give it: none of the step of the clock in
    /// which the search began, none in whole seconds; none of another device, and no encrypted one.
    #[test]
    fn young_directories_are_not_remembered() -> Result<(), Box<dyn Error>> {
        let now = Beginning::now().write();
        let numbers: Vec<&str> = now.split('.').collect();
        let [second, _, up] = numbers[..] else { return Err(now.into()) };
        let began = Beginning::read(&format!("{second}.500.{up}")).ok_or("no beginning")?;
        let second: i64 = second.parse()?;
        let seen = Seen { device: 7, began, file: PathBuf::new(), key: String::new(), kept: Vec::new() };
        let mut there = statx(CWD, "/", AtFlags::empty(), StatxFlags::BASIC_STATS)?;
        (there.stx_dev_major, there.stx_attributes) = (0, StatxAttributes::empty());
        let mut is_remembered = |seconds, nanoseconds, device, attributes| {
            (there.stx_ctime.tv_sec, there.stx_ctime.tv_nsec) = (seconds, nanoseconds);
            (there.stx_dev_minor, there.stx_attributes) = (device, attributes);
            seen.print(&there).is_some()
        };
        let plain = StatxAttributes::empty();
        assert!(is_remembered(second, 499, 7, plain));
        assert!(is_remembered(second - 1, 501, 7, plain));
        for (seconds, nanoseconds) in [(second, 500), (second, 501), (second - 1, 0), (second + 9, 1)] {
            assert!(!is_remembered(seconds, nanoseconds, 7, plain), "{seconds}.{nanoseconds}");
        }
        assert!(!is_remembered(second, 499, 8, plain));
        assert!(!is_remembered(second, 499, 7, StatxAttributes::ENCRYPTED));
        Ok(())
    }

    /// A directory is the same only with the same inode, size and time on the same device.
    #[test]
    fn prints() -> Result<(), Box<dyn Error>> {
        let mut there = statat(CWD, "/", AtFlags::empty())?;
        (there.st_dev, there.st_ino, there.st_size, there.st_ctime, there.st_ctime_nsec) = (7, 3, 10, 5, 6);
        let began = Beginning::now();
        let seen = Seen { device: 7, began, file: PathBuf::new(), key: String::new(), kept: Vec::new() };
        let print = Print { inode: 3, size: 10, changed: Moment::new(5, 6) };
        assert!(seen.is_same(print, &there));
        let changes: [fn(&mut Stat); 5] = [
            |there| there.st_dev = 8,
            |there| there.st_ino = 4,
            |there| there.st_size = 12,
            |there| there.st_ctime = 6,
            |there| there.st_ctime_nsec = 7,
        ];
        for change in changes {
            let mut other = there;
            change(&mut other);
            assert!(!seen.is_same(print, &other), "{other:?}");
        }
        Ok(())
    }

    /// What was written comes back; what is not whole, about something else or of another start of the machine does not.
    #[test]
    fn memories() {
        let print = Some(Print { inode: 3, size: 4, changed: Moment::new(-1, 5) });
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
        assert_eq!(valid(file(&now), "key").as_ref(), Some(&bytes));
        assert_eq!(valid(file(&now), "another"), None);
        assert_eq!(valid(file("1000.5.10"), "key"), None);
    }
}
