//! Fewer mounts for the same view: what one request shows, another may show already.
//!
//! Every mount makes bubblewrap read the mount table once more, so that a start costs the square of their
//! number. Requests come in with links resolved; each step leaves every path inside as it was and says why.
//! What is left is looked at once more where it stands ([`is_same`]): where a step has changed anything, none is
//! taken. Mounts nothing and reports nothing.

#![allow(clippy::disallowed_methods, reason = "links and directories are looked up on the host")]

use crate::checked::{Checked, Identity};
use crate::cover;
use crate::host::Host;
use crate::mounts::{Mounts, Planted};
use crate::operation::{Operation, Request};
use crate::plan::{Action, Place};
use crate::space::{Space, is_within, upwards};
use rustc_hash::FxHashMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Where whole directories are shown in place of their parts: packages put there what everybody may read.
/// In any other directory something may appear while the sandbox runs that nobody meant to show.
const SYSTEM: &str = "/usr";

/// A request that needs no mount of its own.
#[derive(Clone, Debug)]
pub struct Change {
    pub at: PathBuf,
    /// What was asked for.
    pub option: &'static str,
    /// The host path that is seen there, before as after.
    pub source: PathBuf,
    pub writable: bool,
    pub why: Why,
}

/// Why a request needs no mount of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// What stands at this path shows it, with the same access.
    Covered(PathBuf),
    /// It keeps a directory from being renamed in which nothing is protected.
    Unpinned,
    /// The host has a link there, and what it leads to is shown.
    Linked,
    /// It is one part of this directory, and all other parts are shown in the same way.
    Whole(PathBuf),
}

/// The requests that are left, parents first as before, and what became of the others.
pub fn optimise<'a>(requests: Vec<Request<'a>>, host: &Host) -> (Vec<Request<'a>>, Vec<Change>) {
    let mut changes = Vec::new();
    let requests = cover(link(whole(requests, host, &mut changes), &mut changes), &mut changes);
    (requests, changes)
}

/// Whether every path that lost its mount shows what it showed before. What lies below such a path is the same
/// then: it comes from the same host path, with the same access.
pub fn is_same(mounts: &Mounts<'_>, changes: &[Change], host: &Host) -> bool {
    changes.iter().all(|change| {
        let placed = mounts.resolve(&change.at, host, Planted::Refuse);
        placed.is_ok_and(|placed| {
            placed.host.as_deref() == Some(change.source.as_path()) && placed.writable == change.writable
        })
    })
}

/// A bind of a host path to itself.
struct InPlace<'r> {
    option: &'static str,
    source: &'r Checked,
    writable: bool,
}

impl InPlace<'_> {
    fn of<'r>(request: &'r Request<'_>) -> Option<InPlace<'r>> {
        InPlace::by_links(request).filter(|own| own.source.path == request.at)
    }

    /// The same where links of the host may lead to the path.
    fn by_links<'r>(request: &'r Request<'_>) -> Option<InPlace<'r>> {
        let in_place = match &request.step.action {
            Action::Host { source, .. } => *source == request.step.at,
            action => matches!(action, Action::Pin { .. }),
        };
        match &request.operation {
            Operation::Bind { option, source, writable } if in_place || source.path == request.at => {
                Some(InPlace { option, source, writable: *writable })
            }
            _ => None,
        }
    }

    fn change(&self, at: &Path, why: Why) -> Change {
        let InPlace { option, source, writable } = self;
        Change { at: at.to_owned(), option, source: source.path.clone(), writable: *writable, why }
    }

    /// Whether what another request shows below its place is the same host path with the same access.
    fn is_below(&self, above: &Request<'_>) -> bool {
        InPlace::of(above).is_some_and(|above| above.option == self.option && above.source.directory)
    }
}

/// Whether what is below comes from this request. A directory that is made has nothing in it.
fn provides(request: &Request<'_>) -> bool {
    !matches!(request.operation, Operation::Directory)
}

/// Where requests stand. Keys are bytes: comparing components is slow.
struct Places<'r> {
    by_place: FxHashMap<&'r OsStr, usize>,
}

impl<'r> Places<'r> {
    fn new(requests: &'r [Request<'_>]) -> Places<'r> {
        let places = requests.iter().enumerate().filter(|(_, request)| provides(request));
        Places { by_place: places.map(|(position, request)| (request.at.as_os_str(), position)).collect() }
    }

    fn at(&self, path: &Path) -> Option<usize> {
        self.by_place.get(path.as_os_str()).copied()
    }

    /// The nearest one above a path that provides what is there.
    fn above(&self, path: &Path) -> Option<usize> {
        upwards(path).skip(1).find_map(|above| self.at(above))
    }
}

/// Takes away what the mount above shows already: the same host path, with the same access.
fn cover<'a>(requests: Vec<Request<'a>>, changes: &mut Vec<Change>) -> Vec<Request<'a>> {
    let places = Places::new(&requests);
    let above = |request: &Request<'_>| upwards(&request.at).skip(1).filter_map(|above| places.at(above)).collect();
    let above: Vec<Vec<usize>> = requests.iter().map(above).collect();
    let shown_by = cover::covered(&above, |above, own, holds_some| {
        requests.get(own).is_some_and(|own| shows(&requests, &places, above, own, holds_some))
    });
    for (request, over) in requests.iter().zip(&shown_by) {
        let over = over.and_then(|over| requests.get(over));
        if let Some((own, over)) = InPlace::by_links(request).zip(over) {
            let why = if is_pin(request) { Why::Unpinned } else { Why::Covered(over.at.clone()) };
            changes.push(own.change(&request.at, why));
        }
    }
    let mut gone = shown_by.into_iter();
    requests.into_iter().filter(|_| gone.next().flatten().is_none()).collect()
}

