//! What to say of a host path that is not there, or that cannot be read: where the path breaks
//! off, whose right is missing, and what is there that is most like it.
//!
//! Looks at the host and changes nothing.

#![allow(clippy::disallowed_methods, reason = "this module looks for paths on the host")]

use crate::diagnostic::{Code, Diagnostic};
use crate::host::{Host, user_name};
use crate::words::Variable;
use std::fs::{self, Metadata};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// So many names of a directory are looked at.
const MAX_NAMES: usize = 4096;

/// Says that `path` is not there: the link that leads nowhere, or what is there instead. The second
/// is the path that may be meant, as a policy writes it.
pub fn missing(host: &Host, path: &Path) -> (Diagnostic, Option<String>) {
    let error = |title: String| Diagnostic::error(Code::SBC0404, title);
    let otherwise =
        "`missing=\"skip\"` if it need not be there, or `missing=\"create-dir\"` to have it made for the run";
    if let Some((link, target)) = dangling_link(path) {
        let title = format!(
            "`{}` is a symbolic link to `{}`, which does not exist on this host",
            host.spell(&link),
            target.display()
        );
        return (error(title).help("mend the link, or write `missing=\"skip\"` if it need not be there"), None);
    }
    let diagnostic = error(format!("`{}` does not exist on this host", host.spell(path)));
    if let Some(near) = nearest_existing(path).filter(|near| near != path).map(|near| host.spell(&near)) {
        return (diagnostic.help(format!("did you mean `{near}`? or write {otherwise}")), Some(near));
    }
    let diagnostic = match breaks_off(path) {
        Some((above, name)) => {
            diagnostic.note(format!("`{}` is there, `{}` in it is not", host.spell(&above), name.display()))
        }
        None => diagnostic,
    };
    (diagnostic.help(format!("write {otherwise}")), None)
}

/// Says that a variable has no value here.
pub fn unset(variable: Variable) -> Diagnostic {
    let word = variable.word();
    let help = match variable {
        Variable::GitCommonDir => "only where `.git` is a file it has one: write `missing=\"skip\"`".to_owned(),
        Variable::GitWorktreeId => "only a linked worktree of git has one: write `missing=\"skip\"`".to_owned(),
        _ => format!("set it before you start sbc: `{word}=… sbc …`"),
    };
    Diagnostic::error(Code::SBC0410, format!("`${{{word}}}` has no value on this host")).help(help)
}

/// Says whose right it is to read `path`, or a directory on the way to it.
pub fn unreadable(host: &Host, path: &Path) -> Diagnostic {
    let error = |title: String| Diagnostic::error(Code::SBC0407, title);
    let shown = host.spell(path);
    if let Ok(metadata) = fs::metadata(path) {
        let (whose, right) = (owner(&metadata), if metadata.is_dir() { "rx" } else { "r" });
        let title = format!("`{shown}` exists and cannot be read: it {whose}");
        return error(title).help(give(host, &metadata, path, right));
    }
    // The last that can be looked at is the one that lets nobody through.
    let closed = path.ancestors().skip(1).find_map(|above| Some((above, fs::metadata(above).ok()?)));
    match closed {
        Some((above, metadata)) => {
            let whose = owner(&metadata);
            let title = format!("`{shown}` cannot be reached: `{}` {whose}", host.spell(above));
            error(title).help(give(host, &metadata, above, "x"))
        }
        None => error(format!("`{shown}` cannot be reached")).help("remove the rule"),
    }
}

/// `belongs to root and has the mode 0600`.
fn owner(metadata: &Metadata) -> String {
    let uid = metadata.uid();
    let name = user_name(uid).map_or_else(|| format!("the user {uid}"), |name| name.display().to_string());
    format!("belongs to `{name}` and has the mode {:04o}", metadata.permissions().mode() & 0o7777)
}

/// How to get a right: by oneself, or from the owner.
fn give(host: &Host, metadata: &Metadata, path: &Path, right: &str) -> String {
    if metadata.uid() == host.uid {
        format!("`chmod u+{right} {}`, or remove the rule", host.spell(path))
    } else {
        "remove the rule, or let the owner give you the right: a sandbox can show no more than you can read".to_owned()
    }
}

