//! What bubblewrap is given: its options as bytes, and the descriptors that they name.
//!
//! Sources of mounts are handed over by descriptor where bubblewrap takes them so (`--bind-fd`): what it
//! mounts is then what sbc has looked at, whatever stands at the path in that moment. Where it takes a path
//! only, that is verified as late as can be.

use crate::arguments::{Argument, Data};
use crate::checked::Checked;
use crate::diagnostic::{Code, Diagnostic};
use crate::exec::in_memory;
use rustix::fs::OFlags;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The options that take a descriptor in the place of a path.
const BY_DESCRIPTOR: [(&str, &str); 2] = [("--bind", "--bind-fd"), ("--ro-bind", "--ro-bind-fd")];

/// What sbc itself has open, generously.
const OWN: u64 = 64;

/// Options of bubblewrap, as `--args` reads them.
#[derive(Debug, Default)]
pub struct Handover {
    pub text: Vec<u8>,
    /// Descriptors that bubblewrap inherits.
    pub held: Vec<OwnedFd>,
}

impl Handover {
    /// Opens all that the options name. With `by_descriptor` bubblewrap gets the sources of mounts so.
    ///
    /// # Errors
    /// When something cannot be opened, or is no more what it was.
    pub fn new(options: &[Argument], by_descriptor: bool) -> Result<Handover, Diagnostic> {
        let mut handover = Handover::default();
        for argument in options {
            match argument {
                Argument::Word(word) => handover.word(word.as_bytes()),
                Argument::Data(data) => {
                    let file = open(data)?;
                    handover.number(file);
                }
                Argument::Source { option, source } => handover.source(option, source, by_descriptor)?,
            }
        }
        Ok(handover)
    }

    pub fn word(&mut self, word: &[u8]) {
        self.text.extend_from_slice(word);
        self.text.push(0);
    }

    /// An option that takes a descriptor.
    pub fn descriptor(&mut self, option: &str, file: OwnedFd) {
        self.word(option.as_bytes());
        self.number(file);
    }

    fn number(&mut self, file: OwnedFd) {
        self.word(file.as_raw_fd().to_string().as_bytes());
        self.held.push(file);
    }

    fn source(&mut self, option: &str, source: &Checked, by_descriptor: bool) -> Result<(), Diagnostic> {
        let file = source.open(OFlags::PATH)?;
        match with_descriptor(option, by_descriptor) {
            Some(option) => self.descriptor(option, file),
            None => {
                self.word(option.as_bytes());
                self.word(source.path.as_os_str().as_bytes());
            }
        }
        Ok(())
    }
}

/// The option of the same meaning that takes a descriptor.
fn with_descriptor(option: &str, by_descriptor: bool) -> Option<&'static str> {
    BY_DESCRIPTOR.iter().find(|(name, _)| by_descriptor && *name == option).map(|(_, option)| *option)
}

/// The sources that bubblewrap is given by their paths.
pub fn named(options: &[Argument], by_descriptor: bool) -> Vec<PathBuf> {
    let path = |argument: &Argument| match argument {
        Argument::Source { option, source } => {
            with_descriptor(option, by_descriptor).is_none().then(|| source.path.clone())
        }
        _ => None,
    };
    options.iter().filter_map(path).collect()
}

fn open(data: &Data) -> Result<OwnedFd, Diagnostic> {
    match data {
        Data::File(file) => file.open(OFlags::RDONLY | OFlags::NONBLOCK),
        Data::Bytes(bytes) => in_memory(bytes)
            .map_err(|error| Diagnostic::error(Code::SBC0705, format!("bubblewrap could not be started: {error}"))),
    }
}

/// Sees to it that so many arguments can be open at once. Gives the soft limit that the command is to get
/// back; `None` where it stays as it is. Without `restorable` nobody inside could do that.
///
/// # Errors
/// When the limits of this user forbid it.
pub fn make_room(options: &[Argument], restorable: bool) -> Result<Option<u64>, Diagnostic> {
    let files = options.iter().filter(|argument| !matches!(argument, Argument::Word(_))).count() as u64;
    let needed = files + OWN;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Some(soft) = current.filter(|soft| *soft < needed) else { return Ok(None) };
    let raised = if restorable && maximum.is_none_or(|hard| hard >= needed) {
        setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum }).map_err(io::Error::from)
    } else {
        Err(io::Error::from_raw_os_error(libc::EMFILE))
    };
    raised.map(|()| Some(soft)).map_err(|_| {
        let title = format!("this policy needs {needed} open files at once, and the limit is {soft}");
        Diagnostic::error(Code::SBC0708, title)
            .help(format!("raise it before: `ulimit -n {needed}`; or show whole directories"))
    })
}
