//! Runs an invocation: starts bubblewrap, stands by until it ends, and cleans up.
//!
//! The environment is bubblewrap's own from the start (`--clearenv` would leave the caller's in
//! `/proc/1/environ`), arguments go through a descriptor, and no other descriptor gets through.

#![allow(clippy::disallowed_methods, reason = "this module runs the sandbox")]

use crate::bwrap::Bubblewrap;
use crate::complaint;
use crate::diagnostic::{Code, Diagnostic, printable};
use crate::enter::Entry;
use crate::foreground::Foreground;
use crate::handover::{Handover, make_room};
use crate::invocation::Invocation;
use crate::surroundings::Surroundings;
use crate::sys;
use crate::words::Resource;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pipe::{PipeFlags, pipe_with};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGKILL, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH};
use signal_hook::iterator::Signals;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Seek, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

/// The signals of Ctrl-C and Ctrl-\. bubblewrap would die of them; the command decides for itself.
const KEYBOARD: &[i32] = &[SIGINT, SIGQUIT];

fn failed(error: impl Into<io::Error>) -> Diagnostic {
    Diagnostic::error(Code::SBC0705, format!("bubblewrap could not be started: {}", error.into()))
}

/// Runs the command and gives its status: its own, or 128 and the number of the signal. `admits` is asked while
/// bubblewrap mounts, and the command starts only if it says yes; otherwise there is no status.
///
/// # Errors
/// When sbc or bubblewrap fails before the command runs.
pub fn run(
    invocation: &Invocation,
    bwrap: &Bubblewrap,
    command: &[OsString],
    limits: Vec<(Resource, u64)>,
    lock: Option<&OwnedFd>,
    admits: impl FnOnce() -> bool,
) -> Result<Option<i32>, Diagnostic> {
    sys::close_descriptors_on_exec().map_err(failed)?;
    sys::leave_session_keyring().map_err(|error| {
        let title = format!("the session keyring cannot be left behind: {error}");
        Diagnostic::error(Code::SBC0708, title).help("remove keyrings that you no longer need: `keyctl show @u`")
    })?;
    let mut start = Start::prepare(invocation, bwrap, command, limits, lock)?;
    let mut admits = Some(admits);
    // Nothing inside could be held back.
    if start.first_step.is_none() && !admits.take().is_none_or(|admits| admits()) {
        return Ok(None);
    }
    let keyboard: Vec<i32> = KEYBOARD.iter().copied().filter(|signal| !sys::is_ignored(*signal)).collect();
    let signals = watch().map_err(failed)?;
    // bubblewrap inherits this; what starts the command inside restores it there. Without that
    // step they would stay ignored, and so bubblewrap dies of them instead.
    if invocation.has_proc {
        keyboard.iter().for_each(|signal| sys::ignore(*signal));
    }
    let foreground = Foreground::current();
    let child = start.command.spawn().map_err(failed)?;
    if invocation.new_session {
        // The terminal does not reach the command, so sbc passes these on.
        keyboard.iter().chain(&[SIGWINCH]).try_for_each(|signal| signals.add_signal(*signal)).map_err(failed)?;
    } else {
        keyboard.iter().for_each(|signal| sys::ignore(*signal));
    }
    // Only bubblewrap holds the other ends now.
    drop(start.handed_over);
    drop(start.command);
    let is_admitted = admits.is_none_or(|admits| admits());
    let complaint = start.first_step.map(|step| step.release(is_admitted));
    let mut status = Status { pipe: start.status, text: String::new() };
    let (ended, passed) = supervise(child, signals, &mut status).map_err(failed)?;
    foreground.into_iter().for_each(Foreground::restore);
    if !is_admitted {
        return Ok(None);
    }
    let complaint = complaint.map(|pipe| read_available(&pipe)).unwrap_or_default();
    let outcome = conclude(ended, passed, &mut status, &complaint);
    outcome.or_else(|diagnostic| unstarted(invocation, bwrap, command).ok_or(diagnostic)).map(Some)
}

/// The status of a command that bubblewrap itself could not start, as in env(1); `None` when the fault
/// lies elsewhere. What bubblewrap said went to the command's standard error. So it is asked again, for a
/// program that there cannot be, and only the set-up is repeated.
fn unstarted(invocation: &Invocation, bwrap: &Bubblewrap, command: &[OsString]) -> Option<i32> {
    let name = command.first().filter(|_| !invocation.has_proc)?;
    let is_path = name.as_bytes().contains(&b'/');
    let mut never = if is_path { name.clone() } else { OsString::new() };
    never.push("/.");
    let mut start = Start::prepare(invocation, bwrap, &[never], Vec::new(), None).ok()?;
    let output = start.command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output().ok()?;
    let said = String::from_utf8_lossy(&output.stderr);
    let is_there = is_path && !said.trim_end().ends_with("No such file or directory");
    said.contains("execvp ").then_some(if is_there { 126 } else { 127 })
}

