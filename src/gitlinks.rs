//! The repositories that git looks into when it runs in the project's root: where the index has an
//! entry for a submodule and something called `.git` is there. And whether the index has a file.
//!
//! Whoever can write both has git on the host run programs, because a repository's settings can name
//! some. Reads the index itself and runs no git.

#![allow(clippy::disallowed_methods, reason = "this module reads the index of a project")]

use crate::git::{self, GitDirectory};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

/// The kind of an entry for a submodule, in the bits of its mode.
const GITLINK: u32 = 0o160_000;

/// The `.git` of every repository that git in `project` looks into.
pub fn repositories(project: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    entries(project, |mode, path| {
        if mode & 0o170_000 == GITLINK {
            found.push(PathBuf::from(OsStr::from_bytes(path)));
        }
    });
    found.sort();
    found.dedup();
    let is_plain = |path: &PathBuf| path.components().all(|part| matches!(part, Component::Normal(_)));
    let there = |path: PathBuf| Some(project.join(path).join(".git")).filter(|git| fs::symlink_metadata(git).is_ok());
    found.into_iter().filter(is_plain).filter_map(there).collect()
}

/// Whether git tracks a file, which has a physical path.
pub fn tracks(file: &Path) -> bool {
    let mut above = file.ancestors().skip(1);
    let Some(root) = above.find(|above| fs::symlink_metadata(above.join(".git")).is_ok()) else { return false };
    let Ok(below) = file.strip_prefix(root) else { return false };
    let mut found = false;
    entries(root, |_, path| found |= path == below.as_os_str().as_bytes());
    found
}

/// Goes through the index of the repository in `project`: the mode and the path of each entry.
fn entries(project: &Path, mut see: impl FnMut(u32, &[u8])) {
    let (common, own) = match git::find(project) {
        GitDirectory::Elsewhere(elsewhere) => {
            let own = elsewhere.worktree.map(|name| elsewhere.common.join("worktrees").join(name));
            (elsewhere.common.clone(), own.unwrap_or(elsewhere.common))
        }
        _ => (project.join(".git"), project.join(".git")),
    };
    let hash = if has_long_hashes(&common) { 32 } else { 20 };
    // What cannot be read, git does not read either.
    for index in indices(&own) {
        let mut entries = Entries { rest: BufReader::new(index), version: 0, left: 0, hash, path: Vec::new() };
        if entries.header().is_some() {
            while let Some(mode) = entries.next() {
                see(mode, &entries.path);
            }
        }
    }
}

/// The index of a git directory, and the parts of it that lie in files of their own. Links are followed,
/// because git follows them.
fn indices(directory: &Path) -> Vec<File> {
    let names = fs::read_dir(directory).into_iter().flatten().flatten();
    let is_index = |name: &OsStr| name == "index" || name.as_bytes().starts_with(b"sharedindex.");
    let files = names.filter(|entry| is_index(&entry.file_name())).map(|entry| entry.path());
    // A pipe in its place keeps nobody waiting.
    let open = |path: PathBuf| File::options().read(true).custom_flags(libc::O_NONBLOCK).open(path).ok();
    files.filter_map(open).filter(|file| file.metadata().is_ok_and(|there| there.is_file())).collect()
}

/// Whether the repository names objects by SHA-256. Its configuration cannot be written inside.
fn has_long_hashes(common: &Path) -> bool {
    let text = fs::read_to_string(common.join("config")).unwrap_or_default().to_lowercase();
    text.lines().any(|line| line.trim_start().starts_with("objectformat") && line.contains("sha256"))
}

/// Reads one entry of an index after the other (gitformat-index(5)), however many there are.
struct Entries<R> {
    rest: R,
    version: u32,
    left: u32,
    hash: usize,
    /// The path of the entry that was read last.
    path: Vec<u8>,
}

impl<R: BufRead> Entries<R> {
    fn header(&mut self) -> Option<()> {
        let is_index = self.take()? == *b"DIRC";
        self.version = self.number()?;
        self.left = self.number()?;
        (is_index && (2..=4).contains(&self.version)).then_some(())
    }

    /// The mode of the next entry, with its path in `path`.
    fn next(&mut self) -> Option<u32> {
        self.left = self.left.checked_sub(1)?;
        self.skip(24)?;
        let mode = self.number()?;
        self.skip(12 + self.hash)?;
        let flags: [u8; 2] = self.take()?;
        let mut length = 24 + 4 + 12 + self.hash + flags.len();
        if self.version > 2 && flags[0] & 0x40 != 0 {
            length += self.take::<2>()?.len();
        }
        let kept = if self.version == 4 { self.path.len().checked_sub(self.offset()?)? } else { 0 };
        self.path.truncate(kept);
        length += self.rest.read_until(0, &mut self.path).ok()?;
        self.path.pop_if(|last| *last == 0)?;
        if self.version != 4 {
            // One to eight zeros, up to a multiple of eight; one has been read.
            self.skip(length.next_multiple_of(8) - length)?;
        }
        Some(mode)
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut taken = [0; N];
        self.rest.read_exact(&mut taken).ok()?;
        Some(taken)
    }

    fn skip(&mut self, count: usize) -> Option<()> {
        let mut skipped = [0; 64];
        self.rest.read_exact(skipped.get_mut(..count)?).ok()
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take()?))
    }

    /// How much of the path before is not the start of this one.
    fn offset(&mut self) -> Option<usize> {
        let mut value = 0_usize;
        loop {
            let [byte] = self.take()?;
            value = value.checked_mul(128)?.checked_add(usize::from(byte & 127))?;
            if byte & 128 == 0 {
                return Some(value);
            }
            value = value.checked_add(1)?;
        }
    }
}
