//! Reads a project's texts as they are at a revision of git.
//!
//! Runs the real git, as nothing else knows every form of a repository. The repository may be
//! hostile, and git runs programs that a repository's settings name. So git is only asked for names,
//! lists and contents of objects, with an empty environment, without a network, and with a deadline.
//! No file is checked out, converted or written, and git is never looked for on `PATH`.

#![allow(clippy::disallowed_methods, reason = "this module looks for git and starts it")]

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, printable};
use crate::project::{self, DIRECTORY, POLICY};
use crate::source::{SourceKind, Sources};
use crate::tool::{Owner, is_program, trusted};
use crate::{builtin, guard};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Where distributions install it. `PATH` is not asked: a project or an agent may write there.
const PLACES: [&str; 4] = ["/usr/bin/git", "/usr/local/bin/git", "/run/current-system/sw/bin/git", "/bin/git"];

/// Longer than an honest repository needs. A setting can include a file that never ends.
const DEADLINE: Duration = Duration::from_secs(10);

/// The longest list of files that is read, in bytes.
const LONGEST_LIST: u64 = 1 << 20;

/// The most profiles of a project.
const MOST_FILES: usize = 500;

/// What keeps a repository's settings from running a program.
const SETTINGS: [&str; 8] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "core.alternateRefsCommand=true",
    "core.pager=cat",
    "credential.helper=",
    "protocol.allow=never",
    // Nothing of the repository is believed, whoever owns it.
    "safe.directory=*",
];

/// The same for what the environment decides.
const ENVIRONMENT: [(&str, &str); 10] = [
    ("GIT_CONFIG_NOSYSTEM", "1"),
    ("GIT_CONFIG_GLOBAL", "/dev/null"),
    ("GIT_ATTR_NOSYSTEM", "1"),
    ("GIT_NO_LAZY_FETCH", "1"),
    ("GIT_NO_REPLACE_OBJECTS", "1"),
    ("GIT_ALLOW_PROTOCOL", "none"),
    ("GIT_TERMINAL_PROMPT", "0"),
    ("GIT_LITERAL_PATHSPECS", "1"),
    ("GIT_PAGER", "cat"),
    ("LC_ALL", "C"),
];

/// A repository, seen from a directory in it.
#[derive(Clone, Debug)]
pub struct Repository {
    git: PathBuf,
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
        let git = PLACES.iter().map(Path::new).find(|path| is_program(path)).ok_or_else(|| {
            Diagnostic::error(Code::SBC0709, "git is not installed")
                .help(format!("install the package `git`; sbc looks for it at {}", PLACES.join(", ")))
        })?;
        let git = trusted(git, Owner::Root)?;
        let mut repository = Repository { git, directory: directory.to_owned(), prefix: String::new() };
        let prefix = repository.run(&["rev-parse", "--show-prefix"], "", 1 << 14)?;
        let prefix = String::from_utf8(prefix).map_err(|_| failed("the path in the repository is not UTF-8"))?;
        repository.prefix = prefix.strip_suffix('\n').unwrap_or(&prefix).to_owned();
        Ok(repository)
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

    /// The files that a project consists of: profiles first, then the policy.
    fn list(&self, commit: &str, name: &str) -> Result<Vec<Blob>, Diagnostic> {
        let paths = [POLICY, DIRECTORY].map(|path| format!("{}{path}", self.prefix));
        let [policy, directory] = &paths;
        let arguments = ["ls-tree", "-r", "-t", "-l", "-z", "--full-tree", commit, "--", policy, directory];
        let list = self.run(&arguments, "", LONGEST_LIST)?;
        let list = String::from_utf8(list).map_err(|_| failed("a path in the repository is not UTF-8"))?;
        let mut blobs = Vec::new();
        for entry in list.split('\0').filter(|entry| !entry.is_empty()) {
            let (facts, path) = entry.split_once('\t').unwrap_or((entry, ""));
            let path = path.strip_prefix(&self.prefix).unwrap_or(path);
            if let Some(blob) = blob(facts, path, name)? {
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

    /// What git prints. At most so many bytes of it are read.
    fn run(&self, arguments: &[&str], input: &str, most: u64) -> Result<Vec<u8>, Diagnostic> {
        let cannot = |error: io::Error| failed(&format!("`{}` cannot be run: {error}", self.git.display()));
        let mut stdin = tempfile::tempfile().map_err(cannot)?;
        stdin.write_all(input.as_bytes()).and_then(|()| stdin.rewind()).map_err(cannot)?;
        let mut command = Command::new(&self.git);
        command.current_dir(&self.directory).env_clear().envs(ENVIRONMENT);
        command.args(["--no-pager", "--no-optional-locks"]);
        command.args(SETTINGS.iter().flat_map(|setting| ["-c", setting])).args(arguments);
        command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut git = command.spawn().map_err(cannot)?;
        let (stdout, stderr) = (git.stdout.take(), git.stderr.take());
        let read = guard::run(DEADLINE, move || Some((bounded(stdout, most + 1)?, bounded(stderr, 1 << 12)?)));
        let Some((bytes, complaint)) = read.ok().flatten() else {
            let _ = git.kill();
            let _ = git.wait();
            return Err(failed(&format!("git did not answer within {} seconds", DEADLINE.as_secs())));
        };
        if bytes.len() as u64 > most {
            let _ = git.kill();
            let _ = git.wait();
            return Err(failed("the repository has more to read than a policy needs"));
        }
        match git.wait() {
            Ok(status) if status.success() => Ok(bytes),
            _ => Err(self.explain(&String::from_utf8_lossy(&complaint))),
        }
    }

    /// What git complains about.
    fn explain(&self, complaint: &str) -> Diagnostic {
        if complaint.contains("not a git repository") {
            return failed(&format!("`{}` is not in a git repository", self.directory.display()))
                .help("compare two directories: `sbc diff OLD NEW`; or start a repository: `git init`");
        }
        let line = complaint.lines().find(|line| !line.trim().is_empty()).unwrap_or("it did not say why");
        failed(&format!("git failed: {}", printable(line.trim_start_matches("fatal: "))))
            .help("see whether `git status` works here")
    }
}

/// At most so many bytes of a stream.
fn bounded(stream: Option<impl Read>, most: u64) -> Option<Vec<u8>> {
    let mut stream = stream?;
    let mut bytes = Vec::new();
    stream.by_ref().take(most).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// A line of `git ls-tree` as a file of the project; `None` for what is none.
fn blob(facts: &str, path: &str, name: &str) -> Result<Option<Blob>, Diagnostic> {
    let mut words = facts.split_whitespace();
    let (mode, _, object, size) = (words.next(), words.next(), words.next(), words.next());
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

fn failed(title: &str) -> Diagnostic {
    Diagnostic::error(Code::SBC0709, title)
}
