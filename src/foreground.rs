//! Gives the terminal back to the caller's processes after a shell inside had it.
//!
//! A shell with jobs makes one of them the terminal's foreground and, when it ends, whoever had it
//! before. From inside it cannot name those processes, and so nobody would have the terminal.

#![allow(clippy::disallowed_methods, reason = "this module looks at the caller's terminal")]

use crate::sys;
use rustix::process::{getpgrp, test_kill_process_group};
use rustix::termios::{tcgetpgrp, tcsetpgrp};
use signal_hook::consts::SIGTTOU;
use std::fs::File;

/// The terminal in which this process stands in the foreground.
#[derive(Debug)]
pub struct Foreground(File);

impl Foreground {
    /// `None` without a terminal, and in the background.
    pub fn current() -> Option<Foreground> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        (tcgetpgrp(&terminal).ok()? == getpgrp()).then_some(Foreground(terminal))
    }

    /// Takes the terminal back from processes that are gone, and from nobody else.
    pub fn restore(self) {
        let Ok(now) = tcgetpgrp(&self.0) else { return };
        if now != getpgrp() && test_kill_process_group(now).is_err() {
            sys::ignore(SIGTTOU);
            // The terminal itself may be gone by now.
            let _ = tcsetpgrp(&self.0, getpgrp());
        }
    }
}
