//! How bad each kind of problem is for one run: what its code says, and what the caller says of
//! warnings. Errors stay errors: a policy that is wrong cannot be wished right.

use crate::code::Code;
use crate::diagnostic::{Diagnostics, Severity};
use std::str::FromStr;

/// What a caller can speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// All warnings.
    Warnings,
    One(Code),
}

impl FromStr for Subject {
    type Err = String;

    /// Reads `warnings` or the code of a warning.
    fn from_str(text: &str) -> Result<Subject, String> {
        if text == "warnings" {
            return Ok(Subject::Warnings);
        }
        let code =
            Code::from_name(text).ok_or_else(|| format!("there is no code `{text}`; `warnings` are all of them"))?;
        match code.severity() {
            Severity::Warning => Ok(Subject::One(code)),
            Severity::Error => Err(format!("{} is an error, and only warnings have another level", code.name())),
        }
    }
}

/// What becomes of warnings. Of one code beats all; of equals, the strictest counts.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    pub allow: Vec<Subject>,
    pub warn: Vec<Subject>,
    pub deny: Vec<Subject>,
}

impl Levels {
    /// For commands that only need to know what is wrong: no warning is left.
    pub fn errors_only() -> Levels {
        Levels { allow: vec![Subject::Warnings], ..Levels::default() }
    }

    /// Leaves out what is allowed, and makes errors of what is denied.
    pub fn apply(&self, diagnostics: Diagnostics) -> Diagnostics {
        diagnostics.filter_map(|mut diagnostic| {
            diagnostic.severity = self.severity(diagnostic.code, diagnostic.severity)?;
            Some(diagnostic)
        })
    }

    /// `None` for what is allowed.
    fn severity(&self, code: Code, severity: Severity) -> Option<Severity> {
        if severity == Severity::Error {
            return Some(severity);
        }
        for subject in [Subject::One(code), Subject::Warnings] {
            if self.deny.contains(&subject) {
                return Some(Severity::Error);
            }
            if self.warn.contains(&subject) {
                return Some(Severity::Warning);
            }
            if self.allow.contains(&subject) {
                return None;
            }
        }
        Some(severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of one code beats what is said of all warnings, and errors stay errors.
    #[test]
    fn the_nearer_word_counts() {
        let (one, all) = (Subject::One(Code::SBC0801), Subject::Warnings);
        let warning = |levels: &Levels| levels.severity(Code::SBC0801, Severity::Warning);
        assert_eq!(warning(&Levels::default()), Some(Severity::Warning));
        assert_eq!(warning(&Levels { allow: vec![all], ..Levels::default() }), None);
        assert_eq!(warning(&Levels { allow: vec![one], deny: vec![all], ..Levels::default() }), None);
        assert_eq!(
            warning(&Levels { allow: vec![all], warn: vec![one], ..Levels::default() }),
            Some(Severity::Warning)
        );
        let all_allowed = Levels { allow: vec![all], ..Levels::default() };
        assert_eq!(all_allowed.severity(Code::SBC0404, Severity::Error), Some(Severity::Error));
        assert!("SBC0404".parse::<Subject>().is_err() && "SBC9999".parse::<Subject>().is_err());
    }
}
