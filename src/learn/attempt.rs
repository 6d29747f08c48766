//! A policy as it would be: changed in memory, compiled, and looked at on the host. Nothing is written.

use crate::amend::{self, Amendment};
use crate::compile::{Compilation, Compiled, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::fix::apply_fixes;
use crate::host::Host;
use crate::invocation::{self, Invocation};
use crate::schema::Section;
use crate::source::{Location, Sources};
use crate::view::View;

/// A policy as it would be.
#[derive(Clone)]
pub struct Draft {
    pub sources: Sources,
    pub compiled: Compiled,
    /// Whether rules go into the local layer, and not into what all share.
    pub is_local: bool,
}

/// What comes of a change.
pub enum Attempt {
    /// The policy holds with it.
    Holds(Box<Draft>),
    /// Guards or assertions forbid it, and nothing else does; the first of them, in words.
    Refused(String),
    /// It cannot be written.
    Unfit,
}

impl Attempt {
    /// The policy, where it holds.
    pub fn held(self) -> Option<Draft> {
        match self {
            Attempt::Holds(draft) => Some(*draft),
            Attempt::Refused(_) | Attempt::Unfit => None,
        }
    }
}

impl Draft {
    /// Compiles one sandbox.
    pub fn compile(sources: Sources, name: &str, is_local: bool) -> Option<Draft> {
        compiled(sources, name, is_local, &mut Diagnostics::default())
    }

    /// The body that rules go into.
    const fn body(&self) -> Location {
        let merged = &self.compiled.merged;
        if self.is_local { merged.location } else { merged.policy }
    }

    /// Tries changes. Paths get a line each, if there is room for lines.
    pub fn attempt(&self, amendments: Vec<Amendment>, host: &Host) -> Attempt {
        let Some(sources) = self.changed(amendments) else { return Attempt::Unfit };
        let mut problems = Diagnostics::default();
        let next = compiled(sources, &self.compiled.plan.name, self.is_local, &mut problems);
        next.iter().for_each(|next| _ = invocation::resolve(&next.compiled, host, &mut problems));
        match next.filter(|_| !problems.has_errors()) {
            Some(next) => Attempt::Holds(Box::new(next)),
            None => refusal(&problems).map_or(Attempt::Unfit, Attempt::Refused),
        }
    }

    /// Tries one rule more.
    pub fn add(&self, section: Section, rule: &str, host: &Host) -> Attempt {
        self.attempt(self.rule(section, rule), host)
    }

    /// Tries one profile more; one that it brings gives way.
    pub fn inherit(&self, name: &str, host: &Host) -> Attempt {
        let body = self.body();
        self.attempt(vec![Amendment::Inherit { body, name: name.to_owned(), instead_of: "base-dev" }], host)
    }

    /// The policy with a rule that does not count: KDL leaves out what stands behind `/-`.
    pub fn comment(&self, section: Section, rule: &str) -> Option<Draft> {
        let sources = self.changed(self.rule(section, &format!("/- {rule}")))?;
        Draft::compile(sources, &self.compiled.plan.name, self.is_local)
    }

    fn rule(&self, section: Section, rule: &str) -> Vec<Amendment> {
        vec![Amendment::Add { body: self.body(), rules: vec![(section, rule.to_owned())] }]
    }

    fn changed(&self, amendments: Vec<Amendment>) -> Option<Sources> {
        let is_path = |amendment: &Amendment| match amendment {
            Amendment::Add { rules, .. } => rules.iter().any(|(section, _)| *section == Section::Filesystem),
            _ => false,
        };
        let (body, section) = (self.body(), Section::Filesystem);
        // The block is the body's last, so that no other place moves.
        let opens = amendments.iter().any(is_path);
        let opened = opens.then(|| changed(&self.sources, vec![Amendment::Open { body, section }])).flatten();
        changed(opened.as_ref().unwrap_or(&self.sources), amendments)
    }

    /// Looks inside on a host; nothing where the policy cannot be run there.
    pub fn look<T>(&self, host: &Host, answer: impl FnOnce(&Invocation, &View<'_>) -> T) -> Option<T> {
        let mut problems = Diagnostics::default();
        let (invocation, view) = invocation::resolve(&self.compiled, host, &mut problems);
        (!problems.has_errors()).then(|| answer(&invocation, &view))
    }
}

fn compiled(sources: Sources, name: &str, is_local: bool, out: &mut Diagnostics) -> Option<Draft> {
    let Compilation { mut sandboxes, diagnostics } = compile(&sources, &Wanted::Named(vec![name.to_owned()]));
    out.extend(diagnostics);
    let compiled = sandboxes.pop().filter(|_| !out.has_errors())?;
    Some(Draft { sources, compiled, is_local })
}

/// Texts with changes, where all of them can be made.
fn changed(sources: &Sources, amendments: Vec<Amendment>) -> Option<Sources> {
    let mut problems = Diagnostics::default();
    problems.push(amendments.into_iter().fold(Diagnostic::error(Code::SBC0412, ""), Diagnostic::amend));
    let resolved = amend::resolve(sources, problems);
    let change = *resolved.sorted().first()?;
    let has_edits = change.fix.as_ref().is_some_and(|fix| !fix.edits.is_empty());
    has_edits.then(|| apply_fixes(sources, &[change]).0)
}

/// What forbids a change, if only guards and assertions do.
fn refusal(problems: &Diagnostics) -> Option<String> {
    let forbids = |code| matches!(code, Code::SBC0501 | Code::SBC0504 | Code::SBC0505 | Code::SBC0506 | Code::SBC0507);
    let sorted = problems.sorted();
    let errors = || sorted.iter().filter(|problem| problem.severity == Severity::Error);
    errors().all(|problem| forbids(problem.code)).then(|| errors().next().map(|problem| problem.title.clone()))?
}
