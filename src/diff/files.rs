//! What a process can do with the host's own files, wherever they are shown inside.
//!
//! The answer changes only at a few paths: at what a rule shows, and at what a rule hides of it. Each of
//! them is asked of both views, parents first, and what has changed in the same way as its parent is
//! not said again.

use super::sentence::{Sentence, one_line};
use super::{Change, Class, Kind, One, Pair};
use crate::exposure::source;
use crate::mounts::{Mount, Provider};
use crate::plan::Step;
use crate::space::{Space, Symbols, is_within};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// How a host file can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    Copy,
    Overlay,
    Read,
    Write,
    Device,
}

/// The places inside at which one host path is shown, each with how it can be reached there.
pub type Shown = BTreeMap<PathBuf, Reach>;

/// A path at which an answer may change.
struct Point {
    path: PathBuf,
    before: Shown,
    after: Shown,
    /// The change that says so, by its index.
    said: Option<usize>,
}

/// Reports the highest paths at which something has changed.
pub fn compare(pair: &Pair<'_>, out: &mut Vec<Change>) {
    let mut above: Vec<Point> = Vec::new();
    for path in points(&pair.old).into_iter().chain(points(&pair.new)).collect::<BTreeSet<_>>() {
        while above.last().is_some_and(|point| !is_within(&path, &point.path)) {
            above.pop();
        }
        let mounts = (pair.old.view.shown_at(&path), pair.new.view.shown_at(&path));
        let (before, after) = (answer(&mounts.0), answer(&mounts.1));
        let parent = above.last();
        if parent.is_some_and(|parent| parent.says(&path, &before, &after)) {
            continue;
        }
        let said = if before == after {
            let change = parent.and_then(|parent| out.get_mut(parent.said?));
            change.into_iter().for_each(|change| change.except.push(spell(&path)));
            None
        } else {
            out.push(change(pair, &path, (&before, mounts.0), (&after, mounts.1)));
            Some(out.len() - 1)
        };
        above.push(Point { path, before, after, said });
    }
}

impl Point {
    /// Whether what is so here is so for a path below, too.
    fn says(&self, path: &Path, before: &Shown, after: &Shown) -> bool {
        let rest = path.strip_prefix(&self.path).unwrap_or(path);
        let same = |below: &Shown, here: &Shown| {
            below.len() == here.len() && here.iter().all(|(place, shows)| below.get(&place.join(rest)) == Some(shows))
        };
        same(before, &self.before) && same(after, &self.after)
    }
}

/// The host paths at which what is shown of them may differ from what is shown of their parents.
fn points(one: &One<'_>) -> Vec<PathBuf> {
    let mounts = one.view.mounts();
    let mut points = Vec::new();
    for mount in mounts.iter() {
        points.extend(source(mount).map(|(source, _)| source.to_owned()));
        for above in mounts.above(&mount.at).filter(|above| above.at != mount.at) {
            let rest = mount.at.strip_prefix(&above.at).unwrap_or(&mount.at);
            points.extend(source(above).map(|(source, _)| source.join(rest)));
        }
    }
    points
}

/// Where and how one side shows a host path.
pub fn shown(one: &One<'_>, path: &Path) -> Shown {
    answer(&one.view.shown_at(path))
}

/// The places at which mounts show one host path.
type Showing<'v, 'a> = Vec<(PathBuf, &'v Mount<'a>)>;

fn answer(showing: &Showing<'_, '_>) -> Shown {
    showing.iter().map(|(at, mount)| (at.clone(), reach(mount))).collect()
}

fn reach(mount: &Mount<'_>) -> Reach {
    match &mount.provider {
        Provider::Copy { .. } => Reach::Copy,
        Provider::Overlay { .. } => Reach::Overlay,
        Provider::Host { device: true, .. } => Reach::Device,
        Provider::Host { writable: true, .. } => Reach::Write,
        _ => Reach::Read,
    }
}

fn best(shown: &Shown) -> Option<Reach> {
    shown.values().copied().max()
}

/// How much a process can do: nothing, read, write, open as a device.
pub fn strength(shown: &Shown) -> u8 {
    match best(shown) {
        None => 0,
        Some(Reach::Copy | Reach::Overlay | Reach::Read) => 1,
        Some(Reach::Write) => 2,
        Some(Reach::Device) => 3,
    }
}

