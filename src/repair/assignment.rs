//! Variables that are given a value without a verb: `NAME=value`.

use super::{FOREIGN_QUOTES, Node, Scanner};
use crate::diagnostic::LONGEST_REPEATED;
use crate::edit::{Replacement, quoted};
use crate::source::Span;

/// Assignments of variables without a verb before them.
struct Assignments {
    /// As they are to be written.
    text: String,
    /// The quotes that are missing.
    changes: Vec<Replacement>,
    end: usize,
    count: usize,
}

impl Scanner<'_> {
    /// `NAME=value` without a verb before it, and more of them on the same line.
    pub(super) fn assignment(&mut self, start: usize, equals: usize, in_env: bool) {
        let found = self.assignments(start);
        let end = if found.count == 0 { self.end_of_assignment(equals) } else { found.end };
        let written = if found.count == 0 { self.text.get(start..end).unwrap_or_default() } else { &found.text };
        let shown = if written.len() > LONGEST_REPEATED { "…" } else { written };
        let (title, help, before, after) = if in_env {
            ("a variable needs `set` before it", format!("write `set {shown}`"), "set ", "")
        } else {
            ("a variable belongs in `env { }`", format!("write `env {{ set {shown}; }}`"), "env { set ", "; }")
        };
        let mut changes = vec![Replacement::new(start, start, before)];
        changes.extend(found.changes);
        changes.extend(Some(Replacement::new(end, end, after)).filter(|_| !after.is_empty()));
        self.report(title, help, Span { start, end: equals }, in_env, &changes);
        self.node = Some(Node { name: "set", entries: 1 });
        if found.count > 0 {
            return self.entry(end);
        }
        // The value is read as that of any property.
        self.at = start;
        self.word();
    }

    /// The assignments that stand side by side from an offset on, as far as their values are plain.
    fn assignments(&self, start: usize) -> Assignments {
        let mut found = Assignments { text: String::new(), changes: Vec::new(), end: start, count: 0 };
        loop {
            let rest = self.text.get(found.end..).unwrap_or_default();
            let at = found.end + rest.len() - rest.trim_start_matches([' ', '\t']).len();
            let word = self.text.get(at..self.word_end(at)).unwrap_or_default();
            let Some((name, value)) = word.split_once('=').filter(|(name, _)| is_name(name)) else { return found };
            let from = at + name.len() + 1;
            let Some((end, new)) = self.plain_value(from, value) else { return found };
            if self.text.get(from..end) != Some(&new) {
                found.changes.push(Replacement::new(from, end, new.clone()));
            }
            let space = if found.count == 0 { "" } else { " " };
            found.text.push_str(&format!("{space}{name}={new}"));
            (found.end, found.count) = (end, found.count + 1);
        }
    }

    /// Where the value of an assignment ends, and what it is in quotes.
    fn plain_value(&self, from: usize, value: &str) -> Option<(usize, String)> {
        let rest = self.text.get(from..self.line_end(from))?;
        if let Some(body) = rest.strip_prefix('"') {
            let closing =
                body.find('"').filter(|closing| !body.get(..*closing).is_some_and(|body| body.contains('\\')))?;
            return Some((from + closing + 2, rest.get(..closing + 2)?.to_owned()));
        }
        if value.starts_with(FOREIGN_QUOTES) {
            let end = self.quotes_end(from)?;
            return Some((end, quoted(self.text.get(from..end)?.trim_matches(FOREIGN_QUOTES))));
        }
        let is_plain =
            |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | '/' | '+' | '@' | '%');
        let end = from + value.len();
        let fits = !value.is_empty() && value.chars().all(is_plain) && !rest.get(value.len()..)?.starts_with('"');
        fits.then(|| (end, quoted(value)))
    }

    /// Where an assignment ends whose `=` stands at `equals`.
    fn end_of_assignment(&self, equals: usize) -> usize {
        let rest = self.text.get(equals + 1..).unwrap_or_default();
        match rest.strip_prefix('"').and_then(|body| body.find(['"', '\n'])) {
            Some(closing) => equals + closing + 3,
            None => self.word_end(equals + 1),
        }
    }
}

/// Whether a text can be the name of a variable.
fn is_name(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.starts_with(|c: char| legal(c) && !c.is_ascii_digit()) && text.chars().all(legal)
}
