//! Words without quotes: names, arguments and properties.

use super::{Node, QUOTES, Scanner};
use crate::diagnostic::LONGEST_REPEATED;
use crate::edit::{Replacement, quoted};
use crate::schema;
use crate::source::Span;

/// Quotes of other languages and of word processors.
pub const FOREIGN_QUOTES: [char; 6] = ['\'', '`', '\u{2018}', '\u{2019}', '\u{201c}', '\u{201d}'];

impl<'a> Scanner<'a> {
    /// Where a word ends; the braces of `${NAME}` and of templates belong to it.
    pub(super) fn word_end(&self, start: usize) -> usize {
        let rest = self.text.get(start..).unwrap_or_default();
        let mut depth = 0usize;
        for (offset, c) in rest.char_indices() {
            let before = rest.get(..offset).unwrap_or_default();
            match c {
                '{' if before.ends_with('$') || before.ends_with('{') || rest.get(offset..).is_some_and(template) => {
                    depth += 1;
                }
                '}' if depth > 0 => depth -= 1,
                _ if c.is_whitespace() || matches!(c, ';' | '"' | '{' | '}') => return start + offset,
                _ => {}
            }
        }
        self.text.len()
    }

    pub(super) fn word(&mut self) {
        let start = self.at;
        let end = self.quotes_end(start).unwrap_or_else(|| self.word_end(start));
        let word = self.text.get(start..end).unwrap_or_default();
        if self.text.get(start..).is_some_and(|rest| rest.starts_with("```")) && self.starts_line(start) {
            self.foreign_line(start, word);
            return;
        }
        if word.starts_with(FOREIGN_QUOTES) && word.chars().count() > 1 {
            self.node.get_or_insert(Node { name: "", entries: 0 });
            self.foreign_quotes(start, end);
            return self.entry(end);
        }
        match self.node.is_some() {
            true => self.argument(start, end, word),
            false => self.name(start, end, word),
        }
    }

    /// The end of text in quotes that are not KDL's, if it ends on this line.
    pub(super) fn quotes_end(&self, start: usize) -> Option<usize> {
        let first = self.text.get(start..)?.chars().next().filter(|c| FOREIGN_QUOTES.contains(c))?;
        let line = self.text.get(start..self.line_end(start))?;
        let pair: &[char] = match first {
            '\'' => &['\''],
            '`' => &['`', '\''],
            '\u{2018}' | '\u{2019}' => &['\u{2018}', '\u{2019}'],
            _ => &['\u{201c}', '\u{201d}'],
        };
        let body = line.get(first.len_utf8()..)?;
        let (offset, last) = body.char_indices().find(|(_, c)| pair.contains(c))?;
        Some(start + first.len_utf8() + offset + last.len_utf8())
    }

    fn foreign_quotes(&mut self, start: usize, end: usize) {
        let word = self.text.get(start..end).unwrap_or_default();
        let new = quoted(word.trim_matches(FOREIGN_QUOTES));
        let span = Span { start, end };
        self.report(QUOTES, format!("write `{new}`"), span, true, &[Replacement::new(start, end, new)]);
    }

