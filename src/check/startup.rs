//! How long bubblewrap takes to start a sandbox, by the number of its mounts, and when that is too
//! many.

use crate::check::Scope;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mounts::{Mount, Provider};
use crate::plan::Step;
use crate::view::View;
use std::collections::BTreeMap;
use std::path::Path;

/// Fewer are never reported: nothing much can be left out.
const FEW: usize = 100;

/// A start that people notice.
const SLOW_MILLISECONDS: f64 = 100.0;

/// bubblewrap refuses to read more.
const MAX_ARGUMENTS: usize = 9_000;

/// What a host has when nothing is known of it.
const USUAL_HOST_MOUNTS: usize = 25;

/// The milliseconds that bubblewrap takes to start with so many mounts, on a host that has so many
/// itself. It reads the table of all mounts once for each of its own. Measured with bubblewrap 0.8.0.
pub fn milliseconds(mounts: usize, on_host: usize) -> f64 {
    let (own, host) = (mounts as f64, on_host as f64);
    4.0 + 0.04 * host + 0.0043 * (own * own / 2.0 + 0.55 * own * host)
}

/// Reports a sandbox with so many mounts that its start takes long, or fails.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let on_host = scope.caller.map_or(USUAL_HOST_MOUNTS, |caller| caller.mounts);
    let count = scope.view.mounts().iter().count();
    let arguments = arguments(scope.view);
    let milliseconds = milliseconds(count, on_host);
    if count <= FEW || milliseconds < SLOW_MILLISECONDS {
        return;
    }
    // Without a host nobody knows which of them are there.
    let mounts = if scope.view.is_exact() { format!("{count} mounts") } else { format!("up to {count} mounts") };
    let mut diagnostic =
        Diagnostic::warning(Code::SBC0810, title(&mounts, arguments, milliseconds)).note(by_layer(scope.view));
    if let Some((directory, count)) = crowded(scope.view) {
        let directory = scope.view.space().spell(directory);
        let help = format!("{count} of them lie directly in `{directory}`: one rule about that directory is one mount");
        diagnostic = diagnostic.help(help);
    } else {
        diagnostic = diagnostic.help("write one rule about a directory instead of many about what lies in it");
    }
    out.push(diagnostic.at(scope.compiled.merged.location, "this sandbox"));
}

fn title(mounts: &str, arguments: usize, milliseconds: f64) -> String {
    if arguments > MAX_ARGUMENTS {
        format!("{mounts} need about {arguments} arguments, and bubblewrap takes no more than {MAX_ARGUMENTS}")
    } else {
        format!("{mounts} make every start take about {}", duration(milliseconds))
    }
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
    let layers: Vec<String> = view.mounts().iter().filter_map(|mount| mount.step).map(layer).collect();
    layers.iter().for_each(|layer| *counts.entry(layer).or_default() += 1);
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let shown: Vec<String> = counts.iter().take(3).map(|(layer, count)| format!("`{layer}` makes {count}")).collect();
    shown.join(", ")
}

/// The directory in which most of the mounts stand, if they are many.
fn crowded<'v>(view: &'v View<'_>) -> Option<(&'v Path, usize)> {
    let mut counts: BTreeMap<&Path, usize> = BTreeMap::new();
    for above in view.mounts().iter().filter_map(|mount| mount.at.parent()) {
        *counts.entry(above).or_default() += 1;
    }
    let (directory, count) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    (count > FEW / 2 && directory != Path::new("/")).then_some((directory, count))
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
