//! Text of a script, as far as it is known without running it.
//!
//! `$HOME` and the like stay symbols, as in a policy. What only a run could tell stays unknown, and
//! is never guessed.

use crate::source::Span;
use crate::text::Text;
use crate::words::Variable;

/// A part of a [`Value`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Literal(String),
    /// What a policy can say, too.
    Variable(Variable),
    /// A variable of whoever starts the script.
    Caller(String),
    /// The arguments that the script is started with, `"$@"`.
    Arguments,
    /// What only a run could tell, as the script writes it.
    Unknown(String),
}

/// A text with parts that are not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Value(Vec<Piece>);

/// What must hold for a word to be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// There is such a path on the host.
    Exists(Value),
    /// There is none.
    Missing(Value),
    /// Something else, as the script writes it.
    Other { text: String, span: Span },
}

/// One word of a command, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub value: Value,
    pub span: Span,
    pub conditions: Vec<Condition>,
}

impl Value {
    pub fn literal(text: impl Into<String>) -> Value {
        let text = text.into();
        Value(if text.is_empty() { Vec::new() } else { vec![Piece::Literal(text)] })
    }

    pub fn of(piece: Piece) -> Value {
        Value(vec![piece])
    }

    pub fn variable(variable: Variable) -> Value {
        Value::of(Piece::Variable(variable))
    }

    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    pub fn push(&mut self, piece: Piece) {
        match (self.0.last_mut(), piece) {
            (_, Piece::Literal(text)) if text.is_empty() => {}
            (Some(Piece::Literal(last)), Piece::Literal(text)) => last.push_str(&text),
            (_, piece) => self.0.push(piece),
        }
    }

    pub fn extend(&mut self, other: Value) {
        other.0.into_iter().for_each(|piece| self.push(piece));
    }

    /// How many bytes its texts have.
    pub fn bytes(&self) -> usize {
        let length = |piece: &Piece| match piece {
            Piece::Literal(text) | Piece::Unknown(text) | Piece::Caller(text) => text.len(),
            Piece::Variable(_) | Piece::Arguments => 1,
        };
        self.0.iter().map(length).sum()
    }

    /// Forgets a text that is too long to be meant.
    pub fn limit(&mut self, bytes: usize) {
        if self.bytes() > bytes {
            *self = Value::of(Piece::Unknown("a text that is too long".to_owned()));
        }
    }

    /// The text, where nothing of it is a symbol.
    pub fn plain(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The text of a policy; `None` where something is not known.
    pub fn text(&self) -> Option<Text> {
        let mut spelling = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => spelling.push_str(&text.replace('$', "$$")),
                Piece::Variable(variable) => spelling.push_str(&format!("${{{}}}", variable.word())),
                _ => return None,
            }
        }
        Text::parse(&spelling).ok()
    }

    /// As a shell would read it, for people and for a shell inside.
    pub fn shown(&self) -> String {
        let shown = |piece: &Piece| match piece {
            Piece::Literal(text) | Piece::Unknown(text) => text.clone(),
            Piece::Variable(Variable::Project) => "$PWD".to_owned(),
            Piece::Variable(variable) => format!("${{{}}}", variable.word()),
            Piece::Caller(name) => format!("${{{name}}}"),
            Piece::Arguments => "\"$@\"".to_owned(),
        };
        self.0.iter().map(shown).collect()
    }

    /// Without the newlines at its end, which `$(…)` takes off.
    pub fn without_last_lines(mut self) -> Value {
        if let Some(Piece::Literal(text)) = self.0.last_mut() {
            text.truncate(text.trim_end_matches('\n').len());
            if text.is_empty() {
                self.0.pop();
            }
        }
        self
    }

    /// The first part that is not known, as the script writes it.
    pub fn unknown(&self) -> Option<String> {
        self.0.iter().find_map(|piece| match piece {
            Piece::Caller(name) => Some(format!("${name}")),
            Piece::Unknown(text) => Some(text.clone()),
            Piece::Arguments => Some("\"$@\"".to_owned()),
            _ => None,
        })
    }

    /// Whether it is empty; `None` where that depends on what is not known.
    pub fn emptiness(&self) -> Option<bool> {
        let certain = |piece: &Piece| matches!(piece, Piece::Literal(_) | Piece::Variable(_));
        match self.0.as_slice() {
            [] => Some(true),
            pieces if pieces.iter().any(certain) => Some(false),
            _ => None,
        }
    }

    /// The value with what stands after the last `/`, and that.
    pub fn split_last(&self) -> Option<(Value, String)> {
        let (last, before) = self.0.split_last()?;
        let Piece::Literal(text) = last else { return None };
        let (directory, name) = text.trim_end_matches('/').rsplit_once('/')?;
        let mut value = Value(before.to_vec());
        value.push(Piece::Literal(directory.to_owned()));
        if value.0.is_empty() {
            value.push(Piece::Literal("/".to_owned()));
        }
        Some((value, name.to_owned()))
    }
}

impl Field {
    pub fn new(value: Value, span: Span) -> Field {
        Field { value, span, conditions: Vec::new() }
    }
}
