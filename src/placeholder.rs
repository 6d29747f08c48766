//! Paths that exist only as long as a sandbox needs them.
//!
//! bubblewrap would create missing mount points and leave them behind. sbc creates them in the
//! open, remembers which were its own in a journal outside of every project, and removes them when
//! they are still empty and no other sandbox uses them: each holds a shared lock, and only who
//! gets an exclusive one removes. A run that was killed is cleaned up by the next.

#![allow(clippy::disallowed_methods, reason = "this module creates and removes placeholders")]

use crate::diagnostic::{Code, Diagnostic};
use crate::invocation::Placeholder;
use crate::plan::sha256;
use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags, flock, fstat, mkdirat, openat, unlinkat};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The placeholders of one run, locked. Dropping them cleans up.
#[derive(Debug)]
pub struct Placeholders {
    journal: PathBuf,
    /// Parents first.
    held: Vec<Held>,
    /// Locks on what no sandbox has made.
    users: Vec<OwnedFd>,
}

#[derive(Debug)]
struct Held {
    path: PathBuf,
    parent: OwnedFd,
    fd: OwnedFd,
    directory: bool,
}

impl Placeholders {
    /// Creates what is missing and locks everything. `state` is sbc's own directory.
    pub fn create(wanted: &[Placeholder], state: &Path) -> Result<Placeholders, Diagnostic> {
        let mut placeholders =
            Placeholders { journal: state.join("placeholders"), held: Vec::new(), users: Vec::new() };
        for placeholder in wanted {
            placeholders.hold(placeholder).map_err(|error| {
                let title = format!("`{}` cannot be created for the sandbox: {error}", placeholder.path.display());
                Diagnostic::error(Code::SBC0603, title).help("create it yourself, or write `missing=\"skip\"`")
            })?;
        }
        Ok(placeholders)
    }

    fn hold(&mut self, placeholder: &Placeholder) -> io::Result<()> {
        let journaled = self.record(&placeholder.path).exists();
        if !journaled && let Ok(fd) = open(rustix::fs::CWD, placeholder.path.as_os_str(), placeholder.directory) {
            // It was there before any sandbox, so it will not be removed. The lock tells the others.
            flock(&fd, FlockOperation::NonBlockingLockShared)?;
            self.users.push(fd);
            return Ok(());
        }
        self.walk(placeholder)
    }

    /// Walks down to the path without following any link, and creates on the way.
    fn walk(&mut self, placeholder: &Placeholder) -> io::Result<()> {
        let mut parent = open(rustix::fs::CWD, OsStr::new("/"), true)?;
        let mut path = PathBuf::from("/");
        let parts: Vec<&OsStr> = placeholder.path.iter().skip(1).collect();
        for (index, part) in parts.iter().enumerate() {
            path.push(part);
            let is_last = index + 1 == parts.len();
            let directory = !is_last || placeholder.directory;
            let (fd, created) = open_or_create(&parent, part, directory)?;
            if created {
                self.remember(&path, &fd)?;
            }
            let entry = Held { path: path.clone(), parent, fd: fd.try_clone()?, directory };
            if (created || is_last || self.is_ours(&path, &fd)) && !self.held.iter().any(|held| held.path == path) {
                flock(&entry.fd, FlockOperation::NonBlockingLockShared)?;
                self.held.push(entry);
            }
            parent = fd;
        }
        Ok(())
    }

    fn record(&self, path: &Path) -> PathBuf {
        self.journal.join(sha256(path.as_os_str().as_bytes()))
    }

    /// Notes that a path was made by sbc. The inode tells it from what the user makes later.
    fn remember(&self, path: &Path, fd: &OwnedFd) -> io::Result<()> {
        fs::create_dir_all(&self.journal)?;
        fs::write(self.record(path), identity(fd)?)
    }

    fn is_ours(&self, path: &Path, fd: &OwnedFd) -> bool {
        let noted = fs::read_to_string(self.record(path)).ok();
        noted.is_some() && noted == identity(fd).ok()
    }
}

impl Drop for Placeholders {
    fn drop(&mut self) {
        while let Some(held) = self.held.pop() {
            let ours = self.is_ours(&held.path, &held.fd);
            // Another sandbox that uses it holds a lock, and will clean up.
            if !ours || flock(&held.fd, FlockOperation::NonBlockingLockExclusive).is_err() {
                continue;
            }
            // What is not empty belongs to the user now, and so stays.
            let _ = remove_if_empty(&held);
            let _ = fs::remove_file(self.record(&held.path));
        }
    }
}

/// Opens an entry of a directory, if it is of the kind and no link.
fn open(parent: impl AsFd, name: &OsStr, directory: bool) -> rustix::io::Result<OwnedFd> {
    let kind = if directory { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
    openat(parent, name, OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | kind, Mode::empty())
}

/// Opens an entry of a directory, or makes it; tells which.
fn open_or_create(parent: &OwnedFd, name: &OsStr, directory: bool) -> io::Result<(OwnedFd, bool)> {
    match open(parent, name, directory) {
        Err(rustix::io::Errno::NOENT) => {}
        found => return Ok((found?, false)),
    }
    let created = if directory {
        mkdirat(parent, name, Mode::from_raw_mode(0o755))
    } else {
        let flags = OFlags::RDONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        openat(parent, name, flags, Mode::from_raw_mode(0o600)).map(drop)
    };
    match created {
        // Another run was faster.
        Ok(()) | Err(rustix::io::Errno::EXIST) => Ok((open(parent, name, directory)?, created.is_ok())),
        Err(error) => Err(error.into()),
    }
}

fn identity(fd: &OwnedFd) -> io::Result<String> {
    let stat = fstat(fd)?;
    Ok(format!("{} {}\n", stat.st_dev, stat.st_ino))
}

fn remove_if_empty(held: &Held) -> io::Result<()> {
    let name = held.path.file_name().unwrap_or_default();
    if held.directory {
        return Ok(unlinkat(&held.parent, name, AtFlags::REMOVEDIR)?);
    }
    if fstat(&held.fd)?.st_size == 0 {
        unlinkat(&held.parent, name, AtFlags::empty())?;
    }
    Ok(())
}
