//! A `deny` hides a file, not only one way to it: whatever shows the same file at another place has
//! to be denied, too.

use super::guards;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::{Action, Plan};
use crate::policy::Assertion;
use crate::rule::quote;
use crate::view::View;
use crate::words::AssertionKind;

/// Reports every denied path that the view shows at another place. A rule that names the denied path
/// itself, or something in it, as what it shows is taken at its word.
pub fn check(plan: &Plan, view: &View<'_>, out: &mut Diagnostics) {
    for step in plan.content.steps.iter().filter(|step| matches!(step.action, Action::Deny { .. })) {
        let Some((other, at)) = view.space().real(&step.at).and_then(|path| view.shows_elsewhere(&path)) else {
            continue;
        };
        // A guard about it has said so.
        let guarded = guards::is_known(&Assertion::Path(AssertionKind::Denied, step.at.clone()));
        if guarded && other.origins.first().is_some_and(|origin| out.blames(origin.location)) {
            continue;
        }
        let place = view.space().spell(&at);
        let title = format!("`{}` is denied, and `{}` shows it as `{place}`", step.at, other.rule());
        let help = format!("deny it there, too: `deny {}`; or show less by that rule", quote(&place));
        let mut diagnostic = Diagnostic::error(Code::SBC0505, title).help(help);
        if let Some(origin) = other.origins.first() {
            diagnostic = diagnostic.at(origin.location, "shows it");
        }
        if let Some(origin) = step.origins.first() {
            diagnostic = diagnostic.at(origin.location, "denies it");
        }
        out.push(diagnostic);
    }
}
