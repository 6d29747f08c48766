//! Directories that are shown with a known secret in them.

use crate::check::{Scope, at_rule, by_rule, is_spoken_of};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::exposure::source;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Step};
use crate::rule::quote;
use crate::secrets::{SECRETS, Secret};
use crate::space::Node;
use crate::view::View;

/// So many are named; the rest is counted.
const NAMED: usize = 4;

/// A secret that a rule shows.
pub struct Shown {
    pub secret: &'static Secret,
    pub path: SymbolicPath,
    /// Where it is inside, as a policy writes it.
    pub at: String,
}

/// Reports every rule of the project that shows a secret by showing what it lies in. A rule that
/// names the secret is taken at its word.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let merged = &scope.compiled.merged;
    let is_named = |rule: &Step, shown: &Shown| matches!(&rule.action, Action::Host { source, .. } if source.is_within(&shown.path));
    let found = find(scope.view).into_iter();
    let found = found.filter(|(rule, shown)| scope.owns(rule) && !is_named(rule, shown));
    let found = found.filter(|(_, shown)| !is_spoken_of(merged, &shown.path)).collect();
    for (rule, shown) in by_rule(found) {
        let secrets = if shown.len() == 1 { "a secret" } else { "secrets" };
        let title = format!("`{}` shows {secrets}, too", rule.rule());
        let named = shown.iter().take(NAMED).map(|one| format!("`{}`: {}", one.secret.path, one.secret.about));
        let more = shown.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("and {more} more"));
        let diagnostic = named.chain(more).fold(Diagnostic::warning(Code::SBC0809, title), Diagnostic::note);
        out.push(at_rule(diagnostic.help(help(rule, &shown)), rule, "this rule"));
    }
}

fn help(rule: &Step, shown: &[Shown]) -> String {
    if shown.len() > NAMED {
        let source = match &rule.action {
            Action::Host { source, .. } => source,
            _ => &rule.at,
        };
        return format!("show only what is needed, such as `ro {}`", quote(&format!("{source}/NAME")));
    }
    let denied: Vec<String> = shown.iter().map(|one| quote(&one.at)).collect();
    format!("hide what is not needed: `deny {}`; or show less", denied.join(" "))
}

/// All known secrets that the view shows, each with the rule that does. Without a host these are all
/// that would be shown if they were there.
pub fn find<'a>(view: &View<'a>) -> Vec<(&'a Step, Shown)> {
    SECRETS.iter().filter_map(|secret| shown(view, secret)).collect()
}

fn shown<'a>(view: &View<'a>, secret: &'static Secret) -> Option<(&'a Step, Shown)> {
    let path = SymbolicPath::parse(secret.path).ok()?;
    // What is secret there only root can read, and no sandbox is root's.
    let is_roots =
        path.root() == Root::Absolute && path.components().first().is_some_and(|name| name.as_str() == "etc");
    let space = view.space();
    if is_roots {
        return None;
    }
    let real = space.real(&path)?;
    let mount = view.exposing(&real, false).next()?;
    // Last, because it asks the host.
    if matches!(space.node(&real), Node::Absent | Node::Unreachable) {
        return None;
    }
    let (from, _) = source(mount)?;
    let at = match real.strip_prefix(from) {
        Ok(rest) if !rest.as_os_str().is_empty() => space.spell(&mount.at.join(rest)),
        _ => space.spell(&mount.at),
    };
    Some((view.rule_behind(mount)?, Shown { secret, path, at }))
}
