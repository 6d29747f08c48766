//! Workflow commands of GitHub Actions, which become annotations on the lines of a pull request.
//!
//! <https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands>

use super::{Place, Problem, word};
use std::fmt::Write as _;

pub fn render(problems: &[Problem]) -> String {
    let mut out = String::new();
    for problem in problems {
        let mut properties = format!("title={}", property(problem.code.name()));
        // A file that is not in the repository cannot be annotated.
        let own = problem.labels.iter().find(|place| place.in_project);
        if let Some(Place { file, line, column, end_line, end_column, .. }) = own {
            let end = if end_line == line { format!(",endColumn={end_column}") } else { String::new() };
            let _ = write!(properties, ",file={},line={line},endLine={end_line},col={column}{end}", property(file));
        }
        let elsewhere = problem.labels.iter().filter(|place| own.is_none_or(|own| !std::ptr::eq(*place, own)));
        let elsewhere = elsewhere.map(|place| format!("\n{}:{}: {}", place.file, place.line, place.text));
        let message = problem.message() + &elsewhere.collect::<String>();
        let _ = writeln!(out, "::{} {properties}::{}", word(problem.severity), data(&message));
    }
    out
}

/// Text of a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
