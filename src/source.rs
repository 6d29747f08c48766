//! Source texts and places in them.
//!
//! A [`Sources`] holds every text of one compilation: the built-in profiles first, then what the
//! project brings. It never reads a file; `project.rs` does.

use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Names one text of a [`Sources`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceId(pub u32);

/// A half-open range of bytes in one text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub start: usize,
    pub end: usize,
}

/// A span in a named text: where a value was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Location {
    pub source: SourceId,
    pub span: Span,
}

/// A value and the place it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spanned<T> {
    pub value: T,
    pub location: Location,
}

/// Where a text comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceKind {
    /// Embedded in sbc.
    BuiltIn,
    /// `.agent-sandbox/profiles/NAME.kdl`.
    Profile,
    /// `.agent-sandbox.kdl`, the only kind that may define sandboxes.
    Policy,
    /// `.agent-sandbox.local.kdl`, which adds to sandboxes on one machine.
    Local,
}

/// One text with the name that people know it by.
#[derive(Clone, Debug)]
pub struct Source {
    pub kind: SourceKind,
    /// Relative to the project root, or `built-in:NAME.kdl`.
    pub name: String,
    pub text: Cow<'static, str>,
}

impl Source {
    /// The line and column of a byte offset, both counted from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let (before, _) = self.text.split_at(offset);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        (line, column)
    }
}

/// All texts of one compilation, in the order they were added.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    all: Vec<Source>,
}

impl Sources {
    /// Adds a text and returns its name.
    pub fn add(&mut self, source: Source) -> SourceId {
        self.all.push(source);
        SourceId(u32::try_from(self.all.len() - 1).unwrap_or(u32::MAX))
    }

    /// The text behind a name; `None` only for a name of another compilation.
    pub fn get(&self, id: SourceId) -> Option<&Source> {
        self.all.get(id.0 as usize)
    }

    /// Every text with its name.
    pub fn iter(&self) -> impl Iterator<Item = (SourceId, &Source)> {
        self.all.iter().enumerate().map(|(index, source)| (SourceId(index as u32), source))
    }

    /// `file:line`, the way people and editors write a place.
    pub fn place(&self, location: Location) -> String {
        match self.get(location.source) {
            Some(source) => format!("{}:{}", source.name, source.position(location.span.start).0),
            None => "unknown source".to_owned(),
        }
    }
}
