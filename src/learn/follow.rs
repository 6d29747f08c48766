//! Follows the processes of a log: where each is, and what its calls looked for.
//!
//! Reads line by line and keeps nothing of a line but what it means. bubblewrap's own work to make a
//! sandbox is no part of it.

use super::events::{Address, Outcome, Recent, Table, TooMany, Want, clean};
use super::trace::{self, Call, Line, Malformed, What};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::io::{self, BufRead, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The longest line that strace can have written.
const LONGEST: usize = 1024 * 1024;

/// More processes at a time than a machine has.
const MOST_PROCESSES: usize = 1 << 17;

/// Why a log cannot be read.
#[derive(Debug)]
pub enum Failure {
    Io(io::Error),
    /// The number of a line, and what is wrong with it.
    Line(usize, Malformed),
    /// A line of more than a megabyte.
    TooLong(usize),
    /// More paths or processes than there can be.
    TooMany,
    /// Nothing in it.
    Empty,
}

impl From<TooMany> for Failure {
    fn from(_: TooMany) -> Failure {
        Failure::TooMany
    }
}

#[derive(Debug, Default)]
struct Process {
    cwd: Option<PathBuf>,
    /// Whether it is bubblewrap, which makes the sandbox.
    is_bubblewrap: bool,
    /// The first part of a call.
    pending: Option<String>,
    recent: Recent,
}

/// What has been followed so far.
#[derive(Debug, Default)]
pub struct Followed {
    pub table: Table,
    processes: HashMap<u32, Process>,
    /// Who began to make a process that is not known yet.
    parent: Option<u32>,
    /// Whether bubblewrap was started: then what came before was outside.
    has_sandbox: bool,
    calls: usize,
}

/// Reads a log to its end. `told` hears of the number of lines now and then.
pub fn read(mut log: impl BufRead, cwd: &Path, told: &mut dyn FnMut(usize)) -> Result<Followed, Failure> {
    let mut followed = Followed::default();
    let mut bytes = Vec::new();
    let mut number = 0;
    loop {
        bytes.clear();
        let limit = u64::try_from(LONGEST + 1).unwrap_or(u64::MAX);
        let read = log.by_ref().take(limit).read_until(b'\n', &mut bytes).map_err(Failure::Io)?;
        if read == 0 {
            break;
        }
        number += 1;
        if read > LONGEST {
            return Err(Failure::TooLong(number));
        }
        let text = std::str::from_utf8(&bytes).map_err(|_| Failure::Line(number, Malformed::Foreign))?;
        let line = trace::line(text).map_err(|malformed| Failure::Line(number, malformed))?;
        followed.line(line, cwd, number)?;
        if number % 256 == 0 {
            told(number);
        }
    }
    if followed.calls == 0 {
        return Err(Failure::Empty);
    }
    followed.finish();
    Ok(followed)
}

impl Followed {
    fn line(&mut self, line: Line<'_>, cwd: &Path, number: usize) -> Result<(), Failure> {
        let process = line.process.unwrap_or(0);
        let broken = |malformed| Failure::Line(number, malformed);
        if line.what != What::Nothing {
            self.meet(process, cwd)?;
        }
        match line.what {
            What::Nothing => {}
            What::Call(call) => self.call(process, call)?,
            What::Unfinished(start) => {
                self.begin(process, start);
                if let Some(process) = self.processes.get_mut(&process) {
                    process.pending = Some(start.to_owned());
                }
            }
            What::Resumed { name, rest } => {
                let start = self.processes.get_mut(&process).and_then(|process| process.pending.take());
                // Where the log begins in the middle of a call, its first part is not there.
                let Some(start) = start else { return Ok(()) };
                let begun = start.split('(').next().unwrap_or_default();
                if trace::is_unknown(begun) || trace::is_unknown(name) {
                    return Ok(());
                }
                if begun != name {
                    return Err(broken(Malformed::Foreign));
                }
                let whole = start + rest;
                self.call(process, trace::call(&whole).map_err(broken)?)?;
            }
            What::Ended { failed } => {
                if let Some(process) = self.processes.remove(&process).filter(|process| !process.is_bubblewrap) {
                    self.table.ended(process.recent, process.cwd.as_deref(), failed);
                }
            }
        }
        Ok(())
    }

    /// A process that is new here is a child of the one that was making one.
    fn meet(&mut self, number: u32, cwd: &Path) -> Result<(), Failure> {
        if self.processes.contains_key(&number) {
            return Ok(());
        }
        if self.processes.len() >= MOST_PROCESSES {
            return Err(Failure::TooMany);
        }
        let parent = self.parent.and_then(|parent| self.processes.get(&parent));
        let child = match parent {
            Some(parent) => {
                Process { cwd: parent.cwd.clone(), is_bubblewrap: parent.is_bubblewrap, ..Process::default() }
            }
            None => Process { cwd: Some(cwd.to_owned()), ..Process::default() },
        };
        self.processes.insert(number, child);
        Ok(())
    }

    /// A call that makes a process can last until the child has done much.
    fn begin(&mut self, process: u32, start: &str) {
        if makes_process(start.split('(').next().unwrap_or_default()) {
            self.parent = Some(process);
        }
    }

    fn call(&mut self, number: u32, call: Call<'_>) -> Result<(), Failure> {
        self.calls += 1;
        if makes_process(call.name) {
            self.parent = Some(number);
            return self.made(number, call);
        }
        let Some(mut process) = self.processes.remove(&number) else { return Ok(()) };
        let done = self.understand(&mut process, call);
        self.processes.insert(number, process);
        done.map_err(Failure::from)
    }

    /// The child is where its parent is.
    fn made(&mut self, parent: u32, call: Call<'_>) -> Result<(), Failure> {
        let Some(child) = call.made().filter(|_| call.is_done()) else { return Ok(()) };
        match self.processes.get(&parent).and_then(|parent| parent.cwd.clone()) {
            Some(cwd) => self.meet(child, &cwd),
            None => Ok(()),
        }
    }

    fn understand(&mut self, process: &mut Process, call: Call<'_>) -> Result<(), TooMany> {
        if matches!(call.name, "execve" | "execveat") {
            self.exec(process, call);
        }
        if process.is_bubblewrap {
            return Ok(());
        }
        match call.name {
            "write" | "writev" => {
                let arguments = call.split();
                if arguments.first().is_some_and(|fd| *fd == "2" || fd.starts_with("2<")) {
                    let text = arguments.get(1).map(|text| trace::strings(text).concat()).unwrap_or_default();
                    self.table.said(&mut process.recent, process.cwd.as_deref(), &text);
                }
                Ok(())
            }
            "connect" => self.connect(process, call),
            "fchdir" => {
                let to = call.split().first().and_then(|fd| trace::path_of_descriptor(fd));
                process.cwd = to.map(|to| PathBuf::from(OsStr::from_bytes(&to))).filter(|_| call.is_done());
                Ok(())
            }
            _ => self.accesses(process, call),
        }
    }

    /// What is bubblewrap, and what it has started.
    fn exec(&mut self, process: &mut Process, call: Call<'_>) {
        let arguments = call.split();
        let path = arguments.first().and_then(|path| trace::string(path)).map(|(path, _)| path).unwrap_or_default();
        let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or_default();
        let starts_bubblewrap = name.starts_with(b"bwrap") && call.is_done();
        if starts_bubblewrap && !self.has_sandbox {
            self.has_sandbox = true;
            self.table = Table::default();
        }
        process.is_bubblewrap = starts_bubblewrap;
    }

    fn connect(&mut self, process: &mut Process, call: Call<'_>) -> Result<(), TooMany> {
        let arguments = call.split();
        let address = arguments.get(1).copied().unwrap_or_default();
        if let Some((_, rest)) = address.split_once("sun_path=") {
            // An abstract name belongs to the network, and has no path.
            let Some((path, false)) = trace::string(rest) else { return Ok(()) };
            let Some(path) = place(process, None, &path) else { return Ok(()) };
            return self.table.access(&mut process.recent, &path, Want::Connect, outcome(call));
        }
        let between = |start: &str, end: char| Some(address.split_once(start)?.1.split_once(end)?.0);
        let port = between("htons(", ')').and_then(|port| port.parse().ok());
        let host = between("inet_addr(\"", '"').or_else(|| between("inet_pton(AF_INET6, \"", '"'));
        match (host, port) {
            // Port 0 asks for a route, and reaches nobody.
            (Some(host), Some(port)) if port != 0 => {
                let answered = call.is_done() || call.error() == Some("EINPROGRESS");
                self.table.connect(Address { host: host.to_owned(), port }, answered)
            }
            _ => Ok(()),
        }
    }

    fn accesses(&mut self, process: &mut Process, call: Call<'_>) -> Result<(), TooMany> {
        let Some(shape) = SHAPES.iter().find(|shape| shape.names.contains(&call.name)) else { return Ok(()) };
        let arguments = call.split();
        for (directory, path) in shape.paths {
            let directory = directory.and_then(|index| arguments.get(index).copied());
            let Some((name, false)) = arguments.get(*path).and_then(|path| trace::string(path)) else { continue };
            if name.is_empty() {
                continue;
            }
            if let Some(cwd) = directory.filter(|fd| fd.starts_with("AT_FDCWD")).and_then(trace::path_of_descriptor) {
                process.cwd = Some(PathBuf::from(OsStr::from_bytes(&cwd)));
            }
            let Some(path) = place(process, directory, &name) else {
                self.table.unplaced += 1;
                continue;
            };
            let want = opening(&arguments, call.name).unwrap_or(shape.want);
            self.table.access(&mut process.recent, &path, want, outcome(call))?;
            if call.name == "chdir" && call.is_done() {
                process.cwd = Some(path);
            }
        }
        Ok(())
    }

    /// What still ran when the log ended has not failed.
    fn finish(&mut self) {
        for (_, process) in std::mem::take(&mut self.processes) {
            self.table.ended(process.recent, process.cwd.as_deref(), false);
        }
    }

    /// Whether the log shows how bubblewrap made a sandbox.
    pub fn has_sandbox(&self) -> bool {
        self.has_sandbox
    }
}

fn makes_process(name: &str) -> bool {
    matches!(name, "clone" | "clone3" | "fork" | "vfork")
}

/// The absolute path that a name means, where the log tells.
fn place(process: &Process, directory: Option<&str>, name: &[u8]) -> Option<PathBuf> {
    let name = Path::new(OsStr::from_bytes(name));
    if name.is_absolute() {
        return Some(clean(name));
    }
    let base = match directory {
        Some(fd) if !fd.starts_with("AT_FDCWD") => {
            trace::path_of_descriptor(fd).map(|path| PathBuf::from(OsStr::from_bytes(&path)))
        }
        _ => process.cwd.clone(),
    };
    Some(clean(&base?.join(name)))
}

fn outcome(call: Call<'_>) -> Outcome {
    match call.error() {
        _ if call.is_done() => Outcome::Found,
        Some("ENOENT" | "ENOTDIR") => Outcome::Missing,
        Some("EACCES" | "EPERM") => Outcome::Denied,
        Some("EROFS") => Outcome::ReadOnly,
        // It is there.
        Some("EEXIST" | "ENOTEMPTY" | "EINVAL") => Outcome::Found,
        // Or, for a name that ends with a slash, it cannot be made.
        Some("EISDIR") => Outcome::Other,
        _ => Outcome::Other,
    }
}

/// What an `open` is for.
fn opening(arguments: &[&str], name: &str) -> Option<Want> {
    let flags = match name {
        "open" => arguments.get(1),
        "openat" | "openat2" => arguments.get(2),
        _ => None,
    }?;
    let has = |names: &[&str]| names.iter().any(|name| flags.contains(name));
    match has(&["O_CREAT"]) {
        true => Some(Want::Make),
        false => has(&["O_WRONLY", "O_RDWR", "O_TRUNC"]).then_some(Want::Write),
    }
}

/// Where calls have their paths: each beside the descriptor that it starts from, by number.
struct Shape {
    names: &'static [&'static str],
    paths: &'static [(Option<usize>, usize)],
    want: Want,
}

