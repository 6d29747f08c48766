//! The proof: what the original command shows on this host, and what the policy shows, path by path.
//!
//! The original's mounts are made here as bubblewrap makes them, in their order, and not from the
//! policy that was derived from them.

#![allow(clippy::disallowed_methods, reason = "the names in directories are paths to compare")]

use super::derive::is_null;
use super::original::{Bind, Kind, Operation, Original};
use crate::host::Host;
use crate::mounts::{Mount, Mounts, Placeholder, Planted, Provider};
use crate::plan::{Action, Place, Step};
use crate::source::Span;
use crate::space::{Node, Space, is_within};
use crate::view::{Effect, Kind as Sight, Seen, View};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The most names of one directory that are looked at.
const MOST_NAMES: usize = 256;

/// A name that nothing has: what could be made in a directory.
const NEW: &str = ".sbc-import-new";

/// One path that both sides show differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    pub path: PathBuf,
    /// Its links, and where they lead.
    through: Vec<PathBuf>,
    pub change: Change,
    /// Whether it is only a directory of the sandbox's own, on one side.
    is_holder: bool,
    /// What it is in the original and by the policy.
    pub before: String,
    pub after: String,
    /// The profile or sandbox whose rule decides in the policy.
    pub layer: Option<String>,
}

/// What a difference means for a process inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// Something is there that was not.
    Shows,
    Hides,
    Writable,
    ReadOnly,
    Other,
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    pub differences: Vec<Difference>,
    /// How many paths were looked at.
    pub paths: usize,
    /// What the host does not have, so that neither side shows it.
    pub missing: Vec<Span>,
}

/// A mount of the original.
struct Standing {
    at: PathBuf,
    provider: Provider,
}

/// The original's file system on a host.
pub struct Simulation {
    mounts: Vec<Standing>,
    links: Vec<(PathBuf, PathBuf)>,
    directories: Vec<PathBuf>,
    placeholders: Vec<Placeholder>,
    writable_root: bool,
    missing: Vec<Span>,
    /// Nobody's rule: what the view needs to name something.
    step: Step,
}

impl Simulation {
    /// Does what the original does, on this host, and changes nothing there.
    pub fn new(original: &Original, host: &Host) -> Simulation {
        let step = Step {
            at: crate::path::SymbolicPath::of_root(crate::path::Root::Absolute),
            action: Action::Directory,
            place: Place::Root,
            origins: Vec::new(),
        };
        let placeholder = |(path, directory): &(crate::path::SymbolicPath, bool)| {
            let path = host.real(path)?;
            (host.node(&path) == Node::Absent).then_some(Placeholder { path, directory: *directory, text: Vec::new() })
        };
        let mut simulation = Simulation {
            mounts: Vec::new(),
            links: Vec::new(),
            directories: Vec::new(),
            placeholders: original.made.iter().filter_map(placeholder).collect(),
            writable_root: true,
            missing: Vec::new(),
            step,
        };
        original.operations.iter().for_each(|operation| simulation.take(operation, host));
        simulation
    }

