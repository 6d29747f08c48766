//! What a program looked for, path by path, and how sure it is that a miss broke something.
//!
//! Pure. Grows with the number of different paths, not with the length of a log.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

/// More different paths than any program looks for.
const MOST_PATHS: usize = 1_000_000;

/// So much text all of them together have at the most.
const MOST_TEXT: usize = 64 << 20;

/// So many misses before its end count for a process that fails.
const RECENT: usize = 48;

/// No search goes through more directories.
const LONGEST_SERIES: usize = 128;

/// So much of a line of standard error is read as one.
const LONGEST_LINE: usize = 4096;

/// So many other lookups may stand between those of one series.
const GAP: usize = 4;

/// Names of directories of programs.
const PROGRAMS: [&str; 4] = ["bin", "sbin", "shims", "games"];

/// What a program wanted of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// To know whether and what it is, or to read it.
    Look,
    /// To run it.
    Run,
    /// To change or remove it.
    Write,
    /// To make it, or to change what is there.
    Make,
    /// To speak to who listens there.
    Connect,
}

impl Want {
    fn is_write(self) -> bool {
        matches!(self, Want::Write | Want::Make)
    }
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Found,
    Missing,
    /// The rights do not allow it.
    Denied,
    /// The file system does not allow it.
    ReadOnly,
    Other,
}

/// How sure it is that something was broken by a miss.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Evidence {
    /// Another place of the same search had it.
    Elsewhere,
    /// Nothing tells.
    #[default]
    None,
    /// The process that missed it failed soon after.
    Failed,
    /// A command outside of any sandbox used it.
    Used,
    /// A program named it on standard error, or could not be started.
    Named,
}

/// What happened at one path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Seen {
    pub missed: u32,
    pub denied: u32,
    /// Writes that the file system refused.
    pub refused: u32,
    /// How often it was to be made where its directory is missing.
    pub unmade: u32,
    pub found: bool,
    pub written: bool,
    /// Whether it was to be run.
    pub run: bool,
    pub evidence: Evidence,
}

/// A program that no place of a search had.
#[derive(Clone, Copy, Debug, Default)]
pub struct Program {
    pub count: u32,
    /// Whether it was looked for in several directories.
    pub is_search: bool,
    pub evidence: Evidence,
}

/// An address on a network, as strace writes it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    pub host: String,
    pub port: u16,
}

/// What is known of one process besides where it is.
#[derive(Debug, Default)]
pub struct Recent {
    /// The last paths that it missed.
    missed: VecDeque<u32>,
    series: Series,
    /// Whether it named what it missed: then the rest did not matter.
    has_named: bool,
    /// A line of standard error that has no end yet: some programs write it byte by byte.
    line: Vec<u8>,
}

/// Lookups of one name, one directory after the other.
#[derive(Debug, Default)]
struct Series {
    name: OsString,
    missed: Vec<u32>,
    /// Whether it was to be run.
    run: bool,
    others: usize,
}

/// Everything that happened.
#[derive(Debug, Default)]
pub struct Table {
    numbers: HashMap<Arc<Path>, u32>,
    all: Vec<(Arc<Path>, Seen)>,
    /// How much text the paths have.
    text: usize,
    pub programs: BTreeMap<OsString, Program>,
    /// Addresses, and whether one answered.
    pub addresses: BTreeMap<Address, bool>,
    /// Lookups whose directory the log does not tell.
    pub unplaced: usize,
}

/// There are too many different paths.
#[derive(Clone, Copy, Debug)]
pub struct TooMany;

impl Table {
    /// Every path, in the order in which it was first looked for.
    pub fn paths(&self) -> impl Iterator<Item = (&Path, &Seen)> {
        self.all.iter().map(|(path, seen)| (path.as_ref(), seen))
    }

