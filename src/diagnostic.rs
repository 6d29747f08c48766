//! One problem: what, where, why, and what to type instead.
//!
//! Stages push problems into [`Diagnostics`]; none of them prints. `report.rs` does.

use crate::amend::Amendment;
use crate::source::Location;
use std::collections::HashSet;

pub use crate::code::Code;

/// The longest text, in bytes, that a help repeats with a change.
pub const LONGEST_REPEATED: usize = 200;

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// A place with a remark about it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Label {
    pub location: Location,
    pub text: String,
}

/// A text to put in place of another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Edit {
    pub location: Location,
    pub text: String,
}

/// Changes of the sources that settle a problem, all of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Fix {
    /// In source order, without overlaps.
    pub edits: Vec<Edit>,
    /// What `amend.rs` makes edits of.
    pub amendments: Vec<Amendment>,
    /// Whether nothing else can have been meant, so that a program may make the changes.
    pub certain: bool,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Diagnostic {
    pub code: Code,
    pub severity: Severity,
    /// What is wrong, in lower case and without a full stop.
    pub title: String,
    /// The guilty place first; then others that explain it, in whatever file they are.
    pub labels: Vec<Label>,
    /// What else one must know, such as how a profile was inherited: sentences without a place.
    pub notes: Vec<String>,
    /// What to do, as an imperative sentence with the text to type.
    pub help: Option<String>,
    /// The help as changes of the sources, where it can be said so.
    pub fix: Option<Box<Fix>>,
}

impl Diagnostic {
    pub fn error(code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code,
            severity: Severity::Error,
            title: title.into(),
            labels: Vec::new(),
            notes: Vec::new(),
            help: None,
            fix: None,
        }
    }

    pub fn warning(code: Code, title: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(code, title) }
    }

    /// Points at a place.
    pub fn at(mut self, location: Location, text: impl Into<String>) -> Diagnostic {
        self.labels.push(Label { location, text: text.into() });
        self
    }

    /// The changes that the help names, certain or not.
    pub fn changed(self, certain: bool, location: Location, text: impl Into<String>) -> Diagnostic {
        if certain { self.fix(location, text) } else { self.suggest(location, text) }
    }

    /// Says what to do.
    pub fn help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }

    /// Adds what else one must know.
    pub fn note(mut self, note: impl Into<String>) -> Diagnostic {
        self.notes.push(note.into());
        self
    }

    /// Says which text would settle it: a guess, for people.
    pub fn suggest(mut self, location: Location, text: impl Into<String>) -> Diagnostic {
        let edit = Edit { location, text: text.into() };
        self.fix.get_or_insert_default().edits.push(edit);
        self
    }

    /// Says which text settles it, where nothing else can have been meant.
    pub fn fix(self, location: Location, text: impl Into<String>) -> Diagnostic {
        let mut diagnostic = self.suggest(location, text);
        diagnostic.fix.iter_mut().for_each(|fix| fix.certain = true);
        diagnostic
    }
}

/// The problems of one run.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.all.push(diagnostic);
    }

    pub fn extend(&mut self, other: Diagnostics) {
        self.all.extend(other.all);
    }

    /// Leaves out those for which `keep` is false.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.all.retain(keep);
    }

    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub fn has(&self, code: Code) -> bool {
        self.all.iter().any(|diagnostic| diagnostic.code == code)
    }

    /// Whether an error is about what stands here.
    pub fn blames(&self, location: Location) -> bool {
        let is_about = |diagnostic: &Diagnostic| {
            diagnostic.severity == Severity::Error
                && diagnostic.labels.first().is_some_and(|label| label.location == location)
        };
        self.all.iter().any(is_about)
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The problems that `change` leaves, as it leaves them.
    pub fn filter_map(self, change: impl FnMut(Diagnostic) -> Option<Diagnostic>) -> Diagnostics {
        Diagnostics { all: self.all.into_iter().filter_map(change).collect() }
    }

    /// All problems in source order, each once; those without a place come last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut seen = HashSet::new();
        // The same problem can be met on several ways, and each has its own notes.
        let mut sorted: Vec<&Diagnostic> = self.all.iter().collect();
        sorted.retain(|diagnostic| {
            seen.insert((diagnostic.code, &diagnostic.title, &diagnostic.labels, &diagnostic.help))
        });
        sorted.sort_by_key(|diagnostic| {
            let place = diagnostic.labels.first().map(|label| label.location);
            (place.is_none(), place)
        });
        sorted
    }
}

/// `text` with every character escaped that could drive a terminal or change the order of what is
/// read: control characters, line separators, bidirectional marks (CVE-2023-28101).
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let hidden =
            matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
        if hidden || c.is_control() && !matches!(c, '\n' | '\t') {
            out.extend(c.escape_unicode());
        } else {
            out.push(c);
        }
    }
    out
}

/// The question whether `near` was meant, which also names letters that only look right.
pub fn did_you_mean(typed: &str, near: &str) -> String {
    let foreign = |(typed, near): &(char, char)| typed != near && !typed.is_ascii() && near.is_ascii();
    let question = format!("did you mean `{near}`?");
    match typed.chars().zip(near.chars()).find(foreign) {
        Some((typed, near)) if !typed.is_whitespace() => {
            format!("{question} here stands U+{:04X}, which only looks like `{near}`", u32::from(typed))
        }
        _ => question,
    }
}

/// The candidate most like `typed`, when it is like enough to be meant: a third of it may differ, or
/// one is the start of the other.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let starts = |a: &str, b: &str| b.len() > 2 && a.to_lowercase().starts_with(&b.to_lowercase());
    candidates
        .into_iter()
        .map(|candidate| (distance(typed, candidate), candidate))
        .filter(|(distance, candidate)| {
            let length = typed.chars().count().max(candidate.chars().count());
            *distance <= (length / 3).max(1) && *distance < candidate.chars().count()
                || starts(typed, candidate)
                || starts(candidate, typed)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// How many characters are typed wrongly, left out, put in or swapped, without regard to case.
pub fn distance(a: &str, b: &str) -> usize {
    strsim::damerau_levenshtein(&a.to_lowercase(), &b.to_lowercase())
}

/// `a`, `b` and `c` in backticks, for a sentence.
pub fn list<'a>(words: impl IntoIterator<Item = &'a str>, last: &str) -> String {
    let quoted: Vec<String> = words.into_iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((only, [])) => only.clone(),
        Some((end, rest)) => format!("{} {last} {end}", rest.join(", ")),
        None => String::new(),
    }
}
