//! A script in a word of another one: `nix-shell --run "bwrap … '$PWD'"`.
//!
//! What the outer script puts into its text is no syntax of the inner one. So each symbol stands there as
//! one character that no script has, and becomes itself again when the inner script is read.

use super::value::{Piece, Value};

/// Characters for private use, from here on.
const FIRST: u32 = 0xF_0000;

/// The text of an inner script, and what its characters for private use stand for. Nothing where the
/// text has such characters itself.
pub fn inner(value: &Value) -> Option<(String, Vec<Piece>)> {
    let (mut text, mut pieces) = (String::new(), Vec::new());
    for piece in value.pieces() {
        match piece {
            Piece::Literal(literal) if literal.chars().any(|c| u32::from(c) >= FIRST) => return None,
            Piece::Literal(literal) => text.push_str(literal),
            // The inner script has the same arguments, as words of their own.
            Piece::Arguments => text.push_str("\"$@\""),
            piece => {
                text.push(char::from_u32(FIRST + u32::try_from(pieces.len()).ok()?)?);
                pieces.push(piece.clone());
            }
        }
    }
    Some((text, pieces))
}

/// What a character stands for.
pub fn piece(pieces: &[Piece], c: char) -> Option<&Piece> {
    pieces.get(usize::try_from(u32::from(c).checked_sub(FIRST)?).ok()?)
}

/// A part of an inner script.
pub fn value(pieces: &[Piece], text: &str) -> Value {
    let mut value = Value::default();
    for c in text.chars() {
        value.push(piece(pieces, c).cloned().unwrap_or_else(|| Piece::Literal(c.to_string())));
    }
    value
}
