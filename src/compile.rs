//! The pipeline from texts to plans, stage by stage, in reading order.
//!
//! Reads nothing: `project.rs` has read the texts. Every stage collects its problems and goes on.

use crate::check::{assertions, denials, lints, state, waivers};
use crate::decode::decode;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, list, nearest};
use crate::inherit::{Library, inherit};
use crate::lower::lower;
use crate::merge::{Merged, merge};
use crate::parse::{Parsed, mend, parse};
use crate::plan::Plan;
use crate::policy::{Layer, LayerKind, Policy};
use crate::project::{LOCAL, POLICY};
use crate::repair::repair;
use crate::source::{SourceId, SourceKind, Sources};
use crate::space::Symbols;
use crate::view::View;
use crate::{amend, foreign, guard};

/// One sandbox, compiled.
#[derive(Clone, Debug)]
pub struct Compiled {
    pub merged: Merged,
    pub plan: Plan,
}

/// What a project's texts mean.
#[derive(Clone, Debug, Default)]
pub struct Compilation {
    pub sandboxes: Vec<Compiled>,
    pub diagnostics: Diagnostics,
}

/// Which sandboxes to compile.
#[derive(Clone, Debug)]
pub enum Wanted {
    All,
    Named(Vec<String>),
    /// The only one.
    Only,
}

/// Compiles sandboxes of a project. Everything in its files is checked, wanted or not.
pub fn compile(sources: &Sources, wanted: &Wanted) -> Compilation {
    let mut out = Diagnostics::default();
    let mut policies = Vec::new();
    let texts = sources.iter().filter(|(_, source)| source.kind != SourceKind::BuiltIn).collect();
    let decoded = guard::each(texts, |(id, source)| {
        let mut out = Diagnostics::default();
        (read(id, &source.text, source.kind, &mut out), out)
    });
    for (policy, problems) in decoded {
        policies.push(policy);
        out.extend(problems);
    }
    let own = || policies.iter().flat_map(|policy: &Policy| &policy.layers);
    let local = sources.iter().find(|(_, source)| source.kind == SourceKind::Local).map(|(id, _)| id);
    let library = Library::new(own(), local);
    let named = own().filter(|layer| layer.kind == LayerKind::Sandbox);
    let (added, all): (Vec<&Layer>, Vec<&Layer>) = named.partition(|layer| layer.adds_to().is_some());
    added.iter().for_each(|layer| adds_to_something(layer, &all, &mut out));
    let mut sandboxes = Vec::new();
    for sandbox in choose(&all, wanted, &mut out) {
        let local = added.iter().copied().find(|layer| layer.adds_to() == Some(&sandbox.name.value));
        let Some(lineage) = inherit(sandbox, local, &library, &mut out) else { continue };
        let Some(merged) = merge(&lineage, &mut out) else { continue };
        let plan = lower(&merged, &mut out);
        let view = View::symbolic(&plan);
        assertions::check(&merged, &plan, &view, None, &mut out);
        waivers::check(&merged, &plan, &mut out);
        denials::check(&plan, &view, &mut out);
        state::check(&plan, &Symbols, &mut out);
        let is_own = |id| sources.get(id).is_some_and(|source| source.kind != SourceKind::BuiltIn);
        lints::check(&lineage, &merged, &is_own, &mut out);
        sandboxes.push(Compiled { merged, plan });
    }
    // After the sandboxes: what one of them has reported, it has reported with the way to it.
    for profile in own().filter(|layer| layer.kind == LayerKind::Profile) {
        inherit(profile, None, &library, &mut out);
    }
    Compilation { sandboxes, diagnostics: amend::resolve(sources, out) }
}

/// One text as a policy; an empty one where it is none.
pub fn read(id: SourceId, text: &str, kind: SourceKind, out: &mut Diagnostics) -> Policy {
    if !guard::admit(text, id, out) {
        return Policy::default();
    }
    let mut first = Diagnostics::default();
    let policy = parse(text).map(|parsed| understand(&parsed, text, id, kind, &mut first));
    if let Some(policy) = policy.as_ref().filter(|_| first.is_empty()) {
        return policy.clone();
    }
    if let Some(diagnostic) = foreign::detect(text, id) {
        out.push(diagnostic);
        return Policy::default();
    }
    let found = repair(text, id);
    if let Some(policy) = policy.filter(|_| found.problems.is_empty()) {
        out.extend(first);
        return policy;
    }
    let (mut problems, mut later) = (Diagnostics::default(), Diagnostics::default());
    let mended = mend(text, &found, id, &mut problems);
    let policy = mended.map(|parsed| understand(&parsed, text, id, kind, &mut later));
    settle(&mut problems, &mut later);
    out.extend(problems);
    out.extend(later);
    policy.unwrap_or_default()
}

