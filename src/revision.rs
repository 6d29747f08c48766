//! Reads a project's texts as they are at a revision of git.
//!
//! Runs the real git, as nothing else knows every form of a repository, and in the way of `plumbing.rs`. No file is
//! checked out, converted or written.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plumbing::{Git, failed};
use crate::project::{self, DIRECTORY, POLICY};
use crate::source::{SourceKind, Sources};
use crate::{builtin, guard, remote};
use std::path::{Path, PathBuf};

/// The longest list of files that is read, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// The most profiles of a project.
const MOST_FILES: usize = 500;

/// A repository, seen from a directory in it.
#[derive(Clone, Debug)]
pub struct Repository {
    git: Git,
    directory: PathBuf,
    /// The directory's path below the root of the repository; with a slash at the end, or empty.
    prefix: String,
}

/// A file in a commit.
struct Blob {
    object: String,
    /// Its path below the project.
    path: String,
    kind: SourceKind,
}

impl Repository {
    /// The repository around a directory.
    ///
    /// # Errors
    /// When there is no git, or no repository.
    pub fn open(directory: &Path) -> Result<Repository, Diagnostic> {
        let git = Git::find()?;
        let mut repository = Repository { git, directory: directory.to_owned(), prefix: String::new() };
        let prefix = repository.run(&["rev-parse", "--show-prefix"], "", 1 << 14)?;
        let prefix = String::from_utf8(prefix).map_err(|_| failed("the path in the repository is not UTF-8"))?;
        repository.prefix = prefix.strip_suffix('\n').unwrap_or(&prefix).to_owned();
        Ok(repository)
    }

    /// Gets one commit from elsewhere into a directory that is empty so far. Nothing of its history comes with it, unless
    /// the server gives it no other way.
    ///
    /// # Errors
    /// When git fails, such as where there is no such revision.
    pub fn fetch(
        directory: &Path,
        url: &str,
        protocol: &'static str,
        revision: &str,
    ) -> Result<(Repository, String), Diagnostic> {
        let git = Git::find()?;
        git.run(directory, &["init", "--quiet", "--bare", "--template="], "", 0)?;
        let far = git.over(protocol);
        let fetch = |options: &[&str], what: &[&str]| {
            let start = ["fetch", "--quiet", "--no-tags", "--no-recurse-submodules"];
            far.ask(directory, &[&start, options, &["--", url], what].concat(), "", 1 << 14)
        };
        let name = match fetch(&["--depth=1"], &[revision])? {
            Ok(_) => "FETCH_HEAD",
            Err(complaint) if remote::gives_no_commit(&complaint) => {
                fetch(&[], &["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"])?
                    .map_err(|complaint| remote::explain(url, revision, &complaint))?;
                revision
            }
            Err(complaint) => return Err(remote::explain(url, revision, &complaint)),
        };
        let repository = Repository::open(directory)?;
        let commit = repository.commit(name)?;
        Ok((repository, commit.ok_or_else(|| remote::missing(url, revision))?))
    }

    /// The commit that a revision names; `None` if it names none.
    ///
    /// # Errors
    /// When git fails.
    pub fn commit(&self, revision: &str) -> Result<Option<String>, Diagnostic> {
        if revision.is_empty() || revision.starts_with('-') || revision.contains(char::is_control) {
            return Ok(None);
        }
        // As input, so that it cannot be an option.
        let answer = self.run(&["cat-file", "--batch-check"], &format!("{revision}^{{commit}}\n"), 1 << 14)?;
        let answer = String::from_utf8_lossy(&answer);
        let mut words = answer.split_whitespace();
        let (object, kind) = (words.next().unwrap_or_default(), words.next());
        let is_object = matches!(object.len(), 40 | 64) && object.chars().all(|c| c.is_ascii_hexdigit());
        Ok((is_object && kind == Some("commit")).then(|| object.to_owned()))
    }

    /// The texts of the project in a commit, which messages call `name`. Without a policy there, only
    /// what comes with sbc.
    ///
    /// # Errors
    /// When git fails, or when something there is no regular file.
    pub fn sources(&self, commit: &str, name: &str, out: &mut Diagnostics) -> Result<Sources, Diagnostic> {
        let mut sources = builtin::sources();
        let blobs = self.list(commit, name)?;
        let texts = self.contents(&blobs)?;
        for (blob, text) in blobs.into_iter().zip(texts) {
            project::add(format!("{name}:{}", blob.path), blob.kind, project::utf8(text), &mut sources, out);
        }
        Ok(sources)
    }

    /// The `*.kdl` files directly in a directory of a commit, with what is in them. Hidden ones are left out.
    ///
    /// # Errors
    /// When git fails, when one is no regular file or too large, or when there are too many.
    pub fn profiles(&self, commit: &str, directory: &str, name: &str) -> Result<Vec<(String, Vec<u8>)>, Diagnostic> {
        let below = match directory {
            "." => self.prefix.clone(),
            _ => format!("{}{directory}/", self.prefix),
        };
        let mut arguments = vec!["ls-tree", "-l", "-z", "--full-tree", commit];
        if !below.is_empty() {
            arguments.extend(["--", below.as_str()]);
        }
        let mut blobs = Vec::new();
        for (facts, path) in entries(&self.run(&arguments, "", LONGEST_LIST)?)? {
            let file = path.strip_prefix(&below).unwrap_or(&path);
            if file.ends_with(".kdl") && !file.starts_with('.') && !file.contains('/') {
                blobs.extend(regular(&facts, file, name, SourceKind::Profile)?);
            }
        }
        if blobs.len() > MOST_FILES {
            return Err(failed(&format!("`{name}` has more than {MOST_FILES} profiles")));
        }
        let texts = self.contents(&blobs)?;
        Ok(blobs.into_iter().map(|blob| blob.path).zip(texts).collect())
    }

