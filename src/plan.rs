//! The plan: what a sandbox is, on any machine.
//!
//! Steps in mount order with symbolic paths, and everything else that bubblewrap must be told.
//! Made by `lower.rs` only; every backend reads nothing else. Origins and reasons travel along and
//! are not part of the hash.

use crate::origin::Origin;
use crate::path::{Root, SymbolicPath};
use crate::policy::{Access, EnvRule, Grant};
use crate::rule::quote;
use crate::text::Text;
use crate::words::{
    AssertionKind, Lifetime, Missing, Namespace, NestedSandboxes, Network, Resource, Terminal, Variable,
};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// The version of what [`Plan::hash`] hashes and of the script's and the lock's layout.
pub const FORMAT: u32 = 1;

/// A sandbox, ready for any backend.
#[derive(Clone, Debug, Serialize)]
pub struct Plan {
    pub name: String,
    pub about: Option<String>,
    /// The inherited profiles, by name.
    pub inherited: Vec<String>,
    #[serde(flatten)]
    pub content: Content,
}

/// The part of a plan that its hash covers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Content {
    /// In mount order: parents first.
    pub steps: Vec<Step>,
    pub env: BTreeMap<String, EnvValue>,
    pub network: Network,
    /// The namespaces that are the host's.
    pub shared: BTreeSet<Namespace>,
    pub hostname: Option<String>,
    pub terminal: Terminal,
    pub lifetime: Lifetime,
    pub nested_sandboxes: NestedSandboxes,
    pub command: Vec<Text>,
    pub workdir: Option<SymbolicPath>,
    pub limits: BTreeMap<Resource, u64>,
    /// What is lifted, in order. It opens nothing by itself; but links or the PATH of a host can make a
    /// rule hand over more than its author knew, and then these are all that lets it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waived: Vec<Waived>,
}

/// An assertion or a guard that does not hold for this sandbox.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waived {
    pub kind: AssertionKind,
    /// A path, a variable or a word, as a policy writes it.
    pub subject: String,
    /// The reasons of those who waive it.
    #[serde(skip)]
    pub reasons: Vec<String>,
}

/// One thing to place in the sandbox's file system.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Step {
    pub at: SymbolicPath,
    pub action: Action,
    /// What provides the directory that the step stands in.
    pub place: Place,
    /// Why the step is there. One origin for each layer that says so.
    #[serde(skip)]
    pub origins: Vec<Origin>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Shows a host path.
    Host {
        grant: Grant,
        source: SymbolicPath,
        missing: Missing,
        /// What a file that is made holds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        text: Option<Text>,
        /// Where `/usr` is merged: make this link instead, the target is visible.
        merged_usr: Option<String>,
    },
    /// Binds a directory of a writable tree to itself, so that it cannot be renamed to walk round
    /// a rule below it.
    Pin {
        source: SymbolicPath,
    },
    File {
        text: Text,
    },
    Tmpfs {
        size: Option<u64>,
        #[serde(with = "octal")]
        mode: Option<u32>,
    },
    Directory,
    Symlink {
        to: Text,
    },
    /// `open` where rules below it show something.
    Deny {
        open: bool,
    },
    Proc,
    Dev,
}

/// Permission bits as the language writes them.
mod octal {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(mode: &Option<u32>, serializer: S) -> Result<S::Ok, S::Error> {
        mode.map(|mode| format!("{mode:04o}")).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| u32::from_str_radix(&text, 8).map_err(D::Error::custom)).transpose()
    }
}

/// What surrounds a step, as far as symbols can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// The sandbox's own root, which ends up read-only.
    Root,
    /// An empty directory in memory.
    Memory,
    /// A host directory over which changes are discarded.
    Overlay,
    /// A host directory that cannot be changed from inside.
    ReadOnly,
    /// A host directory that can be changed from inside.
    Writable,
    /// A denied directory.
    Denied,
    /// `proc` or `dev`.
    Kernel,
}

/// The value of a variable inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvValue {
    /// In front of the value, each followed by a colon.
    pub prepend: Vec<Text>,
    /// `None`: nothing but what is prepended.
    pub rule: Option<EnvRule>,
    #[serde(skip)]
    pub origins: Vec<Origin>,
}

impl Content {
    /// The variables of everything but steps that are not `wanted`.
    pub fn variables(&self, wanted: impl Fn(&Step) -> bool) -> BTreeSet<Variable> {
        let mut used = BTreeSet::new();
        for step in self.steps.iter().filter(|step| wanted(step)) {
            used.extend(step.at.variables());
            match &step.action {
                Action::Host { source, text, .. } => {
                    used.extend(source.variables());
                    used.extend(text.iter().flat_map(Text::variables));
                }
                Action::Pin { source } => used.extend(source.variables()),
                Action::File { text } | Action::Symlink { to: text } => used.extend(text.variables()),
                _ => {}
            }
        }
        for value in self.env.values() {
            used.extend(value.prepend.iter().flat_map(Text::variables));
            if let Some(EnvRule::Set(text)) = &value.rule {
                used.extend(text.variables());
            }
        }
        used.extend(self.command.iter().flat_map(Text::variables));
        used.extend(self.workdir.iter().flat_map(SymbolicPath::variables));
        used
    }
}

