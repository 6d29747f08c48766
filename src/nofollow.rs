//! Opens paths of the host without following a link, whichever component it is.
//!
//! sbc follows links once, while it looks at the host. What has become a link since may lead anywhere, so
//! everything that is opened afterwards is opened here.

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat, openat2};
use rustix::io::Errno;
use std::os::fd::OwnedFd;
use std::path::{Component, Path};

/// Opens an absolute path with these flags, if no part of it is a link.
///
/// # Errors
/// `ELOOP` or `ENOTDIR` for a link, and whatever else open(2) says.
pub fn open(path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    let flags = flags | OFlags::CLOEXEC;
    // Not O_NOFOLLOW: with O_PATH it would open a link itself.
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        // Before Linux 5.6, and in containers that do not know it.
        Err(Errno::NOSYS | Errno::PERM) => walk(path, flags),
        opened => opened,
    }
}

/// The same, one component after the other.
fn walk(path: &Path, flags: OFlags) -> rustix::io::Result<OwnedFd> {
    const STEP: OFlags = OFlags::PATH.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    let mut parts = path.components().filter(|part| *part != Component::RootDir).peekable();
    let mut at = openat(CWD, "/", STEP, Mode::empty())?;
    while let Some(part) = parts.next() {
        let flags = if parts.peek().is_some() { STEP } else { flags | OFlags::NOFOLLOW };
        at = openat(&at, part.as_os_str(), flags, Mode::empty())?;
    }
    if path.parent().is_none() {
        return openat(at, ".", flags, Mode::empty());
    }
    match FileType::from_raw_mode(fstat(&at)?.st_mode) {
        FileType::Symlink => Err(Errno::LOOP),
        _ => Ok(at),
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files")]
mod tests {
    use super::{open, walk};
    use rustix::fs::OFlags;
    use rustix::io::Errno;
    use std::fs::{create_dir, write};
    use std::io;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// With and without openat2 the same paths are opened, and none through a link.
    #[test]
    fn both_ways_refuse_links() -> io::Result<()> {
        let folder = tempfile::tempdir()?;
        let real = folder.path().canonicalize()?;
        let at = |name: &str| real.join(name);
        create_dir(at("real"))?;
        write(at("real/file"), "")?;
        symlink("real", at("link"))?;
        symlink("real/file", at("name"))?;
        let (read, path) = (OFlags::RDONLY, OFlags::PATH);
        for way in [open, walk] {
            for (name, flags) in [("real/file", read), ("real/file", path), ("real", path)] {
                assert!(way(&at(name), flags).is_ok(), "{name}");
            }
            assert!(way(Path::new("/"), path).is_ok());
            for (name, flags) in
                [("link/file", path), ("name", read), ("name", path), ("link", path), ("link/../real", path)]
            {
                let refused = way(&at(name), flags).err();
                assert!(matches!(refused, Some(Errno::LOOP | Errno::NOTDIR)), "{name}: {refused:?}");
            }
        }
        Ok(())
    }
}
