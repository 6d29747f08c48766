//! Checks what a policy asserts of its own result, and what every sandbox asserts by itself.

use super::broken::{Broken, report, waivers};
use super::cure;
use super::guards::{self, Found};
use crate::check::{Surroundings, symbolic};
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::merge::{Guarantee, Merged};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Plan, Step};
use crate::policy::{Assertion, Grant};
use crate::view::View;
use crate::words::{AssertionKind, Missing};

/// Reports every assertion and every guard that does not hold in the view and is not waived. On a host,
/// `surroundings` is what the caller's environment names.
pub fn check(
    merged: &Merged,
    plan: &Plan,
    view: &View<'_>,
    surroundings: Option<&Surroundings>,
    out: &mut Diagnostics,
) {
    breaches(merged, plan, view, surroundings).into_iter().for_each(|breach| out.push(breach.problem));
}

/// What one rule breaks.
pub struct Breach {
    pub problem: Diagnostic,
    /// What has to be waived for the rule to stay.
    pub waivers: Vec<Assertion>,
}

/// Everything that does not hold in the view and is not waived, by the rule that breaks it.
pub fn breaches(merged: &Merged, plan: &Plan, view: &View<'_>, surroundings: Option<&Surroundings>) -> Vec<Breach> {
    let groups = by_rule(find(merged, plan, view, surroundings));
    groups.iter().map(|group| Breach { problem: report(merged, group), waivers: waivers(group) }).collect()
}

/// Every assertion that does not hold in the view and is not waived, guards included.
pub fn broken(merged: &Merged, plan: &Plan, view: &View<'_>) -> Vec<Assertion> {
    find(merged, plan, view, None).into_iter().map(|broken| broken.assertion).collect()
}

fn find<'a>(merged: &'a Merged, plan: &Plan, view: &View<'_>, surroundings: Option<&Surroundings>) -> Vec<Broken<'a>> {
    let asserted = merged.guarantees.iter().filter(|guarantee| guarantee.waived.is_none());
    let mut found: Vec<Broken<'a>> = asserted.filter_map(|guarantee| own(merged, plan, view, guarantee)).collect();
    for guard in guards::find(merged, view, surroundings) {
        let guard = guarded(merged, view, guard);
        if !found.iter().any(|other| other.covers(&guard)) {
            found.retain(|other| other.by_layer.is_some() || !guard.covers(other));
            found.push(guard);
        }
    }
    found
}

/// What one rule breaks belongs together: who mends the rule, mends all of it.
fn by_rule(found: Vec<Broken<'_>>) -> Vec<Vec<Broken<'_>>> {
    let mut groups: Vec<Vec<Broken<'_>>> = Vec::new();
    for broken in found {
        let same = |group: &&mut Vec<Broken<'_>>| {
            let first = group.first().and_then(|first| first.rule.as_ref());
            first.is_some() && first == broken.rule.as_ref()
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push(broken),
            None => groups.push(vec![broken]),
        }
    }
    groups
}

/// How an assertion of a layer fails.
fn own<'a>(merged: &'a Merged, plan: &Plan, view: &View<'_>, guarantee: &'a Guarantee) -> Option<Broken<'a>> {
    let broken = |title: String, by, cure| Broken::of_layer(guarantee, title, by, cure);
    match &guarantee.assertion {
        Assertion::Path(kind, path) => path_assertion(merged, view, guarantee, *kind, path),
        Assertion::NoEnv(name) => {
            let matches = |key: &str| key == name || crate::env::passes(key, name);
            let (key, value) = plan.content.env.iter().find(|(key, _)| matches(key))?;
            let title = format!("the variable `{name}` must not be inside, and the rule for `{key}` lets it in");
            let by = value.origins.first().cloned();
            Some(broken(title, by, cure::variable(merged, key, &value.origins)))
        }
        Assertion::Network(network) => {
            let other = plan.content.network;
            let title = format!("the network is `{}` and must be `{}`", other.word(), network.word());
            (other != *network).then(|| broken(title, setting_origin(merged), cure::network(merged, *network)))
        }
    }
}

fn setting_origin(merged: &Merged) -> Option<Origin> {
    merged.settings.get(&crate::words::SettingKey::Network)?.origins.first().cloned()
}

fn path_assertion<'a>(
    merged: &'a Merged,
    view: &View<'_>,
    guarantee: &'a Guarantee,
    kind: AssertionKind,
    path: &SymbolicPath,
) -> Option<Broken<'a>> {
    let real = view.space().real(path)?;
    let lacks = |what: &str, grant: Grant| {
        let rule = merged.filesystem.get(path).and_then(|resolved| cure::own(merged, &resolved.origins));
        let title = format!("`{path}` is not {what} inside");
        Broken::of_layer(guarantee, title, rule.cloned(), cure::lacking(merged, path, grant))
    };
    let opened = |step: &Step, what: &str, only_writable: bool| {
        let title = format!("`{path}` must not be {what} inside, and `{}` makes it so", step.rule());
        let cure = cure::exposing(merged, path, step, only_writable, Missing::Error);
        Broken::of_layer(guarantee, title, step.origins.first().cloned(), cure).by_rule(step, real.clone())
    };
    match kind {
        AssertionKind::Readable | AssertionKind::Writable if view.is_undecided(path) => None,
        AssertionKind::Readable => view.in_place(path).is_none().then(|| lacks("readable", Grant::ReadOnly)),
        AssertionKind::Writable => {
            view.in_place(path).filter(|(_, writable)| *writable).is_none().then(|| lacks("writable", Grant::ReadWrite))
        }
        AssertionKind::NotWritable => view.exposes(&real, true).map(|step| opened(step, "writable", true)),
        _ => view.exposes(&real, false).map(|step| opened(step, "visible", false)),
    }
}

/// How a guard fails.
fn guarded<'a>(merged: &'a Merged, view: &View<'_>, found: Found<'_>) -> Broken<'a> {
    let Found { rule, kind, path, part, about, is_whole, narrower } = found;
    let only_writable = kind == AssertionKind::NotWritable;
    // Links lead to where the rule has to stand.
    let target = symbolic(view.space(), &part).unwrap_or_else(|| path.clone());
    let cure = match narrower {
        _ if is_whole => None,
        Some(missing) => Some(cure::exposing(merged, &target, rule, only_writable, missing)),
        None => Some(cure::Cure::without_rule("take it off your PATH")),
    };
    Broken::guard(rule, Assertion::Path(kind, path), about, part, cure)
}
