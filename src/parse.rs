//! Turns text into a KDL document, and kdl's complaints into ours.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::edit::{self, Moved};
use crate::guard;
use crate::repair::Repair;
use crate::source::{Location, SourceId, Span};
use kdl::{KdlDiagnostic, KdlDocument, KdlError};

/// How often a text is parsed again without the lines that kdl cannot read.
const ROUNDS: usize = 20;

/// How many bytes are parsed again and again at the most.
const REPEATED: usize = 128 * 1024;

/// How many of kdl's complaints are looked at.
const COMPLAINTS: usize = 200;

/// A document, and where its text comes from.
pub struct Parsed {
    pub document: KdlDocument,
    pub moved: Moved,
}

/// Parses KDL 2.0, without a word when it is none.
pub fn parse(text: &str) -> Option<Parsed> {
    Some(Parsed { document: document(text).ok()?, moved: Moved::default() })
}

/// A byte order mark is legal at the start of a file, and kdl does not know it.
fn document(text: &str) -> Result<KdlDocument, KdlError> {
    match text.strip_prefix('\u{feff}') {
        Some(rest) => KdlDocument::parse_v2(&format!("{}{rest}", " ".repeat(text.len() - rest.len()))),
        None => KdlDocument::parse_v2(text),
    }
}

/// Says what keeps a text from being KDL, and parses what it would be without what was found.
pub fn mend(text: &str, found: &Repair, source: SourceId, out: &mut Diagnostics) -> Option<Parsed> {
    let mut lines: Vec<usize> = found
        .problems
        .iter()
        .flat_map(|problem| &problem.labels)
        .map(|label| line(text, label.location.span.start))
        .collect();
    found.problems.iter().cloned().for_each(|problem| out.push(problem));
    if !found.whole {
        return None;
    }
    let (mut mended, moved) = edit::apply(text, &found.replacements);
    for _ in 0..ROUNDS.min(1 + REPEATED / (mended.len() + 1)) {
        if !guard::is_harmless(&mended) {
            return None;
        }
        let error = match document(&mended) {
            Ok(document) => return Some(Parsed { document, moved }),
            Err(error) => error,
        };
        let mut changed = false;
        // A text of stray brackets gives as many complaints as characters.
        let complaints: Vec<&KdlDiagnostic> = error.diagnostics.iter().take(COMPLAINTS).collect();
        let own = complaints.iter().filter(|complaint| !is_aftermath(&mended, complaint)).count();
        let mut next = mended.clone();
        for complaint in complaints.iter().filter(|complaint| own == 0 || !is_aftermath(&mended, complaint)) {
            let span = guilty_span(&mended, complaint);
            let origin = moved.origin(span);
            let number = line(text, origin.start);
            // What follows a mistake on the same line is kdl looking for its footing.
            if !lines.contains(&number) && (own > 0 || lines.is_empty()) {
                out.push(explain(complaint, Location { source, span: origin }));
            }
            lines.push(number);
            changed |= blank(&mut next, span.start);
        }
        if !changed {
            return None;
        }
        mended = next;
    }
    None
}

/// The number of the line that holds an offset.
fn line(text: &str, at: usize) -> usize {
    text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// Puts spaces in place of a line that opens and closes nothing.
fn blank(text: &mut String, at: usize) -> bool {
    let Some((before, after)) = text.split_at_checked(at) else { return false };
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let end = at + after.find('\n').unwrap_or(after.len());
    let Some(old) = text.get(start..end).filter(|old| !old.contains(['{', '}']) && !old.trim().is_empty()) else {
        return false;
    };
    let spaces = " ".repeat(old.len());
    text.replace_range(start..end, &spaces);
    true
}

/// Whether kdl complains about the end of a block or of the file, as it also does after any other
/// mistake.
fn is_aftermath(text: &str, complaint: &KdlDiagnostic) -> bool {
    let message = complaint.message.as_deref().unwrap_or_default();
    let rest = text.get(complaint.span.offset()..).unwrap_or_default();
    message.contains("losing '}'") || message.contains("end of document") && (rest.is_empty() || rest.starts_with('}'))
}

/// The bytes that kdl complains about. For a bad property value kdl 6.7.1 gives a span that starts
/// at 0 and ends inside the value: then it is the token around the end.
fn guilty_span(text: &str, complaint: &KdlDiagnostic) -> Span {
    let start = complaint.span.offset();
    let end = (start + complaint.span.len()).min(text.len());
    let first_token = text.find(char::is_whitespace).unwrap_or(text.len());
    if start == 0 && end > first_token {
        return token_around(text, end.saturating_sub(1));
    }
    let line_end = text.get(start..end).and_then(|part| part.find('\n')).map_or(end, |newline| start + newline);
    Span { start: start.min(text.len()), end: line_end.max(start.min(text.len())) }
}

/// The word around a byte offset: characters without spaces and braces, but for those of `${…}`.
fn token_around(text: &str, at: usize) -> Span {
    let run = run_around(text, at, char::is_whitespace);
    if text.get(run.start..run.end).is_some_and(|word| word.contains("${")) {
        return run;
    }
    run_around(text, at, |c| c.is_whitespace() || c == '{' || c == '}' || c == ';')
}

/// The run of characters around a byte offset that are no breaks.
fn run_around(text: &str, at: usize, is_break: impl Fn(char) -> bool) -> Span {
    let at = (0..=at).rev().find(|offset| text.is_char_boundary(*offset)).unwrap_or(0);
    let (before, after) = text.split_at(at);
    let start = at - before.chars().rev().take_while(|c| !is_break(*c)).map(char::len_utf8).sum::<usize>();
    let end = at + after.chars().take_while(|c| !is_break(*c)).map(char::len_utf8).sum::<usize>();
    Span { start, end }
}

/// The complaint in words that help, by what kdl says.
fn explain(complaint: &KdlDiagnostic, at: Location) -> Diagnostic {
    let message = complaint.message.as_deref().unwrap_or("this is not KDL");
    let error = |title: &str, help: &str| Diagnostic::error(Code::SBC0005, title).help(help).at(at, "here");
    match STRUCTURE.iter().find(|(part, ..)| message.contains(part)) {
        Some((_, title, help)) => error(title, help),
        None => error(&lower_first(message), "write it as in `sbc profiles base-dev`"),
    }
}

/// Parts of kdl's messages about blocks and quotes, with a title and a remedy.
const STRUCTURE: &[(&str, &str, &str)] = &[
    (
        "newline in single-line",
        "this text has no end on its line",
        "write `\"` at its end; text of several lines stands between `\"\"\"`",
    ),
    (
        "opening quotes must be",
        "text of several lines starts on its own line",
        "break the line after the first `\"\"\"`",
    ),
    ("type annotation", "the language has no type annotations", "remove the brackets, or put the text into quotes"),
    (
        "invalid node name",
        "a rule starts with its name",
        "write one, such as `sandbox` or `ro`; a rule that `/-` leaves out needs its own line",
    ),
    ("property value", "a value is missing after `=`", "write `\"\"` for an empty text"),
    ("child block instead", "a block starts on the line of its node", "move the `{` to the end of the line above"),
];

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
