//! What lies in the directories of a project, below its root, that the host would run or obey.
//!
//! Follows no link, leaves no file system, and changes nothing. What cannot be searched is found, too, so
//! that nobody hides there. Which of it is new, others say (`audit.rs`).

#![allow(clippy::disallowed_methods, reason = "this module searches projects")]

use crate::git;
use crate::gitlinks;
use crate::moment::{self, Moment};
use crate::planted::{self, Part, fingerprint};
use crate::seen::Seen;
use crate::walk::{Step, Walk};
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, RawDir, Stat, fstat, openat, statat};
use rustix::io::Errno;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Room for the names that the kernel gives at once.
const ROOM: usize = 32 * 1024;

/// To open a directory takes as long as to read so many names.
const DIRECTORY: usize = 8;

/// Longer paths leave no room for the names in a directory.
const LONGEST: usize = 3_500;

/// The directory around one that is too long to be opened is named instead, with no more than this.
const READABLE: usize = 200;

/// The mark of a directory that a process inside can have closed, and can open again.
pub const HIDDEN: &str = "unsearched";

/// The mark of one that nobody inside can open or bring elsewhere.
const FOREIGN: &str = "foreign";

/// Why something was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What sbc itself obeys in that directory.
    Policy,
    /// What git obeys there, and what it would do with it.
    Git(String),
    /// A name that a rule guards in the root.
    Name,
    /// A directory that could not be searched.
    Unsearched,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Find {
    pub kind: Kind,
    pub path: PathBuf,
    /// Equal for what has not changed.
    pub mark: String,
    /// When it was last changed, or anything that makes it what it is; `None` where that cannot be told.
    pub changed: Option<Moment>,
}

/// The directories that belong to a project: its own, and that of git where it lies elsewhere.
pub fn trees(project: &Path) -> Vec<PathBuf> {
    let common = git::find(project).elsewhere().map(|elsewhere| elsewhere.common.clone());
    [Some(project.to_owned()), common.filter(|common| !common.starts_with(project))].into_iter().flatten().collect()
}

/// Everything in a project that the host would obey, except what lies in the root and in its git
/// directory: rules guard that. `names` are those to look for beside policies and repositories.
/// `state` is sbc's own directory, where it is kept what need not be read again.
pub fn search(project: &Path, names: &[OsString], state: &Path) -> Vec<Find> {
    let trees = trees(project);
    let mut guarded = vec![project.join(".git")];
    if let Some(elsewhere) = git::find(project).elsewhere() {
        guarded.extend(elsewhere.worktree.as_ref().map(|name| elsewhere.common.join("worktrees").join(name)));
        guarded.push(elsewhere.common.clone());
    }
    let mut search =
        Search { project, trees: &trees, guarded, names, state, finds: Vec::new(), directories: Vec::new() };
    trees.iter().for_each(|tree| search.tree(tree));
    // Git in the root gets there by name, also where a directory on the way cannot be searched.
    gitlinks::repositories(project).iter().for_each(|repository| search.repository(repository));
    let Search { mut finds, directories, .. } = search;
    finds.extend(directories.into_iter().filter_map(Directory::into_find));
    finds.sort_by(|one, other| (&one.path, &one.mark).cmp(&(&other.path, &other.mark)));
    finds.dedup();
    finds
}

struct Search<'a> {
    project: &'a Path,
    trees: &'a [PathBuf],
    /// Git directories that rules guard.
    guarded: Vec<PathBuf>,
    names: &'a [OsString],
    state: &'a Path,
    finds: Vec<Find>,
    directories: Vec<Directory>,
}

/// A directory that was found for its name: everything in it counts. An empty one is nothing; it may hold
/// the name for another run.
struct Directory {
    find: Find,
    inode: u64,
    /// The last change of anything in it.
    newest: Option<Moment>,
}

/// What the names in a directory say of it.
#[derive(Default)]
struct Reading<'a> {
    /// How many there are.
    names: usize,
    /// Whether any means something.
    means: bool,
    /// The parts of a repository among them.
    parts: u8,
    /// The directories in it.
    steps: Vec<Step<'a>>,
}

/// What a name means wherever it stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Policy,
    Git,
    Name,
    /// A part of a repository, as a bit.
    Part(u8),
}

