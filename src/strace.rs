//! strace on this host: where it is, how it is asked, and how its log comes here.
//!
//! The log is a pipe in a directory of sbc's own, which no sandbox can write. So nothing of it is left,
//! and no program inside can add to it.

#![allow(clippy::disallowed_methods, reason = "this module looks for strace")]

use crate::bwrap;
use crate::diagnostic::{Code, Diagnostic};
use crate::write::private_directory;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tempfile::TempDir;

/// Names another strace, by its absolute path.
pub const VARIABLE: &str = "SBC_STRACE";

/// Where distributions install it. `PATH` is not asked: a project or an agent may write there.
const PLACES: [&str; 4] =
    ["/usr/bin/strace", "/usr/local/bin/strace", "/run/current-system/sw/bin/strace", "/bin/strace"];

/// What is traced: whatever names a file, what is said, who is spoken to, who makes whom.
pub const CALLS: &str = "trace=%file,fchdir,connect,write,writev,clone,clone3,fork,vfork";

/// Options that make the log complete: children, the paths of descriptors, numbers of processes as seen
/// from here, long texts. The filter leaves all other calls at full speed.
const OPTIONS: [&str; 7] = ["-f", "-q", "-y", "-s", "400", "--seccomp-bpf", "--decode-pids=pidns"];

/// How the directories of pipes begin.
const PREFIX: &str = "learn-";

/// So long a pipe may have no reader yet.
const BEGINNING: Duration = Duration::from_secs(60);

/// A trace that is about to begin.
pub struct Tracer {
    strace: PathBuf,
    pipe: PathBuf,
    /// Keeps the pipe open until strace has it.
    held: OwnedFd,
    /// Removed with the pipe in the end.
    _directory: TempDir,
}

impl Tracer {
    /// Finds strace and makes a pipe for its log below `state`, sbc's own directory. Gives where the log is
    /// read.
    pub fn new(state: &Path) -> Result<(Tracer, File), Diagnostic> {
        let strace = find()?;
        let failed = |error: io::Error| {
            Diagnostic::error(Code::SBC0603, format!("`{}` cannot be written: {error}", state.display()))
        };
        private_directory(state).map_err(failed)?;
        sweep(state);
        let directory = tempfile::Builder::new().prefix(PREFIX).tempdir_in(state).map_err(failed)?;
        let pipe = directory.path().join("log");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).map_err(|error| failed(error.into()))?;
        // Both ways, so that nobody has to wait for the other end.
        let held = OpenOptions::new().read(true).write(true).open(&pipe).map_err(failed)?;
        let log = File::open(&pipe).map_err(failed)?;
        Ok((Tracer { strace, pipe, held: held.into(), _directory: directory }, log))
    }

    /// The words in front of a program that is to be traced. strace itself goes aside (`-D`): the program
    /// stays the caller's child, and gets its signals.
    pub fn words(&self) -> Vec<OsString> {
        let own = [self.strace.clone().into_os_string(), "-D".into()];
        let output: [OsString; 5] = ["-e".into(), CALLS.into(), "-o".into(), self.pipe.clone().into(), "--".into()];
        own.into_iter().chain(OPTIONS.map(OsString::from)).chain(output).collect()
    }

    /// Lets go of the pipe: the log ends when strace does.
    pub fn release(self) {
        drop(self.held);
    }
}

/// Removes what a run that was killed has left: pipes that nobody reads, a while after they were made.
fn sweep(state: &Path) {
    let is_old = |path: &Path| {
        let made = fs::metadata(path).and_then(|metadata| metadata.modified()).ok();
        made.and_then(|made| made.elapsed().ok()).is_some_and(|age| age > BEGINNING)
    };
    let is_left = |path: &Path| {
        let pipe = OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path.join("log"));
        pipe.is_err_and(|error| error.raw_os_error() == Some(libc::ENXIO))
    };
    let own = fs::read_dir(state).into_iter().flatten().flatten();
    let own = own.filter(|entry| entry.file_name().as_encoded_bytes().starts_with(PREFIX.as_bytes()));
    own.map(|entry| entry.path()).filter(|path| is_old(path) && is_left(path)).for_each(|path| {
        // What cannot be removed disturbs nobody.
        let _ = fs::remove_dir_all(path);
    });
}

fn find() -> Result<PathBuf, Diagnostic> {
    let is_program = |path: &&Path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found = match &named {
        Some(path) => Some(path.as_path()).filter(|path| path.is_absolute()).filter(is_program),
        None => PLACES.iter().map(Path::new).find(is_program),
    };
    found.map(Path::to_owned).ok_or_else(|| {
        let install = bwrap::install_help().replace("bubblewrap", "strace");
        match named {
            Some(path) => {
                let title =
                    format!("`{VARIABLE}` names `{}`, which is not an absolute path to a program", path.display());
                let help = format!("unset `{VARIABLE}`; if strace is missing: {install}");
                Diagnostic::error(Code::SBC0720, title).help(help)
            }
            None => {
                let title = "strace is not installed, and `sbc learn` watches programs with it";
                Diagnostic::error(Code::SBC0720, title).help(install)
            }
        }
    })
}
