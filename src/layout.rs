//! Places the steps of a plan on one host, and refuses hosts on which their order is not
//! parents-first.
//!
//! The plan orders symbols: absolute paths before home, home before the project. A home inside the
//! project or an absolute path below either turns that around. The script checks the same.

use crate::absent;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::mounts::Mount;
use crate::operation::Request;
use crate::plan::{Action, Place, Step};
use crate::policy::Grant;
use crate::space::upwards;
use crate::words::Variable;
use rustc_hash::FxHashMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Every step with its path inside on this host, lexically. Steps without a place are left out
/// and, unless they may be, reported.
pub fn place<'a>(steps: &'a [Step], host: &Host, out: &mut Diagnostics) -> Vec<(&'a Step, PathBuf)> {
    let mut placed = Vec::new();
    for step in steps {
        match host.expand(&step.at) {
            Ok(at) => placed.push((step, at)),
            Err(variable) if !step.may_be_left_out() => unset(step, variable, out),
            Err(_) => {}
        }
    }
    check(&placed, out);
    placed
}

fn unset(step: &Step, variable: Variable, out: &mut Diagnostics) {
    out.push(at(step, absent::unset(variable), "this rule"));
}

fn check(placed: &[(&Step, PathBuf)], out: &mut Diagnostics) {
    // By bytes: comparing components is slow.
    let mut index: FxHashMap<&OsStr, usize> = FxHashMap::default();
    for (position, (step, path)) in placed.iter().enumerate() {
        if let Some((other, _)) = index.insert(path.as_os_str(), position).and_then(|first| placed.get(first)) {
            let title =
                format!("`{}` and `{}` are the same place on this host: `{}`", other.at, step.at, path.display());
            out.push(at(
                other,
                at(step, Diagnostic::error(Code::SBC0405, title).help("remove one of the rules"), "this rule"),
                "and this one",
            ));
        }
    }
    for (position, (step, path)) in placed.iter().enumerate() {
        for above in upwards(path).skip(1) {
            let Some((order, (other, _))) =
                index.get(above.as_os_str()).and_then(|order| Some((*order, placed.get(*order)?)))
            else {
                continue;
            };
            if order > position {
                buried(step, other, out);
            }
            // A writable step directly in the tree is a mount point there, and so cannot be renamed.
            let holds = is_writable(step) && path.parent() == Some(above);
            if step.at.root() != other.at.root() && is_writable(other) && step.place == Place::Root && !holds {
                unpinned(step, other, out);
            }
        }
    }
}

fn is_writable(step: &Step) -> bool {
    matches!(step.action, Action::Host { grant: Grant::ReadWrite, .. })
}

fn buried(step: &Step, over: &Step, out: &mut Diagnostics) {
    let title =
        format!("on this host `{}` lies inside `{}`, which is placed after it and would hide it", step.at, over.at);
    let help = "write the path with the same start as the one that it lies in, such as `~/…` instead of `/home/…`";
    out.push(at(
        over,
        at(step, Diagnostic::error(Code::SBC0405, title).help(help), "this rule"),
        "would be hidden by this one",
    ));
}

/// Reports a mount below what is a file on this host.
pub fn below_a_file(file: &Mount<'_>, request: &Request<'_>, out: &mut Diagnostics) {
    let title = format!("`{}` lies below a file", request.step.at);
    let diagnostic =
        at(request.step, Diagnostic::error(Code::SBC0405, title).help("remove one of the two rules"), "this rule");
    out.push(match file.step {
        Some(step) => at(step, diagnostic, "the file"),
        None => diagnostic,
    });
}

/// Reports a mount that links of the host lead onto what lies below it.
pub fn buried_by_link(buried: &Mount<'_>, request: &Request<'_>, at: &Path, out: &mut Diagnostics) {
    let Some(step) = buried.step else { return };
    let title = format!(
        "on this host `{}` leads to `{}` by a link, and would hide `{}` there",
        request.step.at,
        at.display(),
        step.at
    );
    let help = format!("write the rule with the path that it leads to: `{}`", at.display());
    let diagnostic = Diagnostic::error(Code::SBC0405, title).help(help);
    out.push(self::at(step, self::at(request.step, diagnostic, "this rule"), "would hide this one"));
}

fn unpinned(step: &Step, tree: &Step, out: &mut Diagnostics) {
    let title = format!(
        "on this host `{}` lies inside `{}`, which is writable, and cannot be protected there",
        step.at, tree.at
    );
    let help = "write both paths with the same start, or do not make the outer one writable";
    out.push(at(tree, at(step, Diagnostic::error(Code::SBC0405, title).help(help), "this rule"), "inside this one"));
}

fn at(step: &Step, diagnostic: Diagnostic, text: &str) -> Diagnostic {
    match step.origins.first() {
        Some(origin) => diagnostic.at(origin.location, text),
        None => diagnostic,
    }
}
