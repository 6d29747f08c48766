//! When something was last changed, by the clock of the kernel, which nobody inside can set.
//!
//! A file gets a new time (`st_ctime`) by each change of its content, its name or its rights, and a directory also by
//! each change of what is directly in it. That holds on some file systems only. In tmpfs, what is written
//! through a shared mapping leaves the time as it is; XFS and F2FS have calls that exchange the contents of
//! files; over a network the time is the server's; and what a program serves has the times that the program says.

#![allow(clippy::disallowed_methods, reason = "this module reads the clock and the times of files")]

use crate::sys;
use rustix::fs::{AtFlags, CWD, OFlags, Stat, fstatfs, statat};
use std::fmt;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The file systems of which it is known, by the numbers in statfs(2): ext2 to ext4, Btrfs. (What ext4 lets
/// everybody do with `EXT4_IOC_MOVE_EXT` leaves nothing but zeros in a file.)
const EXACT: [u32; 2] = [0xef53, 0x9123_683e];

/// A time of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    seconds: i64,
    nanoseconds: u64,
}

impl Moment {
    /// When the latest of these paths was last changed, links not followed; `None` where that cannot be told.
    pub fn of_latest(paths: &[&Path]) -> Option<Moment> {
        let moments: Option<Vec<Moment>> = paths.iter().map(|path| Moment::of(path)).collect();
        moments?.into_iter().max()
    }

    fn of(path: &Path) -> Option<Moment> {
        let stat = |path: &Path| statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok();
        let (above, there) = (path.parent()?, stat(path)?);
        // A snapshot of a subvolume has old times and a device of its own.
        let is_inside = stat(above)?.st_dev == there.st_dev;
        (is_inside && is_exact(above)).then(|| Moment::of_file(&there))
    }

    pub fn of_file(there: &Stat) -> Moment {
        Moment { seconds: there.st_ctime, nanoseconds: there.st_ctime_nsec }
    }

    pub fn new(seconds: i64, nanoseconds: u64) -> Moment {
        Moment { seconds, nanoseconds }
    }

    /// Its seconds and nanoseconds.
    pub fn numbers(self) -> (i64, u64) {
        (self.seconds, self.nanoseconds)
    }

    /// Whether the file system may have kept no more than the second.
    pub fn is_whole(self) -> bool {
        self.nanoseconds == 0
    }

    /// Whether it is certain that this was before a moment of the clock. Some file systems keep whole seconds.
    fn is_before(self, moment: Moment) -> bool {
        if self.is_whole() { self.seconds < moment.seconds } else { self < moment }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.seconds, self.nanoseconds)
    }
}

/// Whether a file in this directory cannot change without getting a new time.
pub fn is_exact(directory: &Path) -> bool {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::open(directory, flags, rustix::fs::Mode::empty());
    opened.is_ok_and(|opened| is_exact_at(&opened))
}

/// The same of an opened directory.
pub fn is_exact_at(opened: &OwnedFd) -> bool {
    // Of the number, the low half is what the kernel means.
    fstatfs(opened).is_ok_and(|system| EXACT.iter().any(|known| i128::from(*known) == i128::from(system.f_type)))
}

/// The moment in which something began. The earlier one comes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Beginning {
    moment: Moment,
    /// How long the machine ran by then, in seconds.
    up: i64,
}

impl Beginning {
    pub fn now() -> Beginning {
        // The same clock from which files get their times: it goes in steps of some milliseconds.
        let (seconds, nanoseconds) = sys::clock(libc::CLOCK_REALTIME_COARSE);
        Beginning { moment: Moment { seconds, nanoseconds }, up: sys::clock(libc::CLOCK_BOOTTIME).0 }
    }

    /// Whether it is certain that something has not changed since.
    pub fn is_after(&self, change: Option<Moment>) -> bool {
        let now = Beginning::now();
        // Where the clock has been set back, what is new may have an old time.
        let is_set_back = now.moment.seconds - now.up < self.moment.seconds - self.up - 1;
        !is_set_back && change.is_some_and(|change| change.is_before(self.moment))
    }

    /// Whether the machine has not been started anew since, and its clock not been set.
    pub fn is_of_this_start(&self) -> bool {
        let now = Beginning::now();
        ((now.moment.seconds - now.up) - (self.moment.seconds - self.up)).abs() <= 1
    }

    pub fn write(&self) -> String {
        format!("{}.{}", self.moment, self.up)
    }

    pub fn read(text: &str) -> Option<Beginning> {
        let mut numbers = text.split('.');
        let moment = Moment { seconds: numbers.next()?.parse().ok()?, nanoseconds: numbers.next()?.parse().ok()? };
        Some(Beginning { moment, up: numbers.next()?.parse().ok()? })
    }
}

#[cfg(test)]
mod tests {
    use super::{Beginning, Moment};

    /// Only what is certainly older is; a time in whole seconds may be later in its second.
    #[test]
    fn older() {
        let moment = |seconds, nanoseconds| Moment { seconds, nanoseconds };
        let now = Beginning::now();
        let seconds = now.moment.seconds;
        let beginning = Beginning { moment: moment(seconds, 500), ..now };
        assert_eq!(Beginning::read(&beginning.write()), Some(beginning));
        for (change, is_old) in [
            (Some(moment(seconds, 499)), true),
            (Some(moment(seconds, 500)), false),
            (Some(moment(seconds, 0)), false),
            (Some(moment(seconds - 1, 0)), true),
            (None, false),
        ] {
            assert_eq!(beginning.is_after(change), is_old, "{change:?}");
        }
        // The clock is an hour behind what it was.
        let later = Beginning { moment: moment(seconds + 3600, 0), ..now };
        assert!(!later.is_after(Some(moment(seconds, 1))));
    }
}
