//! Text in quotes: where it ends, and what is wrong inside.

use super::{Node, Scanner};
use crate::edit::{Replacement, quoted};
use crate::source::Span;

impl<'a> Scanner<'a> {
    /// Reads text in double quotes; `false` when nothing after it can be read.
    pub(super) fn string_token(&mut self) -> bool {
        let start = self.at;
        let Some(end) = self.string() else { return false };
        if self.node.is_none() {
            let name = self.text.get(start + 1..end.saturating_sub(1)).unwrap_or_default();
            self.node = Some(Node { name, entries: 0 });
            (self.at, self.previous) = (end, end);
        } else {
            self.entry(end);
        }
        self.after_quote(start, end);
        true
    }

    /// The end of the text that starts here.
    pub(super) fn string(&mut self) -> Option<usize> {
        let (start, rest) = (self.at, self.rest());
        if rest.starts_with("\"\"\"") {
            return self.lines(start, rest.get(3..)?);
        }
        let mut chars = rest.char_indices().skip(1).peekable();
        let mut escapes = Vec::new();
        while let Some((offset, c)) = chars.next() {
            match c {
                '"' if runs_on(rest, offset) => break,
                '"' => {
                    self.escapes(start, start + offset + 1, &escapes);
                    return Some(start + offset + 1);
                }
                '\n' => break,
                '\\' => match chars.peek() {
                    Some((_, next)) if next.is_whitespace() => {
                        while chars.next_if(|(_, c)| c.is_whitespace()).is_some() {}
                    }
                    Some((_, next)) => {
                        if !matches!(next, 'n' | 'r' | 't' | 'b' | 'f' | 's' | 'u' | '"' | '\\') {
                            escapes.push(start + offset);
                        }
                        chars.next();
                    }
                    None => break,
                },
                _ => {}
            }
        }
        Some(self.unclosed_string(start))
    }

