//! The lock: what a project's artefacts were built from, for reviewers and CI.
//!
//! Never an input: a repository could forge it.

use crate::builtin;
use crate::plan::{FORMAT, Plan, sha256};
use crate::project::DIRECTORY;
use crate::seccomp;
use std::collections::BTreeMap;
use std::fmt::Write as _;

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
}

/// The lock of all sandboxes of a project with their scripts. Lines without `#` are what
/// `sha256sum -c` reads in the project's root.
pub fn emit(built: &[(&Plan, String)]) -> String {
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
    out
}

/// Reads a lock; what it does not know it leaves out.
pub fn read(text: &str) -> Lock {
    let mut lock = Lock::default();
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
