//! Problems as one JSON object. `schema/diagnostics.schema.json` describes it.

use super::Problem;
use crate::diagnostic::Severity;
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    errors: usize,
    warnings: usize,
    diagnostics: &'a [Problem],
}

/// All problems, with none left out.
pub fn render(problems: &[Problem]) -> String {
    let count = |severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings) = (count(Severity::Error), count(Severity::Warning));
    let report = Report { errors, warnings, diagnostics: problems };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}
