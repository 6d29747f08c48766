//! Where the project's git directory is when `.git` is a file, as in a linked worktree, in a
//! submodule, and after `git init --separate-git-dir`.
//!
//! Reads three small files and never runs git. A process inside could have written `.git`, to have
//! any directory shown at the next start. So a directory outside of the project counts only if
//! it points back, and only as git writes it: one line, no link on the way. The script does the
//! same (`emit/git.rs`).

#![allow(clippy::disallowed_methods, reason = "this module looks for the git directory")]

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::shell::literal;
use crate::small::small;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

/// A file that holds one path is not larger.
const MAX_LINE: u64 = 4096;

/// A configuration that git keeps for one directory is not larger.
const MAX_CONFIG: u64 = 65536;

/// What is known of a project's git directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitDirectory {
    /// It is `.git` itself, or there is none.
    Ordinary,
    Elsewhere(Elsewhere),
    /// What the file `.git` says does not count.
    Refused(Refusal),
}

/// A git directory that the file `.git` leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What git calls the common directory: objects, branches, configuration, hooks.
    pub common: PathBuf,
    /// The name of the worktree's own directory in `worktrees` of the common one.
    pub worktree: Option<OsString>,
}

/// Why a file `.git` does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It does not name a path on its one line.
    NamesNone,
    /// What it names is no git directory, or is reached through a link.
    NotGit(PathBuf),
    /// The worktree's directory names another place, or none.
    OtherWorktree { directory: PathBuf, project: PathBuf },
    /// The configuration of the directory names another work tree, or none.
    OtherProject { directory: PathBuf, project: PathBuf },
    /// The project lies in it, so that it would hide the project.
    AroundTheProject(PathBuf),
    /// It lies deep in the project, where it could be carried away.
    DeepInside(PathBuf),
}

/// Looks for the git directory of a project, which is a physical path.
pub fn find(project: &Path) -> GitDirectory {
    if !fs::symlink_metadata(project.join(".git")).is_ok_and(|metadata| metadata.is_file()) {
        return GitDirectory::Ordinary;
    }
    match follow(project) {
        Ok(elsewhere) => GitDirectory::Elsewhere(elsewhere),
        Err(refusal) => GitDirectory::Refused(refusal),
    }
}

fn follow(project: &Path) -> Result<Elsewhere, Refusal> {
    let line = one_line(&project.join(".git")).ok_or(Refusal::NamesNone)?;
    let named = line.as_bytes().strip_prefix(b"gitdir: ").filter(|named| !named.is_empty());
    let directory = seen_from(project, OsStr::from_bytes(named.ok_or(Refusal::NamesNone)?));
    let none = || Refusal::NotGit(directory.clone());
    if !is_physical(&directory) || !is_kind(&directory.join("HEAD"), fs::Metadata::is_file) {
        return Err(none());
    }
    let is_worktree = fs::symlink_metadata(directory.join("commondir")).is_ok();
    let elsewhere = if is_worktree {
        worktree(&directory).ok_or_else(none)?
    } else {
        Elsewhere { common: directory.clone(), worktree: None }
    };
    let common = &elsewhere.common;
    if !["objects", "refs"].iter().all(|name| is_kind(&common.join(name), fs::Metadata::is_dir)) {
        return Err(none());
    }
    if project.starts_with(common) {
        return Err(Refusal::AroundTheProject(common.clone()));
    }
    if common.starts_with(project) {
        // The sandbox can write it anyway, and so it need not point back.
        let direct = common.parent() == Some(project);
        return if direct { Ok(elsewhere) } else { Err(Refusal::DeepInside(common.clone())) };
    }
    points_back(project, &directory, is_worktree)?;
    Ok(elsewhere)
}

/// The parts of a worktree's directory, which lies directly in `worktrees` of the common one.
fn worktree(directory: &Path) -> Option<Elsewhere> {
    let common = seen_from(directory, &one_line(&directory.join("commondir"))?);
    let name = directory.file_name()?;
    // Bytes, because paths also are equal where one has a `.` in the middle.
    let fits = common.join("worktrees").join(name).as_os_str() == directory.as_os_str();
    fits.then(|| Elsewhere { common, worktree: Some(name.to_owned()) })
}

/// Refuses a directory that is not this project's by its own account.
fn points_back(project: &Path, directory: &Path, is_worktree: bool) -> Result<(), Refusal> {
    let (back, place) = if is_worktree {
        (one_line(&directory.join("gitdir")), project.join(".git"))
    } else {
        (work_tree(&directory.join("config")), project.to_owned())
    };
    if back.is_some_and(|back| seen_from(directory, &back).as_os_str() == place.as_os_str()) {
        return Ok(());
    }
    let (directory, project) = (directory.to_owned(), project.to_owned());
    Err(if is_worktree {
        Refusal::OtherWorktree { directory, project }
    } else {
        Refusal::OtherProject { directory, project }
    })
}

