//! Waits for processes that are on their way out.
//!
//! When the first process of a PID namespace ends, the kernel closes its descriptors, and with them the lock of
//! a run, before it ends the others (`do_exit` in kernel/exit.c: `exit_files` stands before `exit_notify`, which
//! leads to `zap_pid_ns_processes`). On a busy machine one of them may write a last time in between. The first
//! process stays until all others are gone.

#![allow(clippy::disallowed_methods, reason = "this module looks at processes")]

use rustix::process::getuid;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The kernel's mark of a process that is ending (`PF_EXITING` of include/linux/sched.h).
const EXITING: u64 = 0x4;

/// Waits until no process of this user is ending, for no longer than this.
pub fn wait(time: Duration) {
    let deadline = Instant::now() + time;
    let mut ending: Vec<PathBuf> = own().filter(is_ending).collect();
    while !ending.is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(1));
        ending.retain(is_ending);
    }
}

/// The processes of this user, by their directories in `/proc`.
fn own() -> impl Iterator<Item = PathBuf> {
    let uid = getuid().as_raw();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    processes.filter(move |process| process.metadata().is_ok_and(|own| own.uid() == uid)).map(|process| process.path())
}

#[expect(clippy::ptr_arg, reason = "named where a `&PathBuf` is given")]
fn is_ending(process: &PathBuf) -> bool {
    fs::read_to_string(process.join("stat")).is_ok_and(|stat| says_ending(&stat))
}

/// Whether a line of `/proc/PID/stat` is that of a process that is ending and has not ended.
fn says_ending(stat: &str) -> bool {
    // The name stands in parentheses, and may hold some itself.
    let Some((_, fields)) = stat.rsplit_once(") ") else { return false };
    let mut fields = fields.split(' ');
    let is_over = matches!(fields.next(), None | Some("Z" | "X"));
    let flags = fields.nth(5).and_then(|flags| flags.parse::<u64>().ok());
    !is_over && flags.is_some_and(|flags| flags & EXITING != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A process that is ending counts; one that runs, and one that has ended, does not.
    #[test]
    fn ending_processes_count() {
        let line = |state: &str, flags: u64| format!("7 (a) b) {state} 1 7 7 0 -1 {flags} 90 0 0 0 0 0");
        assert!(says_ending(&line("S", 0x40_0104)));
        for (state, flags) in [("S", 0x40_0100), ("R", 0), ("Z", 0x40_010c), ("X", 0x4)] {
            assert!(!says_ending(&line(state, flags)), "{state} {flags:x}");
        }
        assert!(!says_ending("") && !says_ending("7 (a"));
    }
}
