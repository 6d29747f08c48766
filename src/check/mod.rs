//! Rules that a sandbox must obey, each family in its own file. They report and change nothing.

pub mod assertions;
pub mod autorun;
mod cure;
pub mod denials;
pub mod lints;
pub mod reach;
pub mod redundant;
pub mod saving;
pub mod search_path;
pub mod secrets;
pub mod startup;
pub mod state;
pub mod steering;

use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exposure::source;
use crate::merge::Merged;
use crate::mounts::Mount;
use crate::path::SymbolicPath;
use crate::plan::Step;
use crate::policy::Assertion;
use crate::rule::quote;
use crate::source::SourceId;
use crate::space::{Node, Space, is_within};
use crate::view::View;
use std::path::{Path, PathBuf};

/// What the warnings about one sandbox look at. With a host's view they are about that host, with a
/// symbolic one about what is so on every host.
pub struct Scope<'a> {
    pub compiled: &'a Compiled,
    pub view: &'a View<'a>,
    /// What is known of whoever asks; `None` where no host is known.
    pub caller: Option<&'a Caller>,
    /// Which texts are the project's own. Nobody can change a rule of another.
    pub is_own: &'a dyn Fn(SourceId) -> bool,
}

/// Where sbc is called from: what of a host is not in its files.
pub struct Caller {
    /// Where the caller's shell looks for programs.
    pub search_path: Vec<SearchDirectory>,
    /// How many file systems are mounted on the host.
    pub mounts: usize,
}

/// A directory of `PATH`. It need not exist.
pub struct SearchDirectory {
    /// As it is named there.
    pub entry: PathBuf,
    /// Every link on the way, itself without links.
    pub links: Vec<PathBuf>,
    /// Without links.
    pub real: PathBuf,
}

/// Reports what is allowed and was probably not meant.
pub fn warn(scope: &Scope<'_>, out: &mut Diagnostics) {
    redundant::check(scope, out);
    search_path::check(scope, out);
    autorun::check(scope, out);
    saving::check(scope, out);
    secrets::check(scope, out);
    startup::check(scope, out);
    steering::check(scope, out);
}

impl Scope<'_> {
    /// Whether a step is the project's own rule.
    fn owns(&self, step: &Step) -> bool {
        step.origins.iter().any(|origin| (self.is_own)(origin.location.source))
    }
}

/// Whether the policy speaks of a path: it asserts something of it or of a part of it, or lifts an
/// assertion about it or about what it lies in. Then somebody has thought of it.
fn is_spoken_of(merged: &Merged, path: &SymbolicPath) -> bool {
    merged.guarantees.iter().any(|guarantee| match &guarantee.assertion {
        Assertion::Path(_, other) => other.is_within(path) || guarantee.waived.is_some() && path.is_within(other),
        _ => false,
    })
}

/// Points at the rule behind a step, and says what of it.
fn at_rule(diagnostic: Diagnostic, step: &Step, text: &str) -> Diagnostic {
    match step.origins.first() {
        Some(origin) => diagnostic.at(origin.location, text),
        None => diagnostic,
    }
}

/// The rule that would show a host path, or as much of it as a mount shows, read-only in its place.
fn read_only(space: &dyn Space, mount: &Mount<'_>, path: &Path) -> Option<String> {
    let (source, _) = source(mount)?;
    let from = if is_within(path, source) { path } else { source };
    let rest = from.strip_prefix(source).ok()?;
    let at = if rest.as_os_str().is_empty() { mount.at.clone() } else { mount.at.join(rest) };
    let place = if from == at { String::new() } else { format!(" at={}", quote(&space.spell(&at))) };
    let missing = if space.node(from) == Node::Absent { " missing=\"create-dir\"" } else { "" };
    Some(format!("ro {}{place}{missing}", quote(&space.spell(from))))
}

/// What was found, by the rule that it was found with: who mends the rule, mends all of it.
fn by_rule<T>(found: Vec<(&Step, T)>) -> Vec<(&Step, Vec<T>)> {
    let mut groups: Vec<(&Step, Vec<T>)> = Vec::new();
    for (step, one) in found {
        match groups.iter_mut().find(|(other, _)| std::ptr::eq(*other, step)) {
            Some((_, group)) => group.push(one),
            None => groups.push((step, vec![one])),
        }
    }
    groups
}