fn change<'v, 'a>(
    pair: &'v Pair<'a>,
    path: &Path,
    (before, old): (&Shown, Showing<'v, 'a>),
    (after, new): (&Shown, Showing<'v, 'a>),
) -> Change {
    let name = spell(path);
    let class = Class::of(strength(before), strength(after));
    let word = |shown: &Shown| best(shown).map_or("nothing", Reach::word);
    let (new, old) = (rules(&pair.new, new, after, before), rules(&pair.old, old, before, after));
    // A rule that only one side has is why the sides differ.
    let cause = (new.iter().find(|step| !pair.old.has(step)).map(|step| (&pair.new, step)))
        .or_else(|| old.iter().find(|step| !pair.new.has(step)).map(|step| (&pair.old, step)))
        .or_else(|| new.first().map(|step| (&pair.new, step)))
        .or_else(|| old.first().map(|step| (&pair.old, step)))
        .and_then(|(one, step)| one.step_cause(step));
    let sentence = sentence(path, before, after);
    let mut change = Change::new(class, Kind::File, &name, (word(before), word(after)), sentence, cause);
    (change.before_at, change.after_at, change.order) = (places(before), places(after), path.to_owned());
    change
}

/// A host path, or a path inside, as a policy writes it.
pub fn spell(path: &Path) -> String {
    one_line(&Symbols.spell(path))
}

fn places(shown: &Shown) -> Vec<String> {
    shown.keys().map(|place| spell(place)).collect()
}

/// The rules of one side that decide about a path, the most generous first: those that show it, and
/// those that stand where the other side shows it.
fn rules<'a>(one: &One<'a>, mut showing: Showing<'_, 'a>, own: &Shown, other: &Shown) -> Vec<&'a Step> {
    showing.sort_by_key(|(at, mount)| (std::cmp::Reverse(reach(mount)), other.contains_key(at)));
    let hiding = other.keys().filter(|place| !own.contains_key(*place));
    let hiding = hiding.filter_map(|place| one.view.mounts().provider(place));
    let mounts = showing.into_iter().map(|(_, mount)| mount).chain(hiding);
    mounts.filter_map(|mount| one.view.rule_behind(mount)).collect()
}

/// What is to be said of a host path.
fn sentence(path: &Path, before: &Shown, after: &Shown) -> Sentence {
    // Most paths are shown in place, and nothing has to be said about that.
    let at = |sentence: Sentence, shown: &Shown| match shown.len() == 1 && shown.contains_key(path) {
        true => sentence,
        false => sentence.words(" at ").list(&places(shown)),
    };
    let name = spell(path);
    let named = |template: &str| Sentence::new(template, &[&name]);
    let (old, new) = match (best(before), best(after)) {
        (Some(old), Some(new)) => (old, new),
        (_, Some(new)) => return at(named("opens {} ").words(new.purpose()), after),
        (old, _) => return at(named("closes {}, open before ").words(old.map_or("", Reach::purpose)), before),
    };
    match Class::of(strength(before), strength(after)) {
        Class::Widening if new == Reach::Device => named("{} can be opened as a device"),
        Class::Widening => at(named("{} becomes writable"), after),
        Class::Narrowing if old == Reach::Device => named("{} can no longer be opened as a device"),
        Class::Narrowing if new == Reach::Read => named("{} is no longer writable"),
        Class::Narrowing => named("{} is no longer writable, but shown ").words(new.manner()),
        Class::Neutral if old != new => {
            named("{} is shown ").words(new.manner()).words(" instead of ").words(old.manner())
        }
        Class::Neutral => moved(named("{} is "), before, after),
    }
}

/// What is to be said of a host path that is shown at other places than before.
fn moved(start: Sentence, before: &Shown, after: &Shown) -> Sentence {
    let only = |one: &Shown, other: &Shown| -> Vec<String> {
        one.iter().filter(|(place, how)| other.get(*place) != Some(how)).map(|(place, _)| spell(place)).collect()
    };
    let (gone, come) = (only(before, after), only(after, before));
    match (gone.as_slice(), come.as_slice()) {
        (gone, []) => start.words("no longer shown at ").list(gone),
        ([], come) => start.words("also shown at ").list(come),
        (gone, come) if gone == come => start.words("shown in another way at ").list(come),
        (gone, come) => start.words("shown at ").list(come).words(" instead of ").list(gone),
    }
}

impl Reach {
    fn word(self) -> &'static str {
        match self {
            Reach::Copy => "copy",
            Reach::Overlay => "overlay",
            Reach::Read => "read",
            Reach::Write => "write",
            Reach::Device => "device",
        }
    }

    fn purpose(self) -> &'static str {
        match self {
            Reach::Copy => "as a private copy",
            Reach::Overlay => "for reading, with writes discarded",
            Reach::Read => "for reading",
            Reach::Write => "for reading and writing",
            Reach::Device => "as a device",
        }
    }

    fn manner(self) -> &'static str {
        match self {
            Reach::Copy => "as a private copy",
            Reach::Overlay => "with writes discarded",
            Reach::Read => "read-only",
            Reach::Write => "writable",
            Reach::Device => "as a device",
        }
    }
}
