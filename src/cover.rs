//! Which mounts show nothing new, because what stands above shows the same with the same access.
//!
//! The rule is one for `exec` and for scripts. `optimise.rs` asks it about paths of a host, with links resolved; here it is
//! asked about symbols, and a script looks for links when it runs. Looks at nothing itself.

use crate::path::SymbolicPath;
use crate::plan::{Action, Content, Step};
use crate::policy::Grant;
use std::collections::BTreeMap;

/// What shows each of these that goes. They come parents first, each with those above it, the nearest first. `shows` says
/// whether one above shows another, which holds others or not: what can be written stays where something lies below it,
/// because a mount point cannot be renamed and so holds that. From the innermost outwards, so that pins go with what they
/// held.
pub fn covered(above: &[Vec<usize>], shows: impl Fn(usize, usize, bool) -> bool) -> Vec<Option<usize>> {
    let mut holds = vec![false; above.len()];
    let mut shown_by: Vec<Option<usize>> = vec![None; above.len()];
    for (own, above) in above.iter().enumerate().rev() {
        let holds_some = holds.get(own).copied().unwrap_or_default();
        let over = above.first().copied().filter(|over| shows(*over, own, holds_some));
        match (over, shown_by.get_mut(own)) {
            (Some(over), Some(slot)) => *slot = Some(over),
            _ => above.iter().for_each(|above| holds.get_mut(*above).into_iter().for_each(|holds| *holds = true)),
        }
    }
    let last = |first: usize| std::iter::successors(Some(first), |one| shown_by.get(*one).copied().flatten()).last();
    shown_by.iter().map(|first| first.and_then(last)).collect()
}

/// The steps that need no mount unless the host has a link on the way, each with what shows it.
pub fn in_plan(content: &Content) -> BTreeMap<&SymbolicPath, &SymbolicPath> {
    let steps = &content.steps;
    let mut above: Vec<Vec<usize>> = Vec::new();
    // Parents come first: what stands above a step stands above the one before it, or is that one.
    let mut open: Vec<usize> = Vec::new();
    for (position, own) in steps.iter().enumerate() {
        while open.last().and_then(|last| steps.get(*last)).is_some_and(|last| !own.at.is_within(&last.at)) {
            open.pop();
        }
        above.push(open.iter().rev().copied().collect());
        if !matches!(own.action, Action::Directory) {
            open.push(position);
        }
    }
    let shown_by = covered(&above, |over, own, holds_some| {
        let (over, own) = (steps.get(over).and_then(in_place), steps.get(own).filter(|own| !stays(own)));
        own.and_then(in_place).is_some_and(|writable| over == Some(writable) && !(writable && holds_some))
    });
    let over = shown_by.into_iter().map(|over| steps.get(over?));
    steps.iter().zip(over).filter_map(|(step, over)| Some((&step.at, &over?.at))).collect()
}

/// Whether a host path that stands in its own place can be written; `None` for all else.
fn in_place(step: &Step) -> Option<bool> {
    match &step.action {
        Action::Pin { source } if *source == step.at => Some(true),
        Action::Host { grant: Grant::ReadOnly, source, merged_usr: None, .. } if *source == step.at => Some(false),
        Action::Host { grant: Grant::ReadWrite, source, .. } if *source == step.at => Some(true),
        _ => None,
    }
}

/// What may be made for the run is mounted as what was made, and what is watched where it is missing is looked at there.
fn stays(step: &Step) -> bool {
    let makes = matches!(&step.action, Action::Host { missing, .. } if missing.makes_directory().is_some());
    makes || step.guards_name().is_some()
}
