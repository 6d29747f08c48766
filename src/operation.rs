//! What a step of a plan comes to on one host: bound, copied, linked or hidden, and where.

#![allow(clippy::disallowed_methods, reason = "modes and links are looked up on the host")]

use crate::arguments::Data;
use crate::checked::Checked;
use crate::plan::{Action, Place, Step};
use crate::policy::Grant;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// What a step mounts or makes.
#[derive(Clone, Debug)]
pub enum Operation {
    Bind { option: &'static str, source: Checked, writable: bool },
    Overlay { source: Checked },
    Data { option: &'static str, mode: u32, data: Data },
    Tmpfs { size: Option<u64>, mode: u32 },
    Directory,
    Symlink { to: OsString },
    Deny { open: bool },
    Proc,
    Dev,
}

impl Operation {
    /// The host path that it shows read-only.
    pub fn read_only(&self) -> Option<&Path> {
        match self {
            Operation::Bind { source, writable: false, .. } => Some(&source.path),
            _ => None,
        }
    }
}

/// A step with its place on this host, lexically.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub step: &'a Step,
    pub at: PathBuf,
    pub operation: Operation,
}

/// How a source that is there gets in.
pub fn granted(step: &Step, grant: Grant, source: Checked) -> Operation {
    let bind = |option, writable, source| Operation::Bind { option, source, writable };
    match grant {
        Grant::ReadOnly => bind("--ro-bind", false, source),
        Grant::ReadWrite => bind("--bind", true, source),
        Grant::Device => bind("--dev-bind", true, source),
        Grant::Overlay => Operation::Overlay { source },
        Grant::Copy => {
            let option = match step.is_plain_file() {
                true => "--file",
                false if step.is_writable_copy() => "--bind-data",
                false => "--ro-bind-data",
            };
            let executable =
                fs::metadata(&source.path).is_ok_and(|metadata| metadata.permissions().mode() & 0o100 != 0);
            Operation::Data { option, mode: if executable { 0o700 } else { 0o600 }, data: Data::File(source) }
        }
    }
}

/// Whether a request shows a host directory at its own path.
pub fn shows_in_place(request: &Request<'_>) -> bool {
    matches!(&request.operation, Operation::Bind { source, .. } if source.directory && source.path == request.at)
}

/// A file that is reached through a link on the host is shown where it really is, and the link is
/// made inside: programs look for their neighbours from there. Gives the request for the file,
/// unless one of `shown` provides it already.
pub fn reproduce_link<'a>(request: &mut Request<'a>, shown: &[(PathBuf, bool)]) -> Option<Request<'a>> {
    let own_place = matches!(request.step.place, Place::Root | Place::Memory);
    let Operation::Bind { source: Checked { path, directory: false, .. }, .. } = &request.operation else {
        return None;
    };
    let in_place = matches!(&request.step.action, Action::Host { source, .. } if *source == request.step.at);
    let is_link = request.at.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
    if !own_place || !in_place || !is_link {
        return None;
    }
    let target = path.clone();
    let nearest = shown.iter().filter(|(at, _)| target.starts_with(at)).max_by_key(|(at, _)| at.components().count());
    let provided = nearest.is_some_and(|(at, in_place)| *in_place || *at == target);
    let bind = std::mem::replace(&mut request.operation, Operation::Symlink { to: target.clone().into() });
    (!provided).then_some(Request { step: request.step, at: target, operation: bind })
}