const HEAD: u8 = 1;
const OBJECTS: u8 = 2;
const REFS: u8 = 4;
const COMMON_DIRECTORY: u8 = 8;

/// Some file systems do not tell capitals.
const MEANINGS: [(&[u8], Meaning); 8] = [
    (b".agent-sandbox.kdl", Meaning::Policy),
    (b".agent-sandbox.local.kdl", Meaning::Policy),
    (b".agent-sandbox", Meaning::Policy),
    (b".git", Meaning::Git),
    (b"HEAD", Meaning::Part(HEAD)),
    (b"objects", Meaning::Part(OBJECTS)),
    (b"refs", Meaning::Part(REFS)),
    (b"commondir", Meaning::Part(COMMON_DIRECTORY)),
];

impl Search<'_> {
    fn tree(&mut self, root: &Path) {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = openat(CWD, root, flags, Mode::empty()).and_then(|root| Ok((fstat(&root)?, root)));
        let (device, opened) = match opened {
            Ok((there, opened)) => (there.st_dev, opened),
            Err(Errno::NOENT) => return,
            Err(_) => return self.hidden(root),
        };
        let words = MEANINGS.iter().map(|(word, _)| *word).chain(self.names.iter().map(|name| name.as_bytes()));
        let seen =
            moment::is_exact_at(&opened).then(|| Seen::read(self.state, self.project, root, device, words.collect()));
        let mut walk = Walk::new(root, opened, device, seen.as_ref());
        let mut room = vec![MaybeUninit::uninit(); ROOM];
        let mut spared = 0;
        let mut at = 0;
        while let Some(length) = walk.length(at) {
            let searched = match length {
                ..=LONGEST => self.step(&mut walk, at, &mut room).map(|more| spared += more),
                _ => Err(Errno::NAMETOOLONG),
            };
            if let Err(error) = searched {
                self.unsearched(&walk.path(at), device, error);
                walk.forget(at);
            }
            at += 1;
        }
        seen.iter().for_each(|seen| seen.keep(walk.nodes(), spared));
    }

    /// Finds a directory that could not be searched.
    fn unsearched(&mut self, path: &Path, device: u64, error: Errno) {
        match error {
            // Somebody has moved it meanwhile, or put something else in its place.
            Errno::NOENT | Errno::NOTDIR | Errno::LOOP => {}
            Errno::NAMETOOLONG => {
                let above = path.ancestors().find(|above| above.as_os_str().len() < READABLE);
                self.hidden(above.unwrap_or(path));
            }
            Errno::ACCESS | Errno::XDEV if is_foreign(path, device) => {
                self.find(Kind::Unsearched, path.to_owned(), FOREIGN.to_owned(), Moment::of_latest(&[path]));
            }
            _ => self.hidden(path),
        }
    }

    fn hidden(&mut self, path: &Path) {
        self.find(Kind::Unsearched, path.to_owned(), HIDDEN.to_owned(), None);
    }

    /// Looks at what is called `.git`.
    fn repository(&mut self, path: &Path) {
        let is_directory = fs::symlink_metadata(path).is_ok_and(|there| there.is_dir());
        self.found(if is_directory { planted::parts(path) } else { planted::pointer(path, self.trees) });
    }

    /// Searches one directory; gives how much of that can be spared next time, in names.
    fn step(&mut self, walk: &mut Walk<'_>, at: usize, room: &mut [MaybeUninit<u8>]) -> rustix::io::Result<usize> {
        if walk.skip(at) {
            return Ok(0);
        }
        let opened = walk.open(at)?;
        let print = walk.print(&opened).filter(|_| walk.inside(at).is_none());
        let path = walk.path(at);
        let mut reading = Reading::default();
        let read = self.names(&path, &opened, walk, at, room, &mut reading);
        let Reading { names, means, parts, steps } = reading;
        let print = print.filter(|_| !means && read.is_ok());
        walk.enter(at, print, steps);
        read?;
        let is_repository =
            parts & HEAD != 0 && (parts & COMMON_DIRECTORY != 0 || parts & (OBJECTS | REFS) == OBJECTS | REFS);
        if is_repository && !self.guarded.contains(&path) {
            self.found(planted::parts(&path));
        }
        Ok(print.map_or(0, |_| DIRECTORY + names))
    }

    /// Looks at what is in a directory.
    fn names<'a>(
        &mut self,
        path: &Path,
        opened: &OwnedFd,
        walk: &Walk<'a>,
        at: usize,
        room: &mut [MaybeUninit<u8>],
        reading: &mut Reading<'a>,
    ) -> rustix::io::Result<()> {
        let around = walk.inside(at);
        let mut entries = RawDir::new(opened, room);
        while let Some(entry) = entries.next() {
            let entry = entry?;
            let name = entry.file_name().to_bytes();
            if name == b"." || name == b".." {
                continue;
            }
            reading.names += 1;
            let stat = || statat(opened, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW);
            if let Some(directory) = around.and_then(|around| self.directories.get_mut(around)) {
                match stat() {
                    Err(Errno::NOENT) => continue,
                    there => directory.holds(&there?),
                }
            }
            // Not every file system tells it with the name.
            let is_directory = match entry.file_type() {
                FileType::Unknown => stat().is_ok_and(|there| FileType::from_raw_mode(there.st_mode).is_dir()),
                kind => kind.is_dir(),
            };
            let meaning = self.meaning(name);
            reading.means |= meaning.is_some();
            if let Some(Meaning::Part(part)) = meaning {
                reading.parts |= part;
            }
            let inside = match meaning {
                Some(meaning) => self.entry(around, path.join(OsStr::from_bytes(name)), is_directory, meaning),
                None => around,
            };
            if is_directory {
                reading.steps.push(walk.step(at, name, inside));
            }
        }
        Ok(())
    }

    fn meaning(&self, name: &[u8]) -> Option<Meaning> {
        let is = |word: &[u8]| word.len() == name.len() && word.eq_ignore_ascii_case(name);
        let meaning = MEANINGS.iter().find(|(word, _)| is(word)).map(|(_, meaning)| *meaning);
        meaning.or_else(|| self.names.iter().any(|word| is(word.as_bytes())).then_some(Meaning::Name))
    }

    /// Looks at an entry whose name means something; gives in which of the directories lies what is in it.
    fn entry(&mut self, inside: Option<usize>, path: PathBuf, is_directory: bool, meaning: Meaning) -> Option<usize> {
        let in_root = path.parent() == Some(self.project);
        let kind = match meaning {
            Meaning::Policy if !in_root => Kind::Policy,
            // Its own find covers all that lies in a directory.
            Meaning::Name if !in_root && inside.is_none() => Kind::Name,
            Meaning::Git if !is_directory && !self.guarded.contains(&path) => {
                self.found(planted::pointer(&path, self.trees));
                return inside;
            }
            _ => return inside,
        };
        if is_directory {
            let inode = fs::symlink_metadata(&path).map(|there| there.ino()).unwrap_or_default();
            let find = Find { kind, changed: Moment::of_latest(&[&path]), path, mark: String::new() };
            self.directories.push(Directory { find, inode, newest: None });
            return self.directories.len().checked_sub(1);
        }
        let mark = fingerprint(&path);
        // After the content: what is changed in between gets a later time.
        let changed = Moment::of_latest(&[&path]);
        self.find(kind, path, mark, changed);
        inside
    }

    fn found(&mut self, parts: Vec<Part>) {
        parts.into_iter().for_each(|part| self.find(Kind::Git(part.why), part.path, part.mark, part.changed));
    }

    fn find(&mut self, kind: Kind, path: PathBuf, mark: String, changed: Option<Moment>) {
        self.finds.push(Find { kind, path, mark, changed });
    }
}

impl Directory {
    fn holds(&mut self, entry: &Stat) {
        self.newest = self.newest.max(Some(Moment::of_file(entry)));
    }

    /// `None` for an empty one. Its own time counts only for what is new: by that it has got its name.
    fn into_find(self) -> Option<Find> {
        let newest = self.newest?;
        let changed = self.find.changed.map(|own| own.max(newest));
        Some(Find { mark: format!("{}.{newest}", self.inode), changed, ..self.find })
    }
}

/// Whether a directory is another user's or another file system's, so that nobody inside can open it or bring
/// what is in it elsewhere.
fn is_foreign(path: &Path, device: u64) -> bool {
    let own = rustix::process::geteuid().as_raw();
    statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|there| there.st_uid != own || there.st_dev != device)
}
