//! Shows problems: to people, to screen readers, to programs, to code hosts.
//!
//! The only part that turns diagnostics into text. [`Problem`] is a diagnostic with its places worked
//! out and everything escaped that came from a policy; every format shows nothing else.

mod github;
mod human;
mod json;
mod plain;
mod sarif;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Edit, Fix, Label, Severity, printable};
use crate::source::{Location, SourceKind, Sources};
use serde::Serialize;

/// How many problems people are shown before the rest is only counted.
const SHOWN: usize = 20;

/// How problems are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    /// For people at a terminal
    Human,
    /// For screen readers and logs: one fact a line, no drawing
    Plain,
    /// One JSON object, as in schema/diagnostics.schema.json
    Json,
    /// SARIF 2.1.0, for code scanning
    Sarif,
    /// Annotations of GitHub Actions
    Github,
}

impl Format {
    /// Whether programs read it. It goes to standard output, and nothing else does.
    pub fn is_data(self) -> bool {
        matches!(self, Format::Json | Format::Sarif | Format::Github)
    }
}

/// The look of [`Format::Human`].
#[derive(Clone, Copy, Debug)]
pub struct Style {
    pub color: bool,
    pub unicode: bool,
    /// Columns of the terminal, if it is one: sentences are broken there, never words or source.
    pub width: Option<usize>,
}

/// Everything that `format` says about the problems, ending in a newline, or nothing.
pub fn render(diagnostics: &Diagnostics, sources: &Sources, format: Format, style: Style) -> String {
    let sorted = diagnostics.sorted();
    let problems = || sorted.iter().map(|diagnostic| Problem::new(diagnostic, sources)).collect::<Vec<_>>();
    match format {
        Format::Human => human::render(&sorted, sources, style) + &summary(&sorted),
        Format::Plain => plain::render(&problems()) + &summary(&sorted),
        Format::Json => json::render(&problems()),
        Format::Sarif => sarif::render(&problems()),
        Format::Github => github::render(&problems()),
    }
}

/// A place in a source: lines and columns count from 1, columns in characters; offsets are bytes.
#[derive(Serialize)]
struct Place {
    file: String,
    /// Whether the file is one of the project's.
    #[serde(skip)]
    in_project: bool,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    start: usize,
    end: usize,
    /// The remark, or the text to put there.
    text: String,
}

/// Changes that settle a problem.
#[derive(Serialize)]
struct Change {
    certain: bool,
    edits: Vec<Place>,
}

/// A diagnostic, ready to be shown.
#[derive(Serialize)]
struct Problem {
    code: Code,
    severity: Severity,
    title: String,
    notes: Vec<String>,
    help: Option<String>,
    /// The guilty place first.
    labels: Vec<Place>,
    fix: Option<Change>,
}

impl Problem {
    fn new(diagnostic: &Diagnostic, sources: &Sources) -> Problem {
        let label = |label: &Label| place(label.location, &label.text, sources);
        let edit = |edit: &Edit| place(edit.location, &edit.text, sources).filter(|place| place.text == edit.text);
        // All edits or none: a text that cannot be shown as it is cannot be copied.
        let change = |fix: &Fix| {
            let edits = fix.edits.iter().map(edit).collect::<Option<_>>()?;
            Some(Change { certain: fix.certain, edits })
        };
        Problem {
            code: diagnostic.code,
            severity: diagnostic.severity,
            title: printable(&diagnostic.title),
            notes: diagnostic.notes.iter().map(|note| printable(note)).collect(),
            help: diagnostic.help.as_deref().map(printable),
            labels: diagnostic.labels.iter().filter_map(label).collect(),
            fix: diagnostic.fix.as_deref().and_then(change),
        }
    }

    /// Title, notes and help as sentences, each on a line.
    fn message(&self) -> String {
        let notes = self.notes.iter().map(|note| format!("note: {note}"));
        let help = self.help.iter().map(|help| format!("help: {help}"));
        std::iter::once(self.title.clone()).chain(notes).chain(help).collect::<Vec<_>>().join("\n")
    }
}

fn place(location: Location, text: &str, sources: &Sources) -> Option<Place> {
    let (source, span) = (sources.get(location.source)?, location.span);
    let (line, column) = source.position(span.start);
    let (end_line, end_column) = source.position(span.end);
    let in_project = source.kind != SourceKind::BuiltIn;
    let (file, text) = (printable(&source.name), printable(text));
    Some(Place { file, in_project, line, column, end_line, end_column, start: span.start, end: span.end, text })
}

/// The word for a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// How many codes the last line names.
const EXPLAINED: usize = 4;

/// The last lines of a run with problems: how many there are, and where they are explained.
fn summary(sorted: &[&Diagnostic]) -> String {
    let count = |severity| sorted.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let named = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        _ => Some(format!("{count} {word}s")),
    };
    let counts = [named(count(Severity::Error), "error"), named(count(Severity::Warning), "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    let mut codes: Vec<Code> = sorted.iter().take(SHOWN).map(|diagnostic| diagnostic.code).collect();
    codes.sort();
    codes.dedup();
    let mut names: Vec<&str> = codes.iter().take(EXPLAINED).map(|code| code.name()).collect();
    names.extend((codes.len() > EXPLAINED).then_some("…"));
    match names.as_slice() {
        [] => String::new(),
        names => format!("{}; `sbc explain {}` says more\n", counts.join(", "), names.join(" ")),
    }
}
