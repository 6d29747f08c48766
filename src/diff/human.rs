//! What has changed, for people at a terminal: a line for each change.

use super::{Class, SandboxDiff, lines, summary};
use crate::diagnostic::printable;
use std::fmt::Write as _;

/// Every change, below the name of its sandbox, and how many there are.
pub fn human(diffs: &[SandboxDiff], color: bool) -> String {
    let mut out = String::new();
    for diff in diffs.iter().filter(|diff| !diff.changes.is_empty()) {
        let _ = writeln!(out, "sandbox {}", printable(&diff.name));
        for (class, sentence) in lines(&diff.changes) {
            let verb = format!("{:<7}", class.verb());
            let verb = match (color, class) {
                (true, Class::Widening) => format!("\u{1b}[31m{verb}\u{1b}[0m"),
                (true, Class::Narrowing) => format!("\u{1b}[32m{verb}\u{1b}[0m"),
                _ => verb,
            };
            let _ = writeln!(out, "  {verb}  {}", sentence.plain());
        }
        out.push('\n');
    }
    let _ = writeln!(out, "{}", summary(diffs));
    out
}
