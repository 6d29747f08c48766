//! What a path is inside.

use super::{Asserted, Context, Explanation, Rule, change, shown};
use crate::path::SymbolicPath;
use crate::plan::{Action, Place, Step};
use crate::policy::{Access as Rights, Assertion};
use crate::verdict::{self, Decision, Reach};
use crate::view::{Kind, Seen};
use serde::Serialize;
use std::path::Path;

/// What is at a path.
#[derive(Debug, Serialize)]
pub struct PathFacts {
    /// Where it leads, with links followed.
    pub leads_to: String,
    /// The links on the way.
    pub links: Vec<Link>,
    /// One word for what is there.
    pub what: &'static str,
    pub read: bool,
    pub write: bool,
    pub execute: bool,
    /// How far a process gets.
    pub reach: Reach,
    /// The path of the host behind it.
    pub source: Option<String>,
}

#[derive(Debug, Serialize)]
pub struct Link {
    pub at: String,
    pub to: String,
}

/// Answers about a path of the view's space.
pub fn explain(context: &Context<'_>, path: &Path, with_changes: bool) -> Explanation {
    let view = context.view;
    let seen = view.look(path);
    let decision = verdict::decide(view, &seen);
    let name = view.space().spell(path);
    Explanation {
        subject: shown(&name),
        kind: "path",
        verdict: shown(&verdict::sentence(&name, view, &seen, &decision)),
        path: Some(facts(context, &seen)),
        rule: decision.rule.map(|step| rule(context, step)),
        shadows: decision.shadows.iter().map(|step| rule(context, step)).collect(),
        assertions: asserted(context, path, &seen),
        changes: if with_changes { change::of_path(context, path, &seen, &decision) } else { Vec::new() },
    }
}

fn facts(context: &Context<'_>, seen: &Seen<'_, '_>) -> PathFacts {
    let spell = |path: &Path| shown(&context.view.space().spell(path));
    let source = match &seen.kind {
        Kind::Host { source, .. } | Kind::Overlay { source, .. } | Kind::Copy { source } => Some(spell(source)),
        _ => None,
    };
    PathFacts {
        leads_to: spell(&seen.path),
        links: seen.links.iter().map(|(at, to)| Link { at: spell(at), to: shown(&to.display().to_string()) }).collect(),
        what: verdict::word(&seen.kind),
        read: seen.access.read,
        write: seen.access.write,
        execute: seen.access.execute,
        reach: verdict::reach(seen),
        source,
    }
}

/// A step as the rule that a person wrote.
pub fn rule(context: &Context<'_>, step: &Step) -> Rule {
    let history = context.merged().filesystem.get(&step.at);
    context.rule(&step.rule(), &step.origins, history, |access| access_rule(&step.at, access))
}

/// An access rule about a path.
pub fn access_rule(at: &SymbolicPath, access: &Rights) -> String {
    let action: Action = crate::lower::action(access.clone());
    Step { at: at.clone(), action, place: Place::Root, origins: Vec::new() }.rule()
}

/// The assertions about the path, about what lies in it, and about what it lies in.
fn asserted(context: &Context<'_>, path: &Path, seen: &Seen<'_, '_>) -> Vec<Asserted> {
    let space = context.view.space();
    context.asserted(|guarantee| match &guarantee.assertion {
        Assertion::Path(_, subject) => [space.inside(subject), space.real(subject)].iter().flatten().any(|subject| {
            let is_within = |path: &Path| crate::space::is_within(path, subject);
            is_within(path) || is_within(&seen.path)
        }),
        _ => false,
    })
}

/// Whether a decision is by a rule for exactly this path.
pub fn is_own_rule(context: &Context<'_>, decision: &Decision<'_>, path: &Path, seen: &Seen<'_, '_>) -> bool {
    let at = decision.rule.and_then(|step| context.view.space().inside(&step.at));
    at.is_some_and(|at| at == path || at == seen.path)
}
