//! Turns text into a KDL document, and kdl's complaints into ours.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::{Location, SourceId, Span};
use kdl::{KdlDiagnostic, KdlDocument};

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
    let mut seen = Vec::new();
    for complaint in &error.diagnostics {
        let span = guilty_span(text, complaint);
        let line = text.bytes().take(span.start).filter(|byte| *byte == b'\n').count();
        // What follows a mistake on the same line is kdl looking for its footing.
        if seen.contains(&line) || span.start < skipped && !seen.is_empty() {
            continue;
        }
        seen.push(line);
        out.push(explain(text, complaint, span).at(Location { source, span }, "here"));
    }
    None
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

/// The run of characters without spaces around a byte offset.
fn token_around(text: &str, at: usize) -> Span {
    let is_break = |c: char| c.is_whitespace() || c == '{' || c == '}' || c == ';';
    let at = (0..=at).rev().find(|offset| text.is_char_boundary(*offset)).unwrap_or(0);
    let (before, after) = text.split_at(at);
    let start = before
        .rfind(is_break)
        .map_or(0, |index| index + before.get(index..).and_then(|s| s.chars().next()).map_or(1, char::len_utf8));
    let end = after.find(is_break).map_or(text.len(), |index| at + index);
    Span { start, end: end.max(start) }
}

/// The complaint in words that help, by what stands at the place.
fn explain(text: &str, complaint: &KdlDiagnostic, span: Span) -> Diagnostic {
    let token = token_around(text, span.start);
    let word = text.get(token.start..token.end).unwrap_or_default();
    let error = |title: &str, help: String| Diagnostic::error(Code::SBC0005, title).help(help);
    let value = word.rsplit('=').next().unwrap_or(word).trim_end_matches(',');
    match word.chars().next() {
        Some('#') => error("a comment starts with `//` here", "write `// …`".into()),
        Some('/' | '~' | '.') => error("a path needs quotes", format!("write `\"{value}\"`")),
        Some('\'' | '\u{2018}'..='\u{201d}') => error("text needs straight double quotes", "write `\"…\"`".into()),
        _ if matches!(value, "true" | "false" | "null") => {
            error("the language has no booleans; a value is text in quotes", format!("write `\"{value}\"`"))
        }
        _ if word.ends_with(',') => {
            error("arguments are separated by spaces, without commas", "remove the comma".into())
        }
        _ => {
            let message = complaint.message.clone().unwrap_or_else(|| "this is not KDL".to_owned());
            let diagnostic = Diagnostic::error(Code::SBC0005, lower_first(&message));
            match &complaint.help {
                Some(help) => diagnostic.help(help.clone()),
                None => diagnostic,
            }
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
