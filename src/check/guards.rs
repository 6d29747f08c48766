//! What every sandbox asserts by itself: it shows nothing that hands over secrets or the machine, and
//! lets nothing be written that the host runs or obeys.
//!
//! The tables are data: `secrets.rs`, `autorun.rs`, `wholesale.rs`, `devices.rs`. A host adds what its
//! environment names. Only a `waive` lifts a guard, for the rules of its own layer and of those that
//! this layer inherits, and for what lies in the path that it names.

use super::search_path;
use crate::autorun::AUTORUN;
use crate::check::{Surroundings, symbolic};
use crate::devices::DEVICES;
use crate::exposure::{Exposed, source};
use crate::merge::Merged;
use crate::mounts::{Mount, Provider};
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Plan, Step};
use crate::policy::{Assertion, Grant};
use crate::secrets::{SECRETS, is_roots};
use crate::space::{Node, Space, is_within};
use crate::view::View;
use crate::wholesale::WHOLESALE;
use crate::words::{AssertionKind, Missing};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// A place that is guarded.
struct Guard {
    kind: AssertionKind,
    /// Every name that the place has.
    paths: Vec<SymbolicPath>,
    /// What it hands over, or who obeys it.
    about: &'static str,
    /// Whether parts of it may be shown, or be writable.
    is_whole: bool,
}

/// What a rule opens although it is guarded.
pub struct Found<'a> {
    pub rule: &'a Step,
    /// What is asserted, with the name that the place is known by.
    pub kind: AssertionKind,
    pub path: SymbolicPath,
    /// Where it is on the host, or as much of it as the rule shows.
    pub part: PathBuf,
    pub about: String,
    pub is_whole: bool,
    /// What a narrower rule says of hosts that do not have it; `None` where no rule helps.
    pub narrower: Option<Missing>,
}

static GUARDS: LazyLock<Vec<Guard>> = LazyLock::new(|| {
    let mut guards = Vec::new();
    let parse = |path: &str| SymbolicPath::parse(path).ok();
    let starts: Vec<_> = SPELLINGS.iter().filter_map(|(start, other)| parse(start).zip(parse(other))).collect();
    let mut add = |kind, path: &str, about, is_whole| {
        let Some(path) = parse(path) else { return };
        let others: Vec<_> = starts.iter().filter_map(|(start, other)| Some(other.join(path.below(start)?))).collect();
        guards.push(Guard { kind, paths: std::iter::once(path).chain(others).collect(), about, is_whole });
    };
    WHOLESALE.iter().for_each(|one| add(one.kind, one.path, one.about, true));
    SECRETS.iter().for_each(|secret| add(AssertionKind::Denied, secret.path, secret.about, false));
    AUTORUN.iter().for_each(|what| add(AssertionKind::NotWritable, what.path, what.by, false));
    guards.retain(|guard| guard.kind != AssertionKind::Denied || !guard.paths.iter().any(is_roots));
    guards
});

/// The starts of paths that mean the same on most hosts.
const SPELLINGS: [(&str, &str); 6] = [
    ("~/.config", "${XDG_CONFIG_HOME}"),
    ("~/.cache", "${XDG_CACHE_HOME}"),
    ("~/.local/share", "${XDG_DATA_HOME}"),
    ("~/.local/state", "${XDG_STATE_HOME}"),
    ("${XDG_RUNTIME_DIR}", "/run/user/${UID}"),
    ("/run", "/var/run"),
];

/// Everything that a view opens although it is guarded and no waiver lifts that.
pub fn find<'a>(merged: &Merged, view: &View<'a>, surroundings: Option<&Surroundings>) -> Vec<Found<'a>> {
    let exposed = Exposed::new(view);
    let mut found: Vec<Found<'a>> = Vec::new();
    let is_open = |one: &Found<'a>| !is_lifted(merged, view, one);
    let mut places = Places { space: view.space(), roots: BTreeMap::new() };
    for guard in GUARDS.iter() {
        let mut own: Vec<Found<'a>> = Vec::new();
        let mut seen: Vec<PathBuf> = Vec::new();
        for path in &guard.paths {
            let Some(place) = places.inside(path).filter(|place| !seen.contains(place)) else { continue };
            let real = view.space().follow(&place);
            // Of what the host obeys, also the link by which it is found.
            let is_link = guard.kind == AssertionKind::NotWritable && real.as_ref() != Some(&place);
            for place in real.iter().chain(is_link.then_some(&place)) {
                own.extend(opened(view, &exposed, guard, path, place).into_iter().filter(is_open));
            }
            seen.push(place);
        }
        if own.is_empty() {
            continue;
        }
        // One name of a place is enough.
        let mut rules: HashSet<*const Step> = HashSet::new();
        found.extend(own.into_iter().filter(|one| rules.insert(one.rule)));
    }
    found.extend(view.mounts().iter().filter_map(|mount| device(view, mount)).filter(is_open));
    if let Some(surroundings) = surroundings {
        found.extend(search_path::find(view, &surroundings.search_path).into_iter().filter(is_open));
        found.extend(doors(view, &exposed, surroundings).into_iter().filter(is_open));
    }
    found
}

/// Where many paths with few roots are.
struct Places<'v> {
    space: &'v dyn Space,
    roots: BTreeMap<Root, Option<PathBuf>>,
}

