//! Calls of a script's functions in few words: a shell needs as long for a call as for several system calls.

use super::script::Script;
use super::shell;
use super::steps::bind_option;
use crate::path::Root;
use crate::plan::{Action, Step};
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Script<'_> {
    /// The calls of `arg` whose words need no quotes, as what they do: a shell is slow at calling.
    pub(super) fn with_plain_words(&self, calls: &str) -> String {
        let variables: Vec<&str> = self.content.variables(|_| true).into_iter().map(shell::variable).collect();
        let mut used: BTreeSet<&str> = BTreeSet::new();
        let mut out = String::new();
        for line in calls.lines() {
            let mut words = line.strip_prefix("    arg ").unwrap_or("'").to_owned();
            let mut named = Vec::new();
            for variable in &variables {
                let word = format!("\"${variable}\"");
                if words.contains(&word) {
                    words = words.replace(&word, &format!("$quoted_{variable}"));
                    named.push(*variable);
                }
            }
            if words.contains(['\'', '"', '\\', '`', '{']) {
                let _ = writeln!(out, "{line}");
            } else {
                let _ = writeln!(out, "    words=\"$words {words}\"");
                used.extend(named);
            }
        }
        let quotes: String =
            used.iter().map(|variable| format!("quote \"${variable}\"\nquoted_{variable}=$quoted\n")).collect();
        quotes + &out
    }

    /// What is shown in place where it is there, as the start of a call for several names of one directory.
    fn as_sibling(&self, step: &Step) -> Option<String> {
        let (directory, _) = step.at.in_directory()?;
        if step.guards_name().is_some() {
            return guards(step).map(|(start, _)| start);
        }
        let line = self.step(step);
        let start = line.strip_suffix(&format!(" skip {}", shell::path(&step.at)))?;
        let is_named = !directory.components().is_empty() || directory.root().variable().is_some();
        (is_named && ["bind ", "show ", "private "].iter().any(|verb| start.starts_with(verb)))
            .then(|| format!("siblings {start} {}", shell::path(&directory)))
    }

    pub(super) fn are_siblings(&self, one: &Step, next: &Step) -> bool {
        self.as_sibling(one).is_some_and(|first| self.as_sibling(next) == Some(first))
    }

    /// One call for several names of a directory.
    pub(super) fn siblings(&self, steps: &[&Step]) -> String {
        let start = steps.first().and_then(|step| self.as_sibling(step));
        let names = steps.iter().filter_map(|step| step.at.in_directory()).map(|(_, name)| shell::text(name));
        start.map_or_else(String::new, |start| wrapped(&start, names))
    }
}

/// The start of the call for a guarded name, and the name.
pub(super) fn guards(step: &Step) -> Option<(String, String)> {
    let (directory, name) = step.at.in_directory()?;
    let is_root = directory.components().is_empty() && directory.root() == Root::Absolute;
    let parent = if is_root { "''".to_owned() } else { shell::path(&directory) };
    let Action::Host { grant, .. } = &step.action else { return None };
    Some((format!("guards {} {parent}", bind_option(*grant)), shell::text(name)))
}

/// Words after the start of a command, in lines of usual length.
pub(super) fn wrapped(start: &str, words: impl Iterator<Item = String>) -> String {
    let (mut out, mut width) = (start.to_owned(), start.len());
    for word in words {
        if width + word.len() > 110 {
            out.push_str(" \\\n       ");
            width = 8;
        }
        width += word.len() + 1;
        out.push(' ');
        out.push_str(&word);
    }
    out
}
