//! Single files that are writable: many programs save by writing a new file and renaming it over the
//! old one, which the kernel refuses where something is mounted.

use crate::check::{Scope, at_rule};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::mounts::Provider;
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::policy::Grant;
use crate::rule::quote;
use crate::space::Node;
use crate::view::View;
use crate::words::Missing;

/// Reports the project's rules that do so, unless they say why: `reason="…"` is taken at its word.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    for (rule, path) in find(scope.view) {
        let says_why = rule.origins.iter().any(|origin| origin.is_stated);
        if says_why || !scope.owns(rule) {
            continue;
        }
        let title = format!("`{}` shows a single file, which no program can replace", rule.rule());
        let diagnostic = Diagnostic::warning(Code::SBC0808, title)
            .note("saving by rename fails inside: `Device or resource busy`")
            .note("where the host saves so, the sandbox goes on with the old file");
        out.push(at_rule(diagnostic.help(help(path)), rule, "this file"));
    }
}

/// All rules that make a single file writable in place, each with the file.
pub fn find<'a>(view: &View<'a>) -> Vec<(&'a Step, &'a SymbolicPath)> {
    let rules = view.mounts().iter().filter_map(|mount| {
        let (step, Provider::Host { source, device: false, .. }) = (mount.step?, &mount.provider) else { return None };
        let Action::Host { grant: Grant::ReadWrite, source: path, missing, .. } = &step.action else { return None };
        let is_file = match view.space().node(source) {
            Node::File => true,
            Node::Absent | Node::Unknown => *missing == Missing::CreateFile,
            _ => false,
        };
        is_file.then_some((step, path))
    });
    rules.collect()
}

fn help(path: &SymbolicPath) -> String {
    let copy = format!("write `copy {}` for a private copy", quote(&path.to_string()));
    let directory = path.components().split_last().filter(|(_, above)| !above.is_empty()).map(|(_, above)| {
        let above = SymbolicPath::of_root(path.root()).join(above);
        format!(", or show its directory: `rw {}`", quote(&above.to_string()))
    });
    let why = "; or say that it is never replaced: `reason=\"…\"`";
    format!("{copy}{}{why}", directory.unwrap_or_default())
}
