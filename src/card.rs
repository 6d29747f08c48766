//! What a built-in profile is, for people: what the head of its text says, what it adds, what it costs.
//!
//! Reads no machine and prints nothing.

use crate::builtin::{self, Group, Profile};
use crate::compile::{Compilation, Wanted, compile};
use crate::diagnostic::{Code, Severity};
use crate::diff::{self, Policy, SandboxDiff};
use crate::source::{Source, SourceKind, Sources};
use std::collections::BTreeSet;

/// What every profile says of itself, in this order. An agent says what [`REMAINS`], too.
pub const LABELS: [&str; 3] = ["Leaves out", "Hosts", "Tested"];

/// What inside can still influence the agent outside.
pub const REMAINS: &str = "Remains";

/// The comment at the head of a profile's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Card {
    /// What the profile is for.
    pub what: String,
    /// A label, such as `Hosts`, and what it says.
    pub facts: Vec<(String, String)>,
}

impl Card {
    /// The card of a profile. A line that starts with a capital letter and has a colon after at most two
    /// words starts a fact.
    pub fn of(profile: &Profile) -> Card {
        let mut card = Card { what: String::new(), facts: Vec::new() };
        for line in profile.text.lines().map_while(|line| line.strip_prefix("//")).map(str::trim) {
            let fact = line.split_once(": ").filter(|(label, _)| LABELS.contains(label) || *label == REMAINS);
            match (fact, card.facts.last_mut()) {
                (Some((label, text)), _) => card.facts.push((label.to_owned(), text.to_owned())),
                (None, Some((_, text))) => append(text, line),
                (None, None) => append(&mut card.what, line),
            }
        }
        card
    }

    /// What a label says.
    pub fn fact(&self, label: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| known == label).map(|(_, text)| text.as_str())
    }
}

/// Continues a paragraph.
fn append(text: &mut String, line: &str) {
    if !text.is_empty() && !line.is_empty() {
        text.push(' ');
    }
    text.push_str(line);
}

/// A sandbox that inherits profiles and says nothing else, with the texts it was made of.
pub fn sandbox(profiles: &[&str]) -> (Sources, Compilation) {
    let mut sources = builtin::sources();
    let inherits: String = profiles.iter().map(|name| format!(" \"{name}\"")).collect();
    let inherit = if profiles.is_empty() { String::new() } else { format!("inherit{inherits}") };
    let text = format!("sandbox \"app\" {{ {inherit} }}").into();
    sources.add(Source { kind: SourceKind::Policy, name: String::from("app"), text });
    let compilation = compile(&sources, &Wanted::All);
    (sources, compilation)
}

/// The most mounts that a sandbox makes which inherits these profiles and says nothing else.
pub fn mounts(profiles: &[&str]) -> usize {
    sandbox(profiles).1.sandboxes.first().map_or(0, |compiled| compiled.plan.mounts())
}

/// The codes of what is wrong with a sandbox that inherits these profiles and says nothing else: a profile may leave it
/// to its user to waive a guard.
pub fn refusals(profiles: &[&str]) -> BTreeSet<Code> {
    let diagnostics = sandbox(profiles).1.diagnostics;
    diagnostics.sorted().iter().filter(|one| one.severity == Severity::Error).map(|one| one.code).collect()
}

/// What a profile allows that those it inherits do not.
pub fn effect(profile: &Profile) -> Vec<SandboxDiff> {
    let ((old_sources, old), (new_sources, new)) = (sandbox(&parents(profile)), sandbox(&[profile.name]));
    diff::diff(
        Policy { sandboxes: &old.sandboxes, sources: &old_sources },
        Policy { sandboxes: &new.sandboxes, sources: &new_sources },
    )
}

/// The profiles that a profile inherits directly.
pub fn parents(profile: &Profile) -> Vec<&'static str> {
    let layer = builtin::layer(profile.name);
    layer.map(|layer| layer.inherits.iter().map(|parent| parent.value.as_str()).collect()).unwrap_or_default()
}

/// The profiles of a group.
pub fn group(group: Group) -> impl Iterator<Item = &'static Profile> {
    builtin::PROFILES.iter().filter(move |profile| profile.group == group)
}

/// The line that a profile says about itself.
pub fn about(profile: &Profile) -> &'static str {
    builtin::layer(profile.name).and_then(|layer| layer.about.as_deref()).unwrap_or_default()
}
