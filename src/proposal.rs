//! A change of a text, drawn for the person who decides about it.
//!
//! Pure: whoever proposes a change shows it by this before anything is written.

use crate::diagnostic::printable;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// What becomes of a text, as a unified diff with everything escaped; nothing where it stays the same.
/// An empty old text is a file that is not there yet.
pub fn draw(old: &str, new: &str, name: &str, color: bool) -> String {
    if old == new {
        return String::new();
    }
    let paint = |code: &str, line: &str| match color {
        true => format!("\u{1b}[{code}m{line}\u{1b}[0m\n"),
        false => format!("{line}\n"),
    };
    let name = printable(name).replace('\n', "\\n");
    let before = if old.is_empty() { "/dev/null" } else { &name };
    let mut out = paint("1", &format!("--- {before}")) + &paint("1", &format!("+++ {name}"));
    let diff = TextDiff::from_lines(old, new);
    for group in diff.grouped_ops(CONTEXT) {
        let (Some(first), Some(last)) = (group.first(), group.last()) else { continue };
        let range = |start: usize, end: usize| format!("{},{}", (start + 1).min(end), end - start);
        let before = range(first.old_range().start, last.old_range().end);
        let after = range(first.new_range().start, last.new_range().end);
        out.push_str(&paint("36", &format!("@@ -{before} +{after} @@")));
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let line = printable(change.value().trim_end_matches(['\n', '\r']));
            let _ = match change.tag() {
                ChangeTag::Equal => writeln!(out, " {line}"),
                ChangeTag::Delete => write!(out, "{}", paint("31", &format!("-{line}"))),
                ChangeTag::Insert => write!(out, "{}", paint("32", &format!("+{line}"))),
            };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A new file is added to nothing, a changed one is shown where it changes, and the same is nothing.
    #[test]
    fn changes_are_drawn() {
        assert_eq!(draw("", "a\nb\n", "f", false), "--- /dev/null\n+++ f\n@@ -0,0 +1,2 @@\n+a\n+b\n");
        let old = "1\n2\n3\n4\n5\n6\n7\n8\n";
        let new = old.replace("7\n", "x\n");
        assert_eq!(draw(old, &new, "f", false), "--- f\n+++ f\n@@ -4,5 +4,5 @@\n 4\n 5\n 6\n-7\n+x\n 8\n");
        assert_eq!(draw(old, old, "f", false), "");
    }

    /// Nothing of a text drives the terminal; colours are sbc's own.
    #[test]
    fn texts_are_escaped() {
        let drawn = draw("", "\u{1b}[2Ja\u{202e}b\r\n", "f\n\u{7}", false);
        assert!(!drawn.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r']), "{drawn:?}");
        assert_eq!(drawn.lines().count(), 4, "{drawn}");
        assert!(draw("a\n", "b\n", "f", true).contains("\u{1b}[31m-a\u{1b}[0m\n"));
    }
}