    /// Backslashes that start no escape.
    fn escapes(&mut self, start: usize, end: usize, escapes: &[usize]) {
        let Some(first) = escapes.first() else { return };
        let written = self.text.get(start + 1..end - 1).unwrap_or_default();
        let whole = Span { start, end };
        if let Some(path) = unix_path(written) {
            let help = format!("write the path in Linux, such as `\"{path}\"`");
            let change = Replacement::new(start, end, quoted(&path));
            return self.report("this is a path of Windows", help, whole, false, &[change]);
        }
        let length = 1 + self.text.get(first + 1..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let changes: Vec<Replacement> = escapes.iter().map(|at| Replacement::new(*at, *at, "\\")).collect();
        let span = Span { start: *first, end: first + length };
        self.report("a backslash starts an escape", "write `\\\\` for a backslash", span, false, &changes);
    }

    /// Text that does not end on its line: where it was to end.
    fn unclosed_string(&mut self, start: usize) -> usize {
        let line_end = self.line_end(start);
        let line = self.text.get(start + 1..line_end).unwrap_or_default();
        let cut = match line.starts_with(['/', '~', '.', '$']) {
            true => line.split(char::is_whitespace).next().unwrap_or_default(),
            false => line.trim_end().trim_end_matches('{').trim_end_matches(';').trim_end(),
        };
        let end = start + 1 + cut.len();
        let span = Span { start, end };
        let backslash = cut.strip_suffix("\\\"").filter(|path| unix_path(path).is_some());
        if let Some(path) = backslash.and_then(unix_path) {
            let help = format!("write the path in Linux, such as `\"{path}\"`");
            self.report("this is a path of Windows", help, span, false, &[Replacement::new(start, end, quoted(&path))]);
            return end;
        }
        // A quote after a backslash is one of the text.
        let text = cut.trim_end_matches("\\\"").trim_end_matches('\\').replace('"', "");
        let help = format!("write `\"{text}\"`; text of several lines stands between `\"\"\"`");
        let change = Replacement::new(start, end, quoted(&text));
        self.report("this text has no end on its line", help, span, false, &[change]);
        end
    }

    /// Text of several lines.
    fn lines(&mut self, start: usize, body: &str) -> Option<usize> {
        let mut from = 0;
        let length = loop {
            let found = body.get(from..)?.find("\"\"\"").map(|found| from + found);
            match found {
                Some(found) if body.get(..found).is_some_and(odd_backslashes) => from = found + 1,
                found => break found,
            }
        };
        let Some(length) = length else {
            let help = "write `\"\"\"` on a line of its own after it, and indent every line as far as that one";
            let span = Span { start, end: start + 3 };
            self.report("this text of several lines is not complete", help, span, false, &[]);
            return None;
        };
        let (text, end) = (body.get(..length)?, start + length + 6);
        if !text.contains('\n') {
            let span = Span { start, end };
            let help = format!("write `\"{text}\"`, or break the line after the first `\"\"\"`");
            let changes = [Replacement::new(start, start + 3, "\""), Replacement::new(end - 3, end, "\"")];
            self.report("text of several lines starts on its own line", help, span, true, &changes);
        }
        Some(end)
    }

    /// Raw text, `#"…"#`.
    pub(super) fn raw_string(&mut self, hashes: usize) -> bool {
        let (start, rest) = (self.at, self.rest());
        let closing = format!("\"{}", "#".repeat(hashes));
        let Some(length) = rest.get(hashes + 1..).and_then(|body| body.find(&closing)) else {
            let span = Span { start, end: start + hashes + 1 };
            self.report("this raw text has no end", format!("write `{closing}` at its end"), span, false, &[]);
            return false;
        };
        let mut end = start + hashes + 1 + length + closing.len();
        // `#"""` ends with `"""#`.
        if rest.get(hashes..).is_some_and(|body| body.starts_with("\"\"\"")) {
            let long = format!("\"\"\"{}", "#".repeat(hashes));
            let Some(length) = rest.get(hashes + 3..).and_then(|body| body.find(&long)) else { return false };
            end = start + hashes + 3 + length + long.len();
        }
        if self.node.is_none() {
            self.node = Some(Node { name: "", entries: 0 });
        }
        self.entry(end);
        true
    }

    /// What stands directly after text in quotes.
    fn after_quote(&mut self, start: usize, end: usize) {
        let rest = self.text.get(end..).unwrap_or_default();
        match rest.chars().next() {
            Some(',') => {
                self.comma(end);
                self.at = end + 1;
            }
            Some('=') => self.at = end + 1,
            Some('"') => {
                let span = Span { start: end, end: end + 1 };
                let help = "write a space between them";
                self.report("texts are separated by spaces", help, span, true, &[Replacement::new(end, end, " ")]);
            }
            Some(c) if !c.is_whitespace() && !matches!(c, ';' | '{' | '}' | '=' | ':' | ']' | ')') && c != '#' => {
                let tail_end = self.word_end(end);
                let tail = self.text.get(end..tail_end).unwrap_or_default();
                let inside = self.text.get(start + 1..end - 1).unwrap_or_default();
                if tail.starts_with("//") || tail.starts_with("/*") || tail.is_empty() || inside.contains(['\\', '\n'])
                {
                    return;
                }
                let whole = Span { start, end: tail_end };
                let joined = quoted(&format!("{inside}{tail}"));
                let help = format!("write `{joined}`, or a space between them");
                let change = Replacement::new(start, tail_end, joined);
                self.report("text ends at its second quote", help, whole, false, &[change]);
                (self.at, self.previous) = (tail_end, tail_end);
            }
            _ => {}
        }
    }
}

/// Whether the quote at an offset opens the value of a property, so that a path before it has no end.
fn runs_on(rest: &str, offset: usize) -> bool {
    let inside = rest.get(1..offset).unwrap_or_default();
    let after = rest.get(offset + 1..).unwrap_or_default();
    inside.starts_with(['/', '~', '.', '$'])
        && inside.ends_with('=')
        && inside.contains(' ')
        && after.starts_with(|c: char| c.is_alphanumeric())
}

fn odd_backslashes(before: &str) -> bool {
    (before.len() - before.trim_end_matches('\\').len()) % 2 == 1
}

/// A path of Windows as the Windows Subsystem for Linux shows it.
pub fn unix_path(text: &str) -> Option<String> {
    let (drive, rest) = text.split_once(':')?;
    let letter = drive.chars().next().filter(|c| drive.len() == 1 && c.is_ascii_alphabetic())?;
    let rest = rest.strip_prefix(['\\', '/'])?.replace("\\\\", "/").replace('\\', "/");
    Some(format!("/mnt/{}/{}", letter.to_ascii_lowercase(), rest.trim_end_matches('/')))
}
