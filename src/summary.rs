//! What a sandbox opens, in plain words and the most dangerous first.
//!
//! Reads the plan alone, so that it says the same on every machine. Texts of the policy stand in
//! quotes, with everything escaped that could drive a terminal.

use crate::compile::Compiled;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Content, Place, Step};
use crate::policy::{EnvRule, Grant};
use crate::rule::{self, quote};
use crate::words::{Lifetime, Namespace, NestedSandboxes, Network, Terminal};
use std::collections::BTreeSet;

/// Things of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub what: &'static str,
    pub items: Vec<String>,
}

/// What [`Line::what`] says of assertions and guards that are lifted.
pub const WAIVES: &str = "waives";

/// What a sandbox opens. Nothing is left out that reaches beyond the project and the system's own
/// directories; the rest is counted.
pub fn summary(compiled: &Compiled) -> Vec<Line> {
    let content = &compiled.plan.content;
    let host = |grants: &[Grant], wanted: fn(&SymbolicPath) -> bool| {
        let shown = |step: &&Step| match &step.action {
            Action::Host { grant, source, .. } => grants.contains(grant) && wanted(source) && !protects(step),
            _ => false,
        };
        content.steps.iter().filter(shown).map(described).collect::<Vec<_>>()
    };
    let reads = [Grant::ReadOnly, Grant::Copy, Grant::Overlay];
    let lines = [
        ("changes", host(&[Grant::ReadWrite], |source| source.root() != Root::Project)),
        ("devices", host(&[Grant::Device], |_| true)),
        ("network", network(content)),
        ("shares", shared(content)),
        ("also may", liberties(content)),
        ("gets", passed(content)),
        (WAIVES, waived(compiled)),
        ("reads", host(&reads, |source| source.root() != Root::Project && !is_system(source))),
        ("besides", rest(content)),
    ];
    lines.into_iter().filter(|(_, items)| !items.is_empty()).map(|(what, items)| Line { what, items }).collect()
}

/// A host path, and its place inside where that is another.
fn described(step: &Step) -> String {
    let Action::Host { grant, source, .. } = &step.action else { return step.rule() };
    let how = match grant {
        Grant::Copy => " (a copy)",
        Grant::Overlay => " (changes are discarded)",
        _ if source.root() == Root::GitCommonDir => " (git's, of a worktree or submodule)",
        _ => "",
    };
    let at = if *source == step.at { String::new() } else { format!(" as {}", quote(&step.at.to_string())) };
    format!("{}{at}{how}", quote(&source.to_string()))
}

/// Whether a path lies in a directory of the distribution, which every user can read.
fn is_system(path: &SymbolicPath) -> bool {
    const DIRECTORIES: [&str; 10] = ["bin", "etc", "lib", "lib32", "lib64", "libx32", "nix", "opt", "sbin", "usr"];
    let first = path.components().first().map(|first| first.as_str());
    path.root() == Root::Absolute && first.is_some_and(|first| DIRECTORIES.contains(&first))
}

fn network(content: &Content) -> Vec<String> {
    match content.network {
        Network::None => Vec::new(),
        Network::Host => vec!["this machine's, whole: the internet, the local network, its own services".to_owned()],
    }
}

fn shared(content: &Content) -> Vec<String> {
    let described = |namespace: &Namespace| match namespace {
        Namespace::User => "user IDs with this machine",
        Namespace::Pid => "processes with this machine: it can see and end yours",
        Namespace::Ipc => "memory and message queues with this machine",
        Namespace::Uts => "the host name with this machine",
        Namespace::Cgroup => "control groups with this machine",
    };
    content.shared.iter().map(|namespace| described(namespace).to_owned()).collect()
}

fn liberties(content: &Content) -> Vec<String> {
    let found = [
        (content.terminal == Terminal::Inherit, "type into your terminal"),
        (content.nested_sandboxes == NestedSandboxes::Allow, "make sandboxes of its own"),
        (content.lifetime == Lifetime::Detached, "go on after sbc has ended"),
    ];
    found.into_iter().filter(|(is_so, _)| *is_so).map(|(_, text)| text.to_owned()).collect()
}

/// Your variables, secrets first.
fn passed(content: &Content) -> Vec<String> {
    let of = |wanted: EnvRule| {
        let variables = content.env.iter().filter(move |(_, value)| value.rule.as_ref() == Some(&wanted));
        variables.map(|(name, _)| quote(name))
    };
    of(EnvRule::Secret).map(|name| format!("{name} (secret)")).chain(of(EnvRule::Pass)).collect()
}

/// What the sandbox's policy lifts, and why.
fn waived(compiled: &Compiled) -> Vec<String> {
    let waivers = compiled.merged.guarantees.iter().filter_map(|guarantee| {
        let (reason, _) = guarantee.waived.as_ref()?;
        Some(format!("{} (reason: {})", rule::assertion(&guarantee.assertion), quote(reason)))
    });
    // Several layers may assert the same.
    waivers.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Whether a rule takes something away from a tree that the sandbox may change.
fn protects(step: &Step) -> bool {
    let takes = match &step.action {
        Action::Host { grant, source, .. } => *grant != Grant::ReadWrite && *source == step.at,
        Action::Deny { .. } => true,
        _ => false,
    };
    takes && step.place == Place::Writable
}

/// What is only counted.
fn rest(content: &Content) -> Vec<String> {
    let host = |wanted: &dyn Fn(Grant, &SymbolicPath) -> bool| {
        let is_wanted = |step: &&Step| match &step.action {
            Action::Host { grant, source, .. } => wanted(*grant, source),
            _ => false,
        };
        content.steps.iter().filter(is_wanted).count()
    };
    let project = |source: &SymbolicPath| source.root() == Root::Project;
    let changed = host(&|grant, source| grant == Grant::ReadWrite && project(source));
    let shown = host(&|_, source| project(source));
    let protected = content.steps.iter().filter(|step| protects(step)).count();
    let system = host(&|grant, source| is_system(source) && !matches!(grant, Grant::ReadWrite | Grant::Device));
    let is_own = |rule: &Option<EnvRule>| !matches!(rule, Some(EnvRule::Pass | EnvRule::Secret));
    let set = content.env.values().filter(|value| is_own(&value.rule)).count();
    let counted = |count: usize, what: &str| {
        let plural = if count == 1 { "" } else { "s" };
        (count > 0).then(|| what.replace("{}", &format!("{count} path{plural}")))
    };
    let first = match (changed, shown) {
        (0, 0) => "sees nothing of the project",
        (0, _) => "reads the project",
        _ => "changes the project",
    };
    let counts = [counted(protected, "is kept from {} in what it changes"), counted(system, "reads {} of the system")];
    let variables = (set > 0).then(|| format!("has {set} variables of its own"));
    [first.to_owned()].into_iter().chain(counts.into_iter().flatten()).chain(variables).collect()
}
