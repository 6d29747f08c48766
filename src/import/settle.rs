//! Takes out of a draft what does not compile: rules that guards or the assertions of a profile refuse.
//!
//! What is taken out stays in the text as a comment, with its reason and with what would have to be
//! waived, and is said loudly. Where all shall be as it was, it stays and is waived, which is said as loudly.
//! Whether the rest holds on this host is asked of the host.

use super::derive::Rule;
use super::draft::{Draft, Refused, Waived};
use super::policy;
use crate::builtin;
use crate::check::assertions::{self, Breach};
use crate::compile::{Compilation, Compiled, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::host::Host;
use crate::invocation;
use crate::policy::{Assertion, Setting};
use crate::project::POLICY;
use crate::rule;
use crate::source::{Source, SourceId, SourceKind, Sources, Span};
use crate::view::View;

/// Problems of this host, and not of the policy.
const OF_HOSTS: [Code; 7] =
    [Code::SBC0404, Code::SBC0406, Code::SBC0407, Code::SBC0410, Code::SBC0411, Code::SBC0707, Code::SBC0706];

/// Assertions and guards, which a waiver lifts.
const LIFTED: [Code; 3] = [Code::SBC0501, Code::SBC0506, Code::SBC0507];

/// A policy as a text with what it compiles to.
pub struct Settled {
    pub text: String,
    pub sources: Sources,
    pub compilation: Compilation,
}

/// Compiles a text as the policy of a project.
pub fn compiled(text: &str) -> (SourceId, Sources, Compilation) {
    let mut sources = builtin::sources();
    let source = Source { kind: SourceKind::Policy, name: POLICY.to_owned(), text: text.to_owned().into() };
    let id = sources.add(source);
    let compilation = compile(&sources, &Wanted::Only);
    (id, sources, compilation)
}

/// Makes a draft compile and hold on this host, as far as its rules are to blame. Where all shall be as
/// it was, what guards refuse is waived; else it is taken out.
pub fn settle(draft: &mut Draft, host: &Host, exact: bool) -> Settled {
    // With all waivers first: what is refused even so has none to name.
    let settled = take_out(draft, host, true);
    if exact || draft.waived.is_empty() {
        return settled;
    }
    draft.waived.clear();
    take_out(draft, host, false)
}

/// Takes rules out, or waives what they open, until nothing is left to settle.
fn take_out(draft: &mut Draft, host: &Host, exact: bool) -> Settled {
    loop {
        let text = policy::text(draft, false);
        let (id, _, compilation) = compiled(&text);
        let written = Written { text: &text, id, exact };
        // What nothing can lift comes first: then nothing has to be waived for it.
        let errors = errors(&compilation, host);
        let taken = errors.iter().filter(|problem| written.take(draft, problem, &[])).count();
        if taken == 0 && breaches(&compilation, host).iter().filter(|one| written.yields(draft, one)).count() == 0 {
            let text = policy::text(draft, true);
            let (_, sources, compilation) = compiled(&text);
            return Settled { text, sources, compilation };
        }
    }
}

/// What is wrong, but for what can be waived and for what is this host's own fault.
fn errors(compilation: &Compilation, host: &Host) -> Vec<Diagnostic> {
    let mut problems = compilation.diagnostics.clone();
    if let Some(compiled) = compilation.sandboxes.first() {
        let mut of_host = Diagnostics::default();
        invocation::resolve(compiled, host, &mut of_host);
        of_host.retain(|problem| !OF_HOSTS.contains(&problem.code));
        problems.extend(of_host);
    }
    problems.retain(|problem| problem.severity == Severity::Error && !LIFTED.contains(&problem.code));
    problems.sorted().into_iter().cloned().collect()
}

/// What breaks assertions or guards: on any host, and where nothing does, on this one.
fn breaches(compilation: &Compilation, host: &Host) -> Vec<Breach> {
    let Some(compiled) = compilation.sandboxes.first() else { return Vec::new() };
    let Compiled { merged, plan } = compiled;
    let found = assertions::breaches(merged, plan, &View::symbolic(plan), None);
    if !found.is_empty() {
        return found;
    }
    let (_, view) = invocation::resolve(compiled, host, &mut Diagnostics::default());
    assertions::breaches(merged, plan, &view, Some(&host.surroundings()))
}

/// What a problem is, on one line.
fn why(problem: &Diagnostic) -> String {
    let title = problem.title.replace(" inside, and", ",");
    let notes = if problem.notes.is_empty() { String::new() } else { format!(" ({})", problem.notes.join("; ")) };
    format!("{} {title}{notes}", problem.code.name())
}

/// The text of a draft, in which problems have their places.
struct Written<'a> {
    text: &'a str,
    id: SourceId,
    exact: bool,
}

impl Written<'_> {
    /// Settles a breach: the rule is taken out, or what it breaks is waived.
    fn yields(&self, draft: &mut Draft, breach: &Breach) -> bool {
        let is_news = |waived: &Assertion| !draft.waived.iter().any(|other| other.waivers.contains(waived));
        let waivers: Vec<Assertion> = breach.waivers.iter().filter(|waived| is_news(waived)).cloned().collect();
        if !self.exact || waivers.is_empty() {
            return self.take(draft, &breach.problem, &breach.waivers);
        }
        let span = self.line(&breach.problem).and_then(|(_, line)| Some(rule_of(draft, line)?.span));
        draft.waived.push(Waived { waivers, span, why: why(&breach.problem) });
        true
    }

    /// The place that a problem is about, and the line in which it is.
    fn line(&self, problem: &Diagnostic) -> Option<(Span, &str)> {
        let mut locations = problem.labels.iter().map(|label| label.location);
        let span = locations.find(|location| location.source == self.id)?.span;
        let start = self.text.get(..span.start)?.rfind('\n').map_or(0, |newline| newline + 1);
        Some((span, self.text.get(start..)?.lines().next()?.trim()))
    }

    /// Takes out the rule that a problem is about, if it is one of the draft's.
    fn take(&self, draft: &mut Draft, problem: &Diagnostic, waivers: &[Assertion]) -> bool {
        let Some((place, line)) = self.line(problem) else { return false };
        let refused = |rule: String, span| Refused { rule, span, why: why(problem), waivers: waivers.to_vec() };
        if let Some(span) = rule_of(draft, line).map(|rule| rule.span) {
            draft.filesystem.retain(|rule| rule::access(&rule.at, &rule.access) != line);
            draft.waived.retain(|waived| waived.span != Some(span));
            draft.refused.push(refused(line.to_owned(), Some(span)));
            return true;
        }
        let name = self.text.get(place.start..place.end).unwrap_or_default().trim_matches('"').to_owned();
        let name = name.split('=').next().unwrap_or_default().trim_start_matches("set ").to_owned();
        if let Some(rule) = draft.env.remove(&name) {
            draft.refused.push(refused(rule::env(&name, &rule), None));
            return true;
        }
        let is_setting = |setting: &Setting| rule::setting(setting) == line;
        if let Some(position) = draft.settings.iter().position(is_setting) {
            draft.settings.remove(position);
            draft.refused.push(refused(line.to_owned(), None));
            return true;
        }
        false
    }
}

/// The rule of a draft that a line writes.
fn rule_of<'d>(draft: &'d Draft, line: &str) -> Option<&'d Rule> {
    draft.filesystem.iter().find(|rule| rule::access(&rule.at, &rule.access) == line)
}
