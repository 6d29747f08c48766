//! Rules that another rule makes pointless: without them the sandbox would be the same.
//!
//! Only what is certain. A symbolic link can lead out of any directory, so that a rule about the link
//! shows more than the rule about the directory: where no host is known, few names are no link.

use crate::check::Scope;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::env::passes;
use crate::mounts::{Mount, Provider};
use crate::origin::Origin;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Plan, Step};
use crate::policy::{EnvRule, Grant};
use crate::rule::quote;
use crate::space::Node;
use crate::view::View;
use crate::words::Missing;

/// The directories of `/usr` that lead out of it on no system.
const PLAIN_USR: [&str; 9] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32", "libexec", "include", "share"];

/// A rule without effect, and the rule that makes it so.
pub struct Pointless<'a> {
    /// The rules, as the language writes them.
    pub rule: String,
    pub by: String,
    pub origins: &'a [Origin],
    pub by_origins: &'a [Origin],
    /// What the first does not do beside the second, as a verb: `shows`.
    verb: &'static str,
    pub key: Key<'a>,
    /// What the rule shows, if it shows anything of the host.
    source: Option<&'a SymbolicPath>,
}

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key<'a> {
    Path(&'a SymbolicPath),
    Variable(&'a str),
}

/// Reports the project's rules that do nothing.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let sandbox = &scope.compiled.merged.layer;
    for found in find(&scope.compiled.plan, scope.view) {
        let is_own = found.origins.iter().all(|origin| (scope.is_own)(origin.location.source));
        // A profile's rule counts in every sandbox that inherits it, with or without the other rule.
        let beside = |origin: &Origin| {
            origin.layer == *sandbox || found.by_origins.iter().any(|other| other.layer == origin.layer)
        };
        if !is_own || !found.origins.iter().all(beside) {
            continue;
        }
        let title = format!("`{}` {} nothing that `{}` does not", found.rule, found.verb, found.by);
        let mut diagnostic = Diagnostic::warning(Code::SBC0805, title).help("leave it out");
        for (origins, text) in [(found.origins, "this rule does nothing"), (found.by_origins, "beside this one")] {
            if let Some(origin) = origins.first() {
                diagnostic = diagnostic.at(origin.location, text);
            }
        }
        out.push(diagnostic);
    }
}

/// All rules of a plan without which the view would be the same.
pub fn find<'a>(plan: &'a Plan, view: &View<'a>) -> Vec<Pointless<'a>> {
    let shown = view.mounts().iter().filter_map(|mount| shown_anyway(view, mount));
    let mut found: Vec<Pointless<'a>> = shown.filter(|found| !is_about_a_denied_path(plan, found)).collect();
    let steps = plan.content.steps.iter().enumerate();
    found.extend(steps.filter_map(|(index, step)| match step.action {
        Action::Deny { .. } => denied_anyway(plan, step),
        Action::Directory => made_anyway(plan, index, step),
        _ => None,
    }));
    found.extend(passed_anyway(plan));
    found
}

fn pointless<'a>(step: &'a Step, by: &'a Step, verb: &'static str) -> Pointless<'a> {
    let (rule, by_rule) = (step.rule(), by.rule());
    let source = match &step.action {
        Action::Host { source, .. } => Some(source),
        _ => None,
    };
    Pointless {
        rule,
        by: by_rule,
        origins: &step.origins,
        by_origins: &by.origins,
        verb,
        key: Key::Path(&step.at),
        source,
    }
}

