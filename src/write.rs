//! Writes files whole or not at all.

use crate::diagnostic::{Code, Diagnostic};
use std::fs::Permissions;
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use tempfile::{Builder, NamedTempFile};

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
    let result = stage(path, bytes, mode).and_then(|file| file.persist(path).map_err(|error| error.error));
    result.map(|_| ()).map_err(|error| unwritable(path, &error))
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

/// Makes a directory and its parents.
pub fn directory(path: &Path) -> Result<(), Diagnostic> {
    std::fs::create_dir_all(path).map_err(|error| unwritable(path, &error))
}

fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    let help = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "make room on the disk; nothing was changed",
        io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied => {
            "make the directory writable; nothing was changed"
        }
        _ => "nothing was changed",
    };
    // Without a number of the system's it is tempfile's own, and names a file that is gone.
    let why = if error.raw_os_error().is_some() { error.to_string() } else { error.kind().to_string() };
    Diagnostic::error(Code::SBC0603, format!("`{}` cannot be written: {why}", path.display())).help(help)
}
