//! The few system calls that no crate offers safely. With one line of `enter.rs` the only unsafe code of sbc.

#![allow(clippy::disallowed_methods, reason = "this module talks to the kernel")]
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// Marks every descriptor above 2 close-on-exec, so that none reaches the sandbox by accident.
pub fn close_descriptors_on_exec() -> io::Result<()> {
    // SAFETY: the call takes three integers and changes a flag of descriptors, no memory.
    let result = unsafe { libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, libc::CLOSE_RANGE_CLOEXEC) };
    if result == 0 {
        return Ok(());
    }
    // Before Linux 5.11.
    for entry in std::fs::read_dir("/proc/self/fd")? {
        if let Some(fd) = entry?.file_name().to_str().and_then(|name| name.parse::<RawFd>().ok()).filter(|fd| *fd > 2) {
            // SAFETY: as above; a number that is no descriptor any more is refused by the kernel.
            unsafe { libc::fcntl(fd, libc::F_SETFD, libc::FD_CLOEXEC) };
        }
    }
    Ok(())
}

/// Leaves the caller's session keyring for an empty one, which everything inside inherits.
pub fn leave_session_keyring() -> io::Result<()> {
    const KEYCTL_JOIN_SESSION_KEYRING: libc::c_int = 1;
    let anonymous = std::ptr::null::<libc::c_char>();
    // SAFETY: a null name asks for an anonymous keyring; nothing is read or written.
    let result = unsafe { libc::syscall(libc::SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, anonymous) };
    let error = io::Error::last_os_error();
    // Where the kernel or a container has no keyrings, there is none to inherit.
    let absent = matches!(error.raw_os_error(), Some(libc::ENOSYS | libc::EPERM | libc::EACCES));
    if result >= 0 || absent { Ok(()) } else { Err(error) }
}

/// The first version of Landlock's interface that has scopes.
pub const LANDLOCK_WITH_SCOPES: i32 = 6;

/// The version of Landlock's interface; `None` where the kernel has none.
pub fn landlock_version() -> Option<i32> {
    const LANDLOCK_CREATE_RULESET_VERSION: libc::c_uint = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the call takes no attributes and makes nothing.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0usize, LANDLOCK_CREATE_RULESET_VERSION) };
    i32::try_from(version).ok().filter(|version| *version > 0)
}

/// Keeps the signals of this process, and of all that it starts, among these. A process group can hold processes
/// outside of the sandbox, and no namespace hides them from a signal to the group. Where the kernel has no scope for
/// signals (before Linux 6.12) nothing changes.
pub fn keep_signals_inside() -> io::Result<()> {
    /// `struct landlock_ruleset_attr`.
    #[repr(C)]
    struct Attributes {
        files: u64,
        network: u64,
        scoped: u64,
    }
    const SCOPE_SIGNAL: u64 = 1 << 1;
    if landlock_version().is_none_or(|version| version < LANDLOCK_WITH_SCOPES) {
        return Ok(());
    }
    let attributes = Attributes { files: 0, network: 0, scoped: SCOPE_SIGNAL };
    // SAFETY: the kernel reads the attributes, whose size it is told.
    let ruleset = unsafe {
        libc::syscall(
            libc::SYS_landlock_create_ruleset,
            &raw const attributes,
            size_of::<Attributes>(),
            0 as libc::c_uint,
        )
    };
    let ruleset = RawFd::try_from(ruleset).ok().filter(|fd| *fd >= 0).ok_or_else(io::Error::last_os_error)?;
    // SAFETY: the kernel has just made this descriptor, and nothing else owns it.
    let ruleset = unsafe { OwnedFd::from_raw_fd(ruleset) };
    // SAFETY: the call takes two integers.
    let result = unsafe { libc::syscall(libc::SYS_landlock_restrict_self, ruleset.as_raw_fd(), 0 as libc::c_uint) };
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// The time of a clock, in seconds and nanoseconds. Not by rustix, which would look for the kernel's page with its
/// clocks in the process's own memory; the C library has done that already.
pub fn clock(clock: libc::clockid_t) -> (i64, u64) {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the kernel or its page fills in the time, and for a clock that there is not it stays as it is.
    unsafe { libc::clock_gettime(clock, &raw mut time) };
    (time.tv_sec, u64::try_from(time.tv_nsec).unwrap_or_default())
}

/// Whether a signal is ignored by this process, as its parent may have wished.
pub fn is_ignored(signal: i32) -> bool {
    // SAFETY: an all-zero `sigaction` is valid, and the kernel fills it in.
    unsafe {
        let mut current: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &mut current) == 0 && current.sa_sigaction == libc::SIG_IGN
    }
}

/// Ignores a signal in this process.
pub fn ignore(signal: i32) {
    // SAFETY: `SIG_IGN` runs no code.
    unsafe { libc::signal(signal, libc::SIG_IGN) };
}

/// Lets a signal do again what it does by default.
pub fn restore(signal: i32) {
    // SAFETY: `SIG_DFL` runs no code of ours.
    unsafe { libc::signal(signal, libc::SIG_DFL) };
}
