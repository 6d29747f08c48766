//! How well the predicted start of a sandbox with many mounts fits this machine: `cargo bench --bench mounts`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark looks at the machine"
)]

use sbc::check::startup::milliseconds;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;
use tempfile::TempDir;

/// How often each sandbox starts.
const RUNS: usize = 20;

fn main() {
    let files = TempDir::new().expect("a directory");
    let on_host = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default().lines().count();
    println!("bubblewrap with so many mounts, on a host with {on_host}; the best and the median of {RUNS} starts\n");
    println!("{:>8}{:>12}{:>10}{:>10}{:>12}", "mounts", "predicted", "best", "median", "best/pred");
    for mounts in [20, 50, 100, 200, 300, 500] {
        let times = measure(files.path(), mounts);
        let predicted = milliseconds(mounts, on_host);
        let (best, median) =
            (times.first().copied().unwrap_or_default(), times.get(RUNS / 2).copied().unwrap_or_default());
        println!("{mounts:>8}{predicted:>9.1} ms{best:>7.1} ms{median:>7.1} ms{:>12.2}", best / predicted);
    }
}

/// The times of all starts in milliseconds, in order.
fn measure(files: &Path, mounts: usize) -> Vec<f64> {
    let mut arguments: Vec<String> =
        "--unshare-user --disable-userns --unshare-pid --unshare-ipc --unshare-uts --unshare-net \
         --ro-bind /usr /usr --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc --dev /dev --tmpfs /tmp"
            .split_whitespace()
            .map(str::to_owned)
            .collect();
    // The system's own are four.
    for mount in 4..mounts {
        let file = files.join(format!("file-{mount}"));
        fs::write(&file, "").expect("a file");
        arguments.extend(["--ro-bind".into(), file.display().to_string(), format!("/tmp/{mount}")]);
    }
    arguments.extend(["--".into(), "/usr/bin/true".into()]);
    let start = || {
        let start = Instant::now();
        let status = Command::new("bwrap").args(&arguments).stdin(Stdio::null()).status().expect("bubblewrap");
        assert!(status.success(), "{status}");
        start.elapsed().as_secs_f64() * 1e3
    };
    let mut times: Vec<f64> = (0..RUNS).map(|_| start()).collect();
    times.sort_by(f64::total_cmp);
    times
}
