//! Sets of profiles that a project has copied from elsewhere: their names, what the lock says of them, and whether
//! that is still true.
//!
//! Reads nothing; `fetch.rs` does.

pub mod fetch;
pub mod source;

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::sha256;
use crate::project::DIRECTORY;
use crate::source::{Location, SourceId, SourceKind, Sources, Span};
use std::collections::BTreeMap;

/// The file of the lock in [`DIRECTORY`].
pub const LOCK: &str = "sbc.lock";

/// The directory in [`DIRECTORY`] that the files lie in, beside the project's own.
pub const PROFILES: &str = "profiles";

/// The longest name of a file.
const LONGEST: usize = 100;

/// A set as the lock has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Set {
    pub name: String,
    /// What [`content`] gives for the files.
    pub content: String,
    /// The commit and the directory in it, where the source is a repository.
    pub revision: Option<Revision>,
    /// As the user has written it, or from the project's root.
    pub source: String,
    /// The SHA-256 of each file.
    pub files: BTreeMap<String, String>,
}

/// Which files of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    /// The whole name of the commit.
    pub commit: String,
    /// `.` is the root.
    pub directory: String,
}

/// One hash for a set of files, by their names and hashes.
pub fn content(files: &BTreeMap<String, String>) -> String {
    sha256(files.iter().map(|(name, hash)| line(name, hash)).collect::<String>().as_bytes())
}

/// A file in the lock, as `sha256sum -c` reads it.
pub fn line(name: &str, hash: &str) -> String {
    format!("{hash}  {}\n", path(name))
}

/// The path of a vendored file below the project's root.
pub fn path(name: &str) -> String {
    format!("{DIRECTORY}/{PROFILES}/{name}")
}

/// The name of the vendored file at a path below the project's root.
pub fn file_name(path: &str) -> Option<&str> {
    let name = path.strip_prefix(DIRECTORY)?.strip_prefix('/')?.strip_prefix(PROFILES)?.strip_prefix('/')?;
    is_file_name(name).then_some(name)
}

/// Whether a file of this name can be vendored: one that is the same in every list and on every command line.
pub fn is_file_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let starts = name.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    starts && name.len() <= LONGEST && name.ends_with(".kdl") && name.chars().all(is_plain)
}

/// Reports where vendored files are not what the lock says.
pub fn drift(sets: &[Set], sources: &Sources, out: &mut Diagnostics) {
    for set in sets {
        if !set.is_whole() {
            let title = format!(
                "the lines of `{}` in `{DIRECTORY}/{LOCK}` are not those that `sbc vendor` has written",
                set.name
            );
            out.push(Diagnostic::error(Code::SBC0606, title).help(set.back()));
        }
        for (file, hash) in &set.files {
            let name = path(file);
            let from = format!("vendored from `{}`", set.source);
            match find(sources, &name) {
                None => {
                    let title = format!("`{name}`, {from}, is missing");
                    out.push(Diagnostic::error(Code::SBC0606, title).help(set.back()));
                }
                Some((id, text)) if sha256(text.as_bytes()) != *hash => {
                    let start = Location { source: id, span: Span { start: 0, end: 0 } };
                    let title = format!("`{name}` is not what was {from}");
                    out.push(Diagnostic::error(Code::SBC0606, title).at(start, "edited since").help(set.back()));
                }
                Some(_) => {}
            }
        }
    }
}

fn find<'a>(sources: &'a Sources, name: &str) -> Option<(SourceId, &'a str)> {
    let is_it = |kind, of: &str| kind == SourceKind::Profile && of == name;
    let found = sources.iter().find(|(_, source)| is_it(source.kind, &source.name));
    found.map(|(id, source)| (id, source.text.as_ref()))
}

impl Set {
    /// Whether the lock still has all of it.
    pub fn is_whole(&self) -> bool {
        content(&self.files) == self.content
    }

    /// What to do where the files are others.
    fn back(&self) -> String {
        let revision = self.revision.as_ref().map(|revision| format!(" --revision {}", revision.commit));
        format!(
            "`sbc vendor --update {}{}` puts it back; or make it your own: take the lines of `{}` out of `{DIRECTORY}/{LOCK}`",
            self.name,
            revision.unwrap_or_default(),
            self.name
        )
    }
}
