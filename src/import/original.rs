//! What is imported, as data: the operations of a sandbox in their order, and its settings.

use super::Unsaid;
use crate::path::SymbolicPath;
use crate::policy::EnvRule;
use crate::source::Span;
use crate::text::Text;
use crate::words::Namespace;
use std::collections::{BTreeMap, BTreeSet};

/// One operation on the file system of a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    pub at: SymbolicPath,
    pub kind: Kind,
    pub span: Span,
    /// The comment above it.
    pub reason: Option<String>,
}

/// What an operation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Bind {
        source: SymbolicPath,
        grant: Bind,
        /// Whether nothing is done where the source is missing.
        skip: bool,
    },
    Tmpfs {
        size: Option<u64>,
        mode: Option<u32>,
    },
    Directory,
    Symlink {
        to: Text,
    },
    Text {
        text: Text,
    },
    /// A file's content at the start, writable or not.
    Copy {
        source: SymbolicPath,
        writable: bool,
    },
    Overlay {
        source: SymbolicPath,
    },
    Proc,
    Dev,
    /// Hides what is there.
    Deny,
    /// Makes the mount that is there read-only.
    ReadOnly,
}

/// What may be done with what is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    Read,
    Write,
    Device,
}

/// A sandbox as somebody wrote it in another language.
#[derive(Clone, Debug, Default)]
pub struct Original {
    pub operations: Vec<Operation>,
    pub env: BTreeMap<String, EnvRule>,
    pub prepends: BTreeMap<String, Text>,
    /// Whether the caller's whole environment passes.
    pub passes_all: bool,
    pub has_network: bool,
    pub unshared: BTreeSet<Namespace>,
    pub hostname: Option<String>,
    pub new_session: bool,
    pub with_parent: bool,
    pub workdir: Option<SymbolicPath>,
    pub command: Vec<Text>,
    /// Paths that are made on the host before the start, directories and files.
    pub made: Vec<(SymbolicPath, bool)>,
    pub unsaid: Vec<Unsaid>,
}