/// `core.worktree` of a configuration, if it stands there once and as git writes it.
fn work_tree(config: &Path) -> Option<OsString> {
    let text = small(config, MAX_CONFIG)?;
    let mut in_core = false;
    let mut found = None;
    for line in text.split(|byte| *byte == b'\n').map(trim) {
        if line.ends_with(b"\\") {
            return None;
        }
        if line.starts_with(b"[") {
            in_core = line == b"[core]";
        }
        let Some(value) = line.strip_prefix(b"worktree = ").filter(|_| in_core) else { continue };
        if found.is_some() || value.iter().any(|byte| b"\"\\#;".contains(byte)) {
            return None;
        }
        found = Some(OsString::from_vec(value.to_vec()));
    }
    found
}

/// A line without the blanks around it.
fn trim(mut line: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = line {
        line = rest;
    }
    line
}

/// The path that a file holds.
pub fn one_line(file: &Path) -> Option<OsString> {
    let mut line = small(file, MAX_LINE)?;
    while line.last() == Some(&b'\n') {
        line.pop();
    }
    let strange = line.is_empty() || line.iter().any(|byte| matches!(byte, b'\n' | b'\0'));
    (!strange).then(|| OsString::from_vec(line))
}

/// A path as git writes it, seen from a directory; no link is followed. `..` counts at the start
/// only: git writes it nowhere else.
fn seen_from(directory: &Path, path: &OsStr) -> PathBuf {
    let mut rest = path.as_bytes();
    rest = rest.strip_suffix(b"/").unwrap_or(rest);
    if rest.starts_with(b"/") {
        return PathBuf::from(OsStr::from_bytes(rest));
    }
    let mut from = directory.to_owned();
    loop {
        if let Some(below) = rest.strip_prefix(b"./") {
            rest = below;
        } else if let Some(below) = rest.strip_prefix(b"../") {
            from.pop();
            rest = below;
        } else if rest == b".." {
            from.pop();
            return from;
        } else {
            return from.join(OsStr::from_bytes(rest));
        }
    }
}

/// Whether a path is a directory without links, spelt in normal form.
fn is_physical(path: &Path) -> bool {
    path.is_dir() && fs::canonicalize(path).is_ok_and(|real| real.as_os_str() == path.as_os_str())
}

fn is_kind(path: &Path, kind: fn(&fs::Metadata) -> bool) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| kind(&metadata))
}

impl GitDirectory {
    /// Where it is, if it is not `.git` itself.
    pub fn elsewhere(&self) -> Option<&Elsewhere> {
        match self {
            GitDirectory::Elsewhere(elsewhere) => Some(elsewhere),
            GitDirectory::Ordinary | GitDirectory::Refused(_) => None,
        }
    }

    /// What to say where the project's git directory does not count.
    pub fn warning(&self) -> Option<Diagnostic> {
        let GitDirectory::Refused(refusal) = self else { return None };
        let warning = Diagnostic::warning(Code::SBC0803, refusal.title()).help(refusal.help());
        Some(match refusal {
            Refusal::DeepInside(_) => warning.note("its hooks and its configuration can be written inside"),
            _ => warning.note("no rule shows it, so git does not work inside"),
        })
    }
}

impl Refusal {
    fn title(&self) -> String {
        match self {
            Refusal::NamesNone => "`.git` is a file that names no directory".to_owned(),
            Refusal::NotGit(path) => format!("`.git` leads to `{}`, which is no git directory", path.display()),
            Refusal::OtherWorktree { directory, .. } => {
                format!("`.git` leads to `{}`, which is another worktree's", directory.display())
            }
            Refusal::OtherProject { directory, .. } => {
                format!("`.git` leads to `{}`, which does not name this project", directory.display())
            }
            Refusal::AroundTheProject(path) => format!("the git directory `{}` contains the project", path.display()),
            Refusal::DeepInside(path) => format!("the git directory `{}` lies deep in the project", path.display()),
        }
    }

    /// What to do. Never to run git here: it would obey what the directory says, forged or not.
    fn help(&self) -> String {
        let word = |path: &Path| literal(&path.display().to_string());
        match self {
            Refusal::NamesNone | Refusal::NotGit(_) => {
                "look at it with `cat .git`: git writes `gitdir: ` and a path on which no link lies".to_owned()
            }
            Refusal::OtherWorktree { project, .. } => {
                format!("if you moved it, say so in the main checkout: `git worktree repair {}`", word(project))
            }
            Refusal::OtherProject { directory, project } => {
                let (config, project) = (word(&directory.join("config")), word(project));
                format!("if it is this project's, say so in it: `git config --file {config} core.worktree {project}`")
            }
            Refusal::AroundTheProject(_) => "put the worktree beside it: `git worktree move . DIRECTORY`".to_owned(),
            Refusal::DeepInside(_) => {
                "move it to a directory directly in the project, and name that in `.git`".to_owned()
            }
        }
    }
}
