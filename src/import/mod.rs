//! Reads sandboxes that people have in other languages, and says them as a policy.
//!
//! Every source comes to an [`Original`]: operations in their order, and settings. What it comes to
//! is derived from that by `derive.rs`, and proved by `compare.rs`. Nothing of a source is ever run.

mod assign;
mod atoms;
pub mod bwrap;
mod command;
pub mod comments;
pub mod compare;
mod condition;
pub mod derive;
pub mod draft;
pub mod env;
mod expand;
pub mod factor;
mod flow;
mod inner;
mod options;
pub mod original;
pub mod paths;
pub mod policy;
pub mod settings;
pub mod settle;
pub mod shell;
mod substitute;
pub mod value;

use crate::diagnostic::{Code, Diagnostic};
use crate::source::{Location, SourceId, Span};
use original::Original;
use paths::Places;
use std::path::Path;
use value::Value;

/// The largest file that is imported, in bytes.
pub const MAX_BYTES: usize = 256 * 1024;

/// The longest piece of a source that a message repeats, in characters.
const LONGEST: usize = 90;

/// What is not said as it was, with why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsaid {
    pub span: Option<Span>,
    pub what: String,
    pub why: String,
    /// Whether it is said all the same, in another way.
    pub is_note: bool,
    /// Whether the original hides something by it, or makes it read-only.
    pub is_mask: bool,
}

impl Unsaid {
    /// What the policy does not say.
    pub fn at(span: Span, what: impl Into<String>, why: impl Into<String>) -> Unsaid {
        Unsaid { span: Some(span), what: what.into(), why: why.into(), is_note: false, is_mask: false }
    }

    /// What the policy says in another way.
    pub fn note(span: Span, what: impl Into<String>, why: impl Into<String>) -> Unsaid {
        Unsaid { is_note: true, ..Unsaid::at(span, what, why) }
    }
}

/// What a file is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// A shell script or a command line that starts bubblewrap
    Script,
    /// Options for `bwrap --args`, each with a zero byte after it
    Args,
    /// Settings of srt, the sandbox runtime
    Srt,
    /// Settings of Claude Code
    Claude,
    /// Settings of Codex
    Codex,
    /// Settings of ai-jail
    AiJail,
    /// A profile of nono
    Nono,
    /// Settings of fence
    Fence,
}

impl Kind {
    /// Whether it describes mounts of bubblewrap, so that both views can be compared.
    pub fn is_bwrap(self) -> bool {
        matches!(self, Kind::Script | Kind::Args)
    }

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Script => "a script that calls bwrap",
            Kind::Args => "options for `bwrap --args`",
            Kind::Srt => "settings of srt",
            Kind::Claude => "settings of Claude Code",
            Kind::Codex => "settings of Codex",
            Kind::AiJail => "settings of ai-jail",
            Kind::Nono => "a profile of nono",
            Kind::Fence => "settings of fence",
        }
    }
}

/// A text to import.
#[derive(Clone, Debug)]
pub struct Text {
    pub id: SourceId,
    /// As the caller names it.
    pub name: String,
    pub text: String,
    /// What `$0` is in it.
    pub path: Value,
}

/// What a text comes to.
#[derive(Clone, Debug)]
pub struct Imported {
    pub kind: Kind,
    pub original: Original,
}

/// Reads a text; `kind` is what the caller says that it is.
pub fn read(text: &Text, kind: Option<Kind>, places: &Places) -> Result<Imported, Diagnostic> {
    let kind = match kind {
        Some(kind) => kind,
        None => recognize(&text.name, &text.text).ok_or_else(|| {
            let title = format!("`{}` is nothing that sbc can import", text.name);
            Diagnostic::error(Code::SBC0008, title).help(
                "give it a script that calls `bwrap`, or say what it is, such as `--from srt`; \
                 `sbc import --help` lists what there is",
            )
        })?,
    };
    let mut original = match kind {
        Kind::Script => script(text, places)?,
        Kind::Args => {
            let words = bwrap::separated(&text.text);
            let span = Span { start: 0, end: 0 };
            bwrap::read(&shell::Call { words, span, ..shell::Call::default() }, &text.text, places)
        }
        kind => settings::read(kind, text, places)?,
    };
    if original.passes_all {
        original.unsaid.push(env::everything());
    }
    Ok(Imported { kind, original })
}

/// What a text is, by its name and what stands in it.
pub fn recognize(name: &str, text: &str) -> Option<Kind> {
    let start = text.trim_start();
    if text.contains('\0') {
        return start.starts_with("--").then_some(Kind::Args);
    }
    let file = Path::new(name).file_name().map(|file| file.to_string_lossy().into_owned()).unwrap_or_default();
    settings::recognize(&file, name, text).or_else(|| {
        let is_script = start.starts_with("#!") || start.starts_with("--") || text.contains("bwrap");
        is_script.then_some(Kind::Script)
    })
}

fn script(text: &Text, places: &Places) -> Result<Original, Diagnostic> {
    // Options alone are those of bwrap.
    let bare = text.text.trim_start().starts_with("--");
    let source = if bare { format!("bwrap {}", text.text.trim_start()) } else { text.text.clone() };
    let outcome = shell::evaluate(&source, text.path.clone()).map_err(|(message, span)| {
        let title = format!("`{}` cannot be read as a shell script: {}", text.name, one_line(&message));
        Diagnostic::error(Code::SBC0008, title)
            .at(Location { source: text.id, span }, "here")
            .help("check it with `bash -n`, and import it again")
    })?;
    // A call that mounts nothing only asks for the version.
    let is_sandbox = |call: &&shell::Call| call.words.iter().any(|word| word.value.plain().is_some_and(is_mount));
    let mut calls = outcome.calls.iter().filter(is_sandbox);
    let Some(call) = calls.next() else {
        let title = format!("`{}` calls no bwrap that mounts anything", text.name);
        return Err(Diagnostic::error(Code::SBC0008, title).help("name the file in which `bwrap --ro-bind …` stands"));
    };
    let mut original = bwrap::read(call, &source, places);
    original.unsaid.splice(0..0, outcome.unsaid.iter().cloned());
    for other in calls {
        let why = "another call of bwrap: the first is imported, import this one by itself";
        original.unsaid.push(Unsaid::at(other.span, one_line(slice(&source, other.span)), why));
    }
    if bare {
        // Places are those of the text with the word before it.
        original.unsaid.iter_mut().for_each(|unsaid| unsaid.span = None);
    }
    Ok(original)
}

/// Whether a word of a call is an option that mounts or hides, or says where more options are.
fn is_mount(word: &str) -> bool {
    let word = word.strip_suffix("-try").unwrap_or(word);
    ["--bind", "--ro-bind", "--dev-bind", "--tmpfs", "--args", "--ro-bind-data", "--unshare-all"].contains(&word)
}

fn slice(source: &str, span: Span) -> &str {
    source.get(span.start..span.end).unwrap_or_default()
}

/// A piece of a source as part of a message: on one line, and not too long.
pub fn one_line(text: &str) -> String {
    shorten(text, LONGEST)
}

/// A text on one line, with so many characters at the most.
pub fn shorten(text: &str, longest: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().filter(|word| *word != "\\").collect();
    let line = words.join(" ");
    let line = line.trim_end_matches(';');
    match line.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}
