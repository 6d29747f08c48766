//! Paths that exist only as long as a sandbox needs them.
//!
//! bubblewrap would create missing mount points and leave them behind. sbc creates them in the
//! open, records what it made outside of every project, and removes it when it is still empty and
//! no other sandbox uses it: each run holds a shared lock, and only who gets an exclusive one
//! removes. What a killed run leaves is removed by the next that ends.

#![allow(clippy::disallowed_methods, reason = "this module creates and removes placeholders")]

use crate::diagnostic::{Code, Diagnostic};
use crate::mounts::Placeholder;
use crate::write::private_directory;
use rustix::fs::{
    AtFlags, CWD, FlockOperation, Mode, OFlags, ResolveFlags, flock, fstat, mkdirat, openat, openat2, statat, unlinkat,
};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// The placeholders of one run, locked. Dropping them cleans up.
#[derive(Debug)]
pub struct Placeholders {
    /// Where the records of all runs lie.
    journal: PathBuf,
    /// Locks on everything in use.
    held: Vec<OwnedFd>,
    /// What this run has made.
    made: Vec<Entry>,
}

/// A path and the file that is there. The inode tells what sbc made from what the user makes later.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Entry {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl Placeholders {
    /// Creates what is missing and locks everything. `state` is sbc's own directory.
    ///
    /// # Errors
    /// When something cannot be created; then nothing is left.
    pub fn create(wanted: &[Placeholder], state: &Path) -> Result<Placeholders, Diagnostic> {
        let mut placeholders = Placeholders { journal: state.join("placeholders"), held: Vec::new(), made: Vec::new() };
        let failed = |path: &Path, error: &io::Error| {
            let title = format!("`{}` cannot be created for the sandbox: {error}", path.display());
            Diagnostic::error(Code::SBC0603, title).help("create it yourself, or write `missing=\"skip\"`")
        };
        let _turn = placeholders.turn(!wanted.is_empty());
        for placeholder in wanted {
            let held = placeholders.hold(&placeholder.path, placeholder.directory);
            held.map_err(|error| failed(&placeholder.path, &error))?;
        }
        placeholders.record().map_err(|error| failed(&placeholders.journal, &error))?;
        Ok(placeholders)
    }

    /// Opens and locks a path, and makes it and its parents where they are missing.
    fn hold(&mut self, path: &Path, directory: bool) -> io::Result<()> {
        let (fd, entry) = match open(path, directory) {
            Ok(fd) => (fd, None),
            Err(Errno::NOENT) => {
                let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
                    return Err(Errno::NOENT.into());
                };
                let parent = match open(above, true) {
                    Err(Errno::NOENT) => {
                        self.hold(above, true)?;
                        open(above, true)?
                    }
                    parent => parent?,
                };
                let (fd, created) = make(&parent, name, directory)?;
                let entry = created.then(|| Entry::of(path, &fd)).transpose()?;
                (fd, entry)
            }
            Err(error) => return Err(error.into()),
        };
        self.made.extend(entry);
        flock(&fd, FlockOperation::NonBlockingLockShared)?;
        self.held.push(fd);
        Ok(())
    }

    /// Waits until no other run is creating or cleaning up; the turn ends when the result is dropped.
    /// Where there can be no journal nothing is ever removed but by who made it.
    fn turn(&self, wanted: bool) -> Option<OwnedFd> {
        let journal =
            wanted.then(|| private_directory(&self.journal).ok().and_then(|()| open(&self.journal, true).ok()));
        journal.flatten().filter(|journal| flock(journal, FlockOperation::LockExclusive).is_ok())
    }

    /// Notes what was made, for this run's end and for others.
    fn record(&self) -> io::Result<()> {
        if self.made.is_empty() {
            return Ok(());
        }
        private_directory(&self.journal)?;
        let mut file = tempfile::Builder::new().prefix("made-").tempfile_in(&self.journal)?;
        for entry in &self.made {
            write!(file, "{} {} ", entry.device, entry.inode)?;
            file.write_all(entry.path.as_os_str().as_bytes())?;
            file.write_all(b"\0")?;
        }
        file.keep().map(drop).map_err(|error| error.error)
    }

    /// What all runs have made and not yet removed, by the file that says so.
    fn records(&self) -> Vec<(PathBuf, Vec<Entry>)> {
        let files = fs::read_dir(&self.journal).into_iter().flatten().filter_map(|file| Some(file.ok()?.path()));
        files
            .filter_map(|file| Some((file.clone(), fs::read(&file).ok()?)))
            .map(|(file, bytes)| (file, read(&bytes)))
            .collect()
    }
}