    /// The files that a project consists of: profiles first, then the policy.
    fn list(&self, commit: &str, name: &str) -> Result<Vec<Blob>, Diagnostic> {
        let paths = [POLICY, DIRECTORY].map(|path| format!("{}{path}", self.prefix));
        let [policy, directory] = &paths;
        let arguments = ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit, "--", policy, directory];
        let mut blobs = Vec::new();
        for (facts, path) in entries(&self.run(&arguments, "", LONGEST_LIST)?)? {
            let path = path.strip_prefix(&self.prefix).unwrap_or(&path);
            if let Some(blob) = blob(&facts, path, name)? {
                blobs.push(blob);
            }
        }
        if blobs.len() > MOST_FILES {
            return Err(failed(&format!("`{name}` has more than {MOST_FILES} profiles")));
        }
        blobs.sort_by(|one, other| (one.kind, &one.path).cmp(&(other.kind, &other.path)));
        Ok(blobs)
    }

    /// What is in some files.
    fn contents(&self, blobs: &[Blob]) -> Result<Vec<Vec<u8>>, Diagnostic> {
        if blobs.is_empty() {
            return Ok(Vec::new());
        }
        let objects: String = blobs.iter().map(|blob| format!("{}\n", blob.object)).collect();
        // Each is known to be small, and has a line before it.
        let most = blobs.len() as u64 * (guard::MAX_BYTES as u64 + 200);
        let answer = self.run(&["cat-file", "--batch"], &objects, most)?;
        let mut rest = answer.as_slice();
        let mut next = |blob: &Blob| {
            let end = rest.iter().position(|byte| *byte == b'\n')?;
            let header = std::str::from_utf8(rest.get(..end)?).ok()?;
            let size: usize = header.strip_prefix(&format!("{} blob ", blob.object))?.parse().ok()?;
            let text = rest.get(end + 1..end + 1 + size)?;
            rest = rest.get(end + 2 + size..)?;
            Some(text.to_owned())
        };
        let text = |blob: &Blob| {
            next(blob)
                .ok_or_else(|| failed(&format!("`{}` is not in this repository", blob.path)).help("run `git fetch`"))
        };
        blobs.iter().map(text).collect()
    }

    fn run(&self, arguments: &[&str], input: &str, most: u64) -> Result<Vec<u8>, Diagnostic> {
        self.git.run(&self.directory, arguments, input, most)
    }
}

/// What `git ls-tree -z` has printed: facts and path of each entry.
fn entries(list: &[u8]) -> Result<Vec<(String, String)>, Diagnostic> {
    let list = std::str::from_utf8(list).map_err(|_| failed("a path in the repository is not UTF-8"))?;
    let entries = list.split('\0').filter(|entry| !entry.is_empty());
    Ok(entries
        .map(|entry| entry.split_once('\t').unwrap_or((entry, "")))
        .map(|(f, p)| (f.to_owned(), p.to_owned()))
        .collect())
}

/// A line of `git ls-tree` as a file of the project; `None` for what is none.
fn blob(facts: &str, path: &str, name: &str) -> Result<Option<Blob>, Diagnostic> {
    let mode = facts.split_whitespace().next();
    let folder = format!("{DIRECTORY}/profiles");
    let profile = path.strip_prefix(&format!("{folder}/")).filter(|file| file.ends_with(".kdl") && !file.contains('/'));
    let is_directory = path == DIRECTORY || path == folder;
    let kind = match profile {
        Some(_) => SourceKind::Profile,
        None if path == POLICY => SourceKind::Policy,
        None if is_directory && mode == Some("040000") => return Ok(None),
        None if is_directory => return Err(irregular(path, name)),
        None => return Ok(None),
    };
    regular(facts, path, name, kind)
}

/// A regular file that is not too large.
fn regular(facts: &str, path: &str, name: &str, kind: SourceKind) -> Result<Option<Blob>, Diagnostic> {
    let mut words = facts.split_whitespace();
    let (mode, _, object, size) = (words.next(), words.next(), words.next(), words.next());
    if !matches!(mode, Some("100644" | "100755")) {
        return Err(irregular(path, name));
    }
    if size.and_then(|size| size.parse::<usize>().ok()).is_some_and(|size| size > guard::MAX_BYTES) {
        let title = format!("`{name}:{path}` has more than the {} bytes that sbc reads", guard::MAX_BYTES);
        return Err(Diagnostic::error(Code::SBC0001, title).help("compare with a revision that has a smaller one"));
    }
    Ok(object.map(|object| Blob { object: object.to_owned(), path: path.to_owned(), kind }))
}

fn irregular(path: &str, name: &str) -> Diagnostic {
    failed(&format!("`{name}:{path}` is a link or a submodule, which sbc does not follow in a repository"))
        .help("commit the file itself")
}