impl Plan {
    /// SHA-256 of what the sandbox is, in hexadecimal. Equal for policies that mean the same.
    pub fn hash(&self) -> String {
        sha256(&self.canonical())
    }

    /// What [`Plan::hash`] hashes: one line of JSON.
    pub fn canonical(&self) -> Vec<u8> {
        // Maps are ordered, and nothing in a plan can fail to serialise.
        serde_json::to_vec(&self.content).unwrap_or_default()
    }

    /// The most file systems that starting the sandbox mounts. Each bind makes bubblewrap read the
    /// mount table, so that the cost grows with the square of this number.
    pub fn mounts(&self) -> usize {
        let is_mount = |step: &&Step| match &step.action {
            Action::Directory | Action::Symlink { .. } => false,
            Action::File { .. } => !step.is_plain_file(),
            // A script mounts those of the system's files, too.
            Action::Host { grant: Grant::Copy, .. } => step.place != Place::Memory,
            Action::Deny { .. } => !matches!(step.place, Place::Root | Place::Memory | Place::Denied),
            _ => true,
        };
        self.content.steps.iter().filter(is_mount).count()
    }
}

impl EnvValue {
    /// The value as rules of the language.
    pub fn rules(&self, name: &str) -> String {
        let prepends = self.prepend.iter().map(|text| format!("prepend {name}={}", quote(text.as_str())));
        let own = self.rule.as_ref().map(|rule| crate::rule::env(name, rule));
        prepends.chain(own).collect::<Vec<_>>().join("; ")
    }
}

/// The layers behind a value, in the order of their names, for people.
pub fn layers(origins: &[Origin]) -> String {
    let mut names: Vec<&str> = origins.iter().map(|origin| origin.layer.as_str()).collect();
    names.dedup();
    names.join(", ")
}

/// Why a value is there, if any of its layers says so.
pub fn reason(origins: &[Origin]) -> Option<&str> {
    origins.iter().find_map(|origin| origin.reason.as_deref())
}

impl Step {
    /// Whether the sandbox is what the policy says where the host has nothing for this step.
    pub fn may_be_left_out(&self) -> bool {
        match &self.action {
            Action::Deny { .. } | Action::Pin { .. } => true,
            Action::Host { missing, .. } => missing.may_be_left_out(),
            _ => false,
        }
    }

    /// What to do about the path where the host has none and a process inside could make it.
    pub fn guards_name(&self) -> Option<Missing> {
        match &self.action {
            Action::Host { source, missing, .. } if self.place == Place::Writable && *source == self.at => {
                Some(*missing).filter(|missing| missing.guards_name())
            }
            _ => None,
        }
    }

    /// Whether it hides what the host has at its place even where its own source is missing: in
    /// place, because then nothing is there.
    pub fn hides_if_absent(&self) -> bool {
        match &self.action {
            Action::Host { source, missing, .. } if missing.may_be_left_out() => *source == self.at,
            _ => true,
        }
    }

    /// Whether bubblewrap writes a file where it stands, and mounts nothing.
    pub fn is_plain_file(&self) -> bool {
        match (&self.action, self.place) {
            (Action::File { .. }, place) => place == Place::Root,
            // In memory, so that it can be replaced by rename, which a mounted one cannot.
            (Action::Host { grant: Grant::Copy, .. }, Place::Memory) => true,
            // Nothing of the system's is for the sandbox to change.
            (Action::Host { grant: Grant::Copy, .. }, Place::Root) => self.at.root() == Root::Absolute,
            _ => false,
        }
    }

    /// Whether a copy can be written inside: not where it is a file of the system's, but for one in memory.
    pub fn is_writable_copy(&self) -> bool {
        self.place == Place::Memory || self.at.root() != Root::Absolute
    }

    /// The step as a rule of the language.
    pub fn rule(&self) -> String {
        match self.action.access() {
            Some(access) => crate::rule::access(&self.at, &access),
            None => format!("pin {}", quote(&self.at.to_string())),
        }
    }
}

impl Action {
    /// What a policy says to get this; `None` for what no policy can say.
    fn access(&self) -> Option<Access> {
        Some(match self.clone() {
            Action::Host { grant, source, missing, text, .. } => Access::Host { grant, source, missing, text },
            Action::Pin { .. } => return None,
            Action::File { text } => Access::File { text },
            Action::Tmpfs { size, mode } => Access::Tmpfs { size, mode },
            Action::Directory => Access::Directory,
            Action::Symlink { to } => Access::Symlink { to },
            Action::Deny { .. } => Access::Deny,
            Action::Proc => Access::Proc,
            Action::Dev => Access::Dev,
        })
    }
}

impl Waived {
    /// The waiver as a statement of the language, without its reason.
    pub fn rule(&self) -> String {
        format!("waive {} {}", quote(self.kind.word()), quote(&self.subject))
    }
}

impl Grant {
    /// The word of the language.
    pub const fn word(self) -> &'static str {
        match self {
            Grant::ReadOnly => "ro",
            Grant::ReadWrite => "rw",
            Grant::Copy => "copy",
            Grant::Overlay => "overlay",
            Grant::Device => "device",
        }
    }
}

/// SHA-256 in hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
