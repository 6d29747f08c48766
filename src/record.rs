//! What runs have made and what they guard, written down outside of every project.
//!
//! A run that is killed cannot clean up, so each notes beforehand what it is going to do. Beside its
//! record lies a lock, which sbc holds, and bubblewrap as well, until the last process inside has
//! ended (`--sync-fd`). Who gets the lock for itself knows that the run is over. A process inside can
//! reach what bubblewrap holds, so the lock is a file of its own, in which nothing stands.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::plan::sha256;
use crate::race::{Footprint, Spot};
use crate::write::private_directory;
use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::retry_on_intr;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Larger files are known by their size and the time of their last change, which nobody can forge.
const LARGEST: u64 = 1 << 20;

/// What a path is to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Needed: it must not be removed by others.
    Uses,
    /// About to be made, and missing before.
    Intends,
    /// Made by the run.
    Made,
    /// Missing, and nothing must appear there.
    Absent,
    /// Shown read-only.
    Kept,
    /// A project that is searched when the run is over.
    Project,
    /// When the run began.
    Began,
    /// A tree that can be written inside.
    Writes,
    /// A place in such a tree that has a mount on it.
    Mounted,
    /// A source that bubblewrap finds by its path.
    Named,
    /// A name that is looked for in all directories of the project.
    Name,
    /// What an audit has left in place.
    Known,
    /// Nothing of the run goes on when sbc has ended.
    Bound,
}

/// One line of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub role: Role,
    pub state: State,
    pub path: PathBuf,
}

/// What lies at a path: which file, and what it holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct State {
    pub device: u64,
    pub inode: u64,
    /// The kind, and of a regular file its contents. Of what is absent: the length of the part of the
    /// path up to the first that is missing.
    pub mark: String,
}

/// The record of one run.
#[derive(Clone, Debug)]
pub struct Record {
    pub file: PathBuf,
    pub items: Vec<Item>,
}

/// The directory of all records.
#[derive(Clone, Debug)]
pub struct Journal {
    directory: PathBuf,
}

const ROLES: [(Role, &str); 13] = [
    (Role::Uses, "uses"),
    (Role::Intends, "intends"),
    (Role::Made, "made"),
    (Role::Absent, "absent"),
    (Role::Kept, "kept"),
    (Role::Project, "project"),
    (Role::Began, "began"),
    (Role::Writes, "writes"),
    (Role::Mounted, "mounted"),
    (Role::Named, "named"),
    (Role::Name, "name"),
    (Role::Known, "known"),
    (Role::Bound, "bound"),
];

/// The mark of a place that has the same path inside.
const IN_PLACE: &str = "in-place";

impl State {
    /// What lies at a path, links not followed; `None` where nothing does.
    pub fn of(path: &Path) -> Option<State> {
        let metadata = fs::symlink_metadata(path).ok()?;
        let kind = metadata.file_type();
        let mark = match () {
            () if kind.is_dir() => "dir".to_owned(),
            () if kind.is_symlink() => "link".to_owned(),
            () if !kind.is_file() => "special".to_owned(),
            () if metadata.len() > LARGEST => {
                format!("{}.{}.{}", metadata.len(), metadata.ctime(), metadata.ctime_nsec())
            }
            () => contents(path).map_or_else(|_| "unreadable".to_owned(), |bytes| sha256(&bytes)),
        };
        Some(State { device: metadata.dev(), inode: metadata.ino(), mark })
    }

    /// Which file lies at a path, whatever it holds.
    fn file(path: &Path, mark: &str) -> State {
        let there = fs::symlink_metadata(path).map(|metadata| (metadata.dev(), metadata.ino()));
        let (device, inode) = there.unwrap_or_default();
        State { device, inode, mark: mark.to_owned() }
    }

    /// Whether it is the same file, whatever it holds.
    pub fn is_same_file(&self, other: &State) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }
}

/// Whether a directory is at a path, links not followed; `None` where nothing is, or it cannot be looked at.
fn is_directory(path: &Path) -> Option<bool> {
    fs::symlink_metadata(path).ok().map(|there| there.is_dir())
}

