//! What the operations of a sandbox come to: later ones bury earlier ones, and what is left can be
//! said in any order.

use super::Unsaid;
use super::original::{Bind, Kind, Operation, Original};
use crate::path::{Root, SymbolicPath};
use crate::policy::{Access, Grant};
use crate::source::Span;
use crate::space::{Node, Space, is_within};
use crate::words::Missing;
use std::path::{Path, PathBuf};

/// A rule of `filesystem`, with where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub at: SymbolicPath,
    pub access: Access,
    pub span: Span,
    pub reason: Option<String>,
}

/// What stands at a place when all operations are done.
#[derive(Clone, Debug)]
pub struct Standing<'o> {
    pub place: PathBuf,
    pub operation: &'o Operation,
    /// Whether it was made read-only afterwards.
    pub read_only: bool,
}

/// What is left of a sandbox's operations.
#[derive(Clone, Debug, Default)]
pub struct Result<'o> {
    /// In the order of the operations.
    pub standing: Vec<Standing<'o>>,
    /// Whether the sandbox's own root, in memory, can be written.
    pub writable_root: bool,
    pub unsaid: Vec<Unsaid>,
}

/// Does the operations in their order, where `space` puts them.
pub fn fold<'o>(original: &'o Original, space: &dyn Space) -> Result<'o> {
    let mut result = Result { writable_root: true, ..Result::default() };
    for operation in &original.operations {
        let Some(place) = space.inside(&operation.at) else {
            let why = "a variable in it has no value on this host, so what lies inside what is not known";
            let is_mask = matches!(operation.kind, Kind::Tmpfs { .. } | Kind::Deny | Kind::ReadOnly);
            let note = Unsaid::note(operation.span, operation.at.to_string(), why);
            result.unsaid.push(Unsaid { is_mask, ..note });
            continue;
        };
        result.take(operation, place, space);
    }
    result
}

impl<'o> Result<'o> {
    fn take(&mut self, operation: &'o Operation, place: PathBuf, space: &dyn Space) {
        let missing = |source: &SymbolicPath| space.real(source).is_none_or(|real| space.node(&real) == Node::Absent);
        match &operation.kind {
            Kind::ReadOnly => self.make_read_only(operation, &place),
            Kind::Directory if self.standing.iter().any(|other| other.place == place) => {}
            Kind::Directory | Kind::Symlink { .. } => {
                let host = self.host_behind(&place, space);
                match host {
                    Some(host) if space.node(&host) != Node::Absent => {}
                    Some(_) => {
                        let why = "it would be made on the host, which sbc does not do: make it there yourself";
                        self.unsaid.push(Unsaid::at(operation.span, operation.at.to_string(), why));
                    }
                    None => self.stand(operation, place),
                }
            }
            // Where there is nothing, nothing is hidden.
            Kind::Bind { source, skip: true, .. } if missing(source) => {
                self.standing.push(Standing { place, operation, read_only: false })
            }
            _ => {
                self.standing.retain(|other| !is_within(&other.place, &place));
                if place == Path::new("/") {
                    self.writable_root = false;
                }
                self.stand(operation, place);
            }
        }
    }

    fn stand(&mut self, operation: &'o Operation, place: PathBuf) {
        self.standing.push(Standing { place, operation, read_only: false });
    }

    fn make_read_only(&mut self, operation: &'o Operation, place: &Path) {
        let found = self.standing.iter_mut().rev().find(|standing| standing.place == place);
        match found {
            Some(standing) => standing.read_only = true,
            None if place == Path::new("/") => self.writable_root = false,
            None => {
                let why = "nothing is mounted there";
                self.unsaid.push(Unsaid::at(operation.span, format!("--remount-ro {}", operation.at), why));
            }
        }
    }