/// The first link on the way to `path` that leads to nothing, and where it leads.
fn dangling_link(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let mut ways: Vec<&Path> = path.ancestors().collect();
    ways.reverse();
    let dangles = |way: &&Path| fs::metadata(way).is_err_and(|error| error.kind() == ErrorKind::NotFound);
    let link = ways.into_iter().find(dangles)?;
    Some((link.to_owned(), fs::read_link(link).ok()?))
}

/// The deepest directory on the way to `path`, and the name that is not in it.
fn breaks_off(path: &Path) -> Option<(PathBuf, PathBuf)> {
    let above = path.ancestors().skip(1).find(|above| above.is_dir())?;
    let name = path.strip_prefix(above).ok()?.components().next()?;
    Some((above.to_owned(), PathBuf::from(name.as_os_str())))
}

/// What exists that is most like a missing path: each name that is not there replaced by its
/// nearest neighbour, the rest of the path kept. `None` when nothing is like enough.
pub fn nearest_existing(path: &Path) -> Option<PathBuf> {
    if path.exists() {
        return Some(path.to_owned());
    }
    let (above, name) = breaks_off(path)?;
    let rest = path.strip_prefix(above.join(&name)).ok()?;
    let entries = fs::read_dir(&above).ok()?.take(MAX_NAMES);
    let names: Vec<String> = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    let neighbours = neighbours(name.to_str()?, &names);
    let mut there = neighbours.into_iter().map(|near| above.join(near));
    if rest.as_os_str().is_empty() {
        return there.find(|near| near.exists());
    }
    // What is no directory, such as a file or a dangling link, leads no further.
    there.filter(|near| near.is_dir()).find_map(|near| nearest_existing(&near.join(rest)))
}

/// The names that could have been meant by `typed`, the likeliest first: the same with other
/// digits, as another version has, then those that a slip of the finger makes.
fn neighbours<'a>(typed: &str, names: &'a [String]) -> Vec<&'a str> {
    let shape = version_free(typed);
    let common = |name: &str| name.chars().zip(typed.chars()).take_while(|(one, other)| one == other).count();
    let versioned = typed.contains(|c: char| c.is_ascii_digit());
    let mut versions: Vec<&str> =
        names.iter().map(String::as_str).filter(|name| versioned && version_free(name) == shape).collect();
    versions.sort_by_key(|name| std::cmp::Reverse((common(name), numbers(name))));
    let allowed = (typed.chars().count() / 3).clamp(1, 3);
    let distance = |name: &str| strsim::osa_distance(&name.to_lowercase(), &typed.to_lowercase());
    let mut slips: Vec<(usize, &str)> = names
        .iter()
        .map(|name| (distance(name), name.as_str()))
        .filter(|(distance, name)| *distance <= allowed && !versions.contains(name))
        .collect();
    slips.sort();
    versions.into_iter().chain(slips.into_iter().map(|(_, name)| name)).take(4).collect()
}

/// A name with every number replaced, so that all versions of a thing are alike.
fn version_free(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if !c.is_ascii_digit() {
            out.push(c);
        } else if !out.ends_with('#') {
            out.push('#');
        }
    }
    out
}

/// The numbers in a name, to tell the higher version.
pub fn numbers(name: &str) -> Vec<u64> {
    name.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Another version comes before a slip of the finger, and what is merely alike is none.
    #[test]
    fn versions_then_slips() {
        let names: Vec<String> =
            ["v20.9.0", "v22.9.1", "v22.12.1", "v22.11", "bin"].into_iter().map(str::to_owned).collect();
        assert_eq!(neighbours("v22.11.0", &names), ["v22.12.1", "v22.9.1", "v20.9.0", "v22.11"]);
        assert_eq!(neighbours("bni", &names), ["bin"]);
        assert!(neighbours("library", &names).is_empty());
        assert!(neighbours("src", &names).is_empty());
    }
}
