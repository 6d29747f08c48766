//! Checks what a policy asserts of its own result.

use super::cure::{self, Cure};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, list};
use crate::merge::{Guarantee, Merged};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Plan, Step};
use crate::policy::{Assertion, Grant};
use crate::rule::quote;
use crate::view::View;
use crate::words::AssertionKind;
use std::collections::BTreeSet;

/// Reports every assertion that does not hold in the view and is not waived.
pub fn check(merged: &Merged, plan: &Plan, view: &View<'_>, out: &mut Diagnostics) {
    for group in by_rule(find(merged, plan, view)) {
        out.push(match group.as_slice() {
            [(guarantee, broken)] => report(merged, guarantee, broken),
            several => report_rule(merged, several),
        });
    }
}

/// Every assertion that does not hold in the view and is not waived.
pub fn broken(merged: &Merged, plan: &Plan, view: &View<'_>) -> Vec<Assertion> {
    find(merged, plan, view).into_iter().map(|(guarantee, _)| guarantee.assertion.clone()).collect()
}

fn find<'a>(merged: &'a Merged, plan: &Plan, view: &View<'_>) -> Vec<(&'a Guarantee, Broken)> {
    let mut found: Vec<(&Guarantee, Broken)> = Vec::new();
    for guarantee in merged.guarantees.iter().filter(|guarantee| guarantee.waived.is_none()) {
        let broken = match &guarantee.assertion {
            Assertion::Path(kind, path) => path_assertion(merged, view, *kind, path),
            Assertion::NoEnv(name) => no_env(merged, plan, name),
            Assertion::Network(network) => {
                let other = plan.content.network;
                (other != *network).then(|| Broken {
                    title: format!("the network is `{}` and must be `{}`", other.word(), network.word()),
                    rule: None,
                    by: setting_origin(merged),
                    cure: cure::network(merged, *network),
                })
            }
        };
        found.extend(broken.map(|broken| (guarantee, broken)));
    }
    found
}

/// What one rule breaks belongs together: who mends the rule, mends all of it.
fn by_rule<'a>(found: Vec<(&'a Guarantee, Broken)>) -> Vec<Vec<(&'a Guarantee, Broken)>> {
    let mut groups: Vec<Vec<(&'a Guarantee, Broken)>> = Vec::new();
    for (guarantee, broken) in found {
        let same = |group: &&mut Vec<(&Guarantee, Broken)>| {
            let first = group.first().and_then(|(_, first)| first.rule.as_ref());
            first.is_some() && first == broken.rule.as_ref()
        };
        match groups.iter_mut().find(same) {
            Some(group) => group.push((guarantee, broken)),
            None => groups.push(vec![(guarantee, broken)]),
        }
    }
    groups
}

/// One rule that breaks several assertions.
fn report_rule(merged: &Merged, broken: &[(&Guarantee, Broken)]) -> Diagnostic {
    let rule = broken.first().and_then(|(_, first)| first.rule.clone()).unwrap_or_default();
    let mut diagnostic = Diagnostic::error(Code::SBC0501, format!("`{rule}` breaks {} assertions", broken.len()));
    if let Some(origin) = broken.iter().find_map(|(_, broken)| broken.by.as_ref()) {
        diagnostic = diagnostic.at(origin.location, "this rule");
    }
    let mut layers: Vec<&str> = broken.iter().map(|(guarantee, _)| guarantee.layer.as_str()).collect();
    layers.dedup();
    for layer in layers {
        let own = broken.iter().filter(|(guarantee, _)| guarantee.layer == layer);
        let asserted: Vec<String> = own.map(|(guarantee, _)| crate::rule::assertion(&guarantee.assertion)).collect();
        diagnostic = diagnostic.note(format!("`{layer}` asserts {}", list(asserted.iter().map(String::as_str), "and")));
    }
    diagnostic.help(format!(
        "show only what is needed, by narrower rules; or, if it has to be, lift each in `{}`: `waive KIND PATH reason=\"…\"`",
        merged.name
    ))
}

/// How an assertion fails.
struct Broken {
    title: String,
    /// The rule that breaks it, as the language writes it.
    rule: Option<String>,
    /// The rule that breaks it; `None` where a rule is missing.
    by: Option<Origin>,
    cure: Cure,
}

fn first_origin(step: &Step) -> Option<Origin> {
    step.origins.first().cloned()
}

fn setting_origin(merged: &Merged) -> Option<Origin> {
    merged.settings.get(&crate::words::SettingKey::Network)?.origins.first().cloned()
}

fn path_assertion(merged: &Merged, view: &View<'_>, kind: AssertionKind, path: &SymbolicPath) -> Option<Broken> {
    let real = view.space().real(path)?;
    let lacks = |what: &str, grant: Grant| Broken {
        title: format!("`{path}` is not {what} inside"),
        rule: None,
        by: merged.filesystem.get(path).and_then(|resolved| cure::own(merged, &resolved.origins)).cloned(),
        cure: cure::lacking(merged, path, grant),
    };
    let opened = |step: &Step, what: &str, only_writable: bool| Broken {
        title: format!("`{path}` must not be {what} inside, and `{}` makes it so", step.rule()),
        rule: Some(step.rule()),
        by: first_origin(step),
        cure: cure::exposing(merged, path, step, only_writable),
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

fn no_env(merged: &Merged, plan: &Plan, name: &str) -> Option<Broken> {
    let matches = |key: &str| key == name || crate::env::passes(key, name);
    let (key, value) = plan.content.env.iter().find(|(key, _)| matches(key))?;
    Some(Broken {
        title: format!("the variable `{name}` must not be inside, and the rule for `{key}` lets it in"),
        rule: None,
        by: value.origins.first().cloned(),
        cure: cure::variable(merged, key, &value.origins),
    })
}

fn report(merged: &Merged, guarantee: &Guarantee, broken: &Broken) -> Diagnostic {
    let subject = crate::rule::subject(&guarantee.assertion);
    let waive = format!("waive {} {} reason=\"…\"", quote(guarantee.assertion.kind().word()), quote(&subject));
    let asserted = format!("`{}` asserts it", guarantee.layer);
    let cure = &broken.cure;
    let diagnostic = Diagnostic::error(Code::SBC0501, broken.title.clone())
        .help(format!("{}; or, if it has to be, `{waive}` in `{}`", cure.text, merged.name))
        .amend(cure.amendment.clone());
    let involved = broken.by.iter().map(|origin| &origin.layer).chain([&guarantee.layer]);
    let ways: BTreeSet<&String> = involved.filter_map(|layer| merged.ways.get(layer)).collect();
    let diagnostic = ways.iter().fold(diagnostic, |diagnostic, way| diagnostic.note(format!("inherited by {way}")));
    match &broken.by {
        Some(origin) => diagnostic.at(origin.location, "this rule").at(guarantee.location, asserted),
        None => diagnostic.at(guarantee.location, asserted),
    }
}