/// `ro "/usr/share"` in what `ro "/usr"` shows.
fn shown_anyway<'a>(view: &View<'a>, mount: &Mount<'a>) -> Option<Pointless<'a>> {
    let step = mount.step?;
    let Action::Host { grant: Grant::ReadOnly | Grant::ReadWrite, source: path, missing, .. } = &step.action else {
        return None;
    };
    // What makes something on the host does something.
    if !matches!(missing, Missing::Error | Missing::Skip) {
        return None;
    }
    let around = view.mounts().above(&mount.at).nth(1)?;
    let by = view.rule_behind(around)?;
    let Action::Host { source: outer, .. } = &by.action else { return None };
    let (Provider::Host { source, writable, device }, Provider::Host { source: whole, writable: may, device: opens }) =
        (&mount.provider, &around.provider)
    else {
        return None;
    };
    let same = writable == may && device == opens && *source == whole.join(mount.at.strip_prefix(&around.at).ok()?);
    // Symbols, too: on another host these could be different places.
    let everywhere = step.at.is_within(&by.at) && path.is_within(outer);
    // A file can be a link on another host: `/etc/resolv.conf`.
    let is_plain = match view.is_exact() {
        true => view.space().node(source) == Node::Directory,
        false => is_plain_usr(path),
    };
    (same && everywhere && is_plain).then(|| pointless(step, by, "shows"))
}

/// Whether a rule shows elsewhere what is denied in its own place: named like that it is meant, and the
/// other rule alone would be a mistake.
fn is_about_a_denied_path(plan: &Plan, found: &Pointless<'_>) -> bool {
    let denies = |step: &&Step| matches!(step.action, Action::Deny { .. });
    let named = |step: &Step| found.source.is_some_and(|source| source.is_within(&step.at));
    plan.content.steps.iter().filter(denies).any(named)
}

fn is_plain_usr(path: &SymbolicPath) -> bool {
    let [usr, name] = path.components() else { return false };
    path.root() == Root::Absolute && usr.as_str() == "usr" && PLAIN_USR.contains(&name.as_str())
}

/// A `deny` in what another `deny` hides.
fn denied_anyway<'a>(plan: &'a Plan, step: &'a Step) -> Option<Pointless<'a>> {
    let around = around(plan, &step.at)?;
    matches!(around.action, Action::Deny { .. }).then(|| pointless(step, around, "hides"))
}

/// The nearest step above a path that provides what is there.
fn around<'a>(plan: &'a Plan, at: &SymbolicPath) -> Option<&'a Step> {
    let steps = &plan.content.steps;
    (0..at.components().len()).rev().find_map(|length| {
        let above = SymbolicPath::of_root(at.root()).join(at.components().get(..length)?);
        let step = steps.get(steps.binary_search_by(|step| step.at.cmp(&above)).ok()?)?;
        (!matches!(step.action, Action::Directory)).then_some(step)
    })
}

/// A `dir` in which something lies anyway.
fn made_anyway<'a>(plan: &'a Plan, index: usize, step: &'a Step) -> Option<Pointless<'a>> {
    let below = plan.content.steps.iter().skip(index + 1).take_while(|other| other.at.is_within(&step.at));
    let is_certain = |other: &&Step| !matches!(other.action, Action::Pin { .. }) && !other.may_be_left_out();
    let other = below.into_iter().find(is_certain)?;
    Some(pointless(step, other, "makes"))
}

/// `pass "LC_ALL"` beside `pass "LC_*"`.
fn passed_anyway(plan: &Plan) -> Vec<Pointless<'_>> {
    let is_passed = |rule: &Option<EnvRule>| *rule == Some(EnvRule::Pass);
    let env = &plan.content.env;
    let patterns: Vec<_> = env.iter().filter(|(name, value)| name.contains('*') && is_passed(&value.rule)).collect();
    let plain =
        env.iter().filter(|(name, value)| !name.contains('*') && is_passed(&value.rule) && value.prepend.is_empty());
    let found = plain.filter_map(|(name, value)| {
        let (pattern, by) = patterns.iter().find(|(pattern, _)| passes(pattern, name))?;
        let rule = |name: &str| format!("pass {}", quote(name));
        let (rule, by_rule) = (rule(name), rule(pattern));
        Some(Pointless {
            rule,
            by: by_rule,
            origins: &value.origins,
            by_origins: &by.origins,
            verb: "passes",
            key: Key::Variable(name),
            source: None,
        })
    });
    found.collect()
}
