//! Files of a project that probably hold secrets.
//!
//! Goes by names, and where a name can mean anything, by what stands in the file. Nothing of a file is
//! kept or shown. The walk has an end in any tree, and follows no link.

#![allow(clippy::disallowed_methods, reason = "this module walks through a project")]

use crate::signs::fits;
use crate::small::small;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// So deep below the root it is looked; files of the root itself have depth 1.
const MAX_DEPTH: usize = 6;

/// So many entries of directories are looked at.
const MAX_ENTRIES: usize = 20_000;

/// Keys and settings are not larger.
const MAX_BYTES: u64 = 64 * 1024;

/// What others wrote or a tool made: large, and not where people put their secrets.
const SKIPPED: [&str; 18] = [
    ".agent-sandbox",
    ".cache",
    ".direnv",
    ".git",
    ".hg",
    ".mypy_cache",
    ".next",
    ".pnpm-store",
    ".svn",
    ".terraform",
    ".tox",
    ".venv",
    "__pycache__",
    "node_modules",
    "site-packages",
    "target",
    "vendor",
    "venv",
];

/// Where keys are made up, and tests fail without them.
const MADE_UP: [&str; 12] = [
    "__tests__",
    "doc",
    "docs",
    "e2e",
    "example",
    "examples",
    "fixtures",
    "mocks",
    "spec",
    "test",
    "testdata",
    "tests",
];

/// What a name of `.env` files has in it that are there to be copied, or for tests.
const TEMPLATES: [&str; 10] =
    ["example", "sample", "template", "tmpl", "dist", "defaults", "schema", "test", "ci", "ts"];

/// One sort of such files.
struct Sort {
    about: &'static str,
    names: &'static [&'static str],
    /// Whether what stands in it is a secret.
    holds: fn(&str) -> bool,
    /// Whether the name alone tells.
    is_certain: bool,
}

const fn certain(about: &'static str, names: &'static [&'static str]) -> Sort {
    Sort { about, names, holds: |_| true, is_certain: true }
}

const fn by_text(about: &'static str, names: &'static [&'static str], holds: fn(&str) -> bool) -> Sort {
    Sort { about, names, holds, is_certain: false }
}

#[rustfmt::skip]
const SORTS: &[Sort] = &[
    certain("variables with secrets", &[".env", ".env.*", "*.env"]),
    by_text("private keys", &["*.pem", "*.key", "*.ppk", "id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*"], is_key),
    certain("keys in a store", &["*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx"]),
    by_text("tokens of a registry", &[".npmrc", ".yarnrc.yml", ".pypirc"], has_token),
    certain("passwords", &[".netrc", ".git-credentials", ".pgpass"]),
    by_text("credentials of a service",
        &["credentials*.json", "*service-account*.json", "*service_account*.json", "client_secret*.json", "*adminsdk*.json"],
        is_credential),
    by_text("secrets", &["secrets.yaml", "secrets.yml"], |text| !text.contains("sops:") && !text.contains("ENC[")),
    certain("state of Terraform, with passwords", &["*.tfstate", "*.tfstate.backup"]),
];

/// A file that probably holds secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sensitive {
    /// From the project's root.
    pub path: PathBuf,
    /// What is in it.
    pub about: &'static str,
}

/// What a walk found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// The nearest to the root first.
    pub files: Vec<Sensitive>,
    /// How many keys lie in directories of tests and examples.
    pub made_up: usize,
    /// Whether the walk came to its limits before the end.
    pub is_cut: bool,
}

/// Walks through the project, directories nearer to the root first.
pub fn find(project: &Path) -> Found {
    let mut found = Found::default();
    let mut left = MAX_ENTRIES;
    let mut queue = VecDeque::from([(project.to_owned(), 1, false)]);
    while let Some((directory, depth, made_up)) = queue.pop_front() {
        let walk = WalkDir::new(&directory).min_depth(1).max_depth(1).into_iter();
        // A directory that cannot be read hides its files from the sandbox, too.
        let mut entries: Vec<_> = walk.take(left).flatten().collect();
        left -= entries.len().min(left);
        entries.sort_by(|a, b| a.file_name().cmp(b.file_name()));
        for entry in entries {
            let Some(name) = entry.file_name().to_str() else { continue };
            if entry.file_type().is_dir() {
                let is_skipped = SKIPPED.contains(&name) || is_environment(entry.path());
                found.is_cut |= !is_skipped && depth == MAX_DEPTH;
                if !is_skipped && depth < MAX_DEPTH {
                    queue.push_back((entry.path().to_owned(), depth + 1, made_up || MADE_UP.contains(&name)));
                }
            } else if entry.path().is_file() {
                let Some(about) = about(entry.path(), name) else { continue };
                match (made_up, entry.path().strip_prefix(project)) {
                    (false, Ok(path)) => found.files.push(Sensitive { path: path.to_owned(), about }),
                    _ => found.made_up += 1,
                }
            }
        }
    }
    found.is_cut |= left == 0;
    found
}

/// A virtual environment of Python's, whatever its name is.
fn is_environment(directory: &Path) -> bool {
    directory.join("pyvenv.cfg").is_file()
}

/// What a file holds, if it is a secret.
fn about(path: &Path, name: &str) -> Option<&'static str> {
    let sort = SORTS.iter().find(|sort| sort.names.iter().any(|pattern| fits(pattern, name)))?;
    if name.split('.').any(|part| TEMPLATES.contains(&part)) || name == "debug.keystore" {
        return None;
    }
    if sort.is_certain {
        return Some(sort.about);
    }
    let text = String::from_utf8_lossy(&small(path, MAX_BYTES)?).into_owned();
    (sort.holds)(&text).then_some(sort.about)
}

fn is_key(text: &str) -> bool {
    text.contains("PRIVATE KEY-----") || text.starts_with("PuTTY-User-Key-File")
}

/// A token that stands there itself. One that is taken from a variable does not.
fn has_token(text: &str) -> bool {
    const NAMES: [&str; 5] = ["_authToken", "_auth", "_password", "npmAuthToken", "password"];
    text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])).any(|line| {
        let (name, value) = split_value(line);
        NAMES.iter().any(|known| name.ends_with(known)) && !value.is_empty() && !value.contains("${")
    })
}

/// A line's name and value, at the last sign between them: names of npm's have colons in them.
fn split_value(line: &str) -> (&str, &str) {
    let (name, value) = line.split_once('=').or_else(|| line.rsplit_once(':')).unwrap_or((line, ""));
    (name.trim(), value.trim().trim_matches('"'))
}

fn is_credential(text: &str) -> bool {
    ["\"private_key\"", "\"client_secret\"", "\"refresh_token\""].iter().any(|name| text.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tokens count where they stand themselves, and not where a variable or a comment does.
    #[test]
    fn tokens() {
        for text in ["//r.example/:_authToken=abc", "_auth = \"abc\"", "npmAuthToken: abc", "[x]\npassword: abc"] {
            assert!(has_token(text), "{text}");
        }
        for text in ["//r.example/:_authToken=${NPM_TOKEN}", "# _auth=abc", "registry=https://r.example/", "_auth="] {
            assert!(!has_token(text), "{text}");
        }
    }
}
