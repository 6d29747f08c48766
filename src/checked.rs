//! Host paths as they were when sbc looked at them. What is opened later must be the same thing.
//!
//! Between the look and the mount a process in another sandbox can put a link, or something else, in
//! their place. So they are opened without following links and compared, and bubblewrap gets the descriptor.

use crate::complaint::SWAPPED;
use crate::diagnostic::{Code, Diagnostic};
use crate::nofollow;
use rustix::fs::{FileType, OFlags, fstat};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// Which file something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    pub fn of(metadata: &std::fs::Metadata) -> Identity {
        Identity { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// A host path without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    pub path: PathBuf,
    pub directory: bool,
    /// `None` where sbc makes what is not there: it may come to be another file than the one that was seen.
    pub identity: Option<Identity>,
}

impl Checked {
    /// Opens the path with these flags.
    ///
    /// # Errors
    /// When a link leads there by now, or something else is there.
    pub fn open(&self, flags: OFlags) -> Result<OwnedFd, Diagnostic> {
        let kind = if self.directory { OFlags::DIRECTORY } else { OFlags::empty() };
        let opened = nofollow::open(&self.path, flags | kind).and_then(|file| Ok((fstat(&file)?, file)));
        let (stat, file) = opened.map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => self.swapped("a symbolic link has come to stand on its way"),
            error => self.swapped(&error.to_string()),
        })?;
        let found = Identity { device: stat.st_dev, inode: stat.st_ino };
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        if is_directory != self.directory || self.identity.is_some_and(|known| known != found) {
            return Err(self.swapped("something else is there"));
        }
        Ok(file)
    }

    fn swapped(&self, why: &str) -> Diagnostic {
        let title = format!("`{}` is not what sbc has looked at: {why}", self.path.display());
        Diagnostic::error(Code::SBC0713, title).note("nothing was started").help(SWAPPED)
    }
}
