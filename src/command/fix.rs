//! `sbc check --fix`: writes what is certain into the project's own files, and says so.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, printable};
use crate::fix::{Fixed, fix};
use crate::project::{self, Project};
use crate::source::{SourceKind, Sources};
use crate::{guard, write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Fixes the files of the project at `start`; a project that cannot be read is left to the check.
pub fn run(start: &Path) -> Result<(), Diagnostic> {
    let Ok(root) = project::find(start) else { return Ok(()) };
    let mut out = Diagnostics::default();
    let Project { sources, .. } = project::load_with_local(&root, &mut out);
    if out.has_errors() {
        return Ok(());
    }
    let before = sources.clone();
    let Ok(Fixed { sources, changes }) = guard::compute(move || fix(&sources)) else { return Ok(()) };
    if changes.is_empty() {
        return Ok(());
    }
    replace(&root, &before, &sources)?;
    for change in changes {
        eprintln!("fixed {}: {} -> {}", change.place, printable(&change.old), printable(&change.new));
    }
    Ok(())
}

/// Writes the files that changed, each with the permissions that it has.
pub(super) fn replace(root: &Path, before: &Sources, after: &Sources) -> Result<(), Diagnostic> {
    let mut files: Vec<(PathBuf, &[u8], u32)> = Vec::new();
    for ((_, old), (_, new)) in before.iter().zip(after.iter()) {
        if old.text == new.text || new.kind == SourceKind::BuiltIn {
            continue;
        }
        let path = root.join(&new.name);
        let metadata = path.symlink_metadata();
        match metadata.ok().filter(|metadata| metadata.is_file()) {
            Some(metadata) => files.push((path, new.text.as_bytes(), metadata.permissions().mode() & 0o777)),
            None => {
                let title = format!("`{}` is not a regular file, and is not changed", new.name);
                return Err(Diagnostic::error(Code::SBC0603, title).help("edit the file that the link leads to"));
            }
        }
    }
    write::replace_all(&files)
}
