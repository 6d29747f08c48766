//! Assertions and guards that do not hold, as problems: one for each rule that breaks some.

use super::cure::Cure;
use crate::amend::Amendment;
use crate::diagnostic::{Code, Diagnostic, list};
use crate::merge::{Guarantee, Merged};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::policy::Assertion;
use crate::rule::quote;
use crate::schema::Section;
use crate::space::is_within;
use crate::words::AssertionKind;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// So many are named; the rest is counted.
const NAMED: usize = 4;

/// How an assertion or a guard fails.
pub struct Broken<'a> {
    pub assertion: Assertion,
    /// The layer that asserts it; `None` for a guard.
    pub by_layer: Option<&'a Guarantee>,
    /// The rule that breaks it, as the language writes it.
    pub rule: Option<String>,
    title: String,
    /// What a guard's path hands over, or who obeys it.
    about: String,
    /// What the rule shows.
    source: Option<SymbolicPath>,
    /// Whether it shows only a part of what a guard is about.
    is_part: bool,
    /// What of the host is opened, without links.
    place: Option<PathBuf>,
    /// The rule that breaks it; `None` where a rule is missing.
    by: Option<Origin>,
    /// `None` where less has to be shown as a whole.
    cure: Option<Cure>,
}

impl<'a> Broken<'a> {
    /// An assertion that fails because of a rule, or because one is missing.
    pub fn of_layer(guarantee: &'a Guarantee, title: String, by: Option<Origin>, cure: Cure) -> Broken<'a> {
        Broken {
            assertion: guarantee.assertion.clone(),
            by_layer: Some(guarantee),
            rule: None,
            title,
            about: String::new(),
            source: None,
            is_part: false,
            place: None,
            by,
            cure: Some(cure),
        }
    }

    /// The step that opens a place.
    pub fn by_rule(mut self, step: &Step, place: PathBuf) -> Broken<'a> {
        self.rule = Some(step.rule());
        self.place = Some(place);
        self
    }

    /// A guard that fails.
    pub fn guard(rule: &Step, assertion: Assertion, about: String, place: PathBuf, cure: Option<Cure>) -> Broken<'a> {
        let source = match &rule.action {
            Action::Host { source, .. } => source,
            _ => &rule.at,
        };
        let is_part = matches!(&assertion, Assertion::Path(_, path) if source.is_within(path) && source != path);
        let part = if is_part { "a part of " } else { "" };
        let path = crate::rule::subject(&assertion);
        let title = match assertion.kind() {
            AssertionKind::NotWritable => {
                format!("`{}` lets the sandbox write {part}`{path}`, which the host obeys: {about}", rule.rule())
            }
            _ => format!("`{}` shows {part}`{path}`: {about}", rule.rule()),
        };
        Broken {
            by_layer: None,
            title,
            about,
            source: Some(source.clone()),
            is_part,
            by: rule.origins.first().cloned(),
            cure,
            assertion,
            rule: None,
            place: None,
        }
        .by_rule(rule, place)
    }

    /// Whether another is no news beside this one: it is about the same rule, and the same place or one in
    /// it. What is not to be seen is not to be written, either.
    pub fn covers(&self, other: &Broken<'_>) -> bool {
        let (kind, others) = (self.assertion.kind(), other.assertion.kind());
        let (Some(place), Some(inner)) = (&self.place, &other.place) else { return false };
        self.rule == other.rule && (kind == others || kind == AssertionKind::Denied) && is_within(inner, place)
    }

    fn path(&self) -> String {
        crate::rule::subject(&self.assertion)
    }

    /// The assertion to waive for this alone.
    fn waiver(&self) -> Assertion {
        let part = self.source.as_ref().filter(|_| self.is_part);
        part.map_or_else(|| self.assertion.clone(), |part| Assertion::Path(self.assertion.kind(), part.clone()))
    }
}