impl Places<'_> {
    /// As [`Space::inside`].
    fn inside(&mut self, path: &SymbolicPath) -> Option<PathBuf> {
        if path.components().iter().any(|component| component.as_str().contains('$')) {
            return self.space.inside(path);
        }
        let root = self.roots.entry(path.root());
        let mut place = root.or_insert_with(|| self.space.inside(&SymbolicPath::of_root(path.root()))).clone()?;
        place.extend(path.components().iter().map(|component| component.as_str()));
        Some(place)
    }
}

/// What a view opens of a guarded place.
fn opened<'a>(
    view: &View<'a>,
    exposed: &Exposed<'_, 'a>,
    guard: &Guard,
    path: &SymbolicPath,
    place: &Path,
) -> Vec<Found<'a>> {
    let mut out = Vec::new();
    let only_writable = guard.kind == AssertionKind::NotWritable;
    let mut mounts = exposed.exposing(place, only_writable);
    if only_writable {
        mounts.extend(exposed.letting_be_made(place));
    }
    for mount in mounts {
        let Some((shown, _)) = source(mount) else { continue };
        let is_a_part = is_within(shown, place) && shown != place;
        if guard.is_whole && is_a_part {
            continue;
        }
        // Last, because it asks the host.
        let node = view.space().node(place);
        if !only_writable && matches!(node, Node::Absent | Node::Unreachable) {
            continue;
        }
        let Some(rule) = view.rule_behind(mount) else { continue };
        let is_there = matches!(node, Node::File | Node::Directory);
        out.push(Found {
            rule,
            kind: guard.kind,
            path: path.clone(),
            part: if is_a_part { shown } else { place }.to_owned(),
            about: guard.about.to_owned(),
            is_whole: guard.is_whole,
            narrower: Some(if is_there { Missing::Error } else { Missing::Watch }),
        });
    }
    out
}

/// A device that a mount opens although it is guarded.
fn device<'a>(view: &View<'a>, mount: &Mount<'a>) -> Option<Found<'a>> {
    let Provider::Host { source, device: true, .. } = &mount.provider else { return None };
    let about = about_device(source.to_str()?)?;
    Some(Found {
        rule: view.rule_behind(mount)?,
        kind: AssertionKind::Denied,
        path: symbolic(view.space(), source)?,
        part: source.clone(),
        about: about.to_owned(),
        is_whole: false,
        narrower: Some(Missing::Error),
    })
}

/// What a device hands over, or a directory with guarded ones in it.
fn about_device(path: &str) -> Option<&'static str> {
    if is_within(Path::new("/dev"), Path::new(path)) {
        return Some("every device of the host");
    }
    let directory = format!("{path}/");
    DEVICES.iter().find(|row| path.starts_with(row.start) || row.start.starts_with(&directory)).map(|row| row.about)
}

/// Sockets and keys that variables of the caller name.
fn doors<'a>(view: &View<'a>, exposed: &Exposed<'_, 'a>, surroundings: &Surroundings) -> Vec<Found<'a>> {
    let mut found = Vec::new();
    for door in &surroundings.doors {
        let Some(path) = symbolic(view.space(), &door.real) else { continue };
        let guard = Guard { kind: AssertionKind::Denied, paths: Vec::new(), about: door.about, is_whole: false };
        found.extend(opened(view, exposed, &guard, &path, &door.real));
    }
    found
}

fn is_lifted(merged: &Merged, view: &View<'_>, found: &Found<'_>) -> bool {
    let space = view.space();
    merged.lifts.iter().any(|lift| match &lift.assertion {
        Assertion::Path(kind, path) if *kind == found.kind && lift.reaches(&found.rule.origins) => {
            [space.real(path), space.inside(path)].iter().flatten().any(|path| is_within(&found.part, path))
        }
        _ => false,
    })
}

/// Whether a guard could stand behind an assertion: its path is known to be guarded, or in what the
/// plan opens, so that links or the environment of some host could make it so.
pub fn is_behind(assertion: &Assertion, plan: &Plan) -> bool {
    let Assertion::Path(kind, path) = assertion else { return false };
    let grants: &[Grant] = match kind {
        AssertionKind::NotWritable => &[Grant::ReadWrite],
        _ => &[Grant::ReadOnly, Grant::ReadWrite, Grant::Copy, Grant::Overlay, Grant::Device],
    };
    let is_opened = |step: &Step| match &step.action {
        Action::Host { grant, source, .. } => {
            grants.contains(grant) && (source.is_within(path) || path.is_within(source))
        }
        _ => false,
    };
    is_known(assertion) || is_guarded_kind(*kind) && plan.content.steps.iter().any(is_opened)
}

/// Whether a guard is known by name behind an assertion: about its path, or what lies in or around it.
pub fn is_known(assertion: &Assertion) -> bool {
    let Assertion::Path(kind, path) = assertion else { return false };
    // Everything lies in `/`, whatever it starts from.
    let is_root = *path == SymbolicPath::of_root(Root::Absolute);
    let is_around = |guard: &Guard| is_root || guard.paths.iter().any(|guarded| guarded.is_within(path));
    let is_within = |guard: &Guard| !guard.is_whole && guard.paths.iter().any(|guarded| path.is_within(guarded));
    let is_device = *kind == AssertionKind::Denied && about_device(&path.to_string()).is_some();
    is_device || GUARDS.iter().any(|guard| guard.kind == *kind && (is_around(guard) || is_within(guard)))
}

fn is_guarded_kind(kind: AssertionKind) -> bool {
    matches!(kind, AssertionKind::Denied | AssertionKind::NotWritable)
}