fn is_pin(request: &Request<'_>) -> bool {
    matches!(request.step.action, Action::Pin { .. })
}

/// Whether what stands above a request shows the same, by the links of the host if there are any.
fn shows(requests: &[Request<'_>], places: &Places<'_>, above: usize, request: &Request<'_>, holds_some: bool) -> bool {
    let Some(own) = InPlace::by_links(request) else { return false };
    // What sbc makes for the run is mounted as what was made.
    let is_known = own.source.identity.is_some() || is_pin(request);
    let is_linked = own.source.path != request.at;
    let target = || places.at(&own.source.path).or_else(|| places.above(&own.source.path));
    let is_below = |place: usize| requests.get(place).is_some_and(|above| own.is_below(above));
    let keeps = holds_some && (own.writable || is_linked);
    is_known && !keeps && is_below(above) && (!is_linked || target().is_some_and(is_below))
}

/// Makes a link where the host has one, if what it leads to is shown in place with the same access. Paths
/// below it keep it a directory: they are mounted before what it leads to.
fn link<'a>(mut requests: Vec<Request<'a>>, changes: &mut Vec<Change>) -> Vec<Request<'a>> {
    let places = Places::new(&requests);
    let linked = |request: &Request<'a>| {
        let own = InPlace::by_links(request).filter(|own| own.source.directory && own.source.path != request.at)?;
        let shown = places.at(&own.source.path).or_else(|| places.above(&own.source.path));
        let is_shown = shown.is_some_and(|shown| requests.get(shown).is_some_and(|shown| own.is_below(shown)));
        let own_place = matches!(request.step.place, Place::Root | Place::Memory);
        let has_below = || requests.iter().any(|other| other.at != request.at && is_within(&other.at, &request.at));
        let is_link = || request.at.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink());
        (is_shown && own_place && !has_below() && is_link()).then(|| own.change(&request.at, Why::Linked))
    };
    let found: Vec<Option<Change>> = requests.iter().map(linked).collect();
    for (request, change) in requests.iter_mut().zip(found) {
        if let Some(change) = change {
            request.operation = Operation::Symlink { to: change.source.clone().into() };
            changes.push(change);
        }
    }
    requests
}

/// Shows a directory of the system whole where each of its parts is shown. From the innermost outwards.
fn whole<'a>(mut requests: Vec<Request<'a>>, host: &Host, changes: &mut Vec<Change>) -> Vec<Request<'a>> {
    let mut todo: Vec<PathBuf> = requests.iter().filter(|request| is_part(request)).filter_map(directory).collect();
    todo.dedup();
    while let Some(directory) = todo.pop() {
        let is_in =
            |request: &Request<'_>| request.at.parent().is_some_and(|above| above.as_os_str() == directory.as_os_str());
        let parts: Vec<&Request<'a>> = requests.iter().filter(|request| is_in(request)).collect();
        let stands_free = || !requests.iter().any(|other| provides(other) && directory.starts_with(&other.at));
        let is_open = parts.len() > 1 && parts.iter().all(|part| is_part(part)) && stands_free();
        let Some(identity) = Some(&parts).filter(|_| is_open).and_then(|parts| complete(&directory, parts, host))
        else {
            continue;
        };
        let Some((first, step)) = requests.iter().position(is_in).zip(parts.first().map(|part| part.step)) else {
            continue;
        };
        let whole = |part: &Request<'a>| Some(InPlace::of(part)?.change(&part.at, Why::Whole(directory.clone())));
        changes.extend(parts.into_iter().filter_map(whole));
        requests.retain(|request| !is_in(request));
        let source = Checked { path: directory.clone(), directory: true, identity: Some(identity) };
        let operation = Operation::Bind { option: "--ro-bind", source, writable: false };
        let request = Request { step, at: directory, operation };
        todo.extend(self::directory(&request));
        requests.insert(first, request);
    }
    requests
}

/// Whether a request shows a host path in place, to be read.
fn is_part(request: &Request<'_>) -> bool {
    InPlace::of(request).is_some_and(|own| own.option == "--ro-bind" && own.source.identity.is_some())
}

/// The directory that a request stands in, if it is one of the system's.
fn directory(request: &Request<'_>) -> Option<PathBuf> {
    request.at.parent().filter(|above| is_within(above, Path::new(SYSTEM))).map(Path::to_owned)
}

/// Which directory it is, if it consists of these parts and only root can add to it.
fn complete(directory: &Path, parts: &[&Request<'_>], host: &Host) -> Option<Identity> {
    let names: Vec<&OsStr> = parts.iter().filter_map(|part| part.at.file_name()).collect();
    let metadata = fs::symlink_metadata(directory).ok().filter(|metadata| metadata.is_dir() && metadata.uid() == 0)?;
    let mut entries = fs::read_dir(directory).ok().filter(|_| !host.rights(directory).write)?;
    let shown = entries.all(|entry| entry.is_ok_and(|entry| names.contains(&entry.file_name().as_os_str())));
    shown.then(|| Identity::of(&metadata))
}
