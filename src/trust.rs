//! Which plans the user has approved.
//!
//! An approval is a file in sbc's state directory, outside of every project, where no sandbox may
//! write (`check/state.rs`). It is named by the SHA-256 of the project's real path and the sandbox's
//! name, and holds the plan that was approved. It counts only if everything about it is as it was
//! written: a regular file of this user in directories of this user that nobody else may change,
//! about this very project and sandbox, with the sum that it names. Nothing in a project and no
//! variable can stand in for one.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::{Content, Plan, sha256};
use crate::write;
use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The directory of the approvals among sbc's records.
const FOLDER: &str = "trusted";

/// The largest approval that is read, in bytes: four times a plan of 1,900 rules.
const LARGEST: u64 = 4 << 20;

/// What an approval is about: one sandbox of one project, as it would run.
#[derive(Clone, Copy, Debug)]
pub struct Subject<'a> {
    /// Physical, without links.
    pub project: &'a Path,
    pub plan: &'a Plan,
    /// That of the plan. Who has compiled it before knows it.
    pub hash: &'a str,
}

/// The first line of an approval. The second is the plan as it was hashed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    pub project: OsString,
    pub sandbox: String,
    /// The hash of the plan.
    pub plan: String,
}

/// Whether a plan is approved.
#[derive(Clone, Debug)]
pub enum Standing {
    Trusted,
    Unseen,
    /// Another plan is, for this sandbox; `None` where this sbc cannot read it.
    Changed(Option<Box<Content>>),
    /// There is something in the approval's place that does not count, and why.
    Void(String),
}

/// Looks whether a plan is approved. `records` is sbc's own directory.
pub fn standing(records: &Path, subject: Subject<'_>) -> Standing {
    let sandbox = &subject.plan.name;
    let found = folder(records, Some(subject.project)).and_then(|folder| match folder {
        Some(folder) => read(&folder, &key(subject.project, sandbox)),
        None => Ok(None),
    });
    match found {
        Err(why) => Standing::Void(why),
        Ok(None) => Standing::Unseen,
        // Of what was approved, this has been found to be the hash.
        Ok(Some((approval, _))) if approval.plan == subject.hash => Standing::Trusted,
        Ok(Some((_, content))) => Standing::Changed(serde_json::from_str(&content).ok()),
    }
}

/// Approves a plan, in the place of what was approved before.
///
/// # Errors
/// When the approval cannot be kept, or does not count where it would be kept.
pub fn approve(records: &Path, subject: Subject<'_>) -> Result<(), Diagnostic> {
    let refused = |why: String| {
        Diagnostic::error(Code::SBC0711, format!("the approval cannot be kept: {why}"))
            .help("put that in order; until then each start asks, or fails")
    };
    outside(&real(records), subject.project).map_err(refused)?;
    let directory = records.join(FOLDER);
    write::private_directory(&directory)
        .map_err(|error| refused(format!("`{}` cannot be made: {error}", directory.display())))?;
    // Before anything is written into it.
    folder(records, Some(subject.project)).map_err(refused)?;
    let approval =
        Approval { project: subject.project.into(), sandbox: subject.plan.name.clone(), plan: subject.hash.to_owned() };
    // Nothing in it can fail to serialise.
    let mut bytes = serde_json::to_vec(&approval).unwrap_or_default();
    bytes.push(b'\n');
    bytes.extend(subject.plan.canonical());
    bytes.push(b'\n');
    write::replace(&directory.join(key(subject.project, &subject.plan.name)), &bytes, 0o600)?;
    match standing(records, subject) {
        Standing::Trusted => Ok(()),
        Standing::Void(why) => Err(refused(why)),
        _ => Err(refused("it was read back as another".to_owned())),
    }
}

/// Every approval, in the order of the projects, and why a file among them does not count.
///
/// # Errors
/// Why none of them counts.
pub fn list(records: &Path) -> Result<(Vec<Approval>, Vec<String>), String> {
    let Some(folder) = folder(records, None)? else { return Ok((Vec::new(), Vec::new())) };
    let (mut approvals, mut void) = (Vec::new(), Vec::new());
    for entry in fs::read_dir(records.join(FOLDER)).into_iter().flatten().flatten() {
        match read(&folder, &entry.file_name().to_string_lossy()) {
            Ok(approval) => approvals.extend(approval.map(|(approval, _)| approval)),
            Err(why) => void.push(format!("`{}`: {why}", entry.path().display())),
        }
    }
    approvals.sort_by(|one, other| (&one.project, &one.sandbox).cmp(&(&other.project, &other.sandbox)));
    void.sort();
    Ok((approvals, void))
}

