//! Lines that were never meant to be rules.

use super::Scanner;
use crate::edit::Replacement;
use crate::schema;
use crate::source::Span;

/// What lines of shell scripts start with, and no rule.
const SHELL: [&str; 18] = [
    "$", "if", "then", "elif", "else", "fi", "for", "while", "do", "done", "case", "esac", "source", "eval", "echo",
    "trap", "alias", "cd",
];

impl Scanner<'_> {
    /// A line of a shell script, the head of a section as in TOML, a mark around code: said once, and left out.
    pub(super) fn foreign_line(&mut self, start: usize, word: &str) -> bool {
        let end = self.line_end(start);
        let line = self.text.get(start..end).unwrap_or_default().trim_end();
        let mark = Span { start, end: start + word.len() };
        let section =
            line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(|name| name.trim_matches(['[', ']']));
        let (title, help) = match section {
            Some(name) if schema::homes(name).next().is_some() => {
                ("a section is a block here", format!("write `{name} {{` here, and `}}` after its rules"))
            }
            _ if SHELL.contains(&word) && !line.contains(['{', '}']) => (
                "this is a line of a shell script",
                "remove it; a policy starts nothing but the `command` of `run { }`".into(),
            ),
            _ if line.starts_with("```") => ("this is the fence of a code block", "remove the line".into()),
            _ if matches!(word, "--" | "%" | "REM" | "rem") => {
                let change = Replacement::new(start, start + word.len(), "//");
                let help = format!("write `//` instead of `{word}`");
                self.report("a comment starts with `//` here", help, mark, true, &[change]);
                self.at = end;
                return true;
            }
            _ => return false,
        };
        let span = Span { start, end: start + line.len() };
        self.report(title, help, span, false, &[Replacement::new(span.start, span.end, "")]);
        self.at = span.end;
        true
    }
}
