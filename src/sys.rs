//! The few system calls that no crate offers safely. With one line of `enter.rs` the only unsafe code of sbc.

#![allow(clippy::disallowed_methods, reason = "this module talks to the kernel")]
#![allow(unsafe_code, reason = "each block says why it is sound")]

use std::io;
use std::os::fd::RawFd;

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

/// The version of Landlock's interface; `None` where the kernel has none.
pub fn landlock_version() -> Option<i32> {
    const LANDLOCK_CREATE_RULESET_VERSION: libc::c_uint = 1;
    let nothing = std::ptr::null::<libc::c_void>();
    // SAFETY: with this flag the call takes no attributes and makes nothing.
    let version =
        unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, nothing, 0usize, LANDLOCK_CREATE_RULESET_VERSION) };
    i32::try_from(version).ok().filter(|version| *version > 0)
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