/// What is needed to start bubblewrap, ready.
struct Start {
    command: Command,
    /// Descriptors that bubblewrap inherits.
    handed_over: Vec<OwnedFd>,
    /// Where bubblewrap tells of its child.
    status: OwnedFd,
    /// `None` where bubblewrap starts the command itself.
    first_step: Option<FirstStep>,
}

/// The other ends of what the first step inside holds (`enter.rs`).
struct FirstStep {
    /// What bubblewrap itself writes to standard error: the command has its own.
    complaint: OwnedFd,
    gate: OwnedFd,
}

impl FirstStep {
    /// Lets the command start, or not. Gives what bubblewrap complains of.
    fn release(self, is_admitted: bool) -> OwnedFd {
        if is_admitted {
            // Where bubblewrap has failed already, nobody waits.
            let _ = rustix::io::write(&self.gate, &[1]);
        }
        self.complaint
    }
}

impl Start {
    fn prepare(
        invocation: &Invocation,
        bwrap: &Bubblewrap,
        command: &[OsString],
        limits: Vec<(Resource, u64)>,
        lock: Option<&OwnedFd>,
    ) -> Result<Start, Diagnostic> {
        let open_files = make_room(&invocation.options, invocation.has_proc)?;
        let (status, status_end) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
        let mut handover = Handover::new(&invocation.options, bwrap.binds_descriptors)?;
        // Held until the last process inside has ended. bubblewrap keeps it from the command.
        if let Some(lock) = lock {
            handover.descriptor("--sync-fd", lock.try_clone().map_err(failed)?);
        }
        handover.descriptor("--json-status-fd", status_end);
        let Handover { text, held: mut handed_over } = handover;
        let arguments = in_memory(&text).map_err(failed)?;
        let mut words = bwrap.tracer.iter().map(OsString::as_os_str).chain([bwrap.path.as_os_str()]);
        let mut start = Command::new(words.next().unwrap_or_default());
        start.args(words);
        start.env_clear().envs(&invocation.env);
        start.arg("--args").arg(arguments.as_raw_fd().to_string()).arg("--");
        let mut first_step = None;
        if invocation.has_proc {
            let (complaint, write) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK).map_err(failed)?;
            let (gate_end, gate) = pipe_with(PipeFlags::CLOEXEC).map_err(failed)?;
            let stderr = io::stderr().as_fd().try_clone_to_owned().map_err(failed)?;
            let own = open_self().map_err(failed)?;
            let restore = KEYBOARD.iter().copied().filter(|signal| !sys::is_ignored(*signal)).collect();
            start.arg(format!("/proc/self/fd/{}", own.as_raw_fd()));
            let keeps_signals = invocation.own_processes;
            let (stderr_fd, gate_fd) = (stderr.as_raw_fd(), gate_end.as_raw_fd());
            let entry = Entry { stderr: stderr_fd, gate: gate_fd, restore, open_files, limits, keeps_signals };
            start.args(entry.arguments());
            start.stderr(write);
            handed_over.extend([stderr, gate_end, own]);
            first_step = Some(FirstStep { complaint, gate });
        }
        start.args(command);
        handed_over.push(arguments);
        for fd in &handed_over {
            fcntl_setfd(fd, FdFlags::empty()).map_err(failed)?;
        }
        Ok(Start { command: start, handed_over, status, first_step })
    }
}

/// A file without a name that holds these bytes.
pub fn in_memory(bytes: &[u8]) -> io::Result<OwnedFd> {
    let mut file = File::from(memfd_create("sbc", MemfdFlags::CLOEXEC)?);
    file.write_all(bytes)?;
    file.rewind()?;
    Ok(file.into())
}

/// This very program, for the first step inside.
fn open_self() -> io::Result<OwnedFd> {
    use rustix::fs::{Mode, OFlags};
    Ok(rustix::fs::open("/proc/self/exe", OFlags::PATH | OFlags::CLOEXEC, Mode::empty())?)
}

/// Starts to watch signals, before there is a child whose end could be missed.
fn watch() -> io::Result<Signals> {
    // If it were ignored, bubblewrap before 0.11.1 would wait for ever (bubblewrap#705).
    sys::restore(SIGCHLD);
    Signals::new([SIGCHLD, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2])
}