impl Drop for Placeholders {
    fn drop(&mut self) {
        let _turn = self.turn(!self.held.is_empty());
        self.held.clear();
        let records = self.records();
        let mut made: Vec<&Entry> = records.iter().flat_map(|(_, made)| made).chain(&self.made).collect();
        // What lies in a directory goes before the directory.
        made.sort_by(|one, other| other.path.cmp(&one.path));
        for entry in made {
            // What cannot be removed is in use, or the user's by now, and so stays.
            let _ = entry.remove();
        }
        for (file, made) in &records {
            // What lies in a directory of this record and is another run's keeps the directory.
            let others = records.iter().filter(|(other, _)| other != file).flat_map(|(_, made)| made);
            let mut guests = others.filter(|guest| fs::symlink_metadata(&guest.path).is_ok());
            let hosts = |guest: &Entry| {
                made.iter().any(|entry| guest.path != entry.path && guest.path.starts_with(&entry.path))
            };
            if !made.iter().any(|entry| entry.pending().is_some()) && !guests.any(hosts) {
                let _ = fs::remove_file(file);
            }
        }
    }
}

impl Entry {
    fn of(path: &Path, fd: &OwnedFd) -> io::Result<Entry> {
        let stat = fstat(fd)?;
        Ok(Entry { path: path.to_owned(), device: stat.st_dev, inode: stat.st_ino })
    }

    /// It, opened, if it is still there and still empty, so that somebody has to remove it; and
    /// whether it is a directory.
    fn pending(&self) -> Option<(OwnedFd, bool)> {
        let metadata = fs::symlink_metadata(&self.path).ok()?;
        let directory = metadata.is_dir();
        let empty = if directory { fs::read_dir(&self.path).ok()?.next().is_none() } else { metadata.len() == 0 };
        let fd = open(&self.path, directory).ok().filter(|_| empty)?;
        (Entry::of(&self.path, &fd).ok()? == *self).then_some((fd, directory))
    }

    /// Removes it if it is empty and no sandbox uses it.
    fn remove(&self) -> io::Result<()> {
        let Some((fd, directory)) = self.pending() else { return Ok(()) };
        flock(&fd, FlockOperation::NonBlockingLockExclusive)?;
        let (Some(above), Some(name)) = (self.path.parent(), self.path.file_name()) else { return Ok(()) };
        let parent = open(above, true)?;
        let there = statat(parent.as_fd(), name, AtFlags::SYMLINK_NOFOLLOW)?;
        if (there.st_dev, there.st_ino) != (self.device, self.inode) {
            return Ok(());
        }
        if directory {
            unlinkat(&parent, name, AtFlags::REMOVEDIR)?;
        } else if there.st_size == 0 {
            unlinkat(&parent, name, AtFlags::empty())?;
        }
        Ok(())
    }
}

/// The entries of a record; what cannot be read is left out.
fn read(bytes: &[u8]) -> Vec<Entry> {
    let entry = |line: &[u8]| {
        let mut words = line.splitn(3, |byte| *byte == b' ');
        let mut number = || std::str::from_utf8(words.next()?).ok()?.parse().ok();
        let (device, inode) = (number()?, number()?);
        Some(Entry { path: OsString::from_vec(words.next()?.to_vec()).into(), device, inode })
    };
    bytes.split(|byte| *byte == 0).filter_map(entry).collect()
}

/// Opens a path, if it is of the kind and no part of it is a link. Links were followed before;
/// what has become one since is refused.
fn open(path: &Path, directory: bool) -> rustix::io::Result<OwnedFd> {
    let kind = if directory { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | kind;
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Before Linux 5.6, and in containers that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => openat(CWD, path, flags, Mode::empty()),
        opened => opened,
    }
}

/// Makes an entry of a directory; tells whether it was not there.
fn make(parent: &OwnedFd, name: &OsStr, directory: bool) -> io::Result<(OwnedFd, bool)> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let made = if directory {
        mkdirat(parent, name, Mode::from_raw_mode(0o755))
    } else {
        openat(parent, name, flags | OFlags::CREATE | OFlags::EXCL, Mode::from_raw_mode(0o600)).map(drop)
    };
    match made {
        // Another run was faster.
        Ok(()) | Err(Errno::EXIST) => {
            let kind = if directory { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
            Ok((openat(parent, name, flags | kind, Mode::empty())?, made.is_ok()))
        }
        Err(error) => Err(error.into()),
    }
}
