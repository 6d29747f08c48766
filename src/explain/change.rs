//! What to type for another answer. Nothing is guessed: each change is made in memory, and what it
//! breaks is found by the same checks that the policy has to pass.

use super::path::is_own_rule;
use super::{Context, Place, shown};
use crate::check::{assertions, denials, state};
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::invocation;
use crate::lower::lower;
use crate::merge::{Merged, Resolved};
use crate::mounts::Provider;
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::policy::{Access, Assertion, EnvRule, Grant, Setting};
use crate::rule::{self, quote};
use crate::space::{Node, Symbols};
use crate::verdict::{self, Decision, Reach};
use crate::view::{Kind, Seen, View};
use crate::words::Missing;
use serde::Serialize;
use std::path::Path;

/// Assertions that a change may break before it is no longer one to recommend.
const MOST_WAIVERS: usize = 3;

/// One way to another answer.
#[derive(Debug, Serialize)]
pub struct Change {
    /// What it is for: `to read it`.
    pub goal: String,
    /// The sandbox to write it in, and where that is.
    pub sandbox: String,
    #[serde(flatten)]
    pub place: Place,
    pub lines: Vec<Line>,
    /// The sandbox's own rule that the first line takes the place of.
    pub instead_of: Option<super::Rule>,
    /// Why it would be refused, or would not be enough.
    pub problem: Option<String>,
}

/// A statement, and the section of the sandbox's body that it goes into.
#[derive(Debug, Serialize)]
pub struct Line {
    /// None for the body itself.
    pub section: Option<&'static str>,
    pub text: String,
}

/// One rule written, or one removed.
pub enum Edit {
    Filesystem(SymbolicPath, Option<Access>),
    Env(String, Option<EnvRule>),
    Setting(Setting),
}

impl Edit {
    fn line(&self) -> Line {
        let (section, text) = match self {
            Edit::Filesystem(at, Some(access)) => (Some("filesystem"), super::path::access_rule(at, access)),
            Edit::Filesystem(at, None) => (Some("filesystem"), format!("remove {}", quote(&at.to_string()))),
            Edit::Env(name, Some(rule)) => (Some("env"), rule::env(name, rule)),
            Edit::Env(name, None) => (Some("env"), format!("remove {}", quote(name))),
            Edit::Setting(setting) => (section(setting), rule::setting(setting)),
        };
        Line { section, text }
    }

    /// Writes the rule in the sandbox: nothing overrides that.
    fn make(&self, merged: &mut Merged) {
        let origin = Origin { layer: merged.name.clone(), location: merged.location, reason: None, is_stated: false };
        match self {
            Edit::Filesystem(at, access) => _ = merged.filesystem.insert(at.clone(), written(access.clone(), origin)),
            Edit::Env(name, rule) => {
                // What is prepended by inherited layers is replaced, too.
                let name_of = merged.name.clone();
                if let Some(prepends) = merged.prepends.get_mut(name) {
                    prepends.retain(|(_, origin)| origin.layer == name_of);
                }
                merged.env.insert(name.clone(), written(rule.clone(), origin));
            }
            Edit::Setting(setting) => {
                merged.settings.insert(setting.key(), written(Some(setting.clone()), origin));
            }
        }
    }
}

fn written<V>(value: Option<V>, origin: Origin) -> Resolved<V> {
    Resolved { value, origins: vec![origin], overridden: Vec::new() }
}

/// The section that a setting stands in.
fn section(setting: &Setting) -> Option<&'static str> {
    match setting {
        Setting::Network(_) => None,
        Setting::Command(_) | Setting::Workdir(_) => Some("run"),
        Setting::Limit(..) => Some("limits"),
        _ => Some("isolation"),
    }
}

/// The sandbox with a change made, and what stands against it.
struct Trial {
    waived: Vec<Assertion>,
    problem: Option<String>,
    holds: bool,
}

