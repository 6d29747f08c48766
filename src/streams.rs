//! Descriptors 0 to 2, which the command inside gets from sbc's caller as they are.
//!
//! A directory among them is a door: from `/proc/self/fd/0/..` the whole host can be reached. What is none of
//! the kinds that programs are given to read and write is refused.

use crate::diagnostic::{Code, Diagnostic};
use rustix::fs::{FileType, OFlags, fcntl_getfl, fstat};
use rustix::stdio::{stderr, stdin, stdout};
use std::os::fd::BorrowedFd;

/// Refuses standard streams that lead out of the sandbox.
///
/// # Errors
/// For the first that does.
pub fn check() -> Result<(), Diagnostic> {
    let streams = [("standard input", stdin()), ("standard output", stdout()), ("standard error", stderr())];
    streams.into_iter().try_for_each(|(name, stream)| match way_out(stream) {
        None => Ok(()),
        Some(what) => {
            Err(Diagnostic::error(Code::SBC0712, format!("{name} is {what}, which leads out of the sandbox"))
                .help("redirect it to a file, a pipe or a terminal, such as `sbc exec … < /dev/null`"))
        }
    })
}

/// What a stream is, if it is none of the kinds that are passed on. One that is closed leads nowhere.
fn way_out(stream: BorrowedFd<'_>) -> Option<&'static str> {
    let stat = fstat(stream).ok()?;
    if fcntl_getfl(stream).is_ok_and(|flags| flags.contains(OFlags::PATH)) {
        return Some("a handle on a path");
    }
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile | FileType::Fifo | FileType::Socket | FileType::CharacterDevice => None,
        FileType::Directory => Some("a directory"),
        FileType::BlockDevice => Some("a block device"),
        _ => Some("an object of the kernel"),
    }
}
