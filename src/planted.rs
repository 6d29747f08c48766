//! What makes git run a program when somebody enters a directory: the parts of a git directory that
//! name one, and what leads git to another directory.
//!
//! Reads the files itself and runs no git. What cannot be read counts as naming a program.

#![allow(clippy::disallowed_methods, reason = "this module reads git directories of projects")]

use crate::git::one_line;
use crate::gitconfig::{self, Setting};
use crate::moment::Moment;
use crate::nofollow;
use crate::plan::sha256;
use crate::small::small;
use rustix::fs::OFlags;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Larger files are not read.
pub const LARGEST: u64 = 1 << 20;

/// How many settings a message names.
const NAMED: usize = 3;

/// A path that git obeys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub path: PathBuf,
    /// The end of a sentence: what git does with it.
    pub why: String,
    /// What is dangerous about it: equal for what is not more dangerous than before.
    pub mark: String,
    /// When it was last changed, or anything that makes it what it is; `None` where that cannot be told.
    pub changed: Option<Moment>,
}

impl Part {
    fn new(path: PathBuf, why: impl Into<String>) -> Part {
        let mark = fingerprint(&path);
        // After the content: what is changed in between gets a later time.
        let changed = Moment::of_latest(&[&path]);
        Part { path, why: why.into(), mark, changed }
    }
}

/// What a path holds, or which file it is where that cannot be read.
pub fn fingerprint(path: &Path) -> String {
    match (small(path, LARGEST), fs::symlink_metadata(path)) {
        (Some(bytes), _) => sha256(&bytes),
        (None, Ok(there)) => format!("{}.{}.{}", there.ino(), there.ctime(), there.ctime_nsec()),
        (None, Err(_)) => "gone".to_owned(),
    }
}

/// The parts of a directory that git obeys, if it takes the directory for a repository.
pub fn parts(directory: &Path) -> Vec<Part> {
    if !has_head(directory) {
        return Vec::new();
    }
    let mut found = Vec::new();
    found.extend(["config", "config.worktree"].iter().filter_map(|name| config(directory, name)));
    found.extend(common_directory(directory));
    found.extend(hooks(directory));
    let info = directory.join("info");
    let attributes = if is_link(&info) { info } else { info.join("attributes") };
    if fs::symlink_metadata(&attributes).is_ok() {
        found.push(Part::new(attributes, "git would obey it"));
    }
    // An old file counts from the moment in which its directory gets its name, or a head.
    let head = directory.join("HEAD");
    for part in &mut found {
        let above = part.path.parent().unwrap_or(directory);
        part.changed = Moment::of_latest(&[&part.path, above, directory, &head]);
    }
    found
}

/// Whether git could take what is called `HEAD` for one.
fn has_head(directory: &Path) -> bool {
    let head = directory.join("HEAD");
    let starts = |bytes: Vec<u8>| bytes.starts_with(b"ref:") || bytes.first().is_some_and(u8::is_ascii_hexdigit);
    let Ok(there) = fs::symlink_metadata(&head) else { return false };
    // Git reads the start of a large one.
    there.is_symlink() || there.is_file() && small(&head, LARGEST).is_none_or(starts)
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_symlink())
}

/// A configuration with settings that are not harmless.
fn config(directory: &Path, name: &str) -> Option<Part> {
    let path = directory.join(name);
    // Git cannot read a directory, and other directories than git's have one of this name.
    if fs::symlink_metadata(&path).map_or(true, |there| there.is_dir()) {
        return None;
    }
    let Some(settings) = small(&path, LARGEST).and_then(|text| gitconfig::dangerous(&text)) else {
        return Some(Part::new(path, "git would obey what it sets, which sbc cannot read"));
    };
    let points_back = |setting: &Setting| setting.name == "core.worktree" && points_back(directory, &setting.value);
    let settings: Vec<Setting> = settings.into_iter().filter(|setting| !points_back(setting)).collect();
    if settings.is_empty() {
        return None;
    }
    let written = |setting: &Setting| [setting.name.as_bytes(), b"\0", setting.value.as_bytes(), b"\0"].concat();
    let mark = sha256(&settings.iter().flat_map(written).collect::<Vec<u8>>());
    let names: Vec<String> = settings.iter().take(NAMED).map(|setting| format!("`{}`", setting.name)).collect();
    let more = if settings.len() > NAMED { ", …" } else { "" };
    let why = format!("git would obey what it sets: {}{more}", names.join(", "));
    Some(Part { mark, ..Part::new(path, why) })
}