    /// The mounts so far.
    fn so_far(&self) -> Mounts<'_> {
        let mut mounts = Mounts::default();
        for standing in &self.mounts {
            mounts.add(Mount { at: standing.at.clone(), provider: standing.provider.clone(), step: None });
        }
        self.links.iter().for_each(|(at, to)| mounts.add_link(at.clone(), to.clone(), &self.step));
        self.directories.iter().for_each(|at| mounts.add_directory(at.clone(), &self.step));
        mounts
    }

    fn take(&mut self, operation: &Operation, host: &Host) {
        let Ok(asked) = host.expand(&operation.at) else {
            return self.missing.push(operation.span);
        };
        let Ok(placed) = self.so_far().resolve(&asked, host, Planted::Follow) else {
            return self.missing.push(operation.span);
        };
        let at = placed.path;
        let provider = match &operation.kind {
            Kind::ReadOnly => return self.make_read_only(&at),
            Kind::Directory if placed.host.is_none() => return self.directories.push(at),
            Kind::Symlink { to } if placed.host.is_none() => {
                let to = to.expand(&|variable| host.value(variable).unwrap_or_default());
                return self.links.push((at, PathBuf::from(to)));
            }
            Kind::Directory | Kind::Symlink { .. } => return,
            Kind::Bind { source, grant: Bind::Read | Bind::Write, .. } if is_null(source) => {
                // Over what is not there nothing is hidden.
                if placed.host.as_ref().is_some_and(|path| host.node(path) == Node::Absent) {
                    return self.missing.push(operation.span);
                }
                Some(Provider::Denied { open: false, file: true })
            }
            Kind::Bind { source, grant, .. } => self.source(source, host).map(|source| Provider::Host {
                source,
                writable: *grant != Bind::Read,
                device: *grant == Bind::Device,
            }),
            Kind::Tmpfs { mode, .. } => Some(Provider::Memory { mode: mode.unwrap_or(0o755) }),
            Kind::Text { .. } => Some(Provider::Text),
            Kind::Copy { source, writable: false } => {
                self.source(source, host).map(|source| Provider::Host { source, writable: false, device: false })
            }
            Kind::Copy { source, .. } => self.source(source, host).map(|source| {
                let mode = std::fs::metadata(&source).map_or(0, |metadata| metadata.permissions().mode());
                Provider::Copy { source, writable: true, executable: mode & 0o100 != 0 }
            }),
            Kind::Overlay { source } => self.source(source, host).map(|source| Provider::Overlay { source }),
            Kind::Proc => Some(Provider::Proc),
            Kind::Dev => Some(Provider::Dev),
            Kind::Deny => {
                let file = placed.host.as_ref().is_some_and(|path| host.node(path) != Node::Directory);
                Some(Provider::Denied { open: false, file })
            }
        };
        let Some(provider) = provider else { return self.missing.push(operation.span) };
        let shared_memory = (provider == Provider::Dev).then(|| at.join("shm"));
        self.mounts.retain(|other| !is_within(&other.at, &at));
        self.links.retain(|(other, _)| !is_within(other, &at));
        self.directories.retain(|other| !is_within(other, &at));
        self.mounts.push(Standing { at, provider });
        if let Some(at) = shared_memory {
            self.mounts.push(Standing { at, provider: Provider::Memory { mode: 0o755 } });
        }
    }

    /// The source of a bind, if the host has it or the script makes it.
    fn source(&self, source: &crate::path::SymbolicPath, host: &Host) -> Option<PathBuf> {
        let real = host.real(source)?;
        let is_made = self.placeholders.iter().any(|placeholder| placeholder.path == real);
        (is_made || !matches!(host.node(&real), Node::Absent | Node::Unreachable)).then_some(real)
    }

    fn make_read_only(&mut self, at: &Path) {
        match self.mounts.iter_mut().rev().find(|standing| standing.at == at) {
            Some(standing) => match &mut standing.provider {
                Provider::Host { writable, .. } => *writable = false,
                Provider::Memory { mode: 0 } => {
                    standing.provider = Provider::Denied { open: false, file: false };
                }
                Provider::Memory { mode } => *mode &= 0o555,
                _ => {}
            },
            None if at == Path::new("/") => self.writable_root = false,
            None => {}
        }
    }

    /// What a process of the original sees.
    fn view<'a>(&'a self, host: &'a Host) -> View<'a> {
        let mut mounts = Mounts::default();
        let has_root = self.mounts.iter().any(|standing| standing.at == Path::new("/"));
        if self.writable_root && !has_root {
            mounts.add(Mount { at: "/".into(), provider: Provider::Memory { mode: 0o755 }, step: None });
        }
        for standing in &self.mounts {
            let (at, provider) = (standing.at.clone(), standing.provider.clone());
            mounts.add(Mount { at, provider, step: Some(&self.step) });
        }
        self.links.iter().for_each(|(at, to)| mounts.add_link(at.clone(), to.clone(), &self.step));
        self.directories.iter().for_each(|at| mounts.add_directory(at.clone(), &self.step));
        View::new(mounts, Vec::new(), self.placeholders.clone(), host)
    }
}

/// Compares what both show, at every path at which an answer can change.
pub fn compare(simulation: &Simulation, policy: &View<'_>, host: &Host) -> Comparison {
    let original = simulation.view(host);
    let mut points = BTreeSet::new();
    for view in [&original, policy] {
        points.extend(places(view));
    }
    points.extend(simulation.links.iter().map(|(at, _)| at.clone()));
    points.extend(simulation.directories.iter().cloned());
    let mut comparison =
        Comparison { paths: points.len(), missing: simulation.missing.clone(), ..Comparison::default() };
    for path in points {
        let (before, after) = (original.look(&path), policy.look(&path));
        let (old, new) = (state(&before), state(&after));
        if old == new {
            continue;
        }
        let change = change(&before, &after);
        let step = after.mount.and_then(|mount| policy.rule_behind(mount));
        let layer = step.and_then(|step| step.origins.first()).map(|origin| origin.layer.clone());
        let shown = if change == Change::Hides { before } else { after };
        let through = shown.links.into_iter().map(|(link, _)| link).chain([shown.path]).collect();
        let is_holder = matches!(
            (&old.content, &new.content),
            (Content::Directory, Content::Nothing) | (Content::Nothing, Content::Directory)
        );
        let (before, after) = (old.words(), new.words());
        comparison.differences.push(Difference { path, through, change, is_holder, before, after, layer });
    }
    comparison
}

