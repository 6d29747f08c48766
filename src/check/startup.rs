//! How long bubblewrap takes to start a sandbox, by the number of its mounts, and when that is too
//! many.

use crate::check::Scope;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mounts::{Mount, Provider};
use crate::plan::{Action, Step};
use crate::policy::Grant;
use crate::rule::quote;
use crate::source::Location;
use crate::view::View;
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::Path;

/// Fewer are never reported. An agent with two toolchains makes half as many, and that much nobody can
/// leave out.
const FEW: usize = 60;

/// A start that people notice: below it, an answer feels immediate.
const SLOW_MILLISECONDS: f64 = 100.0;

/// bubblewrap refuses to read more.
const MAX_ARGUMENTS: usize = 9_000;

/// What a host has when nothing is known of it.
const USUAL_HOST_MOUNTS: usize = 25;

/// So many groups of rules are named.
const NAMED: usize = 3;

/// So many directories above what is mounted may be what rules have in common.
const LEVELS: usize = 3;

/// Fewer rules are no group.
const SMALLEST_GROUP: usize = 10;

/// The milliseconds that bubblewrap takes to start with so many mounts, on a host that has so many
/// itself. It reads the table of all mounts once for each of its own. Measured with bubblewrap 0.8.0.
pub fn milliseconds(mounts: usize, on_host: usize) -> f64 {
    let (own, host) = (mounts as f64, on_host as f64);
    4.0 + 0.04 * host + 0.0043 * (own * own / 2.0 + 0.55 * own * host)
}

/// Reports a sandbox with so many mounts that its start takes long, or fails.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let on_host = scope.caller.map_or(USUAL_HOST_MOUNTS, |caller| caller.mounts);
    let count = mounted(scope.view).count();
    let cost = |count| milliseconds(count, on_host);
    if count <= FEW || cost(count) < SLOW_MILLISECONDS {
        return;
    }
    // Without a host nobody knows which of them are there.
    let mounts = if scope.view.is_exact() { format!("{count} mounts") } else { format!("up to {count} mounts") };
    let mut diagnostic = Diagnostic::warning(Code::SBC0810, title(&mounts, arguments(scope.view), cost(count)))
        .note(by_layer(scope.view));
    let groups = groups(scope);
    diagnostic = match groups.first().and_then(|group| instead(scope.view, group)) {
        Some(help) => diagnostic.help(help),
        None => diagnostic.help("write one rule about a directory instead of many about what lies in it"),
    };
    for group in &groups {
        let saved = duration(cost(count) - cost(count - group.mounts.len()));
        let directory = scope.view.space().spell(group.directory);
        let text = format!("the first of {} in `{directory}`: without them {saved} less", group.mounts.len());
        diagnostic = diagnostic.at(group.location, text);
    }
    if groups.is_empty() {
        diagnostic = diagnostic.at(scope.compiled.merged.location, "this sandbox");
    }
    out.push(diagnostic);
}

/// What `exec` has bubblewrap mount.
fn mounted<'v, 'a>(view: &'v View<'a>) -> impl Iterator<Item = &'v Mount<'a>> {
    view.mounts().iter().filter(|mount| mount.step.is_none_or(|step| !step.is_plain_file()))
}

/// The project's own rules of one kind about what lies in one directory.
struct Group<'v, 'a> {
    directory: &'v Path,
    /// How far above what is mounted the directory is.
    above: usize,
    mounts: Vec<(&'v Mount<'a>, &'a Step)>,
    /// The first of the rules.
    location: Location,
}

/// The largest groups of rules, the largest first: those about one directory, or else about directories in one.
fn groups<'v>(scope: &Scope<'v>) -> Vec<Group<'v, 'v>> {
    let levels = (1..=LEVELS).map(|above| groups_by(scope, above));
    levels.into_iter().find(|groups| !groups.is_empty()).unwrap_or_default()
}

fn groups_by<'v>(scope: &Scope<'v>, above: usize) -> Vec<Group<'v, 'v>> {
    let mut groups: BTreeMap<(&Path, &str), Group<'v, 'v>> = BTreeMap::new();
    for mount in mounted(scope.view) {
        let Some(step) = mount.step.filter(|step| scope.owns(step)) else { continue };
        let Some((directory, word)) = mount.at.ancestors().nth(above).zip(word(step)) else { continue };
        let own = step.origins.iter().find(|origin| (scope.is_own)(origin.location.source));
        let Some(location) = own.map(|origin| origin.location) else { continue };
        let new = || Group { directory, above, mounts: Vec::new(), location };
        let group = groups.entry((directory, word)).or_insert_with(new);
        group.location = group.location.min(location);
        group.mounts.push((mount, step));
    }
    let mut groups: Vec<Group<'v, 'v>> =
        groups.into_values().filter(|group| group.mounts.len() >= SMALLEST_GROUP).collect();
    groups.sort_by_key(|group| Reverse(group.mounts.len()));
    groups.truncate(NAMED);
    groups
}