/// Of two problems about one piece of text one is the cause of the other. Where a later stage knows
/// what to write, that settles both.
fn settle(problems: &mut Diagnostics, later: &mut Diagnostics) {
    let place = |diagnostic: &Diagnostic| diagnostic.labels.first().map(|label| label.location.span);
    let same = |a: &Diagnostic, b: &Diagnostic| {
        place(a).zip(place(b)).is_some_and(|(a, b)| a.start < b.end && b.start < a.end)
    };
    let better: Vec<Diagnostic> = later.sorted().into_iter().filter(|one| one.fix.is_some()).cloned().collect();
    problems.retain(|problem| !better.iter().any(|later| same(problem, later)));
    let left: Vec<Diagnostic> = problems.sorted().into_iter().cloned().collect();
    later.retain(|later| !left.iter().any(|problem| same(problem, later)));
}

/// What a document means.
fn understand(parsed: &Parsed, text: &str, id: SourceId, kind: SourceKind, out: &mut Diagnostics) -> Policy {
    if parsed.document.nodes().is_empty() {
        let help = match kind {
            SourceKind::Policy => {
                "write `sandbox \"app\" { inherit \"claude\"; }`, or remove the file and run `sbc init`"
            }
            SourceKind::Local => "write `sandbox \"app\" { … }` with what this machine adds to it, or remove the file",
            _ => "write `profile \"team\" { inherit \"base-dev\"; }`, or remove the file",
        };
        out.push(
            Diagnostic::error(Code::SBC0111, "this file defines no sandbox and no profile")
                .at(start(id), "empty")
                .help(help),
        );
    }
    decode(parsed, text, id, kind, out)
}

/// Reports what adds to a sandbox that there is none of.
fn adds_to_something(layer: &Layer, all: &[&Layer], out: &mut Diagnostics) {
    let Some(name) = layer.adds_to() else { return };
    let names = || all.iter().map(|sandbox| sandbox.name.value.as_str());
    if names().any(|known| known == name) {
        return;
    }
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`{LOCAL}` adds to sandboxes that are there: write a new one in `{POLICY}`"),
    };
    let diagnostic = Diagnostic::error(Code::SBC0205, format!("`{POLICY}` has no sandbox `{name}`"));
    out.push(diagnostic.at(layer.name.location, "unknown").help(help));
}

fn start(source: SourceId) -> crate::source::Location {
    crate::source::Location { source, span: crate::source::Span { start: 0, end: 0 } }
}

/// The wanted sandboxes; reports names that are none, and a choice that nobody made.
fn choose<'a>(all: &[&'a Layer], wanted: &Wanted, out: &mut Diagnostics) -> Vec<&'a Layer> {
    let names = || all.iter().map(|layer| layer.name.value.as_str());
    match wanted {
        Wanted::All => all.to_vec(),
        Wanted::Named(wanted) => wanted.iter().filter_map(|name| find(name, all, out)).collect(),
        Wanted::Only => match all {
            [only] => vec![only],
            [] => {
                if !out.has_errors() {
                    let help = "write `sandbox \"app\" { inherit \"claude\"; }` in `.agent-sandbox.kdl`";
                    out.push(Diagnostic::error(Code::SBC0205, "the policy defines no sandbox").help(help));
                }
                Vec::new()
            }
            _ => {
                let help = format!("name one of {}", list(names(), "and"));
                out.push(
                    Diagnostic::error(Code::SBC0206, "the policy defines several sandboxes, and none is named")
                        .help(help),
                );
                Vec::new()
            }
        },
    }
}

fn find<'a>(name: &str, all: &[&'a Layer], out: &mut Diagnostics) -> Option<&'a Layer> {
    let names = || all.iter().map(|layer| layer.name.value.as_str());
    let found = all.iter().find(|layer| layer.name.value == name).copied();
    if found.is_none() {
        let help = match (nearest(name, names()), all) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => "the policy defines no sandbox".to_owned(),
            (None, _) => format!("there are {}", list(names(), "and")),
        };
        out.push(Diagnostic::error(Code::SBC0205, format!("there is no sandbox `{name}`")).help(help));
    }
    found
}
