//! Writable files that the host runs or obeys by itself.

use crate::autorun::{AUTORUN, Autorun};
use crate::check::{Scope, at_rule, by_rule, is_spoken_of, read_only};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, list};
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::rule::quote;
use crate::space::Node;
use crate::view::View;

/// So many are named; the rest is counted.
const NAMED: usize = 4;

/// Something that the host obeys and a rule lets the sandbox write.
pub struct Found {
    pub what: &'static Autorun,
    pub path: SymbolicPath,
    /// The rule that would protect it, if it is there.
    pub protection: Option<String>,
}

/// Reports every rule that makes such a file writable.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let found = find(scope.view).into_iter();
    let found = found.filter(|(_, found)| !is_spoken_of(&scope.compiled.merged, &found.path));
    for (rule, found) in by_rule(found.collect()) {
        let title = format!("`{}` lets the sandbox write what the host runs or obeys by itself", rule.rule());
        let named = found.iter().take(NAMED).map(|found| format!("`{}`: {}", found.what.path, found.what.by));
        let more = found.len().saturating_sub(NAMED);
        let more = (more > 0).then(|| format!("and {more} more"));
        let diagnostic = named.chain(more).fold(Diagnostic::warning(Code::SBC0807, title), Diagnostic::note);
        out.push(at_rule(diagnostic.help(help(rule, &found)), rule, "this rule"));
    }
}

/// All rules that let a sandbox write what the host obeys.
pub fn find<'a>(view: &View<'a>) -> Vec<(&'a Step, Found)> {
    let mut found: Vec<(&Step, Found)> = AUTORUN.iter().filter_map(|what| one(view, what)).collect();
    // What is there comes first.
    found.sort_by_key(|(_, found)| found.protection.is_none());
    found
}

fn one<'a>(view: &View<'a>, what: &'static Autorun) -> Option<(&'a Step, Found)> {
    let path = SymbolicPath::parse(what.path).ok()?;
    let space = view.space();
    // Where it is a link: what it leads to, and the link itself.
    let places = [space.real(&path), space.inside(&path)];
    let (place, mount) = places.iter().flatten().find_map(|place| Some((place, view.exposing(place, true).next()?)))?;
    let is_there = matches!(space.node(place), Node::File | Node::Directory);
    let protection = if is_there { read_only(space, mount, place) } else { None };
    Some((view.rule_behind(mount)?, Found { what, path, protection }))
}

fn help(rule: &Step, found: &[Found]) -> String {
    let source = match &rule.action {
        Action::Host { source, .. } => source,
        _ => &rule.at,
    };
    if found.iter().all(|found| source.is_within(&found.path)) {
        return format!("show it by `ro {}`", quote(&source.to_string()));
    }
    let less = format!("show only what is needed, such as `rw {}`", quote(&format!("{source}/NAME")));
    let rules: Vec<&str> = found.iter().filter_map(|found| found.protection.as_deref()).take(NAMED).collect();
    match rules.as_slice() {
        [] => less,
        rules => format!("protect what is there by {}; or {less}", list(rules.iter().copied(), "and")),
    }
}
