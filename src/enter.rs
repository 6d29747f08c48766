//! The first step inside: what sbc does in the sandbox before the command takes its place.
//!
//! bubblewrap starts this very program through a descriptor, with Ctrl-C ignored so that
//! bubblewrap itself survives it. Here signals, limits and standard error become the command's
//! own, and a command that cannot be started is told apart from one that fails.

#![allow(clippy::disallowed_methods, reason = "this module runs inside the sandbox")]

use crate::sys;
use crate::words::Resource;
use rustix::process::{Resource as Rlimit, Rlimit as Limit, setrlimit};
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// The argument that makes sbc do this instead of reading a command line.
pub const MARK: &str = "--sbc-enter";

/// That signals stay inside.
const KEEPS: &str = "signals";

/// What the outer sbc tells the inner one. Written and read as arguments in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The descriptor of the command's standard error.
    pub stderr: RawFd,
    /// Where a byte comes when the command may start. Where none does, sbc has refused it, or is gone.
    pub gate: RawFd,
    /// Signals to restore.
    pub restore: Vec<i32>,
    /// The caller's soft limit of open files, where sbc has raised it for bubblewrap.
    pub open_files: Option<u64>,
    pub limits: Vec<(Resource, u64)>,
    /// Whether signals stay inside.
    pub keeps_signals: bool,
}

impl Entry {
    /// The arguments before the command.
    pub fn arguments(&self) -> Vec<OsString> {
        let signals: Vec<String> = self.restore.iter().map(i32::to_string).collect();
        let limits: Vec<String> =
            self.limits.iter().map(|(resource, limit)| format!("{}={limit}", resource.word())).collect();
        let open_files = self.open_files.map(|limit| limit.to_string()).unwrap_or_default();
        let keeps = if self.keeps_signals { KEEPS } else { "" };
        let (stderr, gate) = (self.stderr.to_string(), self.gate.to_string());
        let words = [stderr, gate, signals.join(","), open_files, limits.join(","), keeps.to_owned()];
        [MARK.into()].into_iter().chain(words.map(OsString::from)).collect()
    }

    /// Reads what [`Entry::arguments`] wrote, and the command after it.
    pub fn read(mut arguments: impl Iterator<Item = OsString>) -> Option<(Entry, Vec<OsString>)> {
        let mut next = || arguments.next()?.into_string().ok();
        let stderr = next()?.parse().ok().filter(|number| *number > 2)?;
        let gate = next()?.parse().ok().filter(|number| *number > 2)?;
        let restore =
            next()?.split(',').filter(|part| !part.is_empty()).map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let open_files = Some(next()?).filter(|limit| !limit.is_empty());
        let open_files = open_files.map(|limit| limit.parse().map_err(drop)).transpose().ok()?;
        let limit = |part: &str| {
            let (resource, limit) = part.split_once('=')?;
            Some((Resource::from_word(resource)?, limit.parse().ok()?))
        };
        let limits = next()?.split(',').filter(|part| !part.is_empty()).map(limit).collect::<Option<_>>()?;
        let keeps_signals = next()? == KEEPS;
        Some((Entry { stderr, gate, restore, open_files, limits, keeps_signals }, arguments.collect()))
    }
}

/// Becomes the command. Returns only when that fails, with the status to exit with.
pub fn enter(arguments: impl Iterator<Item = OsString>) -> i32 {
    let Some((entry, words)) = Entry::read(arguments) else { return 125 };
    let Some((program, rest)) = words.split_first() else { return 125 };
    match prepare(&entry) {
        Err(error) => {
            eprintln!("sbc: the sandbox cannot be entered: {error}");
            return 125;
        }
        // Whoever has refused it says why.
        Ok(false) => return 125,
        Ok(true) => {}
    }
    let error = Command::new(program).args(rest).exec();
    eprintln!("sbc: {}", failure(program, &error));
    if error.kind() == io::ErrorKind::NotFound { 127 } else { 126 }
}

/// Makes everything the command's own, and waits until it may start. Tells whether it may.
fn prepare(entry: &Entry) -> io::Result<bool> {
    rustix::stdio::dup2_stderr(take(entry.stderr))?;
    let mut gate = File::from(take(entry.gate));
    // This program itself was started through a descriptor; the command gets none.
    sys::close_descriptors_on_exec()?;
    entry.restore.iter().for_each(|signal| sys::restore(*signal));
    if let Some(soft) = entry.open_files {
        let maximum = rustix::process::getrlimit(Rlimit::Nofile).maximum;
        setrlimit(Rlimit::Nofile, Limit { current: Some(soft), maximum })?;
    }
    for (resource, limit) in &entry.limits {
        let kind = match resource {
            Resource::Processes => Rlimit::Nproc,
            Resource::Memory => Rlimit::As,
            Resource::OpenFiles => Rlimit::Nofile,
            Resource::FileSize => Rlimit::Fsize,
        };
        // Never above what the caller may use.
        let current = rustix::process::getrlimit(kind).maximum;
        let limit = current.map_or(*limit, |maximum| maximum.min(*limit));
        setrlimit(kind, Limit { current: Some(limit), maximum: Some(limit) })?;
    }
    if entry.keeps_signals {
        sys::keep_signals_inside()?;
    }
    Ok(gate.read_exact(&mut [0]).is_ok())
}

#[allow(unsafe_code, reason = "the descriptor is handed over by number")]
fn take(number: RawFd) -> OwnedFd {
    // SAFETY: the outer sbc opened this descriptor for this purpose, and nothing else owns it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

/// Why the command did not start, for a person.
fn failure(program: &OsStr, error: &io::Error) -> String {
    let name = crate::diagnostic::printable(&program.to_string_lossy());
    if error.kind() != io::ErrorKind::NotFound {
        return format!("`{name}` cannot be started: {error}");
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = if program.to_string_lossy().contains('/') {
        Some(Path::new(program).to_owned()).filter(|path| path.exists())
    } else {
        std::env::split_paths(&path).map(|folder| folder.join(program)).find(|path| path.exists())
    };
    if found.is_none() && name.contains(char::is_whitespace) {
        return format!("`{name}` is no program; for a line of shell write: -- sh -c '{name}'");
    }
    match found {
        Some(found) => format!(
            "`{}` is inside, but its interpreter or its dynamic loader is not: show that, too; \
             of a policy's own command `sbc check` says which rule is missing",
            crate::diagnostic::printable(&found.display().to_string())
        ),
        None => format!(
            "`{name}` is not inside the sandbox; PATH there is `{}`. Outside, `sbc learn -- {}` proposes what shows it",
            crate::diagnostic::printable(&path.to_string_lossy()),
            crate::emit::shell::host_path(Path::new(program))
        ),
    }
}
