//! Words before they are split: characters with and without quotes, symbols, spaces of variables.

use super::value::{Piece, Value};

/// The most words that braces may make of one.
const MAX_BRACES: usize = 256;

/// A character or a symbol of a word, before it is split.
#[derive(Clone, Debug)]
pub enum Atom {
    /// `plain`: written without quotes, so that it may be a brace or a pattern.
    Char {
        c: char,
        plain: bool,
    },
    /// A space of a variable without quotes.
    Gap,
    Piece(Piece),
}

/// The atoms of an expansion. Without quotes its spaces part words.
pub fn of_value(value: &Value, quoted: bool) -> Vec<Atom> {
    let mut atoms = Vec::new();
    for piece in value.pieces() {
        match piece {
            Piece::Literal(text) => atoms.extend(text.chars().map(|c| match c {
                ' ' | '\t' | '\n' if !quoted => Atom::Gap,
                c => Atom::Char { c, plain: false },
            })),
            piece => atoms.push(Atom::Piece(piece.clone())),
        }
    }
    atoms
}

pub fn join(atoms: &[Atom]) -> Value {
    let mut value = Value::default();
    for atom in atoms {
        value.push(match atom {
            Atom::Char { c, .. } => Piece::Literal(c.to_string()),
            Atom::Gap => Piece::Literal(" ".to_owned()),
            Atom::Piece(piece) => piece.clone(),
        });
    }
    value
}

/// Words of one, at the spaces of variables. A pattern is known only when the script runs.
pub fn split(atoms: &[Atom], quoted: bool, source: &str) -> Vec<Value> {
    let is_pattern = |atom: &Atom| matches!(atom, Atom::Char { c: '*' | '?' | '[', plain: true });
    if atoms.len() > 1 && atoms.iter().any(is_pattern) {
        return vec![Value::of(Piece::Unknown(source.to_owned()))];
    }
    if atoms.is_empty() {
        return if quoted { vec![Value::default()] } else { Vec::new() };
    }
    let words = atoms.split(|atom| matches!(atom, Atom::Gap));
    words.filter(|word| !word.is_empty()).map(join).collect()
}

/// Braces without quotes make many words of one: `/{usr,opt}`.
pub fn braces(atoms: Vec<Atom>) -> Vec<Vec<Atom>> {
    let (mut done, mut left) = (Vec::new(), vec![atoms]);
    while let Some(word) = left.pop() {
        match alternatives(&word) {
            Some(words) if left.len() + done.len() + words.len() <= MAX_BRACES => left.extend(words.into_iter().rev()),
            _ => done.push(word),
        }
    }
    done
}

/// The words that the first pair of braces makes.
fn alternatives(word: &[Atom]) -> Option<Vec<Vec<Atom>>> {
    let is = |atom: &Atom, wanted: char| matches!(atom, Atom::Char { c, plain: true } if *c == wanted);
    let open = word.iter().position(|atom| is(atom, '{'))?;
    let (mut depth, mut commas, mut close) = (0_usize, Vec::new(), None);
    for (at, atom) in word.iter().enumerate().skip(open) {
        match atom {
            atom if is(atom, '{') => depth += 1,
            atom if is(atom, ',') && depth == 1 => commas.push(at),
            atom if is(atom, '}') => {
                depth -= 1;
                if depth == 0 {
                    close = Some(at);
                    break;
                }
            }
            _ => {}
        }
    }
    let close = close.filter(|_| !commas.is_empty())?;
    let mut words = Vec::new();
    let mut start = open + 1;
    for end in commas.into_iter().chain([close]) {
        let parts = [word.get(..open)?, word.get(start..end)?, word.get(close + 1..)?];
        words.push(parts.concat());
        start = end + 1;
    }
    Some(words)
}
