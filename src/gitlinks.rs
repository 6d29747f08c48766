//! The repositories that git looks into when it runs in the project's root: where the index has an
//! entry for a submodule and something called `.git` is there.
//!
//! Whoever can write both has git on the host run programs, because a repository's settings can name
//! some. Reads the index itself and runs no git.

#![allow(clippy::disallowed_methods, reason = "this module reads the index of a project")]

use crate::git::{self, GitDirectory};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

/// A larger index is not read. One of a million files has a tenth of that.
const LARGEST: u64 = 1 << 30;

/// The kind of an entry for a submodule, in the bits of its mode.
const GITLINK: u32 = 0o160_000;

/// The `.git` of every repository that git in `project` looks into.
pub fn repositories(project: &Path) -> Vec<PathBuf> {
    let (common, own) = match git::find(project) {
        GitDirectory::Elsewhere(elsewhere) => {
            let own = elsewhere.worktree.map(|name| elsewhere.common.join("worktrees").join(name));
            (elsewhere.common.clone(), own.unwrap_or(elsewhere.common))
        }
        _ => (project.join(".git"), project.join(".git")),
    };
    let hash = if has_long_hashes(&common) { 32 } else { 20 };
    let mut found: Vec<PathBuf> = indices(&own).iter().flat_map(|index| gitlinks(index, hash)).collect();
    found.sort();
    found.dedup();
    let is_plain = |path: &PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
    let there = |path: PathBuf| Some(project.join(path).join(".git")).filter(|git| fs::symlink_metadata(git).is_ok());
    found.into_iter().filter(is_plain).filter_map(there).collect()
}

/// The index of a git directory, and the parts of it that lie in files of their own.
fn indices(directory: &Path) -> Vec<Vec<u8>> {
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_index = |name: &OsStr| name == "index" || name.as_bytes().starts_with(b"sharedindex.");
    let files = names.filter(|entry| is_index(&entry.file_name())).map(|entry| entry.path());
    let is_small =
        |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|file| file.is_file() && file.len() <= LARGEST);
    files.filter(is_small).filter_map(|path| fs::read(path).ok()).collect()
}

/// Whether the repository names objects by SHA-256. Its configuration cannot be written inside.
fn has_long_hashes(common: &Path) -> bool {
    let text = fs::read_to_string(common.join("config")).unwrap_or_default().to_lowercase();
    text.lines().any(|line| line.trim_start().starts_with("objectformat") && line.contains("sha256"))
}

/// The paths of the submodules in an index; what cannot be read, git does not read either.
fn gitlinks(index: &[u8], hash: usize) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut entries = Entries { rest: index, version: 0, left: 0, hash, path: Vec::new() };
    if entries.header().is_none() {
        return found;
    }
    while let Some(mode) = entries.next() {
        if mode & 0o170_000 == GITLINK {
            found.push(PathBuf::from(OsStr::from_bytes(&entries.path)));
        }
    }
    found
}

/// Reads one entry of an index after the other (gitformat-index(5)).
struct Entries<'a> {
    rest: &'a [u8],
    version: u32,
    left: u32,
    hash: usize,
    /// The path of the entry that was read last.
    path: Vec<u8>,
}

impl<'a> Entries<'a> {
    fn header(&mut self) -> Option<()> {
        let is_index = self.take(4)? == b"DIRC";
        self.version = self.number()?;
        self.left = self.number()?;
        (is_index && (2..=4).contains(&self.version)).then_some(())
    }

    /// The mode of the next entry, with its path in `path`.
    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        let before = self.rest.len();
        self.take(24)?;
        let mode = self.number()?;
        self.take(12 + self.hash)?;
        let flags = self.take(2)?;
        if self.version > 2 && flags.first()? & 0x40 != 0 {
            self.take(2)?;
        }
        let kept = if self.version == 4 { self.path.len().checked_sub(self.offset()?)? } else { 0 };
        self.path.truncate(kept);
        let end = self.rest.iter().position(|byte| *byte == 0)?;
        let name = self.take(end)?;
        self.path.extend_from_slice(name);
        if self.version == 4 {
            self.take(1)?;
        } else {
            // One to eight zeros, up to a multiple of eight.
            let length = before - self.rest.len();
            self.take(8 - length % 8)?;
        }
        Some(mode)
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    /// How much of the path before is not the start of this one.
    fn offset(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let byte = usize::from(*self.take(1)?.first()?);
            value = value.checked_mul(128)?.checked_add(byte & 127)?;
            if byte & 128 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?;
        }
    }
}