#[rustfmt::skip]
const SHAPES: &[Shape] = &[
    Shape { names: &["newfstatat", "statx", "openat", "openat2", "faccessat", "faccessat2", "readlinkat"], paths: &[(Some(0), 1)], want: Want::Look },
    Shape { names: &["open", "stat", "lstat", "stat64", "lstat64", "access", "readlink", "chdir", "statfs", "getxattr", "lgetxattr"], paths: &[(None, 0)], want: Want::Look },
    Shape { names: &["execve"], paths: &[(None, 0)], want: Want::Run },
    Shape { names: &["execveat"], paths: &[(Some(0), 1)], want: Want::Run },
    Shape { names: &["truncate", "rmdir", "unlink", "chmod", "chown", "lchown", "utime", "utimes", "setxattr", "removexattr"], paths: &[(None, 0)], want: Want::Write },
    Shape { names: &["unlinkat", "fchmodat", "fchmodat2", "fchownat", "utimensat", "futimesat"], paths: &[(Some(0), 1)], want: Want::Write },
    Shape { names: &["creat", "mkdir", "mknod"], paths: &[(None, 0)], want: Want::Make },
    Shape { names: &["mkdirat", "mknodat"], paths: &[(Some(0), 1)], want: Want::Make },
    Shape { names: &["rename", "link"], paths: &[(None, 0), (None, 1)], want: Want::Write },
    Shape { names: &["renameat", "renameat2", "linkat"], paths: &[(Some(0), 1), (Some(2), 3)], want: Want::Write },
    Shape { names: &["symlink"], paths: &[(None, 1)], want: Want::Make },
    Shape { names: &["symlinkat"], paths: &[(Some(1), 2)], want: Want::Make },
];