    /// The first word of a node.
    fn name(&mut self, start: usize, end: usize, word: &'a str) {
        self.at = end;
        let marker = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|marker| word.starts_with(marker));
        if marker && self.starts_line(start) {
            self.at = self.line_end(start);
            return self.conflict.push(Span { start, end: self.at });
        }
        if self.starts_line(start) && self.foreign_line(start, word) {
            return;
        }
        let next = self.rest().trim_start_matches([' ', '\t', '|', ':']);
        if word.len() < 6 && word.bytes().all(|byte| byte.is_ascii_digit()) && self.starts_line(start) {
            return self.numbers.push(Span { start, end: end + self.rest().len() - next.len() });
        }
        if let Some((name, _)) = word.split_once('=').filter(|(name, _)| !name.is_empty()) {
            return self.assigned_name(start, start + name.len(), name);
        }
        let known = |name: &str| schema::homes(name).next().is_some();
        if let Some((name, tail)) = word.split_once(':').filter(|(name, _)| known(name)) {
            let colon = start + name.len();
            let space = if tail.is_empty() && !self.rest().starts_with('"') { "" } else { " " };
            let span = Span { start, end: colon + 1 };
            let change = Replacement::new(colon, colon + 1, space);
            self.report("a name has no `:` after it", format!("write `{name}`"), span, true, &[change]);
            self.node = Some(Node { name, entries: 0 });
            self.at = colon + 1;
            return;
        }
        if word.starts_with(['/', '~']) || word.starts_with("./") || word.starts_with("../") {
            let span = Span { start, end };
            let help = format!("write `ro {0}`, or `rw {0}` where it is to be written", quoted(word));
            let change = Replacement::new(start, end, format!("ro {}", quoted(word)));
            self.report("a rule says first what to do with a path", help, span, false, &[change]);
        }
        if matches!(word, "-" | "+" | "*" | "•") {
            let rest = self.rest();
            let next = end + rest.len() - rest.trim_start_matches(' ').len();
            let span = Span { start, end };
            self.report(
                "a rule has no mark before it",
                format!("remove the `{word}`"),
                span,
                false,
                &[Replacement::new(start, next, "")],
            );
            self.at = next;
            return;
        }
        if word.contains(is_hidden) {
            self.hidden(start, word);
        }
        self.node = Some(Node { name: word, entries: 0 });
    }

    /// Characters that nobody sees.
    fn hidden(&mut self, start: usize, word: &str) {
        let found = || word.char_indices().filter(|(_, c)| is_hidden(*c));
        let changes: Vec<Replacement> =
            found().map(|(at, c)| Replacement::new(start + at, start + at + c.len_utf8(), "")).collect();
        let clean: String = word.chars().filter(|c| !is_hidden(*c)).collect();
        let code = found().next().map_or(0, |(_, c)| u32::from(c));
        let help = format!("remove the character U+{code:04X}: write `{clean}`");
        let end = start + word.len();
        self.report("a character that cannot be seen stands here", help, Span { start, end }, true, &changes);
    }

    /// `name=value` where a node was expected.
    fn assigned_name(&mut self, start: usize, equals: usize, name: &'a str) {
        let in_env = self.blocks.last().is_some_and(|block| block.name == "env");
        if !is_variable(name) && !in_env || schema::homes(name).next().is_some() {
            let change = Replacement::new(equals, equals + 1, " ");
            let help = format!("write a space: `{name} {}`", self.line_rest(equals + 1));
            let place = Span { start: equals, end: equals + 1 };
            self.report("no `=` comes after the name of a node", help, place, true, &[change]);
            (self.node, self.at) = (Some(Node { name, entries: 0 }), equals + 1);
            return;
        }
        self.assignment(start, equals, in_env);
    }

    /// The rest of the line at an offset, as an example.
    fn line_rest(&self, at: usize) -> &'a str {
        let rest = self.text.get(at..self.line_end(at)).unwrap_or_default().trim().trim_end_matches(';');
        if rest.len() > LONGEST_REPEATED { "…" } else { rest }
    }

    fn argument(&mut self, start: usize, end: usize, word: &'a str) {
        self.at = end;
        if word.starts_with('[') {
            return self.brackets(start);
        }
        if start < self.list && word.starts_with(']') {
            self.at = start + 1;
            return;
        }
        let plain = word.trim_end_matches([',', ']']);
        let word = if start < self.list { plain } else { word.strip_suffix(',').unwrap_or(word) };
        let word_end = start + word.len();
        if word.len() < end - start {
            if end > self.list {
                self.comma(end - 1);
            }
            if word.is_empty() {
                return;
            }
        }
        if word.starts_with('=') && self.node.as_ref().is_some_and(|node| node.entries == 0) {
            return self.equals(start);
        }
        // White space may stand around the `=` of a property.
        if word == "=" {
            return;
        }
        if word.contains(is_hidden) {
            self.hidden(start, word);
        }
        // The first `=` that is none of a path.
        let key =
            word.find(['=', '/', '\\', '$', '~']).filter(|at| word.get(*at..).is_some_and(|w| w.starts_with('=')));
        let value_start = key.filter(|at| *at > 0).map_or(start, |at| start + at + 1);
        if value_start > start && word.starts_with(|c: char| c.is_ascii_digit()) {
            let name = word.split('=').next().unwrap_or_default();
            let span = Span { start, end: start + name.len() };
            let change = Replacement::new(start, start, "_");
            let help = format!("write another name, such as `_{name}`");
            self.report("a name does not start with a digit", help, span, false, &[change]);
        }
        if word.starts_with('-')
            && value_start > start
            && word.contains(['/', '$', '~'])
            && !self.rest().starts_with('"')
        {
            self.quote("an argument with `=` needs quotes", start, word_end);
        } else if value_start == word_end && self.rest().starts_with('"') && !word.is_empty() {
            // `key="…"`: the text is the next token.
            return;
        } else if value_start == word_end && value_start > start && self.ends_node() {
            let is_variable = self.node.as_ref().is_some_and(|node| matches!(node.name, "set" | "prepend"));
            let (help, change) = match is_variable {
                true => (format!("write `{word}\"\"` for an empty text"), Replacement::new(word_end, word_end, "\"\"")),
                false => (format!("write a value, or remove `{word}`"), Replacement::new(start, word_end, "")),
            };
            self.report("a value is missing after `=`", help, Span { start, end: word_end }, false, &[change]);
        } else {
            self.value(value_start, word_end);
        }
        self.entry(self.at);
    }

    /// Whether nothing more of the node follows.
    fn ends_node(&self) -> bool {
        let rest = self.rest().trim_start_matches([' ', '\t']);
        rest.is_empty() || rest.starts_with(['\n', '\r', ';', '}']) || rest.starts_with("//")
    }

    /// `network = host` and `env = {`.
    fn equals(&mut self, start: usize) {
        let name = self.node.as_ref().map_or("", |node| node.name);
        let help = format!("write a space: `{name} {}`", self.line_rest(start + 1));
        let span = Span { start, end: start + 1 };
        let rest = self.text.get(start + 1..).unwrap_or_default();
        let next = start + 1 + rest.len() - rest.trim_start_matches([' ', '\t']).len();
        let change = Replacement::new(self.previous, next, " ");
        self.report("no `=` comes after the name of a node", help, span, true, &[change]);
        self.at = start + 1;
    }

    /// `["a", "b"]`, the list of other languages.
    fn brackets(&mut self, start: usize) {
        let line = self.text.get(start..self.line_end(start)).unwrap_or_default();
        self.at = start + 1;
        let Some(close) = line.rfind(']') else { return };
        let mut changes = vec![Replacement::new(start, start + 1, "")];
        let mut inside = false;
        for (offset, c) in line.char_indices() {
            match c {
                '"' => inside = !inside,
                ',' if !inside && offset < close => {
                    let spaced = line.get(offset + 1..).is_some_and(|rest| rest.starts_with(' '));
                    let space = if spaced { "" } else { " " };
                    changes.push(Replacement::new(start + offset, start + offset + 1, space));
                }
                _ => {}
            }
        }
        changes.push(Replacement::new(start + close, start + close + 1, ""));
        self.list = start + close + 1;
        let span = Span { start, end: self.list };
        let help = "remove the brackets and the commas";
        self.report("there are no lists; arguments stand side by side", help, span, true, &changes);
    }

    /// A comma after an argument.
    pub(super) fn comma(&mut self, at: usize) {
        if at < self.list {
            return;
        }
        let next = self.text.get(at + 1..).is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        let change = Replacement::new(at, at + 1, if next { " " } else { "" });
        let span = Span { start: at, end: at + 1 };
        let title = "arguments are separated by spaces, without commas";
        self.report(title, "remove the comma", span, true, &[change]);
    }

    fn quote(&mut self, title: &str, start: usize, end: usize) {
        let value = self.text.get(start..end).unwrap_or_default();
        let new = quoted(value);
        let changes = match value.contains(['\\', '"']) {
            true => vec![Replacement::new(start, end, new.clone())],
            false => vec![Replacement::new(start, start, "\""), Replacement::new(end, end, "\"")],
        };
        let help =
            if new.len() > LONGEST_REPEATED { "put `\"` on both sides".into() } else { format!("write `{new}`") };
        self.report(title, help, Span { start, end }, true, &changes);
    }

    /// A value without quotes.
    fn value(&mut self, start: usize, end: usize) {
        let value = self.text.get(start..end).unwrap_or_default();
        let quote_follows = self.text.get(end..).is_some_and(|rest| rest.starts_with('"'));
        let digit = value.trim_start_matches(['-', '+']).starts_with(|c: char| c.is_ascii_digit());
        if quote_follows && !value.is_empty() {
            return self.half_quoted(start, end, value);
        }
        match value {
            "" => {}
            // `shape/mod.rs` says what to write instead; the words are KDL's only with this sign.
            "true" | "false" | "null" | "inf" | "-inf" | "nan" => {
                self.repair.replacements.push(Replacement::new(start, start, "#"));
            }
            _ if value.starts_with(FOREIGN_QUOTES) => match self.quotes_end(start) {
                Some(end) => {
                    self.foreign_quotes(start, end);
                    self.at = end;
                }
                None => self.quote(QUOTES, start, end),
            },
            _ if digit && !is_number(value) => self.quote("text that starts with a digit needs quotes", start, end),
            _ if value.starts_with(['/', '~', '$', '.']) && value.contains(['/', '{', '(', '\\']) => {
                self.quote("a path needs quotes", start, end);
            }
            _ if value.starts_with('(') => {}
            _ if value.contains('/') && !value.contains(':') => self.quote("a path needs quotes", start, end),
            _ if value.contains(['/', '\\', '(', ')', '[', ']', '#', '{', '}', '=']) => {
                self.quote("this text needs quotes", start, end);
            }
            _ => {}
        }
    }

    /// A word that runs into a quote: raw text of KDL 1, or text that lacks its first quote.
    fn half_quoted(&mut self, start: usize, end: usize, value: &str) {
        if value.starts_with('r') && value.trim_start_matches('r').chars().all(|c| c == '#') {
            let help = "write `\"…\"`, or `#` on both sides of the quotes";
            let span = Span { start, end };
            let change = Replacement::new(start, start + 1, "");
            self.report("raw text is written `#\"…\"#`", help, span, true, &[change]);
            self.at = start + 1;
            return;
        }
        let help = format!("write `\"{value}\"`");
        let span = Span { start, end: end + 1 };
        let change = Replacement::new(start, end + 1, quoted(value));
        self.report("this text has no quote at its start", help, span, false, &[change]);
        self.at = end + 1;
    }
}

fn template(text: &str) -> bool {
    text.starts_with("{{")
}

fn is_variable(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.chars().all(legal)
}

fn is_hidden(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// Whether KDL takes it for a number, which `shape/mod.rs` refuses.
fn is_number(value: &str) -> bool {
    let digits = value.trim_start_matches(['-', '+']);
    let radix = [("0x", 16), ("0o", 8), ("0b", 2)].into_iter().find_map(|(p, r)| Some((digits.strip_prefix(p)?, r)));
    match radix {
        Some((digits, radix)) => {
            digits.starts_with(|c: char| c.is_digit(radix)) && digits.chars().all(|c| c.is_digit(radix) || c == '_')
        }
        None => kdl_decimal(digits),
    }
}

fn kdl_decimal(digits: &str) -> bool {
    let whole = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_digit()) && part.chars().all(|c| c.is_ascii_digit() || c == '_')
    };
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let (before, after) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    whole(before) && whole(after) && whole(exponent.trim_start_matches(['-', '+']))
}