    /// What stands nearest at or above a place.
    pub fn nearest(&self, place: &Path) -> Option<&Standing<'o>> {
        let above = self.standing.iter().filter(|standing| is_within(place, &standing.place));
        above.max_by_key(|standing| standing.place.as_os_str().len())
    }

    /// The host path behind a place that a bind provides.
    fn host_behind(&self, place: &Path, space: &dyn Space) -> Option<PathBuf> {
        let standing = self.nearest(place)?;
        let rest = place.strip_prefix(&standing.place).ok()?;
        match &standing.operation.kind {
            Kind::Bind { source, .. } | Kind::Overlay { source } => {
                let source = space.real(source)?;
                Some(if rest.as_os_str().is_empty() { source } else { source.join(rest) })
            }
            _ => None,
        }
    }

    /// The rules that say the same.
    pub fn rules(&mut self, original: &Original, space: &dyn Space) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        let standing = self.standing.clone();
        for one in &standing {
            let operation = one.operation;
            let Some(access) = self.access(one, original, space) else { continue };
            rules.retain(|rule| rule.at != operation.at);
            let reason = operation.reason.clone();
            let is_dev = access == Access::Dev && operation.at.to_string() == "/dev";
            rules.push(Rule { at: operation.at.clone(), access, span: operation.span, reason: reason.clone() });
            // sbc makes its `/dev` read-only when all stands in it.
            let shm = SymbolicPath::parse("/dev/shm").ok().filter(|_| is_dev);
            let access = Access::Tmpfs { size: None, mode: None };
            rules.extend(shm.map(|at| Rule { at, access, span: operation.span, reason }));
        }
        rules
    }

    fn access(&mut self, standing: &Standing<'o>, original: &Original, space: &dyn Space) -> Option<Access> {
        let Operation { at, kind, span, .. } = standing.operation;
        let host =
            |grant, source: &SymbolicPath, missing| Access::Host { grant, source: source.clone(), missing, text: None };
        Some(match kind {
            Kind::Bind { source, grant, skip } => {
                if is_null(source) && *grant != Bind::Device {
                    return Some(self.mask(standing, source, space));
                }
                let missing = match original.made.iter().find(|(made, _)| made == source) {
                    _ if *skip => Missing::Skip,
                    Some((_, true)) => Missing::CreateDir,
                    Some((_, false)) => Missing::CreateFile,
                    None => Missing::Error,
                };
                match grant {
                    _ if standing.read_only => host(Grant::ReadOnly, source, missing),
                    Bind::Read => host(Grant::ReadOnly, source, missing),
                    Bind::Write => host(Grant::ReadWrite, source, missing),
                    Bind::Device => return self.device(at, source, missing, *span, space),
                }
            }
            Kind::Tmpfs { mode: Some(0), .. } if standing.read_only => Access::Deny,
            Kind::Tmpfs { size, .. } if standing.read_only => Access::Tmpfs { size: *size, mode: Some(0o555) },
            Kind::Tmpfs { size, mode } => Access::Tmpfs { size: *size, mode: *mode },
            Kind::Directory => Access::Directory,
            Kind::Symlink { to } => Access::Symlink { to: to.clone() },
            Kind::Text { text } => Access::File { text: text.clone() },
            Kind::Copy { source, writable: false } => host(Grant::ReadOnly, source, Missing::Error),
            Kind::Copy { source, writable: true } => host(Grant::Copy, source, Missing::Error),
            Kind::Overlay { source } => host(Grant::Overlay, source, Missing::Error),
            Kind::Proc => Access::Proc,
            Kind::Dev => Access::Dev,
            Kind::Deny => Access::Deny,
            Kind::ReadOnly => return None,
        })
    }

    /// A device without content in the place of something: what is there is denied.
    fn mask(&self, standing: &Standing<'o>, source: &SymbolicPath, space: &dyn Space) -> Access {
        let above = standing.place.parent().and_then(|above| self.host_behind(above, space));
        match above {
            Some(_) => Access::Deny,
            None => {
                Access::Host { grant: Grant::ReadOnly, source: source.clone(), missing: Missing::Error, text: None }
            }
        }
    }

    /// Devices are named one by one in a policy.
    fn device(
        &mut self,
        at: &SymbolicPath,
        source: &SymbolicPath,
        missing: Missing,
        span: Span,
        space: &dyn Space,
    ) -> Option<Access> {
        let node = space.real(source).map_or(Node::Unknown, |real| space.node(&real));
        let text = source.to_string();
        let host = |grant| Access::Host { grant, source: source.clone(), missing, text: None };
        match node {
            _ if text == "/dev" && at == source => {
                let why = "sbc makes a `/dev` with null, zero, random and terminals; name others: `device \"/dev/…\"`";
                self.unsaid.push(Unsaid::at(span, "the devices of the host", why));
                Some(Access::Dev)
            }
            Node::Device => Some(host(Grant::Device)),
            _ if text.starts_with("/dev/") => {
                let why = "a policy names devices one by one: `device \"/dev/…\" missing=\"skip\"` for each in it";
                self.unsaid.push(Unsaid::at(span, text, why));
                None
            }
            _ => {
                let why = "shown for writing; devices in it cannot be opened";
                self.unsaid.push(Unsaid::note(span, text, why));
                Some(host(Grant::ReadWrite))
            }
        }
    }
}

/// Whether a source is the device without content.
pub fn is_null(source: &SymbolicPath) -> bool {
    source.to_string() == "/dev/null"
}

/// The directories that a merged `/usr` replaces by links. The original mounts what they lead to, and
/// sbc makes the links: where all shall be as it was, the source is what they lead to.
pub fn mount_merged(rules: &mut [Rule], space: &dyn Space) {
    for rule in rules {
        let is_top = rule.at.root() == Root::Absolute && rule.at.components().len() == 1;
        let Access::Host { grant: Grant::ReadOnly, source, .. } = &mut rule.access else { continue };
        let real = space.real(source).and_then(|real| SymbolicPath::parse(real.to_str()?).ok());
        if let Some(real) = real.filter(|real| is_top && *source == rule.at && real.to_string().starts_with("/usr/")) {
            *source = real;
        }
    }
}

/// The sandbox's own root as a rule: what is made in it is gone afterwards.
pub fn memory_root() -> Rule {
    let at = SymbolicPath::of_root(Root::Absolute);
    let reason = Some("What is written elsewhere is gone afterwards, as in the original.".to_owned());
    Rule { at, access: Access::Tmpfs { size: None, mode: None }, span: Span::default(), reason }
}
