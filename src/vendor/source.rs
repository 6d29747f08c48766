//! Where profiles are vendored from, as a person writes it: a directory, or a repository of git.
//!
//! A lock can say so as well, and a repository could have forged that. So nothing in it can become an option or a
//! command, and only protocols count that say who answers.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, printable};
use std::path::Path;

/// The longest that is read.
const LONGEST: usize = 1000;

/// What to write instead of what cannot be vendored from.
const FORMS: &str =
    "name a directory, a repository on this machine, or `https://…`, `ssh://…`, `git@HOST:PATH`, `file:///…`";

/// Where profiles come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Their directory.
    Directory,
    /// A directory in a repository on this machine.
    Repository { revision: String },
    /// Git gets it by this protocol.
    Remote { protocol: &'static str, revision: String },
}

/// What a source and a revision mean.
///
/// # Errors
/// When they are nothing that can be vendored from.
pub fn read(source: &str, revision: Option<&str>) -> Result<Place, Diagnostic> {
    if source.is_empty() || source.len() > LONGEST || source.starts_with('-') || source.contains(char::is_control) {
        return Err(refused(source, "is no source").help(FORMS));
    }
    let revision = revision.map(|revision| checked(revision).map(str::to_owned)).transpose()?;
    match (protocol(source)?, revision) {
        (None, None) => Ok(Place::Directory),
        (None, Some(revision)) => Ok(Place::Repository { revision }),
        (Some(protocol), Some(revision)) => Ok(Place::Remote { protocol, revision }),
        (Some(_), None) => Err(refused(source, "is a repository, and no revision is named")
            .help("write `--revision NAME` behind it: a tag, a branch, or the whole name of a commit")),
    }
}

/// The protocol that git needs for it; `None` where it is a path.
fn protocol(source: &str) -> Result<Option<&'static str>, Diagnostic> {
    if let Some((scheme, rest)) = source.split_once("://") {
        let host = rest.split('/').next().unwrap_or_default();
        let (user, host) = host.rsplit_once('@').map_or((None, host), |(user, host)| (Some(user), host));
        let protocol = match scheme {
            "https" => "https",
            "ssh" => "ssh",
            "file" => "file",
            "http" | "git" => {
                return Err(
                    refused(source, "can be changed by anybody on the way").help("write `https://` or `ssh://`")
                );
            }
            _ => return Err(refused(source, "has a protocol that sbc does not use").help(FORMS)),
        };
        let tells = user.is_some_and(|user| protocol == "https" || user.contains(':'));
        if tells {
            return Err(refused("the source", "holds a name or a password, which the lock would tell everybody")
                .help("leave it out; for a private repository, write `ssh://…`"));
        }
        return if host.starts_with('-') || user.is_some_and(|user| user.starts_with('-')) {
            Err(refused(source, "has a host that could be an option").help(FORMS))
        } else {
            Ok(Some(protocol))
        };
    }
    let head = source.split('/').next().unwrap_or_default();
    if head.contains("::") {
        return Err(refused(source, "would have git run a program").help(FORMS));
    }
    match head.split_once(':') {
        None => Ok(None),
        Some((host, _)) if host.starts_with('-') || host.contains("@-") || host.is_empty() => {
            Err(refused(source, "has a host that could be an option").help(FORMS))
        }
        Some(_) => Ok(Some("ssh")),
    }
}

/// A revision that can be nothing else.
fn checked(revision: &str) -> Result<&str, Diagnostic> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '/' | '@');
    let starts = revision.starts_with(|c: char| c.is_ascii_alphanumeric());
    if starts && revision.len() <= 200 && revision.chars().all(is_plain) {
        return Ok(revision);
    }
    Err(refused(revision, "is no revision").help("name a tag, a branch, or the whole name of a commit"))
}

/// The directory in a repository, without dots and slashes that mean nothing.
///
/// # Errors
/// When it leads out, or cannot be written into the lock.
pub fn directory(path: &str) -> Result<String, Diagnostic> {
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let is_part = |part: &&str| *part != ".." && part.chars().all(is_plain);
    if path.starts_with('/') || !parts.iter().all(is_part) {
        return Err(refused(path, "is no directory in a repository")
            .help("name it from the root of the repository, such as `profiles`"));
    }
    Ok(if parts.is_empty() { ".".to_owned() } else { parts.join("/") })
}

/// The name of a set by its source: the last part of it.
///
/// # Errors
/// When that is no name.
pub fn name(source: &str, given: Option<&str>) -> Result<String, Diagnostic> {
    let last = source.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let name = given.unwrap_or(last.trim_end_matches(".git")).to_owned();
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if !name.is_empty() && name.len() <= 64 && !name.starts_with('-') && name.chars().all(is_plain) {
        return Ok(name);
    }
    Err(refused(&name, "is no name for a set of profiles")
        .help("name it by `--name team`: lower-case letters, digits and `-`"))
}

/// A path as it is seen from the project's root, from which the lock is read.
pub fn from_root(source: &Path, root: &Path) -> String {
    let common = source.components().zip(root.components()).take_while(|(one, other)| one == other).count();
    let up = root.components().skip(common).map(|_| "..".to_owned());
    let down = source.components().skip(common).map(|part| part.as_os_str().to_string_lossy().into_owned());
    let parts: Vec<String> = up.chain(down).collect();
    if parts.is_empty() { ".".to_owned() } else { parts.join("/") }
}

/// A problem with a source.
pub fn refused(what: &str, why: &str) -> Diagnostic {
    Diagnostic::error(Code::SBC0716, format!("`{}` {why}", printable(what)))
}
