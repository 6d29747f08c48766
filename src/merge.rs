//! Makes one value per key out of many layers.
//!
//! A layer overrides what it inherits; layers that do not inherit each other must agree. Knows
//! nothing of bubblewrap and nothing of what a value means.

use crate::amend::Amendment;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, LONGEST_REPEATED, list, nearest};
use crate::inherit::Lineage;
use crate::origin::{LayerId, Origin};
use crate::path::SymbolicPath;
use crate::policy::{Access, Assertion, Entries, Entry, EnvRule, Layer, Setting, Waiver};
use crate::rule;
use crate::schema::{self, Section};
use crate::source::Location;
use crate::text::Text;
use crate::words::SettingKey;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;

/// A value with its whole history. Serves one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved<V> {
    /// `None`: removed, and so absent.
    pub value: Option<V>,
    /// The rules that say so, by layer.
    pub origins: Vec<Origin>,
    /// What they override, by layer.
    pub overridden: Vec<(Origin, Option<V>)>,
}

/// An assertion of one layer, lifted or not; or a guard, which every sandbox asserts, where it is lifted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guarantee {
    pub assertion: Assertion,
    /// Of a guard, the layer that lifts it.
    pub layer: String,
    pub location: Location,
    /// The reason of the waiver, and its place.
    pub waived: Option<(String, Location)>,
    /// Whether no layer asserts it.
    pub is_guard: bool,
}

/// A waiver, as far as it lifts guards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lift {
    pub assertion: Assertion,
    pub reason: String,
    /// The layers whose rules it is about; `None` for all of them.
    pub reaches: Option<BTreeSet<LayerId>>,
}

impl Lift {
    /// Whether the layers of these origins are all within reach. Nothing is known of no origins.
    pub fn reaches(&self, origins: &[Origin]) -> bool {
        let is_within = |layers: &BTreeSet<LayerId>| origins.iter().all(|origin| layers.contains(&origin.layer_id()));
        self.reaches.as_ref().is_none_or(|layers| !origins.is_empty() && is_within(layers))
    }
}

/// One value per key, each with its history.
#[derive(Clone, Debug, Default)]
pub struct Merged {
    pub name: String,
    /// Where the policy names it.
    pub policy: Location,
    /// The layer that overrides all others: the sandbox, or what is added to it on this machine.
    pub layer: String,
    /// Where that layer has its name.
    pub location: Location,
    pub about: Option<String>,
    /// The inherited profiles, by name.
    pub inherited: Vec<String>,
    /// How the profiles are inherited that the sandbox does not name itself.
    pub ways: BTreeMap<String, String>,
    pub filesystem: BTreeMap<SymbolicPath, Resolved<Access>>,
    pub env: BTreeMap<String, Resolved<EnvRule>>,
    /// What stands before the value of a variable, in order.
    pub prepends: BTreeMap<String, Vec<(Text, Origin)>>,
    pub settings: BTreeMap<SettingKey, Resolved<Setting>>,
    pub guarantees: Vec<Guarantee>,
    /// All waivers, those of assertions included: they lift the guard of the same path, too.
    pub lifts: Vec<Lift>,
}

impl Merged {
    /// Whether this machine adds to what the policy says.
    pub fn has_local(&self) -> bool {
        self.layer != self.name
    }
}

/// Merges a sandbox with everything that it inherits.
pub fn merge(lineage: &Lineage<'_>, out: &mut Diagnostics) -> Option<Merged> {
    let (sandbox, last) = (lineage.own().first()?, lineage.own().last()?);
    Some(Merged {
        name: sandbox.name.value.clone(),
        policy: sandbox.name.location,
        layer: last.name.value.clone(),
        location: last.name.location,
        about: last.about.clone().or_else(|| sandbox.about.clone()),
        ways: lineage.ways(),
        inherited: lineage.profiles().iter().map(|layer| layer.name.value.clone()).collect(),
        filesystem: merge_section(lineage, |layer| &layer.filesystem, |_, _| false, out),
        env: merge_section(lineage, |layer| &layer.env, |layer, name| layer.prepends.contains_key(name), out),
        prepends: gather(lineage),
        settings: merge_section(lineage, |layer| &layer.settings, |_, _| false, out),
        guarantees: guarantees(lineage),
        lifts: lifts(lineage),
    })
}

/// A definition of a key: the index of its layer, and the rule.
type Definition<'a, V> = (usize, &'a Entry<V>);