/// What has to be waived for a rule to stay that breaks all these.
pub fn waivers(group: &[Broken<'_>]) -> Vec<Assertion> {
    let (layers, guards): (Vec<&Broken<'_>>, Vec<&Broken<'_>>) = group.iter().partition(|one| one.by_layer.is_some());
    let asserted = layers.iter().map(|broken| broken.assertion.clone());
    let guarded = match guards.as_slice() {
        [one] => vec![one.waiver()],
        several => of_source(several),
    };
    asserted.chain(guarded).collect()
}

/// The waivers that lift several guards of one rule: about all that it shows.
fn of_source(guards: &[&Broken<'_>]) -> Vec<Assertion> {
    let source = guards.iter().find_map(|broken| broken.source.clone());
    let kinds: BTreeSet<AssertionKind> = guards.iter().map(|broken| broken.assertion.kind()).collect();
    kinds.into_iter().rev().filter_map(|kind| Some(Assertion::Path(kind, source.clone()?))).collect()
}

/// Everything that one rule breaks, or the one assertion that fails for the lack of a rule.
pub fn report(merged: &Merged, group: &[Broken<'_>]) -> Diagnostic {
    let (layers, guards): (Vec<&Broken<'_>>, Vec<&Broken<'_>>) = group.iter().partition(|one| one.by_layer.is_some());
    match (layers.as_slice(), guards.as_slice()) {
        ([one], []) => assertion(merged, one),
        ([], guards) => guarded(merged, guards),
        _ => several(merged, &layers, &guards),
    }
}

/// One assertion of a layer.
fn assertion(merged: &Merged, broken: &Broken<'_>) -> Diagnostic {
    let asserted = broken.by_layer.map(|guarantee| (guarantee.location, format!("`{}` asserts it", guarantee.layer)));
    let diagnostic = Diagnostic::error(Code::SBC0501, broken.title.clone());
    let diagnostic = ways(merged, &[broken], cured(merged, broken, diagnostic));
    let diagnostic = broken.by.iter().fold(diagnostic, |diagnostic, by| diagnostic.at(by.location, "this rule"));
    asserted.into_iter().fold(diagnostic, |diagnostic, (location, text)| diagnostic.at(location, text))
}

/// What makes one hold again, and what lifts it.
fn cured(merged: &Merged, broken: &Broken<'_>, diagnostic: Diagnostic) -> Diagnostic {
    let waiver = format!("`{}` in `{}`", waive(&broken.waiver()), merged.layer);
    let elsewhere = merged.guarantees.iter().filter(|other| other.is_guard && other.assertion == broken.assertion);
    let diagnostic = elsewhere.fold(diagnostic, |diagnostic, other| {
        diagnostic.note(format!("`{}` waives it for its own rules and for what it inherits", other.layer))
    });
    let Some(cure) = &broken.cure else {
        return diagnostic.help(format!("{}; or, if it has to be, {waiver}", less(broken)));
    };
    let diagnostic = diagnostic.help(format!("{}; or, if it has to be, {waiver}", cure.text));
    cure.amendment.iter().cloned().fold(diagnostic, Diagnostic::amend)
}

fn waive(assertion: &Assertion) -> String {
    crate::rule::waiver(assertion, "…")
}

/// A part of what the rule shows.
fn less(broken: &Broken<'_>) -> String {
    let word = broken.rule.iter().flat_map(|rule| rule.split(' ')).next().unwrap_or_default();
    let source = broken.source.as_ref().map(ToString::to_string).unwrap_or_default();
    let part = format!("{}/NAME", source.trim_end_matches('/'));
    format!("show only what is needed, such as `{word} {}`", quote(&part))
}

/// How the profiles are inherited that have to do with it.
fn ways(merged: &Merged, group: &[&Broken<'_>], diagnostic: Diagnostic) -> Diagnostic {
    let layers = group.iter().flat_map(|broken| {
        broken.by.iter().map(|origin| &origin.layer).chain(broken.by_layer.map(|guarantee| &guarantee.layer))
    });
    let ways: BTreeSet<&String> = layers.filter_map(|layer| merged.ways.get(layer)).collect();
    ways.iter().fold(diagnostic, |diagnostic, way| diagnostic.note(format!("inherited by {way}")))
}

/// One rule that breaks several assertions, or some and guards as well.
fn several(merged: &Merged, layers: &[&Broken<'_>], guards: &[&Broken<'_>]) -> Diagnostic {
    let rule = layers.iter().find_map(|broken| broken.rule.clone()).unwrap_or_default();
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let count = plural(layers.len(), "assertion");
    let more = if guards.is_empty() { String::new() } else { format!(" and {}", plural(guards.len(), "guard")) };
    let mut diagnostic = Diagnostic::error(Code::SBC0501, format!("`{rule}` breaks {count}{more}"));
    if let Some(origin) = layers.iter().find_map(|broken| broken.by.as_ref()) {
        diagnostic = diagnostic.at(origin.location, "this rule");
    }
    let mut names: Vec<&str> =
        layers.iter().filter_map(|broken| broken.by_layer).map(|guarantee| guarantee.layer.as_str()).collect();
    names.dedup();
    for name in names {
        let own = layers.iter().filter(|broken| broken.by_layer.is_some_and(|guarantee| guarantee.layer == name));
        let asserted: Vec<String> = own.map(|broken| crate::rule::assertion(&broken.assertion)).collect();
        diagnostic = diagnostic.note(format!("`{name}` asserts {}", list(asserted.iter().map(String::as_str), "and")));
    }
    named(guards, diagnostic).help(format!(
        "show only what is needed, by narrower rules; or, if it has to be, lift each in `{}`: `waive KIND PATH reason=\"…\"`",
        merged.layer
    ))
}

/// The guards as notes, as far as there is room.
fn named(guards: &[&Broken<'_>], diagnostic: Diagnostic) -> Diagnostic {
    let notes = guards.iter().take(NAMED).map(|broken| format!("`{}`: {}", broken.path(), broken.about));
    let more = guards.len().saturating_sub(NAMED);
    notes.chain((more > 0).then(|| format!("and {more} more"))).fold(diagnostic, Diagnostic::note)
}

/// One rule that breaks guards and nothing else.
fn guarded(merged: &Merged, guards: &[&Broken<'_>]) -> Diagnostic {
    let has = |kind| guards.iter().any(|broken| broken.assertion.kind() == kind);
    let code = if has(AssertionKind::NotWritable) { Code::SBC0507 } else { Code::SBC0506 };
    let title = match guards {
        [one] => one.title.clone(),
        several => {
            let rule = several.iter().find_map(|broken| broken.rule.as_deref()).unwrap_or_default();
            match (has(AssertionKind::Denied), has(AssertionKind::NotWritable)) {
                (true, true) => format!("`{rule}` hands over secrets, and what the host runs or obeys"),
                (true, false) => format!("`{rule}` shows what hands over secrets or the machine"),
                (false, _) => format!("`{rule}` lets the sandbox write what the host runs or obeys by itself"),
            }
        }
    };
    let mut diagnostic = Diagnostic::error(code, title);
    if let Some(origin) = guards.iter().find_map(|broken| broken.by.as_ref()) {
        diagnostic = diagnostic.at(origin.location, "this rule");
    }
    let diagnostic = ways(merged, guards, diagnostic);
    match guards {
        [one] => cured(merged, one, diagnostic),
        several => narrowed(merged, several, named(several, diagnostic)),
    }
}

/// What makes several guards of one rule hold again: as many rules, or less of this one.
fn narrowed(merged: &Merged, guards: &[&Broken<'_>], diagnostic: Diagnostic) -> Diagnostic {
    let Some(first) = guards.first() else { return diagnostic };
    let waivers: Vec<String> = of_source(guards).iter().map(waive).collect();
    let waivers = format!("{} in `{}`", list(waivers.iter().map(String::as_str), "and"), merged.layer);
    let added: Option<Vec<&[(Section, String)]>> =
        guards.iter().map(|broken| broken.cure.as_ref().and_then(Cure::added)).collect();
    match added.filter(|_| guards.len() <= NAMED) {
        Some(added) => {
            let rules: Vec<(Section, String)> = added.into_iter().flatten().cloned().collect();
            let written = list(rules.iter().map(|(_, rule)| rule.as_str()), "and");
            let place = Section::Filesystem.of(&merged.layer);
            let amendment = Amendment::Add { body: merged.location, rules };
            diagnostic.help(format!("write {written} in {place}; or, if it has to be, {waivers}")).amend(amendment)
        }
        None => diagnostic.help(format!("{}; or, if it has to be, {waivers}", less(first))),
    }
}
