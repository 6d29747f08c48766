//! Programs of the host that sbc itself runs, outside of every sandbox: bubblewrap and git.
//!
//! They are looked for in fixed places and not in `PATH`, where a project or an agent may write. Whoever can
//! put another one there decides what a sandbox is, so that must be root alone. What the user names may also be
//! the user's own; but never what a sandbox could write.

#![allow(clippy::disallowed_methods, reason = "this module looks at programs of the host")]

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::shell::literal;
use crate::host::Host;
use crate::mounts::{HostTree, Unplaced};
use std::fs::{self, Metadata};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Who may be able to change a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    Root,
    RootOrUser,
}

/// Whether a path leads to a file that can be run.
pub fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// The real path of a program that nobody else can change: neither the file nor a directory above it.
///
/// # Errors
/// When somebody else can, with the part and the cure.
pub fn trusted(program: &Path, owner: Owner) -> Result<PathBuf, Diagnostic> {
    let unreadable = |path: &Path, error| refused(path, program, &format!("cannot be looked at: {error}"));
    let real = fs::canonicalize(program).map_err(|error| unreadable(program, error))?;
    for part in real.ancestors() {
        let metadata = fs::symlink_metadata(part).map_err(|error| unreadable(part, error))?;
        if let Some((why, cure)) = open_to_others(&metadata, owner) {
            let help =
                format!("`sudo {cure} {}`, or use one that only root can change", literal(&part.display().to_string()));
            return Err(refused(part, program, &why).help(help));
        }
    }
    Ok(real)
}

/// Refuses a program that a sandbox could put another in the place of: it lies in one of `trees`, or a link
/// that leads to it does.
///
/// # Errors
/// When it does.
pub fn out_of_reach(program: &Path, trees: &[PathBuf], host: &Host) -> Result<(), Diagnostic> {
    let inside = match HostTree::new(trees).resolve(program, host) {
        Ok(real) => trees.iter().any(|tree| real.starts_with(tree)).then_some(real),
        Err(Unplaced::Planted(link) | Unplaced::Circle(link)) => Some(link),
    };
    match inside {
        None => Ok(()),
        Some(path) => Err(refused(&path, program, "lies where the sandbox can write, and so put another there")
            .help("use one that lies in a directory of the system, such as `/usr/bin`")),
    }
}

fn refused(part: &Path, program: &Path, why: &str) -> Diagnostic {
    let of = if part == program { String::new() } else { format!(", on the way to `{}`,", program.display()) };
    Diagnostic::error(Code::SBC0714, format!("`{}`{of} {why}", part.display()))
}

/// Why somebody else can change a file or what is in a directory, and the command against it.
fn open_to_others(metadata: &Metadata, owner: Owner) -> Option<(String, &'static str)> {
    let (uid, gid, mode) = (metadata.uid(), metadata.gid(), metadata.permissions().mode());
    let own = owner == Owner::RootOrUser && uid == rustix::process::geteuid().as_raw();
    // In a sticky directory everybody can make names, and nobody can take another's away.
    let sticky = metadata.is_dir() && mode & 0o1000 != 0;
    match () {
        () if !own && !is_root(uid) => Some((format!("belongs to user {uid}, who can change it"), "chown root")),
        () if mode & 0o002 != 0 && !sticky => Some(("can be changed by everybody".to_owned(), "chmod o-w")),
        () if mode & 0o020 != 0 && !sticky && gid != 0 => Some((format!("can be changed by group {gid}"), "chmod g-w")),
        () => None,
    }
}

/// Whether nobody but root has the rights of this user. Where a namespace has no root, such as in another
/// sandbox, the files of the host's root belong to nobody.
fn is_root(uid: u32) -> bool {
    const NOBODY: u32 = 65534;
    let has_root = || {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        map.is_empty() || map.lines().any(|line| line.split_whitespace().next() == Some("0"))
    };
    uid == 0 || uid == NOBODY && !has_root()
}
