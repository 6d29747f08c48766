//! What a policy asserts of its own result, and what it waives.

use super::sentence::Sentence;
use super::{Cause, Change, Class, Kind, One, Pair};
use crate::check::guards;
use crate::merge::{Guarantee, Merged};
use crate::origin::Origin;
use crate::plan::{Content, Waived};
use crate::policy::Assertion;
use crate::rule;
use crate::source::Location;
use std::collections::{BTreeMap, BTreeSet};

/// Whether an assertion is checked, or why it is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    Waived(String),
    Holds,
}

/// Every assertion of a sandbox. What one layer waives may hold for another.
pub fn states(merged: &Merged) -> BTreeMap<&Assertion, State> {
    let mut states = BTreeMap::new();
    for guarantee in &merged.guarantees {
        let state = match &guarantee.waived {
            Some((reason, _)) => State::Waived(reason.clone()),
            None => State::Holds,
        };
        let known = states.entry(&guarantee.assertion).or_insert_with(|| state.clone());
        if state == State::Holds {
            *known = state;
        }
    }
    states
}

/// The guarantees of a sandbox as they were with an older plan, which knows what it waives and no more.
pub fn before(old: &Content, new: &Merged) -> Vec<Guarantee> {
    let was_waived = |assertion: &Assertion| {
        let same = |one: &Waived| one.kind == assertion.kind() && one.subject == rule::subject(assertion);
        old.waived.iter().any(same)
    };
    let of_old = |guarantee: &Guarantee| match (was_waived(&guarantee.assertion), &guarantee.waived) {
        (true, Some(_)) => Some(guarantee.clone()),
        (true, None) => Some(Guarantee { waived: Some((String::new(), guarantee.location)), ..guarantee.clone() }),
        // A guard stands in no policy before it is waived.
        (false, _) if guarantee.is_guard => None,
        (false, _) => Some(Guarantee { waived: None, ..guarantee.clone() }),
    };
    new.guarantees.iter().filter_map(of_old).collect()
}

/// Reports every assertion that is checked on one side only.
pub fn compare(pair: &Pair<'_>, out: &mut Vec<Change>) {
    let (old, new) = (states(&pair.old.compiled.merged), states(&pair.new.compiled.merged));
    let all: BTreeSet<&Assertion> = old.keys().chain(new.keys()).copied().collect();
    for assertion in all {
        let (before, after) = (old.get(assertion), new.get(assertion));
        if before != after {
            out.push(change(pair, assertion, before, after));
        }
    }
}

fn change(pair: &Pair<'_>, assertion: &Assertion, before: Option<&State>, after: Option<&State>) -> Change {
    let name = rule::assertion(assertion);
    let word = |state: Option<&State>| match state {
        None => "nothing",
        Some(State::Waived(_)) => "waived",
        Some(State::Holds) => "asserted",
    };
    let is_guard = is_guard(pair, assertion);
    // A guard holds where nobody speaks of it.
    let is_free = |state: Option<&State>, other: Option<&State>| match state {
        None => !(is_guard && matches!(other, Some(State::Waived(_)))),
        state => state != Some(&State::Holds),
    };
    let sentence = match (before, after) {
        (Some(State::Holds), None) => Sentence::new("no longer asserts {}", &[&name]),
        (Some(State::Holds), Some(State::Waived(reason))) => Sentence::new("waives {}: {}", &[&name, reason]),
        (Some(State::Waived(_)), Some(State::Holds)) => Sentence::new("no longer waives {}", &[&name]),
        (Some(State::Waived(_)), Some(State::Waived(reason))) => {
            Sentence::new("waives {} for another reason: {}", &[&name, reason])
        }
        (Some(State::Waived(_)), None) if is_guard => Sentence::new("no longer waives {}", &[&name]),
        (None, Some(State::Waived(reason))) if is_guard => Sentence::new("waives {}: {}", &[&name, reason]),
        (Some(State::Waived(_)), None) => Sentence::new("neither asserts nor waives {} any more", &[&name]),
        (None, Some(State::Waived(reason))) => Sentence::new("asserts {} and waives it: {}", &[&name, reason]),
        (_, _) => Sentence::new("asserts {}", &[&name]),
    };
    let class = Class::of(is_free(before, after), is_free(after, before));
    let cause = cause(&pair.new, assertion).or_else(|| cause(&pair.old, assertion));
    Change::new(class, Kind::Assertion, &name, (word(before), word(after)), sentence, cause)
}

/// Whether every sandbox asserts it by itself, as far as can be told without a host.
fn is_guard(pair: &Pair<'_>, assertion: &Assertion) -> bool {
    let lifts = |one: &One<'_>| {
        one.compiled.merged.guarantees.iter().any(|other| other.is_guard && other.assertion == *assertion)
    };
    guards::is_known(assertion) || lifts(&pair.old) || lifts(&pair.new)
}

/// The waiver, or else the assertion itself.
fn cause(one: &One<'_>, assertion: &Assertion) -> Option<Cause> {
    let guarantees = || one.compiled.merged.guarantees.iter().filter(|guarantee| guarantee.assertion == *assertion);
    let origin =
        |layer: &str, location: Location| Origin { layer: layer.to_owned(), location, reason: None, is_stated: false };
    let holding = guarantees().find(|guarantee| guarantee.waived.is_none());
    let name = rule::assertion(assertion);
    if let Some(guarantee) = holding {
        return one.cause(name, &[origin(&guarantee.layer, guarantee.location)]);
    }
    let (reason, location) = guarantees().find_map(|guarantee| guarantee.waived.as_ref())?;
    // Which layer waives is not kept.
    one.cause(format!("waive {name} reason={}", rule::quote(reason)), &[origin("", *location)])
}