impl Comparison {
    /// The differences that are not said with those of a directory above or below.
    pub fn highest(&self) -> Vec<&Difference> {
        let says = |other: &Difference, one: &Difference| {
            let same = other.change == one.change && other.layer == one.layer;
            let is_above = one.path != other.path && is_within(&one.path, &other.path);
            let leads = || one.through.iter().any(|path| *path != one.path && is_within(path, &other.path));
            let holds = || one.is_holder && other.path != one.path && is_within(&other.path, &one.path);
            is_above && (same || one.path.ends_with(NEW)) || same && leads() || holds()
        };
        self.differences.iter().filter(|one| !self.differences.iter().any(|other| says(other, one))).collect()
    }
}

impl Difference {
    /// The path as a policy would write it.
    pub fn spelled(&self, host: &Host) -> String {
        match (self.path.ends_with(NEW), self.path.parent()) {
            (true, Some(directory)) => format!("new names in {}", host.spell(directory)),
            _ => host.spell(&self.path),
        }
    }
}

/// The paths of a view at which something begins, what is above them, and what is in them.
fn places(view: &View<'_>) -> BTreeSet<PathBuf> {
    let mut places = BTreeSet::new();
    for mount in view.mounts().iter() {
        for above in mount.at.ancestors() {
            places.insert(above.to_owned());
            places.insert(above.join(NEW));
        }
        let names = view.mounts().names_in(&mount.at);
        places.extend(names.into_iter().map(|name| mount.at.join(name)));
        if let Provider::Host { source, .. } | Provider::Overlay { source } = &mount.provider {
            let entries = std::fs::read_dir(source).into_iter().flatten().flatten().take(MOST_NAMES);
            let names: Vec<OsString> = entries.map(|entry| entry.file_name()).collect();
            places.extend(names.into_iter().map(|name| mount.at.join(name)));
        }
    }
    places
}

/// What counts of what is seen at a path.
#[derive(Debug, PartialEq, Eq)]
struct State {
    content: Content,
    read: bool,
    write: bool,
    effect: Option<Effect>,
}

#[derive(Debug, PartialEq, Eq)]
enum Content {
    Nothing,
    Host(PathBuf),
    Copy(PathBuf),
    Text,
    /// A directory of the sandbox's own.
    Directory,
    Denied,
    Kernel,
    Device,
    Link(PathBuf),
}

fn state(seen: &Seen<'_, '_>) -> State {
    let reach = seen.access.read || seen.access.write;
    let content = match &seen.kind {
        Sight::Absent | Sight::Circle => Content::Nothing,
        Sight::Unreachable | Sight::Masked => Content::Denied,
        Sight::Host { node: Node::Device, .. } if !reach => Content::Denied,
        Sight::Host { source, .. } | Sight::Overlay { source, .. } => Content::Host(source.clone()),
        Sight::Copy { source } => Content::Copy(source.clone()),
        Sight::Text => Content::Text,
        Sight::Made | Sight::Memory => Content::Directory,
        Sight::Kernel => Content::Kernel,
        Sight::Device => Content::Device,
        Sight::Link { to } => Content::Link(to.clone()),
    };
    let denied = content == Content::Denied;
    State {
        content,
        read: seen.access.read && !denied,
        write: seen.access.write && !denied,
        effect: seen.effect.clone().filter(|_| !denied),
    }
}

impl State {
    fn words(&self) -> String {
        let content = match &self.content {
            Content::Nothing if self.write => return "nothing, and it can be made".to_owned(),
            Content::Nothing => return "nothing".to_owned(),
            Content::Denied => return "denied".to_owned(),
            Content::Host(path) => format!("the host's {}", path.display()),
            Content::Copy(path) => format!("a copy of {}", path.display()),
            Content::Text => "a text".to_owned(),
            Content::Directory => "a directory in memory".to_owned(),
            Content::Kernel => "the kernel's".to_owned(),
            Content::Device => "a device".to_owned(),
            Content::Link(to) => format!("a link to {}", to.display()),
        };
        let access = match (self.read, self.write) {
            (_, true) => "writable",
            (true, false) => "read-only",
            (false, false) => "not readable",
        };
        format!("{content}, {access}")
    }
}

fn change(before: &Seen<'_, '_>, after: &Seen<'_, '_>) -> Change {
    let (old, new) = (state(before), state(after));
    // A directory that only holds others shows nothing of the host.
    let there = |state: &State| !matches!(state.content, Content::Nothing | Content::Denied | Content::Directory);
    match (there(&old), there(&new)) {
        (false, true) => Change::Shows,
        (true, false) => Change::Hides,
        _ if !old.write && new.write => Change::Writable,
        _ if old.write && !new.write => Change::ReadOnly,
        _ => Change::Other,
    }
}

impl Change {
    /// What a layer does to paths, as the start of a sentence.
    pub fn verb(self) -> &'static str {
        match self {
            Change::Shows => "also shows",
            Change::Hides => "does not show",
            Change::Writable => "makes writable",
            Change::ReadOnly => "makes read-only",
            Change::Other => "shows otherwise",
        }
    }
}
