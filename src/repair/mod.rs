//! Finds what people type instead of KDL, says so, and repairs the text in memory.
//!
//! One pass over a file that has a mistake anyway. The repaired text only serves to find the other
//! mistakes of the file; it never reaches a plan or a disk.

mod assignment;
mod line;
mod string;
mod word;

pub use string::unix_path;
pub use word::FOREIGN_QUOTES;

use crate::diagnostic::{Code, Diagnostic};
use crate::edit::Replacement;
use crate::source::{Location, SourceId, Span};

/// How many mistakes are looked for. A file that has more was not meant to be a policy.
const MOST: usize = 1_000;

/// What was found, and the changes after which the rest of the file can be read.
#[derive(Debug, Default)]
pub struct Repair {
    pub problems: Vec<Diagnostic>,
    pub replacements: Vec<Replacement>,
    /// Whether the text was read to its end.
    pub whole: bool,
}

/// Scans a text. Where a block has no end, the indentation tells which.
pub fn repair(text: &str, source: SourceId) -> Repair {
    let mut plain = Scanner::new(text, source, false);
    let whole = plain.run();
    if whole && !plain.blocks.is_empty() {
        let mut indented = Scanner::new(text, source, true);
        let whole = indented.run();
        return indented.finish(whole);
    }
    plain.finish(whole)
}

/// A block that is open.
struct Block<'a> {
    name: &'a str,
    brace: usize,
    /// How far the line that opens it is indented.
    indent: usize,
}

/// The node that is being read.
struct Node<'a> {
    name: &'a str,
    /// How many arguments and properties it has so far.
    entries: usize,
}