/// Merges one section. `also` tells of other things in a layer that a `remove` of the key removes.
fn merge_section<K, V>(
    lineage: &Lineage<'_>,
    section: impl Fn(&Layer) -> &Entries<K, V>,
    also: impl Fn(&Layer, &K) -> bool,
    out: &mut Diagnostics,
) -> BTreeMap<K, Resolved<V>>
where
    K: Ord + Clone + Key<Value = V>,
    V: Clone + PartialEq,
{
    let mut definitions: BTreeMap<&K, Vec<Definition<'_, V>>> = BTreeMap::new();
    for (index, layer) in lineage.layers.iter().enumerate() {
        for (key, entry) in section(layer) {
            definitions.entry(key).or_default().push((index, entry));
        }
    }
    let mut merged = BTreeMap::new();
    for (key, all) in &definitions {
        for (index, entry) in all.iter().filter(|(_, entry)| entry.value.is_none()) {
            let inherited = |other: usize| lineage.inherits(*index, other);
            let has_rule = all.iter().any(|(other, entry)| entry.value.is_some() && inherited(*other));
            let has_more = lineage.layers.iter().enumerate().any(|(other, layer)| inherited(other) && also(layer, key));
            if !has_rule && !has_more {
                let is_rule = |(other, entry): &Definition<'_, V>| entry.value.is_some() && inherited(*other);
                let rules = definitions.iter().filter(|(_, all)| all.iter().any(is_rule));
                nothing_to_remove(
                    &key.name(),
                    &entry.origin,
                    &rules.map(|(key, _)| key.name()).collect::<Vec<_>>(),
                    out,
                );
            }
        }
        merged.insert((*key).clone(), resolve(lineage, *key, all, out));
    }
    merged
}

/// One value out of all definitions of a key.
fn resolve<K: Key<Value = V>, V: Clone + PartialEq>(
    lineage: &Lineage<'_>,
    key: &K,
    all: &[Definition<'_, V>],
    out: &mut Diagnostics,
) -> Resolved<V> {
    let is_overridden = |index: usize| all.iter().any(|(other, _)| lineage.inherits(*other, index));
    let (lost, won): (Vec<&Definition<'_, V>>, Vec<&Definition<'_, V>>) =
        all.iter().partition(|(index, _)| is_overridden(*index));
    let value = won.first().and_then(|(_, entry)| entry.value.clone());
    if won.iter().any(|(_, entry)| entry.value != value) {
        out.push(disagreement(lineage, key, &won));
    }
    Resolved {
        value,
        origins: won.iter().map(|(_, entry)| entry.origin.clone()).collect(),
        overridden: lost.iter().map(|(_, entry)| (entry.origin.clone(), entry.value.clone())).collect(),
    }
}

/// Definitions of a key by layers that do not inherit each other.
fn disagreement<K: Key>(lineage: &Lineage<'_>, key: &K, won: &[&Definition<'_, K::Value>]) -> Diagnostic {
    let ways = lineage.ways();
    let mut diagnostic = Diagnostic::error(Code::SBC0301, format!("profiles disagree about {}", key.name()));
    for (_, entry) in won {
        let says = if entry.value.is_some() { "says this" } else { "removes it" };
        diagnostic = diagnostic.at(entry.origin.location, format!("`{}` {says}", entry.origin.layer));
        diagnostic.notes.extend(ways.get(&entry.origin.layer).map(|way| format!("inherited by {way}")));
    }
    let Some(sandbox) = lineage.layers.last() else { return diagnostic };
    let mut rules: Vec<(Section, String)> = won.iter().map(|(_, entry)| key.rule(entry.value.as_ref())).collect();
    // What gives a value first.
    rules.sort_by_key(|(_, rule)| rule.starts_with("remove "));
    rules.dedup();
    let written: Vec<&str> = rules.iter().map(|(_, rule)| rule.as_str()).collect();
    let words = written.iter().map(|rule| rule.len()).sum::<usize>();
    let help = match rules.first() {
        Some((section, _)) if words < LONGEST_REPEATED => {
            format!("settle it: write {} in {}", list(written, "or"), section.of(&sandbox.name.value))
        }
        _ => format!("settle it: write one of these rules in `{}`", sandbox.name.value),
    };
    let diagnostic = diagnostic.help(help);
    match rules.into_iter().next() {
        Some((section, rule)) => {
            diagnostic.amend(Amendment::Add { body: sandbox.name.location, rules: vec![(section, rule)] })
        }
        None => diagnostic,
    }
}

fn nothing_to_remove(key: &str, origin: &Origin, inherited: &[String], out: &mut Diagnostics) {
    let diagnostic = Diagnostic::error(Code::SBC0302, format!("`{}` inherits no rule about {key}", origin.layer));
    let help = match nearest(key, inherited.iter().map(String::as_str)) {
        Some(near) => format!("there is one about {near}; or drop this `remove`"),
        None => "drop this `remove`".to_owned(),
    };
    let diagnostic = diagnostic.at(origin.location, "nothing to remove").help(help);
    out.push(diagnostic.amend(Amendment::Remove { subject: origin.location }));
}

/// Gathers `prepend`. A `set`, `pass`, `secret` or `remove` of an heir replaces what its layer
/// inherits, and so drops the texts gathered there.
fn gather(lineage: &Lineage<'_>) -> BTreeMap<String, Vec<(Text, Origin)>> {
    let mut gathered: BTreeMap<String, Vec<(Text, Origin)>> = BTreeMap::new();
    for index in heirs_first(lineage) {
        let Some(layer) = lineage.layers.get(index) else { continue };
        for (name, entry) in &layer.prepends {
            let replaced =
                |(heir, other): (usize, &&Layer)| other.env.contains_key(name) && lineage.inherits(heir, index);
            if let Some(text) = entry.value.clone().filter(|_| !lineage.layers.iter().enumerate().any(replaced)) {
                gathered.entry(name.clone()).or_default().push((text, entry.origin.clone()));
            }
        }
    }
    gathered
}

