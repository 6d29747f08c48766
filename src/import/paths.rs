//! Paths of what is imported as paths of a policy.
//!
//! A path that lies in this user's home or project is written so that it means the same on any
//! machine. Looks at nothing.

use super::value::{Piece, Value};
use crate::path::SymbolicPath;
use crate::words::Variable;
use std::path::{Path, PathBuf};

/// Where the home and the project of whoever imports are.
#[derive(Clone, Debug)]
pub struct Places {
    pub home: PathBuf,
    pub project: PathBuf,
    /// Their names before links were followed, such as `HOME` has it.
    pub spellings: Vec<(PathBuf, Variable)>,
}

/// Where a relative path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// A source: where the script is.
    Project,
    /// A place inside: the root.
    Root,
}

impl Places {
    /// A value as a path; why it is none.
    pub fn path(&self, value: &Value, start: Start) -> Result<SymbolicPath, String> {
        if let Some(unknown) = value.unknown() {
            return Err(format!("what `{unknown}` is, is known only when it runs"));
        }
        let mut spelling = String::new();
        for (position, piece) in value.pieces().iter().enumerate() {
            match piece {
                Piece::Literal(text) if position == 0 => {
                    let text = if text.starts_with('/') { self.symbolic(text) } else { relative(text, start) };
                    spelling.push_str(&text);
                }
                Piece::Literal(text) => spelling.push_str(&text.replace('$', "$$")),
                Piece::Variable(variable) => spelling.push_str(&format!("${{{}}}", variable.word())),
                _ => {}
            }
        }
        if spelling.is_empty() {
            return Err("it is empty".to_owned());
        }
        SymbolicPath::parse(&spelling).map_err(|_| "a path of a policy cannot be written like this".to_owned())
    }

    /// An absolute path as a policy would write it.
    pub fn symbolic(&self, text: &str) -> String {
        let escaped = |text: &str| text.replace('$', "$$");
        let bases = [(&self.project, Variable::Project), (&self.home, Variable::Home)];
        let spellings = self.spellings.iter().map(|(path, variable)| (path, *variable));
        for (base, variable) in bases.into_iter().chain(spellings) {
            if let Ok(rest) = Path::new(text).strip_prefix(base) {
                return format!("${{{}}}/{}", variable.word(), escaped(&rest.to_string_lossy()));
            }
        }
        escaped(text)
    }
}

fn relative(text: &str, start: Start) -> String {
    let text = text.replace('$', "$$");
    match start {
        _ if text.is_empty() => text,
        Start::Project => format!("./{text}"),
        Start::Root => format!("/{text}"),
    }
}
