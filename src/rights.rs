//! Gives the user back the rights to their own directories that a process inside has taken away, so that
//! what must not be there is found and can be moved.
//!
//! Follows no link, and touches no directory whose rights suffice or that is another user's.

#![allow(clippy::disallowed_methods, reason = "this module changes modes of directories")]

use crate::nofollow;
use crate::project::handle;
use rustix::fs::{Mode, OFlags, fstat};
use std::fs;
use std::io;
use std::path::Path;

/// Sees to it that a path can be looked at, where only the rights to a directory above it stand against that.
pub fn to_see(path: &Path) {
    let hidden =
        |part: &Path| fs::symlink_metadata(part).is_err_and(|error| error.kind() == io::ErrorKind::PermissionDenied);
    if !hidden(path) {
        return;
    }
    let mut parts: Vec<&Path> = path.ancestors().collect();
    parts.reverse();
    for part in parts {
        if let Some(above) = part.parent().filter(|_| hidden(part)) {
            grant(above, Mode::XUSR);
        }
    }
}

/// Sees to it that a path can be moved to another directory. The kernel asks for the right to write the
/// directory in which it is, and its own if it is one.
pub fn to_move(path: &Path) {
    to_see(path);
    path.parent().into_iter().chain([path]).for_each(|directory| grant(directory, Mode::RWXU));
}

/// Adds rights to a directory. What fails is found out by who needs them.
fn grant(directory: &Path, rights: Mode) {
    let Ok(opened) = nofollow::open(directory, OFlags::PATH | OFlags::DIRECTORY) else { return };
    let Ok(there) = fstat(&opened) else { return };
    let mode = Mode::from_raw_mode(there.st_mode);
    if there.st_uid == rustix::process::geteuid().as_raw() && !mode.contains(rights) {
        // The descriptor allows nothing but this.
        let _ = rustix::fs::chmod(handle(&opened), mode | rights);
    }
}