/// What a file holds. Nothing that takes its place is followed, waited for, or read without an end.
fn contents(path: &Path) -> io::Result<Vec<u8>> {
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file = fs::File::options().read(true).custom_flags(flags).open(path)?;
    let length = file.metadata()?.len();
    let mut bytes = Vec::with_capacity(LARGEST.min(length + 1) as usize);
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Item {
    /// A path that is missing, with the part of it that would have to be made first. `None` where
    /// that could not be made, because what is above is no directory.
    pub fn absent(path: &Path) -> Option<Item> {
        Item::absent_by(path, &is_directory)
    }

    /// The same, where `look` says whether there is a directory at a path; `None` where there is nothing.
    pub fn absent_by(path: &Path, look: &dyn Fn(&Path) -> Option<bool>) -> Option<Item> {
        // What has come since the host was looked at is not protected either.
        let first = path.ancestors().take_while(|part| look(part).is_none()).last().unwrap_or(path);
        let mark = first.as_os_str().len().to_string();
        let state = State { mark, ..State::default() };
        look(first.parent()?)?.then(|| Item { role: Role::Absent, state, path: path.to_owned() })
    }

    /// The first part of an absent path that was missing.
    pub fn first_missing(&self) -> PathBuf {
        let length = self.state.mark.parse().unwrap_or(usize::MAX);
        let bytes = self.path.as_os_str().as_bytes();
        OsString::from_vec(bytes.get(..length).unwrap_or(bytes).to_vec()).into()
    }

    /// Where a run touches the host, as it stands there now.
    pub fn touched(footprint: &Footprint) -> Vec<Item> {
        let item = |role, spot: &Spot| {
            let state = State::file(&spot.path, if spot.in_place { IN_PLACE } else { "elsewhere" });
            Item { role, state, path: spot.path.clone() }
        };
        let named = |path: &PathBuf| Item { role: Role::Named, state: State::default(), path: path.clone() };
        let writable = footprint.writable.iter().map(|spot| item(Role::Writes, spot));
        let mounted = footprint.mounted.iter().map(|spot| item(Role::Mounted, spot));
        writable.chain(mounted).chain(footprint.named.iter().map(named)).collect()
    }

    /// Items as bytes.
    pub fn write_all(items: &[Item]) -> Vec<u8> {
        let mut bytes = Vec::new();
        items.iter().for_each(|item| item.write(&mut bytes));
        bytes
    }

    /// The items in such bytes.
    pub fn read_all(bytes: &[u8]) -> Vec<Item> {
        bytes.split(|byte| *byte == 0).filter_map(Item::read).collect()
    }

    fn write(&self, out: &mut Vec<u8>) {
        let word = ROLES.iter().find(|(role, _)| *role == self.role).map_or("", |(_, word)| word);
        let State { device, inode, mark } = &self.state;
        out.extend_from_slice(format!("{word} {device} {inode} {mark} ").as_bytes());
        out.extend_from_slice(self.path.as_os_str().as_bytes());
        out.push(0);
    }

    fn read(line: &[u8]) -> Option<Item> {
        let mut words = line.splitn(5, |byte| *byte == b' ');
        let mut word = || std::str::from_utf8(words.next()?).ok();
        let role = word()?;
        let role = ROLES.iter().find(|(_, word)| *word == role).map(|(role, _)| *role)?;
        let (device, inode) = (word()?.parse().ok()?, word()?.parse().ok()?);
        let mark = word()?.to_owned();
        let path = OsString::from_vec(words.next()?.to_vec()).into();
        Some(Item { role, state: State { device, inode, mark }, path })
    }
}

impl Journal {
    /// The journal below `state`, sbc's own directory.
    pub fn new(state: &Path) -> Journal {
        Journal { directory: state.join("runs") }
    }

    /// Makes the directory, for nobody else to read.
    pub fn make(&self) -> io::Result<()> {
        private_directory(&self.directory)
    }

    /// Waits until no other sbc is beginning or settling runs; the turn ends when the result is
    /// dropped. `None` where there is no journal.
    pub fn turn(&self) -> io::Result<Option<OwnedFd>> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        match rustix::fs::open(&self.directory, flags, Mode::empty()) {
            Ok(directory) => {
                retry_on_intr(|| flock(&directory, FlockOperation::LockExclusive))?;
                Ok(Some(directory))
            }
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is any record. Cheap, and true of few moments.
    pub fn is_empty(&self) -> bool {
        fs::read_dir(&self.directory).map_or(true, |mut files| files.next().is_none())
    }

    /// A new record with its lock, held.
    pub fn begin(&self, items: &[Item]) -> io::Result<(Record, Lock)> {
        let file = tempfile::Builder::new().prefix("run-").tempfile_in(&self.directory)?;
        let (_, file) = file.keep().map_err(|error| error.error)?;
        // The lock is there before anything stands in the record.
        let lock = Lock::new(&file)?;
        let record = Record { file, items: Vec::new() };
        Ok((record.with(items)?, lock))
    }

    /// All records, in one's turn. What a killed sbc has left of others is removed.
    pub fn records(&self) -> Vec<Record> {
        let files = fs::read_dir(&self.directory).into_iter().flatten().filter_map(|file| Some(file.ok()?.path()));
        let (others, records): (Vec<PathBuf>, Vec<PathBuf>) = files.partition(|file| file.extension().is_some());
        for other in others.iter().filter(|other| !records.contains(&other.with_extension(""))) {
            let _ = fs::remove_file(other);
        }
        records.into_iter().filter_map(Record::read).collect()
    }
}

impl Record {
    fn read(file: PathBuf) -> Option<Record> {
        let bytes = fs::read(&file).ok()?;
        Some(Record { file, items: Item::read_all(&bytes) })
    }

    /// Adds lines.
    pub fn with(mut self, items: &[Item]) -> io::Result<Record> {
        if items.is_empty() {
            return Ok(self);
        }
        fs::File::options().append(true).open(&self.file)?.write_all(&Item::write_all(items))?;
        self.items.extend_from_slice(items);
        Ok(self)
    }

    /// Where the run touches the host. A mount is gone when somebody on the host has replaced the file below it.
    pub fn footprint(&self) -> Footprint {
        let spot = |item: &Item| Spot { path: item.path.clone(), in_place: item.state.mark == IN_PLACE };
        let stands = |item: &&Item| State::file(&item.path, "").is_same_file(&item.state);
        Footprint {
            writable: self.of(Role::Writes).map(spot).collect(),
            mounted: self.of(Role::Mounted).filter(stands).map(spot).collect(),
            named: self.of(Role::Named).map(|item| item.path.clone()).collect(),
        }
    }

    /// The items of one role.
    pub fn of(&self, role: Role) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(move |item| item.role == role)
    }

    /// Ends the record of a run that is over, but for what is left to do.
    pub fn close(&self, left: &[Item]) -> io::Result<()> {
        if left.is_empty() {
            fs::remove_file(&self.file)?;
        } else {
            let mut file =
                tempfile::NamedTempFile::with_suffix_in(".new", self.file.parent().unwrap_or(Path::new("/")))?;
            file.write_all(&Item::write_all(left))?;
            file.persist(&self.file).map_err(|error| error.error)?;
        }
        fs::remove_file(lock_of(&self.file)).or(Ok(()))
    }
}

/// The lock of a run, held once by sbc and once for bubblewrap: what a process inside does to
/// bubblewrap's does not touch the other. The record itself is locked by sbc alone.
#[derive(Debug)]
pub struct Lock {
    _record: OwnedFd,
    _own: OwnedFd,
    pub shared: OwnedFd,
}

impl Lock {
    fn new(record: &Path) -> io::Result<Lock> {
        let path = lock_of(record);
        fs::File::options().write(true).create_new(true).mode(0o400).open(&path)?;
        let held = |path: &Path| {
            let file = fs::File::open(path)?;
            flock(&file, FlockOperation::NonBlockingLockShared)?;
            Ok::<_, io::Error>(OwnedFd::from(file))
        };
        Ok(Lock { _record: held(record)?, _own: held(&path)?, shared: held(&path)? })
    }
}

/// The lock beside a record.
pub(crate) fn lock_of(file: &Path) -> PathBuf {
    file.with_extension("lock")
}
