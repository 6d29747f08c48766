//! The lock: what a project's artefacts were built from, for reviewers and CI.
//!
//! Never an input: a repository could forge it.

use crate::builtin;
use crate::plan::{FORMAT, Plan, sha256};
use crate::project::DIRECTORY;
use crate::seccomp;
use crate::vendor::{self, Revision, Set, source};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// How the line of a set starts.
const VENDORED: &str = "# vendored ";

/// What a lock says of one sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    pub plan: String,
    pub inherits: String,
}

/// A lock that has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock {
    pub format: Option<String>,
    pub profiles: Option<String>,
    pub filter: Option<String>,
    pub sandboxes: BTreeMap<String, Locked>,
    /// Profiles from elsewhere.
    pub vendored: Vec<Set>,
}

/// The lock of all sandboxes of a project with their scripts, and of the profiles from elsewhere. Lines without `#` are what
/// `sha256sum -c` reads in the project's root.
pub fn emit(built: &[(&Plan, String)], vendored: &[Set]) -> String {
    let mut out =
        String::from("# Written by `sbc build`. In the project's root: sha256sum -c .agent-sandbox/sbc.lock\n");
    let _ = writeln!(out, "# format {FORMAT}");
    let _ = writeln!(out, "# profiles sha256:{}", builtin::revision());
    let _ = writeln!(out, "# filter sha256:{}", seccomp::revision());
    for (plan, script) in built {
        let inherits = plan.inherited.join(" ");
        let _ = writeln!(out, "# sandbox {} plan sha256:{} inherits {inherits}", plan.name, plan.hash());
        let _ = writeln!(out, "{}  {DIRECTORY}/{}.sh", sha256(script.as_bytes()), plan.name);
    }
    out + &sets(vendored)
}

/// A lock with other sets of vendored profiles; a new one where there is none.
pub fn with_vendored(lock: Option<&str>, vendored: &[Set]) -> String {
    let Some(lock) = lock else { return emit(&[], vendored) };
    let rest = lock.split_inclusive('\n').take_while(|line| !line.starts_with(VENDORED));
    rest.collect::<String>() + &sets(vendored)
}

/// The part about vendored profiles, which is the last. The files of a set stand below it.
fn sets(vendored: &[Set]) -> String {
    let mut sets: Vec<&Set> = vendored.iter().collect();
    sets.sort_by(|one, other| one.name.cmp(&other.name));
    let mut out = String::new();
    for set in sets {
        let _ = write!(out, "{VENDORED}{} sha256:{}", set.name, set.content);
        if let Some(Revision { commit, directory }) = &set.revision {
            let _ = write!(out, " git:{commit} path {directory}");
        }
        let _ = writeln!(out, " from {}", set.source);
        out.extend(set.files.iter().map(|(name, hash)| vendor::line(name, hash)));
    }
    out
}

/// A set from its line.
fn set(line: &str) -> Set {
    let (facts, from) = line.split_once(" from ").unwrap_or((line, ""));
    let words: Vec<&str> = facts.split(' ').collect();
    let mut set = Set { source: from.to_owned(), ..Set::default() };
    // What is no name, no commit and no directory is nobody's to type.
    set.name =
        words.first().and_then(|word| source::name(word, Some(word)).ok()).unwrap_or_else(|| "unknown".to_owned());
    set.content = words.get(1).and_then(|word| word.strip_prefix("sha256:")).unwrap_or_default().to_owned();
    if let [_, _, commit, "path", directory] = words.as_slice() {
        let is_commit =
            |word: &&str| matches!(word.len(), 40 | 64) && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let commit = commit.strip_prefix("git:").filter(is_commit).unwrap_or("COMMIT").to_owned();
        let directory = source::directory(directory).unwrap_or_else(|_| ".".to_owned());
        set.revision = Some(Revision { commit, directory });
    }
    set
}

/// Reads a lock; what it does not know it leaves out.
pub fn read(text: &str) -> Lock {
    let mut lock = Lock::default();
    for line in text.lines() {
        match (line.strip_prefix(VENDORED), lock.vendored.last_mut()) {
            (Some(facts), _) => lock.vendored.push(set(facts)),
            (None, Some(set)) => {
                let file = line.split_once("  ").and_then(|(hash, path)| Some((vendor::file_name(path)?, hash)));
                set.files.extend(file.map(|(name, hash)| (name.to_owned(), hash.to_owned())));
            }
            (None, None) => {}
        }
    }
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            ["format", version] => lock.format = Some((*version).to_owned()),
            ["profiles", revision] => lock.profiles = Some((*revision).to_owned()),
            ["filter", revision] => lock.filter = Some((*revision).to_owned()),
            ["sandbox", name, "plan", plan, "inherits", inherits @ ..] => {
                lock.sandboxes
                    .insert((*name).to_owned(), Locked { plan: (*plan).to_owned(), inherits: inherits.join(" ") });
            }
            _ => {}
        }
    }
    lock
}
