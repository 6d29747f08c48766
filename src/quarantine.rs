//! Moves what must not be where it is to a place where nothing obeys it. Nothing is ever deleted.

#![allow(clippy::disallowed_methods, reason = "this module moves files out of projects")]

use crate::placeholder::open;
use crate::rights;
use crate::write::private_directory;
use rustix::fs::{CWD, RenameFlags, renameat, renameat_with};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// The file beside each thing that says where it was.
const ORIGIN: &str = "origin";

/// Moves a path, whatever it is, below `state` and gives where it is now. No link is followed.
///
/// # Errors
/// When it cannot even be renamed where it is; then it stays as it was.
pub fn carry_off(path: &Path, state: &Path) -> io::Result<PathBuf> {
    match carry(path, state) {
        // Whoever put it there can have locked the directories.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            rights::to_move(path);
            carry(path, state)
        }
        carried => carried,
    }
}

fn carry(path: &Path, state: &Path) -> io::Result<PathBuf> {
    let (Some(above), Some(name)) = (path.parent(), path.file_name()) else {
        return Err(io::ErrorKind::InvalidInput.into());
    };
    let parent = open(above, true)?;
    let cell = cell(state, path);
    if let Ok(cell) = &cell {
        let there = cell.join(name);
        match renameat(&parent, name, CWD, &there) {
            Ok(()) => return Ok(there),
            Err(Errno::XDEV) => {}
            Err(error) => {
                let _ = fs::remove_dir_all(cell);
                return Err(error.into());
            }
        }
    }
    // On another disk, or where there is no room: first a name that nothing obeys, then the rest.
    let inert = inert(above, name);
    renameat_with(&parent, name, CWD, &inert, RenameFlags::NOREPLACE)?;
    let carried = cell.and_then(|cell| {
        let there = cell.join(name);
        copy(&inert, &there).inspect_err(|_| drop(fs::remove_dir_all(&cell)))?;
        Ok(there)
    });
    let Ok(there) = carried else { return Ok(inert) };
    let is_directory = fs::symlink_metadata(&inert)?.is_dir();
    // What cannot be removed has a harmless name.
    let _ = if is_directory { fs::remove_dir_all(&inert) } else { fs::remove_file(&inert) };
    Ok(there)
}

/// A directory for one thing, with a note of where that was.
fn cell(state: &Path, path: &Path) -> io::Result<PathBuf> {
    let quarantine = state.join("quarantine");
    private_directory(&quarantine)?;
    let mut number = 1_u32;
    let cell = loop {
        let cell = quarantine.join(number.to_string());
        match fs::create_dir(&cell) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number = number.saturating_add(1),
            made => break made.map(|()| cell)?,
        }
    };
    // A thing of the same name keeps its own.
    if path.file_name() != Some(OsStr::new(ORIGIN)) {
        fs::write(cell.join(ORIGIN), [path.as_os_str().as_bytes(), b"\n"].concat())?;
    }
    Ok(cell)
}

/// A free name in the same directory.
fn inert(above: &Path, name: &OsStr) -> PathBuf {
    let candidate = |number: u32| {
        let mut inert = OsString::from("quarantined-by-sbc-");
        inert.push(format!("{number}-"));
        inert.push(name);
        above.join(inert)
    };
    (1..u32::MAX).map(candidate).find(|path| fs::symlink_metadata(path).is_err()).unwrap_or_else(|| candidate(0))
}

/// Copies a tree: files, directories and links as links. Anything else is an error.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for entry in WalkDir::new(from).follow_links(false) {
        let entry = entry?;
        let target = match entry.path().strip_prefix(from) {
            Ok(rest) if !rest.as_os_str().is_empty() => to.join(rest),
            _ => to.to_owned(),
        };
        let kind = entry.file_type();
        if kind.is_dir() {
            fs::create_dir(&target)?;
        } else if kind.is_symlink() {
            std::os::unix::fs::symlink(fs::read_link(entry.path())?, &target)?;
        } else if kind.is_file() {
            let mut source = fs::File::from(open(entry.path(), false)?);
            let mut file = fs::File::create_new(&target)?;
            io::copy(&mut source, &mut file)?;
            file.set_permissions(source.metadata()?.permissions())?;
        } else {
            return Err(io::ErrorKind::Unsupported.into());
        }
    }
    Ok(())
}