/// Whether a work tree's own `.git` leads to the directory, as it does in a submodule.
fn points_back(directory: &Path, work_tree: &str) -> bool {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let work_tree = directory.join(work_tree);
    let back = target(&work_tree.join(".git")).and_then(|target| real(&target));
    back.is_some() && back == real(directory)
}

/// `commondir`, unless it leads to the directory itself or, in a worktree's, to the repository around it.
fn common_directory(directory: &Path) -> Option<Part> {
    let path = directory.join("commondir");
    fs::symlink_metadata(&path).ok()?;
    let named = one_line(&path).unwrap_or_default();
    let mut around = directory.ancestors().skip(1);
    let is_worktree = around.next().is_some_and(|worktrees| worktrees.ends_with("worktrees"));
    let is_known = named == "." || named == "../.." && is_worktree && around.next().is_some_and(has_head);
    (!is_known).then(|| Part::new(path, "git would look for settings and hooks where it says"))
}

/// What git would run at its occasions.
fn hooks(directory: &Path) -> Vec<Part> {
    let hooks = directory.join("hooks");
    if is_link(&hooks) {
        return vec![Part::new(hooks, "git would run what is in it")];
    }
    let entries = match fs::read_dir(&hooks) {
        // Git finds by its name what nobody can list.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            return vec![Part::new(hooks, "git would run what is in it")];
        }
        entries => entries.into_iter().flatten().flatten(),
    };
    let is_sample = |name: &OsStr| name.as_bytes().ends_with(b".sample");
    let is_hook =
        |entry: &fs::DirEntry| !is_sample(&entry.file_name()) && !entry.file_type().is_ok_and(|kind| kind.is_dir());
    entries.filter(is_hook).map(|entry| Part::new(entry.path(), "git would run it")).collect()
}

/// What is dangerous about a `.git` that is a file or a link: that it leads out of the trees, which are
/// searched, or what it leads to.
pub fn pointer(path: &Path, trees: &[PathBuf]) -> Vec<Part> {
    if is_link(path) {
        return vec![Part::new(path.to_owned(), "git would follow it")];
    }
    let Some(target) = target(path) else { return Vec::new() };
    match fs::canonicalize(&target) {
        Ok(real) if trees.iter().any(|tree| real.starts_with(tree)) => {
            parts(&real).into_iter().map(|part| led_to(part, path, &target)).collect()
        }
        _ => {
            let why = format!("it leads git to `{}`, out of the project", target.display());
            vec![Part::new(path.to_owned(), why)]
        }
    }
}

/// A part of what a pointer leads to. That is another thing than the same part without the pointer.
fn led_to(part: Part, pointer: &Path, target: &Path) -> Part {
    let mark = sha256(&[part.mark.as_bytes(), b"\0", pointer.as_os_str().as_bytes()].concat());
    // A link on the way can have led elsewhere before.
    let is_plain = nofollow::open(target, OFlags::PATH | OFlags::DIRECTORY).is_ok();
    let led = Moment::of_latest(&[pointer]).filter(|_| is_plain);
    Part { mark, changed: part.changed.zip(led).map(|(changed, led)| changed.max(led)), ..part }
}

/// Where a file `.git` says that the git directory is. Git takes no file for one that starts otherwise.
fn target(file: &Path) -> Option<PathBuf> {
    let bytes = small(file, LARGEST)?;
    let named = bytes.strip_prefix(b"gitdir: ")?;
    let end = named.iter().rposition(|byte| !matches!(byte, b'\n' | b'\r')).map_or(0, |last| last + 1);
    let named = named.get(..end)?;
    // What comes after a zero, git does not see.
    let named = named.split(|byte| *byte == 0).next()?;
    Some(file.parent()?.join(OsStr::from_bytes(named)))
}
