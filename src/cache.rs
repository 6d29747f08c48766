//! Plans that have been compiled before, so that a start need not parse and merge anew.
//!
//! An entry is named by the SHA-256 of everything that compiling reads: every text with its name,
//! the wanted sandbox, and this very executable. What has changed has another name, so no stale
//! entry can be found. Entries lie in sbc's state directory, which no sandbox may write
//! (`check/state.rs`); one that is damaged or belongs to another name is ignored. Nothing here is
//! ever needed: without a cache everything is compiled.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::compile::{Compiled, Wanted};
use crate::merge::{Guarantee, Lift, Merged};
use crate::origin::{LayerId, Origin};
use crate::plan::{Content, Plan, Step, sha256};
use crate::source::{SourceKind, Sources};
use crate::write::private_directory;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// How many entries are kept. The oldest go first.
const KEPT: usize = 200;

/// The largest entry that is read, in bytes. A plan of 1,900 rules has a quarter of that.
const LARGEST: u64 = 4 << 20;

/// The cache, for one compilation.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    key: String,
}

/// What `exec` needs of a compiled sandbox when nothing is wrong with it, beside its plan: no places, no history. In
/// an entry it stands in one line, below the sum of all that follows. The plan comes last, as it is hashed.
#[derive(Serialize, Deserialize)]
struct Entry {
    key: String,
    name: String,
    layer: String,
    guarantees: Vec<Guarantee>,
    lifts: Vec<Lift>,
    /// The layers behind each step, where a waiver is for the rules of some layers only; else empty.
    layers: Vec<Vec<LayerId>>,
}

impl Cache {
    /// The place of one compilation in the cache below `state`. `None` where this executable cannot
    /// be told from others.
    pub fn new(state: &Path, sources: &Sources, wanted: &Wanted) -> Option<Cache> {
        let mut hash = Sha256::new();
        let mut add = |bytes: &[u8]| {
            hash.update(bytes.len().to_le_bytes());
            hash.update(bytes);
        };
        add(identity()?.as_bytes());
        add(format!("{wanted:?}").as_bytes());
        // Those that are embedded, the executable stands for.
        for (_, source) in sources.iter().filter(|(_, source)| source.kind != SourceKind::BuiltIn) {
            add(format!("{:?}", source.kind).as_bytes());
            add(source.name.as_bytes());
            add(source.text.as_bytes());
        }
        let key = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Some(Cache { directory: state.join("plans"), key })
    }

    /// The sandbox as it was compiled before, and the hash of its plan. Its diagnostics are known to be none.
    pub fn get(&self) -> Option<(Compiled, String)> {
        let path = self.path();
        let text = fs::metadata(&path).ok().filter(|metadata| metadata.len() <= LARGEST);
        let text = text.and_then(|_| fs::read_to_string(&path).ok())?;
        let (sum, body) = text.split_once('\n')?;
        let (entry, plan) = body.split_once('\n').filter(|_| sha256(body.as_bytes()) == sum)?;
        let Entry { key, name, layer, guarantees, lifts, layers } = serde_json::from_str(entry).ok()?;
        let mut content: Content = serde_json::from_str(plan).ok()?;
        // Of what was read, so that an approval is compared with what runs.
        let hash = sha256(plan.as_bytes());
        for (step, layers) in content.steps.iter_mut().zip(layers) {
            step.origins = layers.into_iter().map(Origin::of_layer).collect();
        }
        let merged = Merged { name: name.clone(), layer, guarantees, lifts, ..Merged::default() };
        let plan = Plan { name, about: None, inherited: Vec::new(), content };
        (key == self.key).then_some((Compiled { merged, plan }, hash))
    }

    /// Keeps a sandbox that was compiled without any diagnostic. A cache that cannot be written is none.
    pub fn put(&self, compiled: &Compiled) {
        let layers = |step: &Step| step.origins.iter().map(Origin::layer_id).collect();
        let are_needed = compiled.merged.lifts.iter().any(|lift| lift.reaches.is_some());
        let steps = compiled.plan.content.steps.iter().filter(|_| are_needed);
        let entry = Entry {
            key: self.key.clone(),
            name: compiled.plan.name.clone(),
            layer: compiled.merged.layer.clone(),
            guarantees: compiled.merged.guarantees.clone(),
            lifts: compiled.merged.lifts.clone(),
            layers: steps.map(layers).collect(),
        };
        let Ok(mut body) = serde_json::to_vec(&entry) else { return };
        body.push(b'\n');
        body.extend(compiled.plan.canonical());
        if private_directory(&self.directory).is_err() {
            return;
        }
        make_room(&self.directory, KEPT);
        let write = || {
            let mut file = tempfile::NamedTempFile::new_in(&self.directory)?;
            file.write_all(&[sha256(&body).as_bytes(), b"\n", &body].concat())?;
            file.persist(self.path()).map_err(|error| error.error)
        };
        let _: io::Result<fs::File> = write();
    }

    fn path(&self) -> PathBuf {
        self.directory.join(&self.key)
    }
}

/// Removes the oldest files of a directory, so that with another one there are not more than so many.
pub fn make_room(directory: &Path, kept: usize) {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let age = |entry: fs::DirEntry| Some((entry.metadata().ok()?.modified().ok()?, entry.path()));
    let mut aged: Vec<_> = entries.filter_map(age).collect();
    aged.sort();
    for (_, path) in aged.iter().take((aged.len() + 1).saturating_sub(kept)) {
        let _ = fs::remove_file(path);
    }
}

/// Tells this executable from every other: a new one in its place has another inode or change time.
fn identity() -> Option<String> {
    let file = fs::metadata("/proc/self/exe").ok()?;
    Some(format!(
        "{} {} {} {} {}.{} {}.{}",
        env!("CARGO_PKG_VERSION"),
        file.dev(),
        file.ino(),
        file.size(),
        file.mtime(),
        file.mtime_nsec(),
        file.ctime(),
        file.ctime_nsec()
    ))
}
