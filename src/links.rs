//! What has been looked at on a host: each path once, and directories in which many names are asked for as a whole.
//!
//! A path that is not there is believed to be missing from then on: one look decides for all of a start.

#![allow(clippy::disallowed_methods, reason = "this module looks at the machine")]

use crate::checked::Identity;
use crate::path::Root;
use crate::space::split;
use rustc_hash::FxHashMap;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// So many names of a directory are read at once.
const MOST_NAMES: usize = 1_000;

/// What has been looked at on a host, each thing once. The keys are paths as bytes: comparing components is slow.
#[derive(Clone, Debug, Default)]
pub struct Links {
    known: RefCell<FxHashMap<OsString, Found>>,
    /// Directories with all of their names, and whether each is a link.
    listed: RefCell<FxHashMap<OsString, FxHashMap<OsString, bool>>>,
    /// Paths with their links followed.
    pub followed: RefCell<FxHashMap<OsString, Option<PathBuf>>>,
    /// What is at paths without links.
    pub sources: RefCell<FxHashMap<OsString, Source>>,
    /// Where paths of policies start.
    pub starts: RefCell<BTreeMap<Root, PathBuf>>,
}

/// What a path is, its own links not followed.
#[derive(Clone, Debug)]
enum Found {
    Link(PathBuf),
    NoLink,
    /// It is not there.
    Absent,
}

/// What stands at a path of the host, with links followed.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    pub kind: fs::FileType,
    pub identity: Identity,
    pub is_readable: bool,
}

impl Links {
    /// Where the link at `path` leads; `None` for what is no link.
    pub fn read(&self, path: &Path) -> Option<PathBuf> {
        match self.find(path) {
            Found::Link(target) => Some(target),
            Found::NoLink | Found::Absent => None,
        }
    }

    fn find(&self, path: &Path) -> Found {
        if let Some(known) = self.known(path) {
            return known;
        }
        let found = match fs::read_link(path) {
            Ok(target) => Found::Link(target),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Found::Absent,
            Err(_) => Found::NoLink,
        };
        self.known.borrow_mut().insert(path.into(), found.clone());
        found
    }

    /// What a path is by what was looked at, its directory included; `None` where it has to be looked at.
    fn known(&self, path: &Path) -> Option<Found> {
        if let Some(known) = self.known.borrow().get(path.as_os_str()) {
            return Some(known.clone());
        }
        let (directory, name) = split(path)?;
        if let Some(names) = self.listed.borrow().get(directory.as_os_str()) {
            return match names.get(name) {
                None => Some(Found::Absent),
                Some(false) => Some(Found::NoLink),
                Some(true) => None,
            };
        }
        self.is_absent(directory).then_some(Found::Absent)
    }

    /// Whether a path is known not to be there.
    pub fn is_absent(&self, path: &Path) -> bool {
        matches!(self.known(path), Some(Found::Absent))
    }

    /// Reads the names in a directory at once, where many of them will be asked for. Of one that has very
    /// many, nothing is kept.
    pub fn list(&self, directory: &Path) {
        if self.listed.borrow().contains_key(directory.as_os_str()) {
            return;
        }
        let Ok(entries) = fs::read_dir(directory) else { return };
        let mut names = FxHashMap::default();
        for entry in entries {
            let kind = entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?.is_symlink())));
            let Ok((name, is_link)) = kind else { return };
            names.insert(name, is_link);
            if names.len() > MOST_NAMES {
                return;
            }
        }
        self.listed.borrow_mut().insert(directory.into(), names);
    }
}
