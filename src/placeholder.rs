//! Paths that exist only as long as a sandbox needs them.
//!
//! bubblewrap would create missing mount points and leave them behind. sbc creates them in the
//! open, after noting what it is going to make (`record.rs`), and removes what is untouched when no
//! sandbox uses it any more (`aftermath.rs`). No link is followed.

#![allow(clippy::disallowed_methods, reason = "this module creates and removes placeholders")]

use crate::mounts::Placeholder;
use crate::nofollow;
use crate::plan::sha256;
use crate::record::{Item, Role, State};
use rustix::fs::{AtFlags, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

/// What making a placeholder will come to: its missing parents, itself, and that it is used.
pub fn intentions(placeholder: &Placeholder) -> Vec<Item> {
    let missing = |part: &&Path| fs::symlink_metadata(part).is_err();
    let parts = placeholder.path.ancestors().take_while(missing);
    let intended = parts.map(|part| {
        let directory = placeholder.directory || part != placeholder.path;
        let mark = if directory { "dir".to_owned() } else { sha256(&placeholder.text) };
        Item { role: Role::Intends, state: State { mark, ..State::default() }, path: part.to_owned() }
    });
    let used = Item { role: Role::Uses, state: State::default(), path: placeholder.path.clone() };
    intended.chain([used]).collect()
}

/// Makes a path and its parents where they are missing, and gives what was made.
pub fn make(placeholder: &Placeholder) -> io::Result<Vec<Item>> {
    let mut made = Vec::new();
    make_at(&placeholder.path, placeholder.directory, &placeholder.text, &mut made)?;
    Ok(made)
}

fn make_at(path: &Path, directory: bool, text: &[u8], made: &mut Vec<Item>) -> io::Result<()> {
    match open(path, directory) {
        Ok(_) => return Ok(()),
        Err(Errno::NOENT) => {}
        Err(error) => return Err(error.into()),
    }
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return Err(Errno::NOENT.into()) };
    make_at(above, true, &[], made)?;
    let parent = open(above, true)?;
    let result = if directory {
        mkdirat(&parent, name, Mode::from_raw_mode(0o755)).map_err(io::Error::from)
    } else {
        create(&parent, name, text)
    };
    match result {
        Ok(()) => {}
        // Somebody else was faster, and it is theirs.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return open(path, directory).map(drop).map_err(Into::into);
        }
        Err(error) => return Err(error),
    }
    let state = State::of(path).ok_or(io::ErrorKind::NotFound)?;
    made.push(Item { role: Role::Made, state, path: path.to_owned() });
    Ok(())
}

fn create(parent: &OwnedFd, name: &OsStr, text: &[u8]) -> io::Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = openat(parent, name, flags, Mode::from_raw_mode(0o600))?;
    fs::File::from(file).write_all(text)
}

/// Whether a path is as a run has made it, or was about to, so that somebody has to remove it.
pub fn is_untouched(item: &Item) -> bool {
    let Some(there) = State::of(&item.path) else { return false };
    let same = match item.role {
        Role::Made => there == item.state,
        // Killed between the note and the deed: it was missing, and is what was to be made. Or less,
        // if the text had not been written.
        _ => there.mark == item.state.mark || there.mark == sha256(&[]),
    };
    let is_empty = || fs::read_dir(&item.path).is_ok_and(|mut entries| entries.next().is_none());
    same && (there.mark != "dir" || is_empty())
}

/// Removes an untouched path.
pub fn remove(item: &Item) -> io::Result<()> {
    let (Some(above), Some(name)) = (item.path.parent(), item.path.file_name()) else { return Ok(()) };
    let parent = open(above, true)?;
    let flags = if item.state.mark == "dir" { AtFlags::REMOVEDIR } else { AtFlags::empty() };
    Ok(unlinkat(&parent, name, flags)?)
}

/// Opens a path, if it is of the kind and no part of it is a link. Links were followed before;
/// what has become one since is refused.
pub fn open(path: &Path, directory: bool) -> rustix::io::Result<OwnedFd> {
    let kind = if directory { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
    nofollow::open(path, OFlags::RDONLY | kind)
}
