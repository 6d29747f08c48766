//! Directories that are too much as a whole. What is in them can be shown one by one.
//!
//! Data, for the guards (`check/guards.rs`).

use crate::words::AssertionKind;

/// A directory of which only parts may be shown, or be writable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wholesale {
    /// `denied` where the whole is not to be seen, `not-writable` where it is not to be written.
    pub kind: AssertionKind,
    /// As a policy writes it.
    pub path: &'static str,
    /// What it hands over.
    pub about: &'static str,
}

const fn denied(path: &'static str, about: &'static str) -> Wholesale {
    Wholesale { kind: AssertionKind::Denied, path, about }
}

const fn not_writable(path: &'static str, about: &'static str) -> Wholesale {
    Wholesale { kind: AssertionKind::NotWritable, path, about }
}

/// All of them.
#[rustfmt::skip]
pub const WHOLESALE: &[Wholesale] = &[
    denied("/run", "the sockets of the host's services, new ones as well"),
    denied("${XDG_RUNTIME_DIR}", "the sockets of your session, new ones as well"),
    denied("/proc", "the processes of the host, and by them its files"),
    // Symbols cannot tell whose home lies in it; your own is the usual answer.
    denied("/home", "the homes of all users, with their keys"),
    not_writable("/", "everything that the host runs"),
    not_writable("/home", "everything that you run lies in your home, or is told to by a file there"),
    not_writable("~", "everything that you run lies there, or is told to by a file there"),
    not_writable("~/.config", "the settings of all your programs, new ones as well"),
    not_writable("~/.local/share", "what your programs and desktop run, new ones as well"),
    // pnpm has its programs directly in it, beside its store.
    not_writable("~/.local/share/pnpm", "your shell, which finds programs there"),
    not_writable("/dev", "memory that is shared with the host's programs"),
];
