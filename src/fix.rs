//! Makes the changes of the sources that problems are certain about.
//!
//! Pure: from texts and problems to new texts. `command/fix.rs` writes them.

use crate::compile::{Compilation, Wanted, compile};
use crate::diagnostic::{Diagnostic, Diagnostics, Edit};
use crate::edit::{Replacement, apply};
use crate::source::{Source, SourceId, SourceKind, Sources};

/// How often what was fixed is looked at again: a fix can bring to light what it hid.
const ROUNDS: usize = 10;

/// One change that was made, as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The file, and the line as it was numbered before the round that changed it.
    pub place: String,
    pub old: String,
    pub new: String,
}

/// Texts after their fixes.
#[derive(Clone, Debug)]
pub struct Fixed {
    pub sources: Sources,
    pub changes: Vec<Change>,
}

/// Makes every certain fix that leaves fewer problems than before, again and again.
pub fn fix(sources: &Sources) -> Fixed {
    let mut fixed = Fixed { sources: sources.clone(), changes: Vec::new() };
    let mut found = check(&fixed.sources);
    for _ in 0..ROUNDS {
        let wanted: Vec<&Diagnostic> = found.sorted().into_iter().filter(|one| is_certain(one, sources)).collect();
        // All at once, as they are independent nearly always; else one by one.
        let next = attempt(&fixed.sources, &wanted, &found)
            .or_else(|| wanted.iter().take(ROUNDS).find_map(|one| attempt(&fixed.sources, &[one], &found)));
        let Some((sources, mut changes, left)) = next else { break };
        fixed.sources = sources;
        fixed.changes.append(&mut changes);
        found = left;
    }
    fixed
}

fn check(sources: &Sources) -> Diagnostics {
    let Compilation { diagnostics, .. } = compile(sources, &Wanted::All);
    diagnostics
}

/// Whether a program may make the changes: they are certain, and all in the project's own files.
fn is_certain(diagnostic: &Diagnostic, sources: &Sources) -> bool {
    let own = |edit: &Edit| sources.get(edit.location.source).is_some_and(|source| source.kind != SourceKind::BuiltIn);
    diagnostic.fix.as_ref().is_some_and(|fix| fix.certain && fix.edits.iter().all(own))
}

/// The sources with the fixes of some problems, if fewer problems are left then.
fn attempt(
    sources: &Sources,
    wanted: &[&Diagnostic],
    before: &Diagnostics,
) -> Option<(Sources, Vec<Change>, Diagnostics)> {
    let (next, changes) = apply_fixes(sources, wanted);
    if changes.is_empty() {
        return None;
    }
    let left = check(&next);
    (left.sorted().len() < before.sorted().len()).then_some((next, changes, left))
}

/// The sources with the fixes of some problems. Of fixes that overlap the first is made.
pub fn apply_fixes(sources: &Sources, wanted: &[&Diagnostic]) -> (Sources, Vec<Change>) {
    let mut taken: Vec<&Edit> = Vec::new();
    for fix in wanted.iter().filter_map(|diagnostic| diagnostic.fix.as_ref()) {
        let overlaps = |edit: &Edit| taken.iter().any(|other| overlap(edit, other));
        if !fix.edits.iter().any(overlaps) {
            taken.extend(&fix.edits);
        }
    }
    let (mut next, mut changes) = (Sources::default(), Vec::new());
    for (id, source) in sources.iter() {
        let edits: Vec<&Edit> = taken.iter().filter(|edit| edit.location.source == id).copied().collect();
        changes.extend(lines(source, &edits));
        next.add(Source { text: edited(source, id, &edits).into(), ..source.clone() });
    }
    (next, changes)
}

fn overlap(a: &Edit, b: &Edit) -> bool {
    let (x, y) = (a.location.span, b.location.span);
    let same = x == y && a.text == b.text && x.start == x.end;
    a.location.source == b.location.source && !same && (x.start < y.end && y.start < x.end || x == y)
        || same && a.location == b.location
}

fn edited(source: &Source, id: SourceId, edits: &[&Edit]) -> String {
    let own = edits.iter().filter(|edit| edit.location.source == id);
    let replacements: Vec<Replacement> =
        own.map(|edit| Replacement { span: edit.location.span, text: edit.text.clone() }).collect();
    apply(&source.text, &replacements).0
}

/// What changes, line by line.
fn lines(source: &Source, edits: &[&Edit]) -> Vec<Change> {
    let mut by_line: std::collections::BTreeMap<usize, Vec<&Edit>> = std::collections::BTreeMap::new();
    for edit in edits {
        by_line.entry(source.position(edit.location.span.start).0).or_default().push(edit);
    }
    let change = |(number, edits): (usize, Vec<&Edit>)| {
        let first = edits.iter().map(|edit| edit.location.span.start).min()?;
        let last = edits.iter().map(|edit| edit.location.span.end).max()?;
        let start = source.text.get(..first)?.rfind('\n').map_or(0, |newline| newline + 1);
        let end = last + source.text.get(last..)?.find('\n').unwrap_or(source.text.len() - last);
        let inside: Vec<Replacement> = edits
            .iter()
            .map(|edit| {
                let span = edit.location.span;
                Replacement::new(span.start - start, span.end - start, edit.text.clone())
            })
            .collect();
        let old = source.text.get(start..end)?;
        let new = apply(old, &inside).0;
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        Some(Change { place: format!("{}:{number}", source.name), old: line(old), new: line(&new) })
    };
    by_line.into_iter().filter_map(change).collect()
}
