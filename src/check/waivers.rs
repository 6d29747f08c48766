//! Waivers of what nothing asserts and no guard stands behind.

use super::guards;
use crate::amend::Amendment;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, nearest};
use crate::merge::{Guarantee, Merged};
use crate::plan::Plan;
use crate::rule::{self, subject};

/// Reports every waiver that lifts nothing.
pub fn check(merged: &Merged, plan: &Plan, out: &mut Diagnostics) {
    let waivers = merged.guarantees.iter().filter(|guarantee| guarantee.is_guard);
    let empty = waivers.filter(|waiver| !guards::is_behind(&waiver.assertion, plan));
    empty.for_each(|waiver| out.push(nothing_to_waive(merged, waiver)));
}

fn nothing_to_waive(merged: &Merged, waiver: &Guarantee) -> Diagnostic {
    let kind = waiver.assertion.kind();
    let lift = merged.lifts.iter().find(|lift| lift.assertion == waiver.assertion);
    let layers = lift.and_then(|lift| lift.reaches.as_ref());
    let is_near =
        |other: &&Guarantee| layers.is_none_or(|layers| layers.contains(&(other.layer.clone(), other.location.source)));
    let asserted = merged.guarantees.iter().filter(|other| !other.is_guard && other.assertion.kind() == kind);
    let known: Vec<String> = asserted.filter(is_near).map(|other| subject(&other.assertion)).collect();
    let name = subject(&waiver.assertion);
    let title = format!("nothing asserts {} `{name}`", kind.word());
    let diagnostic = Diagnostic::error(Code::SBC0502, title).at(waiver.location, "nothing to waive");
    match nearest(&name, known.iter().map(String::as_str)) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).suggest(waiver.location, rule::quote(near)),
        None => diagnostic
            .help("remove this `waive`: nothing in this layer or in what it inherits asserts that, and no guard does")
            .amend(Amendment::Remove { subject: waiver.location }),
    }
}
