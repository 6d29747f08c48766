//! Turns text into a KDL document, and kdl's complaints into ours.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Location, SourceId, Span};
use kdl::{KdlDiagnostic, KdlDocument};
use std::ops::Range;

/// Quotes of other languages and of word processors.
pub const FOREIGN_QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];

/// Parses KDL 2.0. Says what is wrong, one problem a line; `None` when there is no document.
pub fn parse(text: &str, source: SourceId, out: &mut Diagnostics) -> Option<KdlDocument> {
    // A byte order mark is legal at the start of a file, and kdl does not know it.
    let (skipped, body) = match text.strip_prefix('\u{feff}') {
        Some(rest) => (text.len() - rest.len(), format!("{}{rest}", " ".repeat(text.len() - rest.len()))),
        None => (0, text.to_owned()),
    };
    let error = match KdlDocument::parse_v2(&body) {
        Ok(document) => return Some(document),
        Err(error) => error,
    };
    let complaints = || error.diagnostics.iter().filter(|complaint| !is_aftermath(text, complaint));
    let complaints: Vec<&KdlDiagnostic> =
        if complaints().next().is_some() { complaints().collect() } else { error.diagnostics.iter().take(1).collect() };
    let mut seen = Vec::new();
    for complaint in complaints {
        let span = guilty_span(text, complaint);
        let line = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        // What follows a mistake on the same line is kdl looking for its footing.
        if seen.contains(&line) || span.start < skipped && !seen.is_empty() {
            continue;
        }
        seen.push(line);
        out.push(explain(text, complaint, Location { source, span }));
    }
    None
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

/// The complaint in words that help, by what kdl says and by what stands at the place.
fn explain(text: &str, complaint: &KdlDiagnostic, at: Location) -> Diagnostic {
    let message = complaint.message.as_deref().unwrap_or("this is not KDL");
    let token = token_around(text, at.span.start);
    let word = text.get(token.start..token.end).unwrap_or_default();
    let error = |title: &str, help: &str, span: Span| {
        Diagnostic::error(Code::SBC0005, title).help(help).at(Location { span, ..at }, "here")
    };
    if message.contains("multi-line comment") {
        let start = text.get(..at.span.start).and_then(|before| before.rfind("/*")).unwrap_or(at.span.start);
        return error("this comment has no end", "write `*/` where it ends", Span { start, end: start + 2 });
    }
    if let Some((title, help, part)) = misspelled(word) {
        return error(title, &help, Span { start: token.start + part.start, end: token.start + part.end });
    }
    match STRUCTURE.iter().find(|(part, ..)| message.contains(part)) {
        Some((_, title, help)) => error(title, help, at.span),
        None => {
            let diagnostic = Diagnostic::error(Code::SBC0005, lower_first(message)).at(at, "here");
            diagnostic.help(complaint.help.as_deref().unwrap_or("write it as in `sbc profiles base-dev`"))
        }
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
    ("child block instead", "a block starts on the line of its node", "move the `{` to the end of the line above"),
    ("losing '}'", "this block has no end", "write `}` where it ends"),
    ("end of document", "this `}` closes nothing", "remove it, or look above for a `{` that is missing"),
];

/// What is wrong with a word that KDL does not know, what to write, and which part to blame.
fn misspelled(word: &str) -> Option<(&'static str, String, Range<usize>)> {
    let start = word.find('=').filter(|_| !word.starts_with('"')).map_or(0, |equals| equals + 1);
    let value = word.get(start..)?.trim_end_matches(',');
    let (all, own) = (0..word.len(), start..start + value.len());
    let quoted = format!("write `\"{value}\"`");
    let is_number = value.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
    Some(match value.chars().next()? {
        '"' if value == "\"\"\"" => {
            let help = "write `\"\"\"` on a line of its own after it, and indent every line as far as that one";
            ("this text of several lines is not complete", help.into(), own)
        }
        '"' if value.contains('\\') => ("a backslash starts an escape", "write `\\\\` for a backslash".into(), own),
        '"' if !word.ends_with(',') => return None,
        '#' if start == 0 => ("a comment starts with `//` here", "write `// …`".into(), all),
        '\'' | '\u{2018}'..='\u{201d}' => {
            let text = value.trim_matches(FOREIGN_QUOTES);
            ("text needs straight double quotes", format!("write `\"{text}\"`"), own)
        }
        'r' if value.starts_with("r\"") || value.starts_with("r#") => {
            ("raw text is written `#\"…\"#`", "write `\"…\"`, or `#` on both sides of the quotes".into(), own)
        }
        '~' | '.' | '$' => ("a path needs quotes", quoted, own),
        _ if value.contains('/') && !value.starts_with('"') => ("a path needs quotes", quoted, own),
        _ if matches!(value, "true" | "false" | "null") => {
            ("the language has no booleans; a value is text in quotes", quoted, own)
        }
        _ if word.ends_with(',') => {
            ("arguments are separated by spaces, without commas", "remove the comma".into(), word.len() - 1..word.len())
        }
        _ if is_number => ("text that starts with a digit needs quotes", quoted, own),
        _ => return None,
    })
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
