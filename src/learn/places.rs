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
    /// Each path has to be looked at.
    Anything,
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

    /// Whether a path that was only looked for is no loss: it is as on the host, or not there either.
    pub fn is_no_loss(&mut self, path: &Path) -> bool {
        match path.parent().map(|above| self.inside(above)) {
            Some(Inside::Same) => self.host.node(path) != Node::Link,
            Some(Inside::Nothing) => true,
            _ => false,
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
                (Inside::Same, Node::Directory) => Inside::Same,
                _ if self.is_as_on_host(directory) => Inside::Same,
                _ => Inside::Anything,
            },
        };
        self.known.insert(directory.to_owned(), found);
        found
    }

    /// Whether the host's directory stands in its place, with no other mount in it.
    fn is_as_on_host(&self, directory: &Path) -> bool {
        let looked = self.view.look(directory);
        let is_below = |mount: &Mount<'_>| mount.at != looked.path && is_within(&mount.at, &looked.path);
        match &looked.kind {
            Kind::Host { source, node: Node::Directory } => {
                *source == looked.path && looked.access.read && !self.view.mounts().iter().any(is_below)
            }
            _ => false,
        }
    }
}
