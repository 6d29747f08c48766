//! The rules of a policy that a run did not touch. It says what was not used, and never that it is not
//! needed: another run may need it.

use super::events::Table;
use super::fold::Situation;
use crate::plan::{Action, Step};
use crate::source::{SourceKind, Sources};
use std::collections::{BTreeMap, HashSet};

/// A rule, or a profile with all its rules, that was not touched.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Unused {
    pub rule: String,
    /// The file and the line; nothing for a built-in profile.
    pub place: Option<String>,
}

/// The project's own rules that show something and were not touched, and the profiles of which that is
/// true of every rule. What only protects is not asked: it has to be there, touched or not.
pub fn unused(situation: &Situation<'_>, table: &Table, sources: &Sources) -> Vec<Unused> {
    let touched = touched(situation, table);
    let (mut own, mut profiles) = (Vec::new(), BTreeMap::<&str, bool>::new());
    for step in situation.compiled.plan.content.steps.iter().filter(|step| shows(step)) {
        let is_touched = touched.contains(&std::ptr::from_ref(step));
        for origin in &step.origins {
            let source = sources.get(origin.location.source);
            match source.filter(|source| source.kind != SourceKind::BuiltIn) {
                Some(source) if !is_touched => {
                    let (line, _) = source.position(origin.location.span.start);
                    own.push(Unused { rule: step.rule(), place: Some(format!("{}:{line}", source.name)) });
                }
                Some(_) => {}
                None => *profiles.entry(&origin.layer).or_default() |= is_touched,
            }
        }
    }
    let idle = profiles.into_iter().filter(|(_, is_touched)| !is_touched);
    own.extend(idle.map(|(name, _)| Unused { rule: format!("inherit {}", crate::rule::quote(name)), place: None }));
    own
}

/// Whether a step is there to show something.
fn shows(step: &Step) -> bool {
    matches!(step.action, Action::Host { .. } | Action::File { .. } | Action::Symlink { .. })
        && step.guards_name().is_none()
}

/// The steps behind what was found.
fn touched(situation: &Situation<'_>, table: &Table) -> HashSet<*const Step> {
    let view = situation.view;
    let mut touched = HashSet::new();
    for (path, _) in table.paths().filter(|(_, seen)| seen.found) {
        let looked = view.look(path);
        for (link, _) in &looked.links {
            touched.extend(view.mounts().link_at(link).map(|(_, step)| std::ptr::from_ref(step)));
        }
        let Some(mount) = looked.mount else { continue };
        touched.extend(mount.step.map(std::ptr::from_ref));
        touched.extend(view.rule_behind(mount).map(std::ptr::from_ref));
    }
    touched
}