/// Makes a change in memory and looks at the result. `holds` tells whether it is what was wanted.
fn attempt(context: &Context<'_>, edit: &Edit, holds: impl Fn(&Compiled, &View<'_>) -> bool) -> Trial {
    let mut merged = context.merged().clone();
    edit.make(&mut merged);
    let mut waived: Vec<Assertion> = Vec::new();
    loop {
        let mut out = Diagnostics::default();
        let plan = lower(&merged, &mut out);
        let compiled = Compiled { merged, plan };
        let symbols = View::symbolic(&compiled.plan);
        denials::check(&compiled.plan, &symbols, &mut out);
        state::check(&compiled.plan, &Symbols, &mut out);
        let resolved = context.host.map(|host| invocation::resolve(&compiled, host, &mut out).1);
        let view = resolved.as_ref().unwrap_or(&symbols);
        let mut broken = assertions::broken(&compiled.merged, &compiled.plan, &symbols);
        broken.extend(assertions::broken(&compiled.merged, &compiled.plan, view));
        broken.sort();
        broken.dedup();
        if broken.is_empty() {
            let first = out.sorted().into_iter().find(|diagnostic| diagnostic.severity == Severity::Error).map(named);
            let holds = holds(&compiled, view);
            return Trial { waived, problem: first, holds };
        }
        let mut compiled = compiled.clone();
        for guarantee in compiled.merged.guarantees.iter_mut().filter(|guarantee| broken.contains(&guarantee.assertion))
        {
            guarantee.waived = Some((String::new(), guarantee.location));
        }
        waived.extend(broken);
        merged = compiled.merged;
    }
}

fn named(diagnostic: &Diagnostic) -> String {
    format!("{} ({})", shown(&diagnostic.title), diagnostic.code.name())
}

impl Context<'_> {
    /// A change, tried.
    pub(super) fn change(&self, goal: &str, edit: &Edit, holds: impl Fn(&Compiled, &View<'_>) -> bool) -> Change {
        let Trial { waived, problem, holds } = attempt(self, edit, holds);
        let not_enough = (!holds).then(|| "another rule decides".to_owned());
        let many = (waived.len() > MOST_WAIVERS).then(|| {
            format!(
                "it breaks {} assertions; show only what is needed, by narrower rules ({})",
                waived.len(),
                Code::SBC0501.name()
            )
        });
        let waivers: &[Assertion] = if many.is_some() { &[] } else { &waived };
        let lines = std::iter::once(edit.line()).chain(waivers.iter().map(waiver));
        Change {
            goal: goal.to_owned(),
            sandbox: shown(&self.merged().name),
            place: self.place(self.merged().location),
            lines: lines.map(|line| Line { text: shown(&line.text), ..line }).collect(),
            instead_of: self.own(edit),
            problem: problem.or(many).or(not_enough),
        }
    }

    /// The sandbox's own rule with the key of a change.
    fn own(&self, edit: &Edit) -> Option<super::Rule> {
        let merged = self.merged();
        match edit {
            Edit::Filesystem(at, _) => {
                let resolved = merged.filesystem.get(at).filter(|resolved| self.is_own(&resolved.origins))?;
                Some(self.old(resolved, |access| super::path::access_rule(at, access)))
            }
            Edit::Env(name, _) => {
                let resolved = merged.env.get(name).filter(|resolved| self.is_own(&resolved.origins))?;
                Some(self.old(resolved, |rule| rule::env(name, rule)))
            }
            Edit::Setting(setting) => {
                let resolved = merged.settings.get(&setting.key()).filter(|resolved| self.is_own(&resolved.origins))?;
                Some(self.old(resolved, rule::setting))
            }
        }
    }

    fn old<V>(&self, resolved: &Resolved<V>, spell: impl Fn(&V) -> String) -> super::Rule {
        let rule = resolved.value.as_ref().map_or("remove".to_owned(), &spell);
        self.rule(&rule, &resolved.origins, None::<&Resolved<V>>, spell)
    }

    /// Whether the sandbox itself says so, and not a profile.
    pub(super) fn is_own(&self, origins: &[Origin]) -> bool {
        let merged = self.merged();
        let is_here = |origin: &Origin| origin.layer == merged.name && origin.location.source == merged.location.source;
        origins.first().is_some_and(is_here)
    }
}

fn waiver(assertion: &Assertion) -> Line {
    let subject = rule::subject(assertion);
    let text = format!("waive {} {} reason=\"…\"", quote(assertion.kind().word()), quote(&subject));
    Line { section: None, text }
}

