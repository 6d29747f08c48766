//! Symbolic text: what a policy says where `${HOME}` and the like stand for themselves.
//!
//! One canonical spelling each, so that equal texts are equal strings. Never expanded before a
//! host is known.

use crate::words::Variable;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fmt;
use std::ops::Range;

/// Text with variables, in canonical spelling: `$$` is a dollar sign, `${NAME}` a variable.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Text(String);

/// A part of a [`Text`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    Literal(&'a str),
    Variable(Variable),
}

/// Why a string is not a [`Text`], and which bytes of it are to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextError {
    pub range: Range<usize>,
    pub problem: TextProblem,
}

/// What is wrong with a string that should be a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextProblem {
    /// `${NAME}` with a name that sbc does not know.
    UnknownVariable(String),
    /// `$NAME` without braces, or a dollar sign on its own.
    BareDollar(String),
    /// `${` without `}`.
    Unclosed,
    /// A character that no path, variable or argument can hold.
    Nul,
}

impl Text {
    /// Reads the spelling of a policy.
    pub fn parse(text: &str) -> Result<Text, TextError> {
        Text::check(text).map(|()| Text(text.to_owned()))
    }

    /// Whether a string is the spelling of a text.
    pub fn check(text: &str) -> Result<(), TextError> {
        if let Some(at) = text.find('\0') {
            return Err(TextError { range: at..at + 1, problem: TextProblem::Nul });
        }
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let start = text.len() - rest.len() + dollar;
            let (_, tail) = rest.split_at(dollar);
            let length =
                dollar_length(tail).map_err(|(length, problem)| TextError { range: start..start + length, problem })?;
            rest = tail.split_at(length).1;
        }
        Ok(())
    }

    /// Text without variables that says exactly `literal`.
    pub fn literal(literal: &str) -> Text {
        Text(if literal.contains('$') { literal.replace('$', "$$") } else { literal.to_owned() })
    }

    /// Text of which it is known that no dollar sign and no zero is in it.
    pub fn plain(text: &str) -> Text {
        Text(text.to_owned())
    }

    /// The canonical spelling.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it says on every machine what it says here: no dollar sign, and so no variable.
    pub fn is_plain(&self) -> bool {
        !self.0.contains('$')
    }

    /// The parts, in order.
    pub fn pieces(&self) -> Vec<Piece<'_>> {
        let mut pieces = Vec::new();
        let mut rest = self.0.as_str();
        while let Some(dollar) = rest.find('$') {
            let (before, tail) = rest.split_at(dollar);
            if !before.is_empty() {
                pieces.push(Piece::Literal(before));
            }
            let length = dollar_length(tail).unwrap_or(1);
            let (token, after) = tail.split_at(length);
            let name = token.trim_start_matches("${").trim_end_matches('}');
            pieces.push(Variable::from_word(name).map_or(Piece::Literal("$"), Piece::Variable));
            rest = after;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest));
        }
        pieces
    }

    /// The variables that the text names.
    pub fn variables(&self) -> impl Iterator<Item = Variable> {
        // Most texts have none, and this is asked of every component of every path.
        let pieces = if self.is_plain() { Vec::new() } else { self.pieces() };
        pieces.into_iter().filter_map(|piece| match piece {
            Piece::Variable(variable) => Some(variable),
            Piece::Literal(_) => None,
        })
    }

    /// The text with every variable replaced by what `value` gives for it.
    pub fn expand(&self, value: &dyn Fn(Variable) -> OsString) -> OsString {
        let mut out = OsString::new();
        for piece in self.pieces() {
            match piece {
                Piece::Literal(literal) => out.push(literal),
                Piece::Variable(variable) => out.push(value(variable)),
            }
        }
        out
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The length of the token that starts with the dollar sign at the start of `tail`, or the length
/// and kind of what is wrong there.
fn dollar_length(tail: &str) -> Result<usize, (usize, TextProblem)> {
    if tail.starts_with("$$") {
        return Ok(2);
    }
    let Some(after) = tail.strip_prefix("${") else {
        let name: String = tail.chars().skip(1).take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
        return Err((1 + name.len(), TextProblem::BareDollar(name)));
    };
    let Some(end) = after.find('}') else {
        return Err((tail.len(), TextProblem::Unclosed));
    };
    let (name, _) = after.split_at(end);
    match Variable::from_word(name) {
        Some(_) => Ok(end + 3),
        None => Err((end + 3, TextProblem::UnknownVariable(name.to_owned()))),
    }
}
