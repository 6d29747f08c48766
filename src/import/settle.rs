//! Takes out of a draft what does not compile: rules that a profile asserts against.
//!
//! What is taken out stays in the text as a comment with its reason, and is said loudly.
//! Whether the rest holds on this host is asked of the host.

use super::draft::{Draft, Refused};
use super::policy;
use crate::builtin;
use crate::compile::{Compilation, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::invocation;
use crate::project::POLICY;
use crate::rule;
use crate::source::{Source, SourceId, SourceKind, Sources};

/// Problems of this host, and not of the policy.
const OF_HOSTS: [Code; 7] =
    [Code::SBC0404, Code::SBC0406, Code::SBC0407, Code::SBC0410, Code::SBC0411, Code::SBC0707, Code::SBC0706];

/// A policy as a text with what it compiles to.
pub struct Settled {
    pub text: String,
    pub sources: Sources,
    pub compilation: Compilation,
}

/// Compiles a text as the policy of a project.
pub fn compiled(text: &str) -> (SourceId, Sources, Compilation) {
    let mut sources = builtin::sources();
    let source = Source { kind: SourceKind::Policy, name: POLICY.to_owned(), text: text.to_owned() };
    let id = sources.add(source);
    let compilation = compile(&sources, &Wanted::Only);
    (id, sources, compilation)
}

/// Takes rules out until the rest compiles and holds on this host, as far as rules are to blame.
pub fn settle(draft: &mut Draft, host: &Host) -> Settled {
    loop {
        let text = policy::text(draft, false);
        let (id, _, compilation) = compiled(&text);
        let mut problems = compilation.diagnostics.clone();
        if let Some(compiled) = compilation.sandboxes.first() {
            let mut of_host = Diagnostics::default();
            invocation::resolve(compiled, host, &mut of_host);
            of_host.retain(|problem| !OF_HOSTS.contains(&problem.code));
            problems.extend(of_host);
        }
        let errors = problems.sorted().into_iter().filter(|problem| is_error(problem)).cloned();
        let taken = errors.filter(|problem| take(draft, problem, id, &text)).count();
        if taken == 0 {
            let text = policy::text(draft, true);
            let (_, sources, compilation) = compiled(&text);
            return Settled { text, sources, compilation };
        }
    }
}

fn is_error(problem: &Diagnostic) -> bool {
    problem.severity == crate::diagnostic::Severity::Error
}

/// Takes out the rule that a problem is about, if it is one of the draft's.
fn take(draft: &mut Draft, problem: &Diagnostic, id: SourceId, text: &str) -> bool {
    let why = format!("{} {}", problem.code.name(), problem.title.replace(" inside, and", ","));
    let label = problem.labels.iter().map(|label| label.location).find(|location| location.source == id);
    let Some(span) = label.map(|location| location.span) else { return false };
    let start = text.get(..span.start).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
    let line = text.get(start..).and_then(|rest| rest.lines().next()).unwrap_or_default().trim();
    let is_guilty = |rule: &super::derive::Rule| rule::access(&rule.at, &rule.access) == line;
    if let Some(position) = draft.filesystem.iter().position(is_guilty) {
        draft.filesystem.remove(position);
        draft.refused.push(Refused { rule: line.to_owned(), why });
        return true;
    }
    let name = text.get(span.start..span.end).unwrap_or_default().trim_matches('"').to_owned();
    let name = name.split('=').next().unwrap_or_default().trim_start_matches("set ").to_owned();
    if let Some(rule) = draft.env.remove(&name) {
        draft.refused.push(Refused { rule: rule::env(&name, &rule), why });
        return true;
    }
    let is_setting = |setting: &crate::policy::Setting| rule::setting(setting) == line;
    if let Some(position) = draft.settings.iter().position(is_setting) {
        draft.settings.remove(position);
        draft.refused.push(Refused { rule: line.to_owned(), why });
        return true;
    }
    false
}
