//! Gets the files of a set from where they are: a directory, or a repository of git.
//!
//! Follows no link, and takes no file for one that is none. What has come is looked at before any of it is written.

#![allow(clippy::disallowed_methods, reason = "this module reads what is vendored")]

use super::source::{Place, refused};
use super::{Revision, is_file_name};
use crate::diagnostic::Diagnostic;
use crate::emit::shell::literal;
use crate::guard::MAX_BYTES;
use crate::revision::Repository;
use crate::small::small;
use std::collections::BTreeMap;
use std::path::Path;

/// So many files make a set at the most.
const MOST_FILES: usize = 100;

/// What has come.
#[derive(Clone, Debug)]
pub struct Fetched {
    pub revision: Option<Revision>,
    /// The texts by the names of their files.
    pub files: BTreeMap<String, String>,
}

/// Gets a set. `source` is seen from the project's root.
///
/// # Errors
/// When it cannot be had, or is no set of profiles.
pub fn fetch(root: &Path, source: &str, place: &Place, directory: &str) -> Result<Fetched, Diagnostic> {
    let (commit, files) = match place {
        Place::Directory => (None, in_directory(&root.join(source), source)?),
        Place::Repository { revision } => {
            let repository = Repository::open(&root.join(source))?;
            let commit = repository.commit(revision)?;
            let commit = commit.ok_or_else(|| {
                refused(source, &format!("has no revision `{revision}`"))
                    .help(format!("`git -C {0} tag` lists tags, `git -C {0} branch` branches", literal(source)))
            })?;
            let files = repository.profiles(&commit, directory, source)?;
            (Some(commit), files)
        }
        Place::Remote { protocol, revision } => {
            let kept = tempfile::tempdir()
                .map_err(|error| refused(source, &format!("has no room to be fetched to: {error}")))?;
            let (repository, commit) = Repository::fetch(kept.path(), source, protocol, revision)?;
            let files = repository.profiles(&commit, directory, source)?;
            (Some(commit), files)
        }
    };
    let files = texts(files, source)?;
    Ok(Fetched { revision: commit.map(|commit| Revision { commit, directory: directory.to_owned() }), files })
}

/// The `*.kdl` files directly in a directory; hidden ones are left out.
fn in_directory(directory: &Path, source: &str) -> Result<Vec<(String, Vec<u8>)>, Diagnostic> {
    let cannot =
        |error| refused(source, &format!("cannot be read: {error}")).help("name a directory with `*.kdl` files");
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(cannot)? {
        let name = entry.map_err(cannot)?.file_name();
        let Some(name) = name.to_str() else { continue };
        if !name.ends_with(".kdl") || name.starts_with('.') {
            continue;
        }
        if files.len() == MOST_FILES {
            return Err(too_many(source));
        }
        let bytes = small(&directory.join(name), MAX_BYTES as u64).ok_or_else(|| {
            refused(name, &format!("of `{source}` is no regular file of up to {MAX_BYTES} bytes"))
                .help("put the file itself there")
        })?;
        files.push((name.to_owned(), bytes));
    }
    Ok(files)
}

/// Files as texts with names that a lock can hold.
fn texts(files: Vec<(String, Vec<u8>)>, source: &str) -> Result<BTreeMap<String, String>, Diagnostic> {
    if files.is_empty() {
        return Err(refused(source, "has no profiles: no file ends in `.kdl`")
            .help("name the directory that they lie in; in a repository, by `--path DIRECTORY`"));
    }
    if files.len() > MOST_FILES {
        return Err(too_many(source));
    }
    let mut texts = BTreeMap::new();
    for (name, bytes) in files {
        if !is_file_name(&name) {
            return Err(refused(&name, &format!("of `{source}` has a name that the lock cannot hold"))
                .help("rename it there, in letters, digits, `-` and `_`"));
        }
        let text = String::from_utf8(bytes)
            .map_err(|_| refused(&name, &format!("of `{source}` is not UTF-8")).help("convert it there"))?;
        texts.insert(name, text);
    }
    Ok(texts)
}

fn too_many(source: &str) -> Diagnostic {
    refused(source, &format!("has more than {MOST_FILES} profiles")).help("name a directory with fewer")
}
