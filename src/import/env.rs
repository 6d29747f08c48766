//! The environment that a call of bubblewrap gives to its command, as rules.

use super::Unsaid;
use super::original::Original;
use super::shell::Call;
use super::value::{Piece, Value};
use crate::policy::EnvRule;
use crate::source::Span;
use crate::text::Text;
use std::collections::BTreeMap;

/// What programs need of a caller's environment, and everybody may know.
pub const COMMON: &[&str] =
    &["HOME", "USER", "LOGNAME", "SHELL", "PATH", "TERM", "COLORTERM", "NO_COLOR", "LANG", "LC_*", "TZ"];

/// Parts of the names of variables that hold what nobody else should know.
const SECRET: &[&str] = &["KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL"];

/// What is known of an environment so far.
#[derive(Clone, Debug)]
pub struct Reader {
    env: BTreeMap<String, EnvRule>,
    prepends: BTreeMap<String, Text>,
    passes_all: bool,
    unsaid: Vec<Unsaid>,
}

/// Whether a variable's value is nobody's business, by its name.
pub fn is_secret(name: &str) -> bool {
    let name = name.to_uppercase();
    SECRET.iter().any(|part| name.contains(part)) && name != "SSH_AUTH_SOCK"
}

impl Reader {
    pub fn new(call: &Call) -> Reader {
        let mut reader = Reader {
            env: BTreeMap::new(),
            prepends: BTreeMap::new(),
            passes_all: !call.is_cleared,
            unsaid: Vec::new(),
        };
        let mut unsaid = Vec::new();
        for (name, value) in &call.env {
            if let Err(why) = reader.set(name, value, call.span, &mut unsaid) {
                unsaid.push(Unsaid::at(call.span, format!("{name}={}", value.shown()), why));
            }
        }
        reader.unsaid = unsaid;
        reader
    }

    /// `--clearenv` forgets what was set before it, too.
    pub fn clear(&mut self) {
        self.env.clear();
        self.prepends.clear();
        self.passes_all = false;
    }

    pub fn unset(&mut self, name: &str) {
        self.env.remove(name);
        self.prepends.remove(name);
    }

    pub fn set(&mut self, name: &str, value: &Value, span: Span, unsaid: &mut Vec<Unsaid>) -> Result<(), String> {
        let own = |piece: &Piece| *piece == Piece::Caller(name.to_owned());
        let passed = if is_secret(name) { EnvRule::Secret } else { EnvRule::Pass };
        self.prepends.remove(name);
        let rule = match value.pieces() {
            [piece] if own(piece) => passed,
            // `DIR:$PATH`
            [before @ .., last] if own(last) => {
                let mut text = before.iter().fold(Value::default(), |mut text, piece| {
                    text.push(piece.clone());
                    text
                });
                let Some(text) = without_colon(&mut text).and_then(|value| value.text()) else {
                    return Err("parts of the value are known only when it runs".to_owned());
                };
                self.prepends.insert(name.to_owned(), text);
                passed
            }
            _ if is_secret(name) && value.unknown().is_none() => {
                let why = "the value is not written into a policy: it passes from your environment, set it there";
                unsaid.push(Unsaid::at(span, name, why));
                EnvRule::Secret
            }
            _ => EnvRule::Set(value.text().ok_or("the value is known only when it runs")?),
        };
        self.env.insert(name.to_owned(), rule);
        Ok(())
    }

    pub fn finish(self, original: &mut Original) {
        original.unsaid.extend(self.unsaid);
        (original.env, original.prepends, original.passes_all) = (self.env, self.prepends, self.passes_all);
    }
}

/// What is to be said where the caller's whole environment passes.
pub fn everything() -> Unsaid {
    let why = format!("sbc passes only variables that are named: {}; write `pass \"NAME\"` for more", COMMON.join(" "));
    Unsaid { span: None, what: "the caller's whole environment".to_owned(), why, is_note: false, is_mask: false }
}

/// A list of directories without the colon at its end.
fn without_colon(value: &mut Value) -> Option<Value> {
    let (last, before) = value.pieces().split_last()?;
    let Piece::Literal(text) = last else { return None };
    let text = text.strip_suffix(':')?.to_owned();
    let mut out = Value::default();
    before.iter().for_each(|piece| out.push(piece.clone()));
    out.push(Piece::Literal(text));
    Some(out)
}
