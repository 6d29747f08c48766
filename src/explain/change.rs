//! What to type for another answer. Nothing is guessed: each change is made in memory, and what it
//! breaks is found by the same checks that the policy has to pass.

use super::path::is_own_rule;
use super::{Context, Place, shown};
use crate::check::{assertions, denials, state};
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::guard;
use crate::host::Host;
use crate::invocation;
use crate::lower::lower;
use crate::merge::{Lift, Merged, Resolved};
use crate::mounts::Provider;
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::Action;
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
        let origin = Origin { layer: merged.layer.clone(), location: merged.location, reason: None, is_stated: false };
        match self {
            Edit::Filesystem(at, access) => _ = merged.filesystem.insert(at.clone(), written(access.clone(), origin)),
            Edit::Env(name, rule) => {
                // What is prepended by inherited layers is replaced, too.
                let name_of = merged.layer.clone();
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

impl Trial {
    /// Whether it is to be recommended.
    fn is_good(&self) -> bool {
        self.holds && self.problem.is_none() && self.waived.len() <= MOST_WAIVERS
    }
}

/// Makes a change in memory and looks at the result. `holds` tells whether it is what was wanted.
fn attempt(merged: &Merged, host: Option<&Host>, edit: &Edit, holds: impl Fn(&Compiled, &View<'_>) -> bool) -> Trial {
    let mut merged = merged.clone();
    edit.make(&mut merged);
    let mut waived: Vec<Assertion> = Vec::new();
    loop {
        let mut out = Diagnostics::default();
        let plan = lower(&merged, &mut out);
        let compiled = Compiled { merged, plan };
        let symbols = View::symbolic(&compiled.plan);
        let mut broken = assertions::broken(&compiled.merged, &compiled.plan, &symbols);
        // What the policy alone breaks need not be tried on the host.
        let on_host = host.filter(|_| broken.is_empty());
        let resolved = on_host.map(|host| invocation::resolve(&compiled, host, &mut out).1);
        if let Some(view) = &resolved {
            broken = assertions::broken(&compiled.merged, &compiled.plan, view);
        }
        if broken.is_empty() {
            denials::check(&compiled.plan, &symbols, &mut out);
            state::check(&compiled.plan, &Symbols, &mut out);
            let first = out.sorted().into_iter().find(|diagnostic| diagnostic.severity == Severity::Error).map(named);
            let holds = holds(&compiled, resolved.as_ref().unwrap_or(&symbols));
            return Trial { waived, problem: first, holds };
        }
        merged = compiled.merged.clone();
        for guarantee in merged.guarantees.iter_mut().filter(|guarantee| broken.contains(&guarantee.assertion)) {
            guarantee.waived = Some((String::new(), guarantee.location));
        }
        let lift = |assertion: &Assertion| Lift { assertion: assertion.clone(), reason: String::new(), reaches: None };
        merged.lifts.extend(broken.iter().map(lift));
        broken.sort();
        broken.dedup();
        waived.extend(broken);
    }
}

fn named(diagnostic: &Diagnostic) -> String {
    format!("{} ({})", shown(&diagnostic.title), diagnostic.code.name())
}

impl Context<'_> {
    /// A change of no path, tried.
    pub(super) fn change(&self, goal: &str, edit: &Edit, holds: impl Fn(&Compiled) -> bool) -> Change {
        // Of the settings, these two are about what is there.
        let needs_host = matches!(edit, Edit::Setting(Setting::Workdir(_) | Setting::Limit(..)));
        let host = self.host.filter(|_| needs_host);
        self.tried(goal, edit, attempt(self.merged(), host, edit, |compiled, _| holds(compiled)))
    }

    /// What a trial came to.
    fn tried(&self, goal: &str, edit: &Edit, trial: Trial) -> Change {
        let Trial { waived, problem, holds } = trial;
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
        let is_here =
            |origin: &Origin| origin.layer == merged.layer && origin.location.source == merged.location.source;
        origins.first().is_some_and(is_here)
    }
}

fn waiver(assertion: &Assertion) -> Line {
    Line { section: None, text: rule::waiver(assertion, "…") }
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
    let (node, rights) = on_host(context, &source);
    let show = |goal, grant, missing, holds| {
        let access = Access::Host { grant, source: source.clone(), missing, text: None };
        Wish { goal, edits: vec![Edit::Filesystem(key.clone(), Some(access))], holds }
    };
    let readable = || show("to show it, read-only", Grant::ReadOnly, missing, |seen| seen.access.read);
    let writable = || show("to let it be changed on the host", Grant::ReadWrite, missing, reaches_host);
    let protected = || show("to keep it from being changed", Grant::ReadOnly, missing, is_protected);
    let uncreatable = || show(UNCREATABLE, Grant::ReadOnly, Missing::CreateFile, |seen| !seen.access.write);
    let awaited = || show("to show it as soon as the host has it", Grant::ReadOnly, Missing::Skip, |_| true);
    let hidden = || {
        let inherited = decision.rule.filter(|step| step.at == key && !context.is_own(&step.origins));
        let accesses = inherited.map(|_| None).into_iter().chain([Some(Access::Deny)]);
        let edits = accesses.map(|access| Edit::Filesystem(key.clone(), access)).collect();
        Wish { goal: "to hide it", edits, holds: is_hidden }
    };
    // No rule gives a right that the user does not have, or shows what is not there.
    let is_there = node != Node::Absent;
    let writable = || Some(writable()).filter(|_| rights.write && is_there);
    let shown_by_itself =
        decision.is_left_out || matches!(seen.mount.map(|mount| &mount.provider), Some(Provider::Host { .. }));
    let wishes = match verdict::reach(seen) {
        reach if seen.kind == Kind::Absent && !is_there && shown_by_itself => {
            vec![Some(uncreatable()).filter(|_| reach == Reach::Host)]
        }
        _ if !is_there && !seen.access.read => vec![Some(awaited())],
        Reach::Nothing => vec![Some(readable()), writable()],
        Reach::Read => vec![writable(), Some(hidden())],
        Reach::Private if seen.access.read => {
            let host = || Wish { goal: "to show what the host has, read-only", ..readable() };
            vec![is_there.then(host), writable(), Some(hidden())]
        }
        Reach::Private => vec![Some(readable()), writable()],
        Reach::Host => vec![Some(protected()), Some(hidden())],
    };
    fulfil(context, path, wishes.into_iter().flatten().collect())
}

const UNCREATABLE: &str = "to keep it from being created, with an empty file in its place";

/// Another answer about a path, and the rules that may bring it about.
struct Wish {
    goal: &'static str,
    /// The first that does it is taken, or the last.
    edits: Vec<Edit>,
    /// Whether what is seen then is what was wanted.
    holds: fn(&Seen<'_, '_>) -> bool,
}

fn reaches_host(seen: &Seen<'_, '_>) -> bool {
    verdict::reach(seen) == Reach::Host
}

fn is_protected(seen: &Seen<'_, '_>) -> bool {
    verdict::reach(seen) == Reach::Read
}

/// What narrower rules show stays, and with it the directories on the way.
fn is_hidden(seen: &Seen<'_, '_>) -> bool {
    !seen.access.read && !seen.access.write || matches!(seen.kind, Kind::Masked | Kind::Absent | Kind::Made)
}

/// Tries all wishes about a path, side by side.
fn fulfil(context: &Context<'_>, path: &Path, wishes: Vec<Wish>) -> Vec<Change> {
    let merged = context.merged();
    let jobs: Vec<(Wish, Option<Host>)> = wishes.into_iter().map(|wish| (wish, context.host.cloned())).collect();
    let done = guard::each(jobs, |(wish, host)| {
        let mut best = None;
        for edit in wish.edits {
            let trial = attempt(merged, host.as_ref(), &edit, |_, view| (wish.holds)(&view.look(path)));
            let is_good = trial.is_good();
            best = Some((wish.goal, edit, trial));
            if is_good {
                break;
            }
        }
        best
    });
    done.into_iter().flatten().map(|(goal, edit, trial)| context.tried(goal, &edit, trial)).collect()
}

/// What the host has at the path that a key names, and what the user may do with it.
fn on_host(context: &Context<'_>, key: &SymbolicPath) -> (Node, crate::space::Access) {
    let space = context.view.space();
    space
        .real(key)
        .map_or((Node::Absent, crate::space::Access::default()), |real| (space.node(&real), space.rights(&real)))
}
