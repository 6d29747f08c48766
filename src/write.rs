//! Writes files whole or not at all.

#![allow(clippy::disallowed_methods, reason = "this module looks at what it is to replace")]

use crate::diagnostic::{Code, Diagnostic};
use crate::project::{handle, holds};
use std::fs::{File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::{Builder, NamedTempFile};

/// A directory of the project that is held open, so that nothing can take its place.
#[derive(Debug)]
pub struct Directory {
    path: PathBuf,
    opened: File,
}

impl Directory {
    /// Makes a directory directly in the project at `root`, if there is none, and holds it.
    ///
    /// # Errors
    /// When it cannot be made, or a link leads out of the project to it.
    pub fn make(root: &Path, path: &Path) -> Result<Directory, Diagnostic> {
        let make = || {
            match std::fs::create_dir(path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => made?,
            }
            let opened = File::options().read(true).custom_flags(libc::O_DIRECTORY).open(path)?;
            holds(root, &opened)?;
            Ok(Directory { path: path.to_owned(), opened })
        };
        make().map_err(|error| unwritable(path, &error))
    }

    /// Replaces files in it, as [`replace_all`] does.
    pub fn replace_all(&self, files: &[(String, &[u8], u32)]) -> Result<(), Diagnostic> {
        put(files.iter().map(|(name, bytes, mode)| (self.place(name), *bytes, *mode)))
    }

    /// Removes a file in it, if it is there.
    pub fn remove(&self, name: &str) -> Result<(), Diagnostic> {
        let Place { named, real } = self.place(name);
        match std::fs::remove_file(real) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(unwritable(&named, &error)),
            _ => Ok(()),
        }
    }

    fn place(&self, name: &str) -> Place {
        Place { named: self.path.join(name), real: handle(&self.opened).join(name) }
    }
}

/// Replaces files in several directories, as [`replace_all`] does.
pub fn replace_in<'a>(files: impl Iterator<Item = (&'a Directory, &'a str, &'a [u8])>) -> Result<(), Diagnostic> {
    put(files.map(|(directory, name, bytes)| (directory.place(name), bytes, 0o644)))
}

/// Where a file is put, and what messages call it.
struct Place {
    named: PathBuf,
    real: PathBuf,
}

/// Writes a file under a temporary name in the same directory; nothing is left when that fails.
fn stage(path: &Path, bytes: &[u8], mode: u32) -> io::Result<NamedTempFile> {
    let directory = path.parent().unwrap_or(Path::new("."));
    // The mode is exact: artefacts do not depend on the umask.
    let mut file = Builder::new().prefix(".sbc-").tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Replaces a file.
pub fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Diagnostic> {
    replace_all(&[(path.to_owned(), bytes, mode)])
}

/// Replaces several files: all are written before the first takes its place, so that a disk that is
/// full leaves every old one.
pub fn replace_all(files: &[(PathBuf, &[u8], u32)]) -> Result<(), Diagnostic> {
    let place = |path: &PathBuf| Place { named: path.clone(), real: path.clone() };
    put(files.iter().map(|(path, bytes, mode)| (place(path), *bytes, *mode)))
}

fn put<'a>(files: impl Iterator<Item = (Place, &'a [u8], u32)>) -> Result<(), Diagnostic> {
    let mut staged = Vec::new();
    for (place, bytes, mode) in files {
        let is_directory = place.real.is_dir().then(|| io::Error::from(io::ErrorKind::IsADirectory));
        let file = is_directory.map_or_else(|| stage(&place.real, bytes, mode), Err);
        let file = file.map_err(|error| unwritable(&place.named, &error))?;
        staged.push((place, file));
    }
    for (place, file) in staged {
        file.persist(&place.real).map_err(|error| unwritable(&place.named, &error.error))?;
    }
    Ok(())
}

/// Writes to a path of the user's choice: a file is replaced whole, a device or a pipe is written.
pub fn output(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    match std::fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => {
            let written = std::fs::OpenOptions::new().write(true).open(path).and_then(|mut file| file.write_all(bytes));
            written.map_err(|error| unwritable(path, &error))
        }
        _ => replace(path, bytes, 0o644),
    }
}

/// Makes a new file; refuses to touch one that is there.
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), Diagnostic> {
    let result = stage(path, bytes, 0o644).and_then(|file| file.persist_noclobber(path).map_err(|error| error.error));
    match result {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let title = format!("`{}` is there already", path.display());
            Err(Diagnostic::error(Code::SBC0605, title).help("edit it, or remove it first; nothing was changed"))
        }
        Err(error) => Err(unwritable(path, &error)),
    }
}

/// Makes a directory of sbc's own records, with its parents, for this user alone.
pub fn private_directory(path: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk; nothing was changed",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "make the directory writable; nothing was changed"
        }
        _ => "nothing was changed",
    };
    // One of the system's kinds without its number is tempfile's own, and names a file that is gone.
    let own = error.raw_os_error().is_none() && error.kind() != io::ErrorKind::Other;
    let why = if own { error.kind().to_string() } else { error.to_string() };
    Diagnostic::error(Code::SBC0603, format!("`{}` cannot be written: {why}", path.display())).help(help)
}
