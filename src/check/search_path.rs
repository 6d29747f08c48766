//! Writable directories in which the host looks for programs: what a sandbox puts there runs on the
//! host, outside of any sandbox, as soon as somebody types its name.

use crate::check::{Caller, Scope, SearchDirectory, at_rule, by_rule, read_only};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, list};
use crate::exposure::source;
use crate::mounts::Mount;
use crate::path::{Root, SymbolicPath};
use crate::plan::Step;
use crate::space::{Node, Space, is_within};
use crate::view::View;
use std::path::Path;

/// A directory of `PATH` that a rule lets the sandbox change.
pub struct Found<'c> {
    pub directory: &'c SearchDirectory,
    /// The link on the way to it that can be replaced, where that is how.
    pub link: Option<&'c Path>,
    /// The rule that would protect it, if there is one.
    pub protection: Option<String>,
}

/// Reports every rule that makes a part of the caller's `PATH` writable.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    let Some(caller) = scope.caller else { return };
    for (rule, found) in by_rule(find(scope.view, caller)) {
        let space = scope.view.space();
        let name = |found: &Found<'_>| space.spell(&found.directory.entry);
        let names: Vec<String> = found.iter().map(name).collect();
        let title = format!(
            "`{}` lets the sandbox write where your shell looks for programs: {} on your PATH",
            rule.rule(),
            match names.as_slice() {
                [one] => format!("`{one}` is"),
                several => format!("{} are", list(several.iter().map(String::as_str), "and")),
            }
        );
        let links = found.iter().filter_map(|found| found.link);
        let links = links.map(|link| format!("`{}` is a link, and can be replaced by another", space.spell(link)));
        let diagnostic = links.fold(Diagnostic::warning(Code::SBC0806, title), Diagnostic::note);
        let rules: Vec<&str> = found.iter().filter_map(|found| found.protection.as_deref()).collect();
        let help = match rules.as_slice() {
            [] => "take it off your PATH".to_owned(),
            rules => format!("protect it by {}, or take it off your PATH", list(rules.iter().copied(), "and")),
        };
        out.push(at_rule(diagnostic.help(help), rule, "this rule"));
    }
}

/// All rules that let a sandbox change what is found by the caller's `PATH`.
pub fn find<'a, 'c>(view: &View<'a>, caller: &'c Caller) -> Vec<(&'a Step, Found<'c>)> {
    caller.search_path.iter().filter_map(|directory| one(view, directory)).collect()
}

fn one<'a, 'c>(view: &View<'a>, directory: &'c SearchDirectory) -> Option<(&'a Step, Found<'c>)> {
    let space = view.space();
    let link = directory.links.iter().find_map(|link| {
        let mount = view.exposing(link, true).find(|mount| can_replace(space, mount, link))?;
        Some((mount, Some(link.as_path()), None))
    });
    let (mount, link, protection) = link.or_else(|| {
        let real = &directory.real;
        let mount = view.exposing(real, true).find(|mount| can_add(space, mount, real))?;
        // The project must stay writable.
        let is_project = *real == space.inside(&SymbolicPath::of_root(Root::Project))?;
        Some((mount, None, (!is_project).then(|| read_only(space, mount, real)).flatten()))
    })?;
    Some((view.rule_behind(mount)?, Found { directory, link, protection }))
}

/// Whether a mount lets the user replace a link, as far as the host lets the user do so.
fn can_replace(space: &dyn Space, mount: &Mount<'_>, link: &Path) -> bool {
    let Some((source, _)) = source(mount) else { return false };
    link.ancestors().skip(1).take_while(|above| is_within(above, source)).any(|above| space.rights(above).write)
}

/// Whether a mount lets the user put a program into a directory, or change one in it.
fn can_add(space: &dyn Space, mount: &Mount<'_>, directory: &Path) -> bool {
    let Some((source, _)) = source(mount) else { return false };
    if is_within(directory, source) {
        let mut above = directory.ancestors().take_while(|above| is_within(above, source));
        return above.any(|above| space.rights(above).write);
    }
    // Only what lies directly in it is found.
    source.parent() == Some(directory) && space.node(source) == Node::File && space.rights(source).write
}
