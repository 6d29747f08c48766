//! `sbc doctor`: what this host can do, as a table, with the cure for each miss.

use super::{print, report_one};
use crate::cli::DoctorFormat;
use crate::diagnostic::printable;
use crate::doctor::{Facts, Row, State, rows};
use crate::host;
use serde::Serialize;
use std::fmt::Write as _;

/// What `--format json` prints.
#[derive(Serialize)]
struct Report<'a> {
    /// Whether the sandboxes of the built-in profiles run here.
    runs: bool,
    rows: &'a [Row],
}

/// 0 when a sandbox can run here, 1 when it cannot.
pub fn run(format: DoctorFormat) -> i32 {
    let state = match host::records() {
        Ok(state) => state,
        Err(diagnostic) => {
            report_one(diagnostic);
            return 1;
        }
    };
    let rows = rows(&Facts::gather(&state));
    let runs = !rows.iter().any(|row| row.state == State::Missing);
    let written = match format {
        DoctorFormat::Human => print(table(&rows, runs)),
        // Nothing in a report can fail to serialise.
        DoctorFormat::Json => {
            print(serde_json::to_string_pretty(&Report { runs, rows: &rows }).unwrap_or_default() + "\n")
        }
    };
    if runs { written } else { 1 }
}

fn table(rows: &[Row], runs: bool) -> String {
    let width = rows.iter().map(|row| row.what.len()).max().unwrap_or_default();
    let mut out = String::new();
    for row in rows {
        let _ = writeln!(out, "{:<7}  {:<width$}  {}", word(row.state), row.what, printable(&row.found));
        if let Some(cure) = &row.cure {
            let _ = writeln!(out, "{:<7}  {:<width$}  cure: {}", "", "", printable(cure));
        }
    }
    let count = |state| rows.iter().filter(|row| row.state == state).count();
    let sentence = if runs { "sandboxes run here" } else { "no sandbox runs here" };
    let _ = writeln!(out, "\n{sentence}: {} missing, {} weak", count(State::Missing), count(State::Weak));
    out
}

fn word(state: State) -> &'static str {
    match state {
        State::Ok => "ok",
        State::Weak => "weak",
        State::Missing => "missing",
    }
}