/// Takes an approval back. Tells whether there was something to take.
///
/// # Errors
/// When it cannot be removed.
pub fn revoke(records: &Path, project: &Path, sandbox: &str) -> Result<bool, Diagnostic> {
    let path = records.join(FOLDER).join(key(project, sandbox));
    match fs::remove_file(&path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(error) => {
            let title = format!("`{}` cannot be removed: {error}", path.display());
            Err(Diagnostic::error(Code::SBC0603, title).help("remove it yourself; until then it counts"))
        }
    }
}

/// The name of an approval's file.
fn key(project: &Path, sandbox: &str) -> String {
    // No path holds a zero byte.
    sha256(&[project.as_os_str().as_bytes(), b"\0", sandbox.as_bytes()].concat())
}

/// A path with its links followed, as far as it exists.
fn real(path: &Path) -> PathBuf {
    let found = path.ancestors().find_map(|above| Some((above, fs::canonicalize(above).ok()?)));
    let joined = found.and_then(|(above, real)| Some(real.join(path.strip_prefix(above).ok()?)));
    joined.unwrap_or_else(|| path.to_owned())
}

/// Refuses records that the project could bring along.
fn outside(records: &Path, project: &Path) -> Result<(), String> {
    if records.starts_with(project) || project.starts_with(records) {
        return Err(format!("`{}` and the project lie inside each other", records.display()));
    }
    Ok(())
}

/// The directory of the approvals, opened; `None` where there is none. An error says why none in it
/// counts.
fn folder(records: &Path, project: Option<&Path>) -> Result<Option<OwnedFd>, String> {
    const DIRECTORY: OFlags = OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
    let real = real(records);
    project.map_or(Ok(()), |project| outside(&real, project))?;
    let inner = real.join(FOLDER);
    let unusable =
        |path: &Path, error: Errno| format!("`{}` is no directory that can be read: {error}", path.display());
    let above = match openat(CWD, &real, DIRECTORY, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(|error| unusable(&real, error))?,
    };
    own(&above, &real, 0o022)?;
    let folder = match openat(&above, FOLDER, DIRECTORY, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        opened => opened.map_err(|error| unusable(&inner, error))?,
    };
    own(&folder, &inner, 0o077)?;
    Ok(Some(folder))
}

/// Refuses what is another user's, and what gives others one of these rights.
fn own(file: impl AsFd, path: &Path, others: u32) -> Result<Stat, String> {
    let shown = path.display();
    let stat = fstat(file).map_err(|error| format!("`{shown}`: {error}"))?;
    if stat.st_uid != rustix::process::geteuid().as_raw() {
        return Err(format!("`{shown}` belongs to another user"));
    }
    if stat.st_mode & others != 0 {
        let right = if others == 0o022 { "go-w" } else { "go=" };
        return Err(format!("`{shown}` is open to other users: `chmod {right} {shown}`"));
    }
    Ok(stat)
}

/// The approval of this name, and its plan; `None` where there is none. An error says why it does not
/// count.
fn read(folder: &OwnedFd, name: &str) -> Result<Option<(Approval, String)>, String> {
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match openat(folder, name, flags, Mode::empty()) {
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err("the approval is a symbolic link".to_owned()),
        opened => opened.map_err(|error| format!("the approval cannot be opened: {error}"))?,
    };
    let stat = own(&file, Path::new(name), 0o077)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
        return Err("the approval is not a regular file".to_owned());
    }
    let damaged = || "the approval is damaged".to_owned();
    let mut text = String::with_capacity(LARGEST.min(stat.st_size as u64 + 1) as usize);
    File::from(file).take(LARGEST).read_to_string(&mut text).map_err(|_| damaged())?;
    let (first, content) = text.strip_suffix('\n').and_then(|text| text.split_once('\n')).ok_or_else(damaged)?;
    let approval: Approval = serde_json::from_str(first).map_err(|_| damaged())?;
    if sha256(content.as_bytes()) != approval.plan {
        return Err(damaged());
    }
    if key(Path::new(&approval.project), &approval.sandbox) != name {
        return Err("the approval is of another project or sandbox".to_owned());
    }
    Ok(Some((approval, content.to_owned())))
}