/// A signal that was passed on, and whether there was a command to get it.
#[derive(Clone, Copy)]
struct Passed {
    signal: i32,
    to_command: bool,
}

/// Waits for bubblewrap and passes signals on to the command. Gives its status, and the signal that
/// came before there was a command, else the last that came.
fn supervise(mut child: Child, mut signals: Signals, status: &mut Status) -> io::Result<(ExitStatus, Option<Passed>)> {
    let mut passed: Option<Passed> = None;
    for signal in signals.forever() {
        if signal != SIGCHLD {
            let to_command = forward(signal, child.id(), status);
            passed = passed.filter(|passed| !passed.to_command).or(Some(Passed { signal, to_command }));
        } else if let Some(ended) = child.try_wait()? {
            return Ok((ended, passed));
        }
    }
    Ok((child.wait()?, passed))
}

/// Sends a signal to the command. Before there is one it ends the start, and gives false.
fn forward(signal: i32, bwrap: u32, status: &mut Status) -> bool {
    let command = status.child().and_then(first_child);
    let send = |pid: i32, signal: i32, group: bool| {
        let target = rustix::process::Pid::from_raw(pid).zip(rustix::process::Signal::from_named_raw(signal));
        // It may have ended in this moment; then there is nobody to tell.
        let _ = match target {
            Some((pid, signal)) if group => {
                rustix::process::getpgid(Some(pid)).and_then(|group| rustix::process::kill_process_group(group, signal))
            }
            Some((pid, signal)) => rustix::process::kill_process(pid, signal),
            None => Ok(()),
        };
    };
    if let Some(command) = command {
        // A terminal would tell the whole group. sbc stands in for it only where the command has a
        // session of its own, and so a group without sbc in it.
        send(command, signal, KEYBOARD.contains(&signal));
    } else if signal != SIGWINCH {
        // The first process of the sandbox ignores what it does not handle, and does not yet end
        // with bubblewrap when it has just begun: bubblewrap tells of it at once.
        let init = (0..200).find_map(|_| {
            status.child().or_else(|| {
                std::thread::sleep(Duration::from_millis(2));
                None
            })
        });
        init.into_iter().for_each(|init| send(init, SIGKILL, false));
        send(i32::try_from(bwrap).unwrap_or_default(), SIGTERM, false);
    }
    command.is_some() || signal == SIGWINCH
}

/// The command: the first child of the sandbox's init process.
fn first_child(init: i32) -> Option<i32> {
    let children = std::fs::read_to_string(format!("/proc/{init}/task/{init}/children")).ok()?;
    children.split_whitespace().next()?.parse().ok()
}

/// What bubblewrap tells of its child, as lines of JSON.
struct Status {
    pipe: OwnedFd,
    text: String,
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StatusLine {
    child_pid: Option<i32>,
    exit_code: Option<i32>,
}

impl Status {
    fn lines(&mut self) -> Vec<StatusLine> {
        let more = rustix::io::ioctl_fionbio(&self.pipe, true).map(|()| read_available(&self.pipe));
        self.text.push_str(&more.unwrap_or_default());
        self.text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn child(&mut self) -> Option<i32> {
        self.lines().into_iter().find_map(|line| line.child_pid)
    }

    /// There only if the command was started.
    fn exit_code(&mut self) -> Option<i32> {
        self.lines().into_iter().find_map(|line| line.exit_code)
    }
}

/// What can be read without waiting.
fn read_available(pipe: &OwnedFd) -> String {
    let mut bytes = Vec::new();
    if let Ok(pipe) = pipe.try_clone() {
        // The error is that there is no more for now.
        let _ = File::from(pipe).take(64 * 1024).read_to_end(&mut bytes);
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn conclude(
    ended: ExitStatus,
    passed: Option<Passed>,
    status: &mut Status,
    complaint: &str,
) -> Result<i32, Diagnostic> {
    let code = status.exit_code();
    match passed {
        Some(Passed { signal, to_command: false }) => return Ok(128 + signal),
        // bubblewrap says nothing of a command that ended before its program was loaded.
        Some(Passed { signal, .. }) if code.is_none() && complaint.is_empty() => return Ok(128 + signal),
        _ => {}
    }
    if code.is_none() && ended.signal().is_none() {
        return Err(complaint::explain(complaint, &Surroundings::read()));
    }
    if !complaint.is_empty() {
        eprint!("{}", printable(complaint));
    }
    Ok(code.or(ended.code()).unwrap_or_else(|| 128 + ended.signal().unwrap_or(0)))
}
