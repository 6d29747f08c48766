//! Directories about whose files nothing can be learned, so that they need not be looked at one by one.
//!
//! A program looks for most of its files where the sandbox shows the host as it is, and for most others
//! where the host has nothing at all.

use crate::host::Host;
use crate::mounts::Mount;
use crate::space::{Node, Space, is_within};
use crate::view::{Kind, View};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What is known of all that lies in a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// It is the same as on the host, but for what links lead to.
    Same,
    /// The host has nothing there.
    Nothing,
    /// The host's files are there, and the sandbox has nothing.
    Hidden,
    /// Each path has to be looked at.
    Anything,
}

/// What is known of a path that was only looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// It is as on the host, or not there either.
    No,
    /// The host has it, a file or a directory without links on the way, and the sandbox does not.
    Yes,
    /// It has to be looked at.
    Unknown,
}

/// The directories that were looked at.
pub struct Places<'s, 'a> {
    host: &'s Host,
    view: &'s View<'a>,
    known: HashMap<PathBuf, Inside>,
}

impl<'s, 'a> Places<'s, 'a> {
    pub fn new(host: &'s Host, view: &'s View<'a>) -> Places<'s, 'a> {
        Places { host, view, known: HashMap::new() }
    }

    /// What is lost with a path that was only looked for.
    pub fn loss(&mut self, path: &Path) -> Loss {
        match path.parent().map(|above| self.inside(above)) {
            Some(Inside::Same) if self.host.node(path) != Node::Link => Loss::No,
            Some(Inside::Nothing) => Loss::No,
            Some(Inside::Hidden) => match self.host.node(path) {
                Node::Absent => Loss::No,
                Node::File | Node::Directory if self.host.rights(path).read => Loss::Yes,
                _ => Loss::Unknown,
            },
            _ => Loss::Unknown,
        }
    }

    fn inside(&mut self, directory: &Path) -> Inside {
        if let Some(known) = self.known.get(directory) {
            return *known;
        }
        let above = directory.parent().map_or(Inside::Anything, |above| self.inside(above));
        let found = match above {
            Inside::Nothing => Inside::Nothing,
            _ => match (above, self.host.node(directory)) {
                (_, Node::Absent | Node::File) => Inside::Nothing,
                (Inside::Same | Inside::Hidden, Node::Directory) => above,
                (_, node) => self.look(directory, node),
            },
        };
        self.known.insert(directory.to_owned(), found);
        found
    }

    /// Looks at a directory that may hold mounts.
    fn look(&self, directory: &Path, node: Node) -> Inside {
        let looked = self.view.look(directory);
        let is_below = |mount: &Mount<'_>| mount.at != looked.path && is_within(&mount.at, &looked.path);
        if looked.path != directory || self.view.mounts().iter().any(is_below) {
            return Inside::Anything;
        }
        match &looked.kind {
            Kind::Host { source, node: Node::Directory } if source == directory && looked.access.read => Inside::Same,
            Kind::Absent if node == Node::Directory => Inside::Hidden,
            _ => Inside::Anything,
        }
    }
}
