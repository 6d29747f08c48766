//! Whether anything of a run is left, and waiting for its end. Never looks at what the run has done.
//!
//! Who gets a record's lock for itself knows that the run is over: bubblewrap holds it as long as anything
//! runs inside.

#![allow(clippy::disallowed_methods, reason = "this module looks at locks and processes")]

use crate::record::{Record, Role, lock_of};
use rustix::fs::{FlockOperation, flock};
use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, kill_process};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

impl Record {
    /// Whether anything of the run is left: somebody holds its lock.
    pub fn is_live(&self) -> bool {
        let held = |lock: fs::File| flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err();
        fs::File::open(lock_of(&self.file)).is_ok_and(held)
    }

    /// Whether something goes on without its sbc that should have ended with it.
    pub fn is_abandoned(&self) -> bool {
        let free = |file: fs::File| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok();
        self.of(Role::Bound).next().is_some() && self.is_live() && fs::File::open(&self.file).is_ok_and(free)
    }

    /// Ends what is left of a run that should have ended with its sbc. A bubblewrap whose parent was killed
    /// early waits for ever.
    pub fn end_within(&self, time: Duration) {
        if !self.ends_within(time) {
            for process in self.holders() {
                let pid = process.file_name().and_then(|name| name.to_str()?.parse().ok()).and_then(Pid::from_raw);
                // It may have ended in this moment.
                let _ = pid.map(|pid| kill_process(pid, Signal::KILL));
            }
            self.ends_within(time);
        }
    }

    /// Waits, but no longer than this, while the first process of the sandbox is all that is left of the run: then
    /// it is on its way out. bubblewrap does not wait for it.
    pub fn ends_alone_within(&self, time: Duration) {
        let deadline = Instant::now() + time;
        while self.is_live() && Instant::now() < deadline && self.holders().all(|process| is_childless(&process)) {
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until nothing of the run is left.
    pub fn wait(&self) -> io::Result<()> {
        let lock = fs::File::open(lock_of(&self.file))?;
        Ok(retry_on_intr(|| flock(&lock, FlockOperation::LockExclusive))?)
    }

    /// The same, for no longer than this; whether nothing is left.
    pub fn ends_within(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while self.is_live() {
            if Instant::now() > deadline {
                return false;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        true
    }

    /// The processes of the run that hold its lock, by their directories in `/proc`. Other processes of sbc may
    /// look at the lock, and hold nothing.
    fn holders(&self) -> impl Iterator<Item = PathBuf> {
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|process| process.path());
        processes.filter(|process| self.is_held_by(process))
    }

    /// Whether a process, by its directory in `/proc`, holds the lock as a run does.
    fn is_held_by(&self, process: &Path) -> bool {
        let Ok(lock) = fs::metadata(lock_of(&self.file)) else { return false };
        let mut descriptors = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        descriptors.any(|descriptor| {
            let is_lock = fs::metadata(descriptor.path())
                .is_ok_and(|there| (there.dev(), there.ino()) == (lock.dev(), lock.ino()));
            let info = || fs::read_to_string(process.join("fdinfo").join(descriptor.file_name()));
            let shared = |line: &str| line.starts_with("lock:") && line.contains("FLOCK") && line.contains("READ");
            is_lock && info().is_ok_and(|info| info.lines().any(shared))
        })
    }
}

/// Whether a process, by its directory in `/proc`, has no child, or is gone.
fn is_childless(process: &Path) -> bool {
    let pid = process.file_name().unwrap_or_default();
    fs::read(process.join("task").join(pid).join("children")).is_ok_and(|children| children.is_empty())
        || fs::symlink_metadata(process).is_err()
}
