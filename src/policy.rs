//! One policy file as data: layers of keyed rules, each with its origin.
//!
//! Holds what was written and nothing that was concluded; `merge.rs` concludes.

use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::source::{Location, Spanned};
use crate::text::Text;
use crate::words::{
    AssertionKind, Lifetime, Missing, Namespace, NestedSandboxes, Network, Resource, SettingKey, Sharing, Terminal,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one file says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    pub layers: Vec<Layer>,
}

/// Profiles are for inheriting, sandboxes for building and running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LayerKind {
    Profile,
    Sandbox,
}

/// One rule about a key: a value, or `None` where the rule is `remove`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry<V> {
    pub value: Option<V>,
    pub origin: Origin,
}

/// The rules of one section, by key.
pub type Entries<K, V> = BTreeMap<K, Entry<V>>;

/// A named body of rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    pub kind: LayerKind,
    pub name: Spanned<String>,
    pub about: Option<String>,
    pub inherits: Vec<Spanned<String>>,
    /// By the path inside the sandbox.
    pub filesystem: Entries<SymbolicPath, Access>,
    /// By the name of the variable.
    pub env: Entries<String, EnvRule>,
    /// `prepend`, the one verb that gathers.
    pub prepends: Entries<String, Text>,
    pub settings: Entries<SettingKey, Setting>,
    pub assertions: Vec<Spanned<Assertion>>,
    pub waivers: Vec<Waiver>,
}

/// What ends the name of a layer that adds to a sandbox on one machine. No name that a policy may give has a blank.
const ADDS: &str = " (local)";

/// The name of the layer that adds to a sandbox.
pub fn local_name(sandbox: &str) -> String {
    format!("{sandbox}{ADDS}")
}

impl Layer {
    /// The sandbox that this layer adds to, if it is one that does.
    pub fn adds_to(&self) -> Option<&str> {
        self.name.value.strip_suffix(ADDS)
    }
}

/// How a host path is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grant {
    ReadOnly,
    ReadWrite,
    /// A private copy of a file; writes are discarded.
    Copy,
    /// A directory over the host's; writes are discarded.
    Overlay,
    /// A device node that can be opened.
    Device,
}

/// The value of a rule of `filesystem`; the key is the path inside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Access {
    Host {
        grant: Grant,
        source: SymbolicPath,
        missing: Missing,
        /// What a file that is made holds.
        text: Option<Text>,
    },
    /// A read-only file with this text.
    File {
        text: Text,
    },
    /// An empty directory in memory; size in bytes, permission bits.
    Tmpfs {
        size: Option<u64>,
        mode: Option<u32>,
    },
    Directory,
    Symlink {
        to: Text,
    },
    Deny,
    Proc,
    Dev,
}

/// The value of a rule of `env`; the key is the variable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnvRule {
    Set(Text),
    /// From the caller, if it is set there.
    Pass,
    /// As `Pass`, but never shown anywhere.
    Secret,
}

/// A value of one [`SettingKey`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setting {
    Network(Network),
    Namespace(Namespace, Sharing),
    Hostname(String),
    Terminal(Terminal),
    Lifetime(Lifetime),
    NestedSandboxes(NestedSandboxes),
    Command(Vec<Text>),
    Workdir(SymbolicPath),
    /// `None` where the policy says `"none"`; bytes or a count.
    Limit(Resource, Option<u64>),
}

/// Something that must hold for the final result.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Assertion {
    Path(AssertionKind, SymbolicPath),
    NoEnv(String),
    Network(Network),
}

/// Lifts one assertion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub assertion: Assertion,
    pub reason: String,
    pub location: Location,
}

impl Setting {
    /// The key that this is a value of.
    pub fn key(&self) -> SettingKey {
        match self {
            Setting::Network(_) => SettingKey::Network,
            Setting::Namespace(Namespace::User, _) => SettingKey::User,
            Setting::Namespace(Namespace::Pid, _) => SettingKey::Pid,
            Setting::Namespace(Namespace::Ipc, _) => SettingKey::Ipc,
            Setting::Namespace(Namespace::Uts, _) => SettingKey::Uts,
            Setting::Namespace(Namespace::Cgroup, _) => SettingKey::Cgroup,
            Setting::Hostname(_) => SettingKey::Hostname,
            Setting::Terminal(_) => SettingKey::Terminal,
            Setting::Lifetime(_) => SettingKey::Lifetime,
            Setting::NestedSandboxes(_) => SettingKey::NestedSandboxes,
            Setting::Command(_) => SettingKey::Command,
            Setting::Workdir(_) => SettingKey::Workdir,
            Setting::Limit(Resource::Processes, _) => SettingKey::Processes,
            Setting::Limit(Resource::Memory, _) => SettingKey::Memory,
            Setting::Limit(Resource::OpenFiles, _) => SettingKey::OpenFiles,
            Setting::Limit(Resource::FileSize, _) => SettingKey::FileSize,
        }
    }
}

impl Assertion {
    /// The word that starts the assertion.
    pub fn kind(&self) -> AssertionKind {
        match self {
            Assertion::Path(kind, _) => *kind,
            Assertion::NoEnv(_) => AssertionKind::NoEnv,
            Assertion::Network(_) => AssertionKind::Network,
        }
    }
}
