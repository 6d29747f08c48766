//! One problem: what, where, why, and what to type instead.
//!
//! Stages push problems into [`Diagnostics`]; none of them prints. `report.rs` does.

use crate::source::Location;

/// Defines the codes with their titles.
macro_rules! codes {
    ($($code:ident $title:literal,)+) => {
        /// The stable name of a kind of problem. The first two digits are the stage.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        pub enum Code { $($code,)+ }

        impl Code {
            /// Every code, in order.
            pub const ALL: &'static [Code] = &[$(Code::$code,)+];

            /// The code as it is printed.
            pub const fn name(self) -> &'static str {
                match self { $(Code::$code => stringify!($code),)+ }
            }

            /// What the problem is, in a few words.
            pub const fn title(self) -> &'static str {
                match self { $(Code::$code => $title,)+ }
            }
        }
    };
}

codes! {
    // 00: text
    SBC0001 "a file is too large",
    SBC0002 "a file nests too much",
    SBC0003 "a file is not UTF-8",
    SBC0004 "compiling took too long",
    SBC0005 "not valid KDL",
    SBC0006 "a file cannot be read",
    SBC0007 "no policy here",
    // 01: shape
    SBC0101 "unknown name",
    SBC0102 "unknown property",
    SBC0103 "unknown word",
    SBC0104 "unknown variable",
    SBC0105 "not a text value",
    SBC0106 "something is missing",
    SBC0107 "something is too much",
    SBC0108 "said twice",
    SBC0109 "not a name",
    SBC0110 "not a value of this kind",
    SBC0111 "a file that defines nothing",
    // 02: inheritance
    SBC0201 "unknown profile",
    SBC0202 "inheritance in a circle",
    SBC0203 "a profile found twice",
    SBC0204 "inheritance too deep",
    SBC0205 "unknown sandbox",
    SBC0206 "which sandbox?",
    // 03: merge
    SBC0301 "definitions disagree",
    SBC0302 "nothing to remove",
    SBC0303 "a value that cannot be extended",
    // 04: paths
    SBC0401 "not a path",
    SBC0402 "a path leads above its root",
    SBC0403 "nothing can be made here safely",
    SBC0404 "a path does not exist",
    SBC0405 "paths lie inside each other in an unexpected way",
    SBC0406 "a path is of the wrong kind",
    SBC0407 "a path cannot be read",
    SBC0408 "a symbolic link where the sandbox could have planted one",
    SBC0409 "not a place for a project",
    SBC0410 "a variable has no value on this host",
    SBC0411 "a mount point is missing",
    // 05: guarantees
    SBC0501 "an assertion does not hold",
    SBC0502 "nothing to waive",
    SBC0503 "settings contradict each other",
    // 06: artefacts
    SBC0601 "an artefact is out of date",
    SBC0602 "an artefact is missing",
    SBC0603 "a file cannot be written",
    SBC0604 "a shell script cannot carry this",
    SBC0605 "a file exists already",
    // 07: running
    SBC0701 "bubblewrap is missing",
    SBC0702 "bubblewrap is too old",
    SBC0703 "bubblewrap cannot make a sandbox here",
    SBC0704 "not as root",
    SBC0705 "bubblewrap failed",
    SBC0706 "no command",
    SBC0707 "the working directory is not inside",
    SBC0708 "the host cannot do this",
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
}

/// A place with a remark about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    pub location: Location,
    pub text: String,
}

/// A text to put in place of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    pub location: Location,
    pub text: String,
}

/// Changes of the sources that settle a problem, all of them together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// In source order, without overlaps.
    pub edits: Vec<Edit>,
    /// Whether nothing else can have been meant, so that a program may make the changes.
    pub certain: bool,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
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
        let none = || Box::new(Fix { edits: Vec::new(), certain: false });
        self.fix.get_or_insert_with(none).edits.push(edit);
        self
    }

    /// Says which text settles it, where nothing else can have been meant.
    pub fn fix(self, location: Location, text: impl Into<String>) -> Diagnostic {
        let mut diagnostic = self.suggest(location, text);
        diagnostic.fix.iter_mut().for_each(|fix| fix.certain = true);
        diagnostic
    }
}

/// The problems of one run, without repetitions.
#[derive(Clone, Debug, Default)]
pub struct Diagnostics {
    all: Vec<Diagnostic>,
}

impl Diagnostics {
    pub fn push(&mut self, diagnostic: Diagnostic) {
        if !self.all.contains(&diagnostic) {
            self.all.push(diagnostic);
        }
    }

    pub fn extend(&mut self, other: Diagnostics) {
        other.all.into_iter().for_each(|diagnostic| self.push(diagnostic));
    }

    /// Leaves out those for which `keep` is false.
    pub fn retain(&mut self, keep: impl FnMut(&Diagnostic) -> bool) {
        self.all.retain(keep);
    }

    pub fn has_errors(&self) -> bool {
        self.all.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// All problems in source order; those without a place come last.
    pub fn sorted(&self) -> Vec<&Diagnostic> {
        let mut sorted: Vec<&Diagnostic> = self.all.iter().collect();
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
