//! What is said of a change: words of sbc's own, and names and texts that a policy brings.
//!
//! The two are kept apart until they are printed, because every format has its own way to keep a
//! policy's text from being more than text.

use crate::diagnostic::printable;

/// A part of a sentence.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Piece {
    Words(String),
    /// A name, a rule or a text of a policy.
    Quoted(String),
    /// A file and a line.
    Place(String),
}

/// A sentence without a full stop.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Sentence(Vec<Piece>);

impl Sentence {
    /// A sentence with quoted texts in the places of `{}`.
    pub fn new(template: &str, quoted: &[&str]) -> Sentence {
        let mut parts = template.split("{}");
        let start = Sentence::default().words(parts.next().unwrap_or_default());
        parts.zip(quoted).fold(start, |sentence, (words, text)| sentence.quoted(text).words(words))
    }

    pub fn words(mut self, words: &str) -> Sentence {
        self.0.push(Piece::Words(words.to_owned()));
        self
    }

    pub fn quoted(mut self, text: &str) -> Sentence {
        self.0.push(Piece::Quoted(one_line(text)));
        self
    }

    pub fn place(mut self, file: &str, line: usize) -> Sentence {
        self.0.push(Piece::Place(format!("{}:{line}", one_line(file))));
        self
    }

    /// Several quoted texts; of many, the first and how many more there are.
    pub fn list(mut self, texts: &[String]) -> Sentence {
        for (index, text) in texts.iter().take(LISTED).enumerate() {
            self = self.words(if index == 0 { "" } else { ", " }).quoted(text);
        }
        match texts.len().checked_sub(LISTED) {
            None | Some(0) => self,
            Some(more) => self.words(&format!(" and {more} more")),
        }
    }

    /// The sentence about several things that it says of one.
    pub fn about(&self, one: &str, all: &[&str]) -> Sentence {
        let piece = |piece: &Piece| match piece {
            Piece::Quoted(text) if text == one => {
                let comma = || Piece::Words(", ".to_owned());
                all.iter().flat_map(|text| [comma(), Piece::Quoted((*text).to_owned())]).skip(1).collect()
            }
            piece => vec![piece.clone()],
        };
        Sentence(self.0.iter().flat_map(piece).collect())
    }

    /// A value: as words where it can be nothing else.
    pub fn value(self, text: &str) -> Sentence {
        let plain = !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | ' '));
        if plain { self.words(text) } else { self.quoted(text) }
    }

    /// The sentence for people and programs.
    pub fn plain(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(text) | Piece::Place(text) => cut(text),
            Piece::Quoted(text) => format!("`{}`", cut(text)),
        };
        self.0.iter().map(piece).collect()
    }

    /// The sentence in a format in which every text of a policy has to be put down by `code`.
    pub fn marked(&self, code: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Words(words) => words.clone(),
            Piece::Quoted(text) | Piece::Place(text) => code(&cut(text)),
        };
        self.0.iter().map(piece).collect()
    }
}

/// How many texts of a list are named.
const LISTED: usize = 3;

/// The longest text in a sentence, in characters.
const LONGEST: usize = 300;

/// Text of a policy on one line, with nothing that could drive a terminal.
pub fn one_line(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

/// As much of a text as a sentence shows.
fn cut(text: &str) -> String {
    let start: String = text.chars().take(LONGEST).collect();
    if start.len() < text.len() { start + "…" } else { start }
}