struct Scanner<'a> {
    text: &'a str,
    source: SourceId,
    at: usize,
    blocks: Vec<Block<'a>>,
    node: Option<Node<'a>>,
    /// Whether a block was closed on this line and no node may follow.
    closed: bool,
    /// The end of the last token.
    previous: usize,
    /// The end of a list in brackets, whose commas are part of the same mistake.
    list: usize,
    /// Where comments with `#` start.
    hashes: Vec<Span>,
    /// Where lines start with their number.
    numbers: Vec<Span>,
    /// The lines that mark a merge conflict.
    conflict: Vec<Span>,
    /// Whether the indentation shows which blocks have no end.
    indented: bool,
    repair: Repair,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str, source: SourceId, indented: bool) -> Scanner<'a> {
        Scanner {
            text,
            source,
            at: if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 },
            blocks: Vec::new(),
            node: None,
            closed: false,
            previous: 0,
            list: 0,
            hashes: Vec::new(),
            numbers: Vec::new(),
            conflict: Vec::new(),
            indented,
            repair: Repair::default(),
        }
    }

    /// Reads all tokens; whether that was possible to the end.
    fn run(&mut self) -> bool {
        while self.step() {}
        self.at >= self.text.len()
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The end of the line that holds an offset.
    fn line_end(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        at + rest.find(['\n', '\r']).unwrap_or(rest.len())
    }

    /// The start of the line that holds an offset.
    fn line_start(&self, at: usize) -> usize {
        self.text.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1)
    }

    /// The white space at the start of the line that holds an offset.
    fn indentation(&self, at: usize) -> &'a str {
        let line = self.text.get(self.line_start(at)..).unwrap_or_default();
        line.get(..line.len() - line.trim_start_matches([' ', '\t']).len()).unwrap_or_default()
    }

    /// Reports a mistake and repairs it by the same changes that its help names.
    fn report(&mut self, title: &str, help: impl Into<String>, span: Span, certain: bool, changes: &[Replacement]) {
        let place = |span| Location { source: self.source, span };
        let code = if title == QUOTES { Code::SBC0105 } else { Code::SBC0005 };
        let mut diagnostic = Diagnostic::error(code, title).at(place(span), "here").help(help);
        for change in changes {
            diagnostic = diagnostic.changed(certain, place(change.span), change.text.clone());
        }
        self.repair.problems.push(diagnostic);
        self.repair.replacements.extend_from_slice(changes);
    }

    fn end_node(&mut self) {
        (self.node, self.closed) = (None, false);
    }

    /// Reads one token; `false` at the end.
    fn step(&mut self) -> bool {
        if self.repair.problems.len() >= MOST {
            return false;
        }
        let rest = self.rest();
        let Some(c) = rest.chars().next() else { return false };
        let start = self.at;
        match c {
            '\n' | '\r' | '\u{85}' | '\u{b}' | '\u{c}' | '\u{2028}' | '\u{2029}' | ';' => {
                self.end_node();
                self.at += c.len_utf8();
                return true;
            }
            _ if c.is_whitespace() => {
                self.at += c.len_utf8();
                return true;
            }
            _ if rest.starts_with("//") => self.at = self.line_end(start),
            _ if rest.starts_with("/*") => return self.comment(),
            _ if rest.starts_with("/-") => self.at += 2,
            '\\' if rest.trim_start_matches(['\\', ' ', '\t', '\r']).starts_with('\n') => {
                self.at += rest.find('\n').map_or(1, |newline| newline + 1);
            }
            '{' if rest.starts_with("{{") && self.node.is_some() => self.word(),
            '{' => self.open(),
            '}' => self.close(),
            '"' => {
                self.outdented();
                self.next_on_the_line();
                return self.string_token();
            }
            '#' => return self.hash(),
            '(' if annotation(rest).is_some() => self.at += annotation(rest).unwrap_or(1),
            _ => {
                self.outdented();
                self.next_on_the_line();
                self.word();
                self.previous = self.at;
            }
        }
        if self.at <= start {
            self.at = start + c.len_utf8();
        }
        true
    }

    /// A node at the start of a line that is as far to the left as the one that opens its block.
    fn outdented(&mut self) {
        let indent = self.indentation(self.at).len();
        if !self.indented || self.node.is_some() || !self.starts_line(self.at) {
            return;
        }
        while let Some(block) = self.blocks.pop_if(|block| block.indent >= indent) {
            self.unclosed(&block, self.line_start(self.at));
        }
    }

    /// A node after a `}` on the same line.
    fn next_on_the_line(&mut self) {
        if !self.closed || self.node.is_some() {
            return;
        }
        self.closed = false;
        let change = Replacement::new(self.previous, self.at, format!("\n{}", self.indentation(self.at)));
        let span = Span { start: self.at, end: self.word_end(self.at).max(self.at + 1) };
        self.report("what follows a block starts on a new line", "break the line before it", span, true, &[change]);
    }

    /// A comment of several lines, which may hold others.
    fn comment(&mut self) -> bool {
        let (start, mut depth) = (self.at, 0usize);
        loop {
            let rest = self.rest();
            if rest.starts_with("/*") {
                (depth, self.at) = (depth + 1, self.at + 2);
            } else if rest.starts_with("*/") {
                (depth, self.at) = (depth - 1, self.at + 2);
            } else if let Some(c) = rest.chars().next() {
                self.at += c.len_utf8();
            } else {
                break;
            }
            if depth == 0 {
                return true;
            }
        }
        // As far as anyone can tell, it was to be a comment of one line.
        let end = self.line_end(start);
        let change = Replacement::new(end, end, " */".repeat(depth.min(1)));
        let span = Span { start, end: start + 2 };
        self.report("this comment has no end", "write `*/` where it ends", span, false, &[change]);
        self.at = end;
        true
    }

    fn open(&mut self) {
        let brace = self.at;
        let before = self.text.get(self.previous..brace).unwrap_or_default();
        let name = self.node.as_ref().map_or("", |node| node.name);
        if self.node.is_none() && self.previous > 0 && !self.closed && before.contains('\n') {
            let changes = match before.trim().is_empty() {
                true => vec![Replacement::new(self.previous, brace, " ")],
                false => {
                    vec![Replacement::new(self.previous, self.previous, " {"), Replacement::new(brace, brace + 1, "")]
                }
            };
            let help = "move the `{` to the end of the line above";
            let span = Span { start: brace, end: brace + 1 };
            self.report("a block starts on the line of its node", help, span, true, &changes);
        }
        self.blocks.push(Block { name, brace, indent: self.indentation(brace).len() });
        self.end_node();
        self.at += 1;
        self.previous = self.at;
    }

    fn close(&mut self) {
        let start = self.at;
        let indent = self.indentation(start);
        // A `}` that starts a line ends the block of a line that is as far to the right. Blocks
        // that are further to the right have none.
        let first = self.text.get(..start).is_some_and(|before| before.ends_with(indent) && self.starts_line(start));
        let fits = self.blocks.iter().any(|block| block.indent == indent.len());
        while self.indented && first && fits && self.blocks.last().is_some_and(|block| block.indent > indent.len()) {
            if let Some(block) = self.blocks.pop() {
                self.unclosed(&block, self.line_start(start));
            }
        }
        self.at += 1;
        if self.blocks.pop().is_none() {
            let help = "remove it, or look above for a `{` that is missing";
            let span = Span { start, end: start + 1 };
            self.report("this `}` closes nothing", help, span, false, &[Replacement::new(start, start + 1, "")]);
        }
        self.end_node();
        self.closed = true;
        self.previous = self.at;
    }

    /// Whether only white space stands before an offset on its line.
    fn starts_line(&self, at: usize) -> bool {
        let before = self.text.get(..at).unwrap_or_default();
        before.rsplit('\n').next().is_some_and(|line| line.trim().is_empty())
    }

    /// A block without an end, which can have been meant at the start of the line at `line`.
    fn unclosed(&mut self, block: &Block<'_>, line: usize) {
        let indent = self.indentation(block.brace);
        let change = match line < self.text.len() {
            true => Replacement::new(line, line, format!("{indent}}}\n")),
            false if self.text.ends_with('\n') => Replacement::new(line, line, format!("{indent}}}\n")),
            false => Replacement::new(line, line, " }"),
        };
        let span = Span { start: block.brace, end: block.brace + 1 };
        let number = self.text.get(..line).unwrap_or_default().matches('\n').count() + 1;
        let help = match line < self.text.len() {
            true => format!("write `}}` where it ends, perhaps before line {number}"),
            false => "write `}` where it ends, perhaps at the end of the file".to_owned(),
        };
        self.report("this block has no end", help, span, false, &[change]);
    }

    /// A comment of other languages, or one of KDL's words and raw texts that start with `#`.
    fn hash(&mut self) -> bool {
        let (start, rest) = (self.at, self.rest());
        let word = rest.get(..self.word_end(start) - start).unwrap_or_default();
        let hashes = rest.len() - rest.trim_start_matches('#').len();
        if rest.get(hashes..).is_some_and(|after| after.starts_with('"')) {
            return self.raw_string(hashes);
        }
        if matches!(word, "#true" | "#false" | "#null" | "#inf" | "#-inf" | "#nan") {
            self.entry(start + word.len());
            return true;
        }
        self.hashes.push(Span { start, end: start + hashes });
        self.at = self.line_end(start);
        true
    }

    /// An argument that ends at `end`.
    fn entry(&mut self, end: usize) {
        if let Some(node) = &mut self.node {
            node.entries += 1;
        }
        self.at = end;
        self.previous = end;
    }

    /// Reports what only the whole text shows. Where text has no end, nobody can tell which blocks have one.
    fn finish(mut self, whole: bool) -> Repair {
        while let Some(block) = self.blocks.pop().filter(|_| whole) {
            self.unclosed(&block, self.text.len());
        }
        if let Some(first) = self.conflict.first().copied() {
            let help = "keep one of the two sides, and remove the lines that git put around them";
            let changes: Vec<Replacement> =
                self.conflict.iter().map(|line| Replacement::new(line.start, line.end, "")).collect();
            self.report("a merge conflict is not resolved", help, first, false, &changes);
        }
        if let Some(first) = self.numbers.first().copied() {
            let changes: Vec<Replacement> =
                self.numbers.iter().map(|number| Replacement::new(number.start, number.end, "")).collect();
            let help = "remove the numbers at the start of the lines";
            self.report("lines have no numbers", help, first, false, &changes);
        }
        let changes: Vec<Replacement> =
            self.hashes.iter().map(|hash| Replacement::new(hash.start, hash.end, "//")).collect();
        if let Some(first) = self.hashes.first().copied() {
            let help = match changes.len() {
                1 => "write `//` instead of `#`".to_owned(),
                count => format!("write `//` instead of `#`, here and on {} more lines", count - 1),
            };
            self.report("a comment starts with `//` here", help, first, true, &changes);
        }
        self.repair.whole = whole;
        self.repair
    }
}

/// The length of a type annotation, which `shape/mod.rs` refuses.
fn annotation(rest: &str) -> Option<usize> {
    let (word, after) = rest.strip_prefix('(')?.split_once(')')?;
    let plain = word.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_'));
    let follows = after.starts_with(|c: char| c == '"' || c == '#' || c.is_alphanumeric());
    (plain && follows && !word.is_empty()).then_some(word.len() + 2)
}

/// The title of what is wrong with other quotes.
pub const QUOTES: &str = "text needs straight double quotes";
