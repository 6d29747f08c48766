//! What has changed, as a comment on a pull request.
//!
//! Whoever opens the pull request writes the policy, so every text of it stands in a code span, where
//! code hosts see no markup, no HTML and no names of people. GitHub refuses comments of more than
//! 65,536 characters, so a longer one ends with how many lines it leaves out.

use super::sentence::{Sentence, one_line};
use super::{Class, SandboxDiff, lines, summary};
use std::fmt::Write as _;

/// As many bytes as the lists of changes may have.
const LONGEST: usize = 60_000;

/// Every change, as far as they fit; `names` are those of the two sides.
pub fn markdown(diffs: &[SandboxDiff], names: (&str, &str)) -> String {
    let title = Sentence::new("{} → {}", &[names.0, names.1]).marked(code);
    let mut out = format!("### What the sandbox allows: {}\n\n{title}\n", summary(diffs));
    let mut left_out = 0;
    for diff in diffs.iter().filter(|diff| !diff.changes.is_empty()) {
        let _ = write!(out, "\n#### Sandbox {}\n\n", code(&one_line(&diff.name)));
        let (neutral, rest): (Vec<Line>, Vec<Line>) =
            lines(&diff.changes).into_iter().partition(|(class, _)| *class == Class::Neutral);
        left_out += list(&mut out, &rest);
        if !neutral.is_empty() {
            let _ = write!(out, "\n<details><summary>{} neutral</summary>\n\n", neutral.len());
            left_out += list(&mut out, &neutral);
            out.push_str("\n</details>\n");
        }
    }
    if left_out > 0 {
        let _ = write!(out, "\n… and {left_out} lines more: `sbc diff` prints them all.\n");
    }
    out
}

/// Every change as an item of a list, whatever sandbox it is about.
pub fn items(diffs: &[SandboxDiff]) -> String {
    let mut out = String::new();
    for diff in diffs {
        list(&mut out, &lines(&diff.changes));
    }
    out
}

type Line = (Class, Sentence);

/// Writes an item for each line for which there is room, and gives how many are left out.
fn list(out: &mut String, lines: &[Line]) -> usize {
    let mut left_out = 0;
    for (class, sentence) in lines {
        let sentence = sentence.marked(code);
        let item = match class {
            Class::Widening => format!("- **widens**: {sentence}\n"),
            Class::Narrowing => format!("- narrows: {sentence}\n"),
            Class::Neutral => format!("- {sentence}\n"),
        };
        if out.len() + item.len() > LONGEST {
            left_out += 1;
        } else {
            out.push_str(&item);
        }
    }
    left_out
}

/// Text on one line as a code span. It ends at the first run of as many backticks as it starts with,
/// so it starts with more than there are anywhere in the text.
fn code(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // A span cannot be empty, and a backtick at an end would belong to the fence.
    let pad = if text.is_empty() || longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
