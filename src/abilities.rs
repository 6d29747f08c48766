//! What a bubblewrap can do, tried once and remembered: asking it costs as much as starting a sandbox.
//!
//! Nothing is concluded from its version. The answers lie in sbc's own directory, for the very file that gave
//! them; another bubblewrap in its place is asked anew.

#![allow(clippy::disallowed_methods, reason = "this module tries bubblewrap and keeps a file between runs")]

use crate::bwrap::attempt;
use crate::write::{private_directory, replace};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The options that take the source of a mount by descriptor.
const BY_DESCRIPTOR: [&str; 2] = ["--bind-fd ", "--ro-bind-fd "];

/// What is remembered.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Known {
    /// Which file was asked.
    key: String,
    binds_descriptors: bool,
    /// `None` as long as it was not needed.
    follows_links: Option<bool>,
}

/// One bubblewrap and what is known of it.
#[derive(Clone, Debug)]
pub struct Abilities {
    bwrap: PathBuf,
    /// sbc's own directory.
    state: PathBuf,
    known: Known,
}

impl Abilities {
    /// Looks up what is known, or asks.
    pub fn of(bwrap: &Path, state: &Path) -> Abilities {
        let key = key(bwrap);
        let text = fs::read_to_string(state.join(FILE)).unwrap_or_default();
        let kept = serde_json::from_str::<Known>(&text).ok().filter(|known| Some(&known.key) == key.as_ref());
        let is_new = kept.is_none();
        let ask =
            || Known { key: key.unwrap_or_default(), binds_descriptors: binds_descriptors(bwrap), follows_links: None };
        let abilities = Abilities { bwrap: bwrap.to_owned(), state: state.to_owned(), known: kept.unwrap_or_else(ask) };
        if is_new {
            abilities.keep();
        }
        abilities
    }

    /// Whether it takes the sources of mounts by descriptor.
    pub fn binds_descriptors(&self) -> bool {
        self.known.binds_descriptors
    }

    /// Whether it makes mount points through links that somebody planted (CVE-2026-87766). Where that cannot
    /// be found out, it counts as if it did.
    pub fn follows_links(&self) -> bool {
        let known = self.known.follows_links.or_else(|| {
            let found = follows_links(&self.bwrap, &self.state);
            Abilities { known: Known { follows_links: found, ..self.known.clone() }, ..self.clone() }.keep();
            found
        });
        known.unwrap_or(true)
    }

    /// What cannot be kept is asked again.
    fn keep(&self) {
        if !self.known.key.is_empty() && private_directory(&self.state).is_ok() {
            let text = serde_json::to_vec(&self.known).unwrap_or_default();
            let _ = replace(&self.state.join(FILE), &text, 0o600);
        }
    }
}

/// The file's name in sbc's own directory.
const FILE: &str = "bubblewrap";

/// Tells this program from every other at its path, now and later.
fn key(bwrap: &Path) -> Option<String> {
    let file = fs::metadata(bwrap).ok()?;
    let numbers = [file.dev(), file.ino(), file.size()];
    let times = [file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec()];
    Some(format!("{} {numbers:?} {times:?}", bwrap.display()))
}

/// Whether its list of options has those that take the source of a mount by descriptor.
pub fn binds_descriptors(bwrap: &Path) -> bool {
    let help = Command::new(bwrap).arg("--help").env_clear().stdin(Stdio::null()).output();
    let help = help.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
    let help = String::from_utf8_lossy(&help);
    BY_DESCRIPTOR.iter().all(|option| help.lines().any(|line| line.trim_start().starts_with(option)))
}

/// Tries CVE-2026-87766 on a link and a directory made for it, near `state`: whether a file appears where a
/// link leads that a mount point should have been. Nothing of it stays. `None` where it cannot be tried.
pub fn follows_links(bwrap: &Path, state: &Path) -> Option<bool> {
    let near = state.ancestors().find(|above| above.is_dir())?;
    let directory = tempfile::Builder::new().prefix(".sbc-probe-").tempdir_in(near).ok()?;
    let (tree, outside) = (directory.path().join("tree"), directory.path().join("outside"));
    fs::create_dir(&tree).and_then(|()| fs::create_dir(&outside)).ok()?;
    let made = fs::canonicalize(&outside).ok()?.join("made");
    symlink(Path::new("/oldroot").join(made.strip_prefix("/").ok()?), tree.join("link")).ok()?;
    let mut words: Vec<OsString> = ["--unshare-user", "--bind"].map(OsString::from).into();
    words.extend([tree.into_os_string(), "/tree".into()]);
    // It must be able to make a sandbox at all for the answer to mean anything.
    attempt(bwrap, &words, None).ok()?;
    words.extend(["--ro-bind", "/dev/null", "/tree/link"].map(OsString::from));
    // Whether it succeeds does not matter.
    let _ = attempt(bwrap, &words, None);
    Some(made.symlink_metadata().is_ok())
}
