//! A process that does what is to be done after a run, should sbc have been killed. It sleeps in one
//! system call and has no part in a run that ends well.

#![allow(clippy::disallowed_methods, reason = "this module is a process of its own")]

use crate::aftermath::{self, GRACE};
use crate::diagnostic::Diagnostics;
use crate::record::Record;
use crate::words::Lifetime;
use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The argument that makes sbc do this instead of reading a command line.
pub const MARK: &str = "--sbc-janitor";

/// The janitor of one run. It knows that sbc is gone by the end of its standard input.
#[derive(Debug)]
pub struct Janitor(Option<Child>);

impl Janitor {
    /// Starts one. Where that fails, the next run does the work.
    pub fn start(record: Option<&Path>, state: &Path, lifetime: Lifetime) -> Janitor {
        Janitor(record.and_then(|record| command(record, state, lifetime).stdin(Stdio::piped()).spawn().ok()))
    }

    /// Starts one for what goes on inside when sbc ends. Whoever waits for the end of standard error
    /// does not wait for that.
    pub fn leave(record: &Path, state: &Path) {
        drop(command(record, state, Lifetime::Detached).stdin(Stdio::null()).stderr(Stdio::null()).spawn());
    }

    /// Ends it: sbc is there to do the work. It is not yet waited for.
    pub fn dismiss(&mut self) {
        // It may have ended by itself.
        self.0.iter_mut().for_each(|janitor| _ = janitor.kill());
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        self.dismiss();
        self.0.iter_mut().for_each(|janitor| _ = janitor.wait());
    }
}

fn command(record: &Path, state: &Path, lifetime: Lifetime) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.arg(MARK).arg(state).arg(record).arg(lifetime.word()).env_clear().current_dir("/").stdout(Stdio::null());
    command
}

/// Waits for the end of a run and settles it. Gives what to say.
pub fn stand_by(mut arguments: impl Iterator<Item = OsString>) -> Diagnostics {
    let (Some(state), Some(record)) = (arguments.next(), arguments.next()) else { return Diagnostics::default() };
    // Out of reach of the terminal. It fails for who leads a session already, and then all is well.
    let _ = rustix::process::setsid();
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    let record = Record { file: record.into(), items: Vec::new() };
    if arguments.next().is_some_and(|lifetime| lifetime == Lifetime::WithParent.word()) {
        record.end_within(GRACE);
    }
    match record.wait() {
        Ok(()) => aftermath::settle(Path::new(&state)),
        Err(_) => Diagnostics::default(),
    }
}