/// The indices of all layers, heirs before what they inherit, unrelated ones by name.
fn heirs_first(lineage: &Lineage<'_>) -> Vec<usize> {
    let mut left: Vec<usize> = (0..lineage.layers.len()).collect();
    let mut order = Vec::new();
    while let Some(position) = left.iter().position(|index| !left.iter().any(|other| lineage.inherits(*other, *index)))
    {
        order.push(left.remove(position));
    }
    order
}

/// All assertions with the waivers that lift them, then the waivers of what nothing asserts. A waiver
/// reaches its own layer and what that layer inherits, and no further: a sibling's guarantee is not one's
/// own to lift.
fn guarantees(lineage: &Lineage<'_>) -> Vec<Guarantee> {
    let mut guarantees = Vec::new();
    let reaches = |heir: usize, index: usize| heir == index || lineage.inherits(heir, index);
    let layers = || lineage.layers.iter().enumerate();
    for (index, layer) in layers() {
        for assertion in &layer.assertions {
            let lifting = |(heir, other): (usize, &&Layer)| {
                other.waivers.iter().find(|waiver| reaches(heir, index) && waiver.assertion == assertion.value).cloned()
            };
            guarantees.push(Guarantee {
                assertion: assertion.value.clone(),
                layer: layer.name.value.clone(),
                location: assertion.location,
                waived: layers().find_map(lifting).map(|waiver| (waiver.reason, waiver.location)),
                is_guard: false,
            });
        }
    }
    for (heir, layer) in layers() {
        let is_known = |waiver: &Waiver| {
            let mut known =
                layers().filter(|(index, _)| reaches(heir, *index)).flat_map(|(_, other)| &other.assertions);
            known.any(|assertion| assertion.value == waiver.assertion)
        };
        guarantees.extend(layer.waivers.iter().filter(|waiver| !is_known(waiver)).map(|waiver| Guarantee {
            assertion: waiver.assertion.clone(),
            layer: layer.name.value.clone(),
            location: waiver.location,
            waived: Some((waiver.reason.clone(), waiver.location)),
            is_guard: true,
        }));
    }
    guarantees
}

/// Every waiver with its reach, those of the sandbox first.
fn lifts(lineage: &Lineage<'_>) -> Vec<Lift> {
    let id = |layer: &Layer| (layer.name.value.clone(), layer.name.location.source);
    let own: Vec<LayerId> = lineage.own().iter().map(|layer| id(layer)).collect();
    let mut lifts = Vec::new();
    for (heir, layer) in lineage.layers.iter().enumerate().rev() {
        let is_last = heir + 1 == lineage.layers.len();
        let is_profile = heir < lineage.profiles().len();
        let within =
            lineage.layers.iter().enumerate().filter(|(index, _)| heir == *index || lineage.inherits(heir, *index));
        // Where a profile has the sandbox's name in the same text, their rules cannot be told apart.
        let ids = within.map(|(_, other)| id(other)).filter(|id| !is_profile || !own.contains(id));
        let reaches: Option<BTreeSet<LayerId>> = (!is_last).then(|| ids.collect());
        lifts.extend(layer.waivers.iter().map(|waiver| Lift {
            assertion: waiver.assertion.clone(),
            reason: waiver.reason.clone(),
            reaches: reaches.clone(),
        }));
    }
    lifts
}

/// What values are found by, for messages.
pub trait Key {
    type Value;

    /// How a message names it.
    fn name(&self) -> String;

    /// The block of a rule about it, and the rule that gives it a value, or removes it.
    fn rule(&self, value: Option<&Self::Value>) -> (Section, String);
}

impl Key for SymbolicPath {
    type Value = Access;

    fn name(&self) -> String {
        quoted(self)
    }

    fn rule(&self, value: Option<&Access>) -> (Section, String) {
        let remove = || format!("remove {}", rule::quote(&self.to_string()));
        (Section::Filesystem, value.map_or_else(remove, |access| rule::access(self, access)))
    }
}

impl Key for String {
    type Value = EnvRule;

    fn name(&self) -> String {
        quoted(self)
    }

    fn rule(&self, value: Option<&EnvRule>) -> (Section, String) {
        let remove = || format!("remove {}", rule::quote(self));
        (Section::Env, value.map_or_else(remove, |value| rule::env(self, value)))
    }
}

impl Key for SettingKey {
    type Value = Setting;

    fn name(&self) -> String {
        quoted(self.word())
    }

    fn rule(&self, value: Option<&Setting>) -> (Section, String) {
        let rule = value.map(rule::setting).unwrap_or_default();
        let word = rule.split(' ').next().unwrap_or_default();
        // `network` is also a word of `assert`.
        let home = schema::homes(word).find(|home| *home != Section::Assert);
        (home.unwrap_or(Section::Body), rule)
    }
}

fn quoted(text: impl Display) -> String {
    format!("`{text}`")
}
