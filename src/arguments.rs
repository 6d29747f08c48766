//! What one operation is in bubblewrap's words, and what it provides. Looks at nothing.

use crate::checked::Checked;
use crate::mounts::Provider;
use crate::operation::{Operation, Request};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// One argument of bubblewrap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    Word(OsString),
    /// The number of a descriptor from which bubblewrap reads this.
    Data(Data),
    /// An option that mounts a host path, and that path.
    Source {
        option: &'static str,
        source: Checked,
    },
}

/// Contents that bubblewrap puts into the sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    File(Checked),
    Bytes(Vec<u8>),
}

/// What stands in the sandbox afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    Mount(Provider),
    Directory,
    Link(PathBuf),
}

/// These words as arguments.
pub fn words<const N: usize>(words: [OsString; N]) -> Vec<Argument> {
    words.map(Argument::Word).into()
}

/// The arguments for a request, at the place that it has inside. What is to be hidden depends on what is there, and so
/// [`hide`] has the words for it.
pub fn arguments(request: &Request<'_>, at: &Path) -> Option<(Vec<Argument>, Effect)> {
    let path = OsString::from(at);
    let sourced = |option, source: &Checked, rest: Vec<Argument>| {
        [vec![Argument::Source { option, source: source.clone() }], rest].concat()
    };
    let perms = |mode: u32| words(["--perms".into(), format!("{mode:04o}").into()]);
    Some(match &request.operation {
        Operation::Bind { option, source, writable } => {
            let (source, arguments) = (source.path.clone(), sourced(option, source, words([path])));
            (arguments, Effect::Mount(Provider::Host { source, writable: *writable, device: *option == "--dev-bind" }))
        }
        Operation::Overlay { source } => {
            let arguments = sourced("--overlay-src", source, words(["--tmp-overlay".into(), path]));
            (arguments, Effect::Mount(Provider::Overlay { source: source.path.clone() }))
        }
        Operation::Data { option, mode, data } => {
            let provider = match data {
                Data::File(source) => Provider::Copy {
                    source: source.path.clone(),
                    writable: request.step.is_writable_copy(),
                    executable: mode & 0o100 != 0,
                },
                Data::Bytes(_) => Provider::Text,
            };
            let option = [words([OsString::from(option)]), vec![Argument::Data(data.clone())], words([path])].concat();
            ([perms(*mode), option].concat(), Effect::Mount(provider))
        }
        Operation::Tmpfs { size, mode } => {
            let size = size.map(|size| words(["--size".into(), size.to_string().into()])).unwrap_or_default();
            let arguments = [size, perms(*mode), words(["--tmpfs".into(), path])].concat();
            (arguments, Effect::Mount(Provider::Memory { mode: *mode }))
        }
        Operation::Directory => ([perms(0o755), words(["--dir".into(), path])].concat(), Effect::Directory),
        Operation::Symlink { to } => (words(["--symlink".into(), to.clone(), path]), Effect::Link(to.into())),
        Operation::Proc => (words(["--proc".into(), path]), Effect::Mount(Provider::Proc)),
        Operation::Dev => (words(["--dev".into(), path]), Effect::Mount(Provider::Dev)),
        Operation::Deny { .. } => return None,
    })
}

/// The arguments that hide a path: a directory, `open` where something in it is shown, or a file.
pub fn hide(at: &Path, directory: bool, open: bool) -> Vec<Argument> {
    let path = OsString::from(at);
    if !directory {
        // A device that cannot be opened: a loud refusal instead of an empty file.
        return words(["--ro-bind".into(), "/dev/null".into(), path]);
    }
    // bubblewrap 0.12 needs to read every parent of a destination.
    let mode = if open { "0555" } else { "0000" };
    words(["--perms".into(), mode.into(), "--tmpfs".into(), path])
}