    /// How many different paths there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether nothing was looked for at all.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty() && self.programs.is_empty() && self.addresses.is_empty()
    }

    fn number(&mut self, path: &Path) -> Result<u32, TooMany> {
        if let Some(known) = self.numbers.get(path) {
            return Ok(*known);
        }
        self.text += path.as_os_str().len();
        if self.all.len() >= MOST_PATHS || self.text > MOST_TEXT {
            return Err(TooMany);
        }
        let number = u32::try_from(self.all.len()).map_err(|_| TooMany)?;
        let path: Arc<Path> = path.into();
        self.numbers.insert(Arc::clone(&path), number);
        self.all.push((path, Seen::default()));
        Ok(number)
    }

    fn raise(&mut self, number: u32, evidence: Evidence) {
        if let Some((_, seen)) = usize::try_from(number).ok().and_then(|index| self.all.get_mut(index)) {
            seen.evidence = seen.evidence.max(evidence);
        }
    }

    /// Notes what came of one access.
    pub fn access(&mut self, recent: &mut Recent, path: &Path, want: Want, outcome: Outcome) -> Result<(), TooMany> {
        let number = self.number(path)?;
        let Some((_, seen)) = usize::try_from(number).ok().and_then(|index| self.all.get_mut(index)) else {
            return Ok(());
        };
        seen.run |= want == Want::Run;
        match outcome {
            Outcome::Found => {
                seen.found = true;
                seen.written |= want.is_write();
            }
            Outcome::Missing => {
                seen.missed += 1;
                seen.unmade += u32::from(want == Want::Make);
            }
            Outcome::Denied if want.is_write() => seen.refused += 1,
            Outcome::Denied => seen.denied += 1,
            Outcome::ReadOnly => seen.refused += u32::from(want.is_write()),
            Outcome::Other => {}
        }
        if matches!(outcome, Outcome::Missing | Outcome::Denied | Outcome::ReadOnly) {
            recent.missed.push_back(number);
            if recent.missed.len() > RECENT {
                recent.missed.pop_front();
            }
        }
        if !want.is_write() {
            self.follow_series(recent, path, number, want, outcome);
        }
        Ok(())
    }

    /// A program looks for a name in one directory after the other. Where one has it, the misses before mean
    /// nothing.
    fn follow_series(&mut self, recent: &mut Recent, path: &Path, number: u32, want: Want, outcome: Outcome) {
        let name = path.file_name().unwrap_or_default();
        if recent.series.name != name {
            recent.series.others += 1;
            if recent.series.others <= GAP && !recent.series.missed.is_empty() {
                return;
            }
            self.close(recent, Evidence::None);
            recent.series.name = name.to_owned();
        }
        let series = &mut recent.series;
        series.others = 0;
        series.run |= want == Want::Run;
        match outcome {
            Outcome::Missing if series.missed.len() < LONGEST_SERIES && !series.missed.contains(&number) => {
                series.missed.push(number);
            }
            Outcome::Found => {
                let missed = std::mem::take(&mut series.missed);
                missed.into_iter().filter(|missed| *missed != number).for_each(|missed| self.fold(missed));
                recent.series = Series::default();
            }
            _ => {}
        }
    }

    fn fold(&mut self, number: u32) {
        if let Some((_, seen)) = usize::try_from(number).ok().and_then(|index| self.all.get_mut(index)) {
            seen.evidence = if seen.evidence == Evidence::None { Evidence::Elsewhere } else { seen.evidence };
        }
    }

    /// Ends a series that found nothing. A search through directories of programs was for a program.
    fn close(&mut self, recent: &mut Recent, evidence: Evidence) {
        let series = std::mem::take(&mut recent.series);
        let is_for_programs = |number: &u32| {
            let path = usize::try_from(*number).ok().and_then(|index| self.all.get(index)).map(|(path, _)| path);
            let above = path.and_then(|path| path.parent()?.file_name());
            above.is_some_and(|above| PROGRAMS.iter().any(|name| above == *name))
        };
        let is_search = series.missed.len() > 1;
        if series.missed.is_empty() || !is_search && !series.run || !series.missed.iter().all(is_for_programs) {
            return;
        }
        let program = self.programs.entry(series.name).or_default();
        program.count += 1;
        program.is_search |= is_search;
        program.evidence = program.evidence.max(if series.run { Evidence::Named } else { evidence });
    }

    /// Notes what a process wrote to standard error: what it names there, it missed.
    pub fn said(&mut self, recent: &mut Recent, cwd: Option<&Path>, text: &[u8]) {
        recent.line.extend_from_slice(text);
        if recent.line.ends_with(b"\n") || recent.line.len() > LONGEST_LINE {
            self.read_line(recent, cwd);
        }
    }

    fn read_line(&mut self, recent: &mut Recent, cwd: Option<&Path>) {
        self.close(recent, Evidence::None);
        let line = std::mem::take(&mut recent.line);
        let ends = |byte: &u8| byte.is_ascii_whitespace() || b"'\"`,;()[]{}<>=".contains(byte);
        for word in line.split(ends) {
            let word = word.strip_suffix(b".").unwrap_or(word);
            let word = word.strip_suffix(b":").unwrap_or(word);
            if word.is_empty() || word.len() > 4096 {
                continue;
            }
            // `a:b` can be two names, and one.
            let parts = word.split(|byte| *byte == b':').filter(|part| part.len() < word.len());
            for name in parts.chain([word]) {
                recent.has_named |= self.name(cwd, OsStr::from_bytes(name));
            }
        }
    }

    /// Whether somebody missed what is named.
    fn name(&mut self, cwd: Option<&Path>, name: &OsStr) -> bool {
        if let Some(program) = self.programs.get_mut(name) {
            program.evidence = Evidence::Named;
        }
        let path = match cwd {
            _ if Path::new(name).is_absolute() => clean(Path::new(name)),
            Some(cwd) => clean(&cwd.join(name)),
            None => return false,
        };
        let Some(number) = self.numbers.get(path.as_path()).copied() else { return false };
        self.raise(number, Evidence::Named);
        let seen = usize::try_from(number).ok().and_then(|index| self.all.get(index));
        seen.is_some_and(|(_, seen)| !seen.found)
    }

    /// Notes the end of a process.
    pub fn ended(&mut self, mut recent: Recent, cwd: Option<&Path>, failed: bool) {
        let evidence = if failed { Evidence::Failed } else { Evidence::None };
        self.close(&mut recent, evidence);
        self.read_line(&mut recent, cwd);
        if failed && !recent.has_named {
            recent.missed.into_iter().for_each(|number| self.raise_unless_elsewhere(number));
        }
    }

    fn raise_unless_elsewhere(&mut self, number: u32) {
        let known = usize::try_from(number).ok().and_then(|index| self.all.get(index));
        if known.is_some_and(|(_, seen)| seen.evidence != Evidence::Elsewhere) {
            self.raise(number, Evidence::Failed);
        }
    }

    /// Notes an attempt to reach an address.
    pub fn connect(&mut self, address: Address, answered: bool) -> Result<(), TooMany> {
        if self.addresses.len() >= MOST_PATHS {
            return Err(TooMany);
        }
        *self.addresses.entry(address).or_default() |= answered;
        Ok(())
    }
}

/// A path without `.` and `..`, lexically.
pub fn clean(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => _ = out.pop(),
            part => out.push(part),
        }
    }
    out
}
