//! What a sandbox has of its own: texts, directories in memory, links, devices. And what becomes of host
//! paths that are missing.

use super::sentence::Sentence;
use super::{Change, Class, Kind, One, Pair, files};
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::space::{Space, Symbols};
use crate::view;
use crate::words::Missing;
use std::collections::BTreeSet;
use std::path::Path;

/// Reports what is not said by what happens to the host's files.
pub fn compare(pair: &Pair<'_>, out: &mut Vec<Change>) {
    let places: BTreeSet<&SymbolicPath> = pair.old.steps.keys().chain(pair.new.steps.keys()).copied().collect();
    for at in places {
        let (old, new) = (pair.old.steps.get(at).copied(), pair.new.steps.get(at).copied());
        out.extend(own_change(pair, at, old.filter(is_own), new.filter(is_own)));
        let shown: BTreeSet<&SymbolicPath> = old.iter().chain(&new).filter_map(|step| shown_source(step)).collect();
        for source in shown {
            let of = |step: &&Step| shown_source(step) == Some(source);
            out.extend(host_change(pair, source, old.filter(of), new.filter(of)));
        }
    }
}

fn is_own(step: &&Step) -> bool {
    !matches!(step.action, Action::Host { .. } | Action::Pin { .. })
}

fn own_change(pair: &Pair<'_>, at: &SymbolicPath, old: Option<&Step>, new: Option<&Step>) -> Option<Change> {
    let (before, after) = (old.map(Step::rule), new.map(Step::rule));
    if before == after {
        return None;
    }
    let place = Symbols.inside(at)?;
    // Hiding a file of the host, or not hiding it any more, is said of that file.
    let hides = |one: Option<&Step>, other: &One<'_>, others: Option<&Step>| {
        others.is_none() && one.is_some_and(|step| matches!(step.action, Action::Deny { .. })) && shows(other, &place)
    };
    if hides(old, &pair.new, new) || hides(new, &pair.old, old) {
        return None;
    }
    let name = at.to_string();
    let sentence = match (&before, &after) {
        (Some(before), Some(after)) => Sentence::new("{} is {} instead of {}", &[&name, after, before]),
        (_, Some(after)) => Sentence::new("{} is now {}", &[&name, after]),
        (before, _) => Sentence::new("{} is no longer {}", &[&name, before.as_deref().unwrap_or_default()]),
    };
    let cause = new.and_then(|step| pair.new.step_cause(step)).or_else(|| old.and_then(|s| pair.old.step_cause(s)));
    let words = (before.as_deref().unwrap_or("nothing"), after.as_deref().unwrap_or("nothing"));
    Some(Change { order: place, ..Change::new(Class::Neutral, Kind::Inside, &name, words, sentence, cause) })
}

/// Whether one side shows something of the host at a place inside.
fn shows(one: &One<'_>, place: &Path) -> bool {
    use view::Kind::{Copy, Host, Overlay};
    matches!(one.view.look_at_link(place).kind, Host { .. } | Overlay { .. } | Copy { .. })
}

/// A rule about a host path that changes and leaves the access to that path as it was.
fn host_change(pair: &Pair<'_>, source: &SymbolicPath, old: Option<&Step>, new: Option<&Step>) -> Option<Change> {
    let (before, after) = (old.map(Step::rule), new.map(Step::rule));
    if before == after {
        return None;
    }
    let source = Symbols.real(source)?;
    let (was, is) = (files::shown(&pair.old, &source), files::shown(&pair.new, &source));
    let class = creation(pair, &source, missing(old), missing(new));
    // What opens a path, or closes it, says enough.
    if was != is && (class == Class::Neutral || class == Class::of(files::strength(&was), files::strength(&is))) {
        return None;
    }
    let name = files::spell(&source);
    let sentence = match (class, &before, &after) {
        (Class::Widening, ..) => Sentence::new("{} is made on the host where it is missing", &[&name]),
        (Class::Narrowing, ..) => Sentence::new("{} is no longer made on the host where it is missing", &[&name]),
        (_, Some(before), Some(after)) => {
            Sentence::new("{} takes the place of {} and opens no more and no less", &[after, before])
        }
        (_, _, Some(after)) => Sentence::new("{} comes and opens nothing", &[after]),
        (_, before, _) => Sentence::new("{} goes and closes nothing", &[before.as_deref().unwrap_or_default()]),
    };
    let cause = new.and_then(|step| pair.new.step_cause(step)).or_else(|| old.and_then(|s| pair.old.step_cause(s)));
    let words = (before.as_deref().unwrap_or("nothing"), after.as_deref().unwrap_or("nothing"));
    Some(Change { order: source, ..Change::new(class, Kind::Inside, &name, words, sentence, cause) })
}

fn shown_source(step: &Step) -> Option<&SymbolicPath> {
    match &step.action {
        Action::Host { source, .. } => Some(source),
        _ => None,
    }
}

fn missing(step: Option<&Step>) -> Option<Missing> {
    match step.map(|step| &step.action) {
        Some(Action::Host { missing, .. }) => Some(*missing),
        _ => None,
    }
}

/// What it means that sbc makes a missing path on the host, or does so no more: nothing where the
/// sandbox can make it itself.
fn creation(pair: &Pair<'_>, source: &Path, old: Option<Missing>, new: Option<Missing>) -> Class {
    let makes = |missing| matches!(missing, Some(Missing::CreateDir | Missing::CreateFile));
    let can = |one: &One<'_>| source.parent().is_some_and(|above| files::strength(&files::shown(one, above)) >= 2);
    match (makes(old), makes(new)) {
        (false, true) if !can(&pair.old) => Class::Widening,
        (true, false) if !can(&pair.new) => Class::Narrowing,
        _ => Class::Neutral,
    }
}
