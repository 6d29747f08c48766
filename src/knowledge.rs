//! What the last audit of a project has left in place, kept outside of every project: nothing has to be
//! searched before a run to know what is new after it.
//!
//! What is missing or damaged is made anew, as at the first run of a project.

#![allow(clippy::disallowed_methods, reason = "this module keeps files between runs")]

use crate::diagnostic::{Code, Diagnostic};
use crate::plan::sha256;
use crate::record::{Item, Role, State};
use crate::search::Find;
use crate::small::small;
use crate::write;
use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A larger file is as good as damaged.
const LARGEST: u64 = 64 << 20;

/// What is known of a project.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Knowledge(BTreeSet<(PathBuf, String)>);

impl Knowledge {
    /// To know these.
    pub fn of<'a>(finds: impl Iterator<Item = &'a Find>) -> Knowledge {
        Knowledge(finds.map(|find| (find.path.clone(), find.mark.clone())).collect())
    }

    /// What is known of a project; `None` where nothing is, or it cannot be read. `state` is sbc's own directory.
    pub fn read(state: &Path, project: &Path) -> Option<Knowledge> {
        let bytes = small(&file(state, project), LARGEST)?;
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let (sum, body) = (bytes.get(..end)?, bytes.get(end + 1..)?);
        if sum != sha256(body).as_bytes() {
            return None;
        }
        let items: Vec<Item> = Item::read_all(body);
        let is_of_project = items.iter().any(|item| item.role == Role::Project && item.path == project);
        let known = items.into_iter().filter(|item| item.role == Role::Known);
        is_of_project.then(|| Knowledge(known.map(|item| (item.path, item.state.mark)).collect()))
    }

    /// Keeps it, in the place of what was known before.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, state: &Path, project: &Path) -> Result<(), Diagnostic> {
        let file = file(state, project);
        if let Some(directory) = file.parent() {
            write::private_directory(directory).map_err(|error| {
                let title = format!("`{}` cannot be made: {error}", directory.display());
                Diagnostic::error(Code::SBC0603, title).help("make the directory above it writable")
            })?;
        }
        let item = |role, path: &Path, mark: &str| Item {
            role,
            state: State { mark: mark.to_owned(), ..State::default() },
            path: path.to_owned(),
        };
        let mut items = vec![item(Role::Project, project, "")];
        items.extend(self.0.iter().map(|(path, mark)| item(Role::Known, path, mark)));
        let body = Item::write_all(&items);
        write::replace(&file, &[sha256(&body).as_bytes(), b"\n", &body].concat(), 0o600)
    }

    pub fn holds(&self, find: &Find) -> bool {
        self.0.contains(&(find.path.clone(), find.mark.clone()))
    }

    /// Whether anything is known by this mark.
    pub fn has_mark(&self, wanted: &str) -> bool {
        self.0.iter().any(|(_, mark)| mark == wanted)
    }

    /// Whether anything is known at a path.
    pub fn has(&self, path: &Path) -> bool {
        let from = (path.to_owned(), String::new());
        self.0.range(from..).next().is_some_and(|(known, _)| known == path)
    }
}

fn file(state: &Path, project: &Path) -> PathBuf {
    state.join("known").join(sha256(project.as_os_str().as_bytes()))
}