/// What to type about a path.
pub(super) fn of_path(context: &Context<'_>, path: &Path, seen: &Seen<'_, '_>, decision: &Decision<'_>) -> Vec<Change> {
    // A policy is UTF-8, and the kernel's own has no rule of its own.
    if path.to_str().is_none() || matches!(seen.kind, Kind::Circle | Kind::Device | Kind::Kernel) {
        return Vec::new();
    }
    let own = is_own_rule(context, decision, path, seen);
    let key = decision.rule.filter(|_| own).map(|step| step.at.clone());
    let Some(key) = key.or_else(|| context.key(&seen.path)) else { return Vec::new() };
    // A rule for exactly this path keeps what it shows here.
    let (source, missing) = match decision.rule.filter(|step| step.at == key).map(|step| &step.action) {
        Some(Action::Host { source, missing, .. }) => (source.clone(), *missing),
        _ => (key.clone(), Missing::Error),
    };
    let has = on_host(context, &source);
    let paths = Paths { context, key: &key, path, source, missing };
    let is_left_out =
        decision.is_left_out || matches!(seen.mount.map(|mount| &mount.provider), Some(Provider::Host { .. }));
    let mut changes = match verdict::reach(seen) {
        // It appears by itself.
        _ if seen.kind == Kind::Absent && has.0 == Node::Absent && is_left_out => match verdict::reach(seen) {
            Reach::Host => vec![paths.uncreatable()],
            _ => Vec::new(),
        },
        _ if has.0 == Node::Absent && !seen.access.read => vec![paths.awaited()],
        Reach::Nothing => vec![paths.readable("to show it, read-only"), paths.writable()],
        Reach::Read => vec![paths.writable(), paths.hidden(decision)],
        Reach::Private if seen.access.read => {
            vec![paths.readable("to show what the host has, read-only"), paths.writable(), paths.hidden(decision)]
        }
        Reach::Private => vec![paths.readable("to show it, read-only"), paths.writable()],
        Reach::Host => vec![paths.protected(), paths.hidden(decision)],
    };
    // No rule gives a right that the user does not have, or shows what is not there.
    changes.retain(|change| match change.goal.as_str() {
        WRITABLE => has.1.write && has.0 != Node::Absent,
        "to show what the host has, read-only" => has.0 != Node::Absent,
        _ => true,
    });
    changes
}

/// The goal of a rule that lets a write through to the host.
const WRITABLE: &str = "to let it be changed on the host";

/// Changes of what is at one path.
struct Paths<'c, 'a> {
    context: &'c Context<'a>,
    /// The path as the key of a rule.
    key: &'c SymbolicPath,
    path: &'c Path,
    /// What a rule for it shows, and what it does where the host has none.
    source: SymbolicPath,
    missing: Missing,
}

impl Paths<'_, '_> {
    fn show(&self, goal: &str, grant: Grant, missing: Missing, holds: impl Fn(&Seen<'_, '_>) -> bool) -> Change {
        let access = Access::Host { grant, source: self.source.clone(), missing };
        self.try_one(goal, Some(access), holds)
    }

    fn try_one(&self, goal: &str, access: Option<Access>, holds: impl Fn(&Seen<'_, '_>) -> bool) -> Change {
        let edit = Edit::Filesystem(self.key.clone(), access);
        self.context.change(goal, &edit, |_, view| holds(&view.look(self.path)))
    }

    fn readable(&self, goal: &str) -> Change {
        self.show(goal, Grant::ReadOnly, self.missing, |seen| seen.access.read)
    }

    fn awaited(&self) -> Change {
        self.show("to show it as soon as the host has it", Grant::ReadOnly, Missing::Skip, |_| true)
    }

    fn writable(&self) -> Change {
        self.show(WRITABLE, Grant::ReadWrite, self.missing, |seen| verdict::reach(seen) == Reach::Host)
    }

    fn protected(&self) -> Change {
        let goal = "to keep it from being changed";
        self.show(goal, Grant::ReadOnly, self.missing, |seen| verdict::reach(seen) == Reach::Read)
    }

    fn uncreatable(&self) -> Change {
        let goal = "to keep it from being created, with an empty file in its place";
        self.show(goal, Grant::ReadOnly, Missing::CreateFile, |seen| !seen.access.write)
    }

    /// The rule that takes the path away: `remove` where that does it, else `deny`.
    fn hidden(&self, decision: &Decision<'_>) -> Change {
        // What narrower rules show stays, and with it the directories on the way.
        let is_hidden = |seen: &Seen<'_, '_>| {
            !seen.access.read && !seen.access.write || matches!(seen.kind, Kind::Masked | Kind::Absent | Kind::Made)
        };
        let change = |access| self.try_one("to hide it", access, is_hidden);
        let inherited = |step: &&Step| step.at == *self.key && !self.context.is_own(&step.origins);
        if decision.rule.filter(inherited).is_some() {
            let removed = change(None);
            if removed.problem.is_none() {
                return removed;
            }
        }
        change(Some(Access::Deny))
    }
}

/// What the host has at the path that a key names, and what the user may do with it.
fn on_host(context: &Context<'_>, key: &SymbolicPath) -> (Node, crate::space::Access) {
    let space = context.view.space();
    space
        .real(key)
        .map_or((Node::Absent, crate::space::Access::default()), |real| (space.node(&real), space.rights(&real)))
}