/// The word of a rule of which one can stand for many.
fn word(step: &Step) -> Option<&'static str> {
    match &step.action {
        Action::Host { grant, .. } => Some(grant.word()),
        Action::Deny { .. } => Some("deny"),
        _ => None,
    }
}

/// One rule for all of a group, and what it does that they do not; nothing where the directory has a rule already.
fn instead(view: &View<'_>, group: &Group<'_, '_>) -> Option<String> {
    let is_rule = |mount: &Mount<'_>| mount.step.is_some_and(|step| !matches!(step.action, Action::Pin { .. }));
    let has_rule = view.mounts().mount_at(group.directory).is_some_and(is_rule) || group.directory == Path::new("/");
    let step = group.mounts.first().map(|(_, step)| *step)?;
    let in_place = |step: &Step| match &step.action {
        Action::Host { source, .. } => *source == step.at,
        _ => true,
    };
    if group.above != 1 || has_rule || !group.mounts.iter().all(|(_, step)| in_place(step)) {
        return None;
    }
    let directory = view.space().spell(group.directory);
    let around = view.mounts().provider(group.directory).map(|mount| &mount.provider);
    let effect = match (&step.action, around) {
        (Action::Deny { .. }, _) => format!("it shows nothing more, and hides all else in `{directory}`, too"),
        (Action::Host { grant: Grant::ReadOnly, .. }, Some(Provider::Host { .. })) => {
            format!("it shows nothing more, and all else in `{directory}` cannot be written, either")
        }
        (Action::Host { grant: Grant::ReadOnly, .. }, _) => format!("it shows all else in `{directory}`, too"),
        (Action::Host { grant: Grant::ReadWrite, .. }, _) => {
            format!("it shows all else in `{directory}`, too, and lets it be changed")
        }
        _ => return None,
    };
    let rule = format!("{} {}", word(step)?, quote(&directory));
    Some(format!("write `{rule}` instead of these {}: {effect}", group.mounts.len()))
}

fn title(mounts: &str, arguments: usize, milliseconds: f64) -> String {
    if arguments > MAX_ARGUMENTS {
        format!("{mounts} need about {arguments} arguments, and bubblewrap takes no more than {MAX_ARGUMENTS}")
    } else {
        format!("{mounts} make every start take about {}", duration(milliseconds))
    }
}

/// How long bubblewrap takes, as [`milliseconds`] has it, for people.
pub fn prediction(mounts: usize, on_host: usize) -> String {
    duration(milliseconds(mounts, on_host))
}

/// As exact as it is known: `1.2 s`.
fn duration(milliseconds: f64) -> String {
    if milliseconds < 1_000.0 {
        format!("{:.0} ms", (milliseconds / 10.0).round() * 10.0)
    } else {
        format!("{:.1} s", milliseconds / 1_000.0)
    }
}

/// About how many words bubblewrap is given.
fn arguments(view: &View<'_>) -> usize {
    let words = |mount: &Mount<'_>| match mount.provider {
        Provider::Host { .. } | Provider::Denied { file: true, .. } => 3,
        Provider::Overlay { .. } | Provider::Copy { .. } | Provider::Text => 5,
        Provider::Memory { .. } => 4,
        // Made, and then made read-only.
        Provider::Denied { .. } if view.is_exact() => 6,
        Provider::Denied { .. } => 3,
        Provider::Proc | Provider::Dev => 2,
    };
    view.mounts().iter().map(words).sum()
}

/// Which layers ask for the mounts, those with the most first.
fn by_layer(view: &View<'_>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let layer = |step: &'_ Step| step.origins.first().map_or("", |origin| origin.layer.as_str()).to_owned();
    let layers: Vec<String> = mounted(view).filter_map(|mount| mount.step).map(layer).collect();
    layers.iter().for_each(|layer| *counts.entry(layer).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown: Vec<String> = counts.iter().take(3).map(|(layer, count)| format!("`{layer}` makes {count}")).collect();
    shown.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The prediction grows with the square of the mounts, and where bubblewrap gives up, no time is named.
    #[test]
    fn predictions() {
        assert!(milliseconds(40, 25) < 20.0 && milliseconds(1000, 25) > 1_500.0);
        assert_eq!(title("200 mounts", 600, 104.0), "200 mounts make every start take about 100 ms");
        assert_eq!(title("900 mounts", 2_700, 1_849.0), "900 mounts make every start take about 1.8 s");
        let refused = "3001 mounts need about 9003 arguments, and bubblewrap takes no more than 9000";
        assert_eq!(title("3001 mounts", 9_003, 20_000.0), refused);
    }
}
