//! One fact a line, without drawings: for screen readers, logs and dumb terminals.

use super::{Place, Problem, SHOWN, word};
use std::fmt::Write as _;

pub fn render(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems.iter().take(SHOWN) {
        // Writing to a string cannot fail.
        let _ = writeln!(out, "{}[{}]: {}", word(problem.severity), problem.code.name(), one_line(&problem.title));
        for Place { file, line, column, text, .. } in &problem.labels {
            let remark = if text.is_empty() { String::new() } else { format!(": {}", one_line(text)) };
            let _ = writeln!(out, "at {}:{line}:{column}{remark}", one_line(file));
        }
        for note in &problem.notes {
            let _ = writeln!(out, "note: {}", one_line(note));
        }
        for help in problem.help.iter().flat_map(|help| help.lines()) {
            let _ = writeln!(out, "help: {help}");
        }
        out.push('\n');
    }
    if problems.len() > SHOWN {
        let _ = writeln!(out, "and {} more", problems.len() - SHOWN);
    }
    out
}

fn one_line(text: &str) -> String {
    text.replace('\n', " ")
}
