//! What is done when a run is over, by whoever comes first: the run itself, its janitor, or the next
//! run of this user.
//!
//! Protected paths are looked at again. What has appeared where nothing may is moved to the
//! quarantine, from the directories below the root as well (`audit.rs`). What was made and is untouched
//! is removed.

#![allow(clippy::disallowed_methods, reason = "this module looks at what runs have left")]

use crate::audit::{self, Audit};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::emit::shell::host_path as word;
use crate::explain::shown;
use crate::host::Host;
use crate::mounts::{Guarded, Placeholder};
use crate::race::Footprint;
use crate::record::{Item, Journal, Lock, Record, Role, State};
use crate::search::{Find, Kind};
use crate::words::Lifetime;
use crate::{departure, placeholder, quarantine, rights};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long the last process inside may take to end when bubblewrap has.
pub const GRACE: Duration = Duration::from_secs(2);

/// What to say of a path where a rule guards that there is none.
const APPEARED: &str = "has appeared while a sandbox ran, and a rule forbids it";

/// A run that has begun: what it needs is there, and what it guards is written down.
#[derive(Debug)]
pub struct Run {
    state: PathBuf,
    /// `None` where nobody needs to know of it.
    recorded: Option<(Record, Lock)>,
    /// Whether there is something to do afterwards.
    is_settled_after: bool,
}

/// What a run needs of the host, and what it does to it.
#[derive(Clone, Copy, Debug)]
pub struct Needs<'a> {
    pub placeholders: &'a [Placeholder],
    pub guarded: &'a Guarded,
    pub footprint: &'a Footprint,
    pub lifetime: Lifetime,
    /// As it was looked at for all of the above.
    pub host: &'a Host,
}

impl Run {
    /// Makes what is missing, and records it with what is guarded and what others need to know. `state` is
    /// sbc's own directory; `follows_links` says whether bubblewrap does.
    ///
    /// # Errors
    /// When something cannot be made or recorded, or another run stands against it; then nothing is left.
    pub fn begin(needs: Needs<'_>, state: &Path, follows_links: &dyn Fn() -> bool) -> Result<Run, Diagnostic> {
        let Needs { placeholders, guarded, footprint, lifetime, host } = needs;
        let is_settled_after = !placeholders.is_empty() || *guarded != Guarded::default();
        let mut run = Run { state: state.to_owned(), recorded: None, is_settled_after };
        if !is_settled_after && *footprint == Footprint::default() {
            return Ok(run);
        }
        let journal = Journal::new(state);
        let turn = journal.make().and_then(|()| journal.turn());
        let turn = turn.map_err(|error| unwritable(state, &error))?;
        let others = journal.records();
        let live = others.iter().filter(|record| record.is_live()).map(Record::footprint);
        if let Some(clash) = live.into_iter().find_map(|other| footprint.clash(&other, follows_links)) {
            return Err(clash);
        }
        let mut items = notes(placeholders, guarded, host);
        if let Some(project) = &guarded.repository {
            items.extend(audit::notes(project, &guarded.names, &others, state)?);
        }
        if lifetime == Lifetime::WithParent {
            items.push(Item { role: Role::Bound, state: State::default(), path: PathBuf::new() });
        }
        let noted = journal.begin(&items).map_err(|error| unwritable(state, &error))?;
        let (record, lock) = noted;
        let ready = make_all(placeholders, record).and_then(|record| {
            // Now that all is there which is mounted on.
            record.with(&Item::touched(footprint)).map_err(|error| unwritable(state, &error))
        });
        match ready {
            Ok(record) => run.recorded = Some((record, lock)),
            Err(diagnostic) => {
                drop((lock, turn));
                settle(state);
                return Err(diagnostic);
            }
        }
        Ok(run)
    }

    /// The lock that bubblewrap holds as long as anything runs inside.
    pub fn lock(&self) -> Option<&OwnedFd> {
        self.recorded.as_ref().map(|(_, lock)| &lock.shared)
    }

    /// The record's file, where somebody has to settle the run should sbc be killed.
    pub fn record(&self) -> Option<&Path> {
        self.recorded.as_ref().filter(|_| self.is_settled_after).map(|(record, _)| record.file.as_path())
    }

    /// Does what is to be done after the run. With `at_once`, everything inside is ending with
    /// bubblewrap and is waited for. Gives what to say, and the record if something still runs.
    /// `is_abrupt`: bubblewrap may have been killed.
    pub fn end(self, at_once: bool, is_abrupt: bool) -> (Diagnostics, Option<PathBuf>) {
        let Some((record, lock)) = self.recorded else { return (Diagnostics::default(), None) };
        let journal = Journal::new(&self.state);
        // In the same turn, so that no other sbc comes first and tells another user.
        let turn = journal.turn();
        drop(lock);
        if at_once {
            record.end_within(GRACE);
        } else {
            record.ends_alone_within(GRACE);
        }
        if is_abrupt {
            departure::wait(GRACE);
        }
        let live = record.is_live();
        let said = settle_all(&journal, &self.state);
        drop(turn);
        (said, live.then_some(record.file))
    }
}

/// Makes what is missing, and notes what has been made.
fn make_all(placeholders: &[Placeholder], mut record: Record) -> Result<Record, Diagnostic> {
    for wanted in placeholders {
        let made = placeholder::make(wanted).and_then(|made| record.with(&made));
        record = made.map_err(|error| unmade(&wanted.path, &error))?;
    }
    Ok(record)
}

/// What a run notes before it does anything.
fn notes(placeholders: &[Placeholder], guarded: &Guarded, host: &Host) -> Vec<Item> {
    let mut items: Vec<Item> = placeholders.iter().flat_map(placeholder::intentions).collect();
    let is_directory = |path: &Path| host.source(path).ok().map(|there| there.kind.is_dir());
    items.extend(guarded.absent.iter().filter_map(|path| Item::absent_by(path, &is_directory)));
    let held: HashSet<&Path> = placeholders.iter().map(|placeholder| placeholder.path.as_path()).collect();
    let kept = guarded.kept.iter().filter(|path| !held.contains(path.as_path()));
    let kept = kept.filter_map(|path| Some(Item { role: Role::Kept, state: State::of(path)?, path: path.clone() }));
    items.extend(kept);
    items
}

/// Settles all runs that are over, and gives what to say about it.
pub fn settle(state: &Path) -> Diagnostics {
    let journal = Journal::new(state);
    if journal.is_empty() {
        return Diagnostics::default();
    }
    let Ok(Some(turn)) = journal.turn() else { return Diagnostics::default() };
    // Whoever has left a record was killed.
    if !journal.records().iter().all(Record::is_live) {
        departure::wait(GRACE);
    }
    let mut said = settle_all(&journal, state);
    let abandoned: Vec<Record> = journal.records().into_iter().filter(Record::is_abandoned).collect();
    if !abandoned.is_empty() {
        drop(turn);
        abandoned.iter().for_each(|record| record.end_within(GRACE));
        departure::wait(GRACE);
        said.extend(journal.turn().map_or_else(|_| Diagnostics::default(), |_turn| settle_all(&journal, state)));
    }
    said
}

/// The same in one's turn.
fn settle_all(journal: &Journal, state: &Path) -> Diagnostics {
    let mut out = Diagnostics::default();
    let records = journal.records();
    let (live, over): (Vec<&Record>, Vec<&Record>) = records.iter().partition(|record| record.is_live());
    // What can be seen in a directory depends on the name of nothing in it, so one path of each is enough.
    let paths = over.iter().flat_map(|record| &record.items).map(|item| item.path.as_path());
    let paths = paths.filter(|path| path.is_absolute());
    let one_each: HashMap<Option<&Path>, &Path> = paths.map(|path| (path.parent(), path)).collect();
    one_each.into_values().for_each(rights::to_see);
    for record in &over {
        record.of(Role::Kept).filter_map(changed).for_each(|diagnostic| out.push(diagnostic));
    }
    for item in over.iter().flat_map(|record| record.of(Role::Absent)) {
        let first = item.first_missing();
        // Who still runs will look, and may have made it meanwhile.
        let others = live.iter().flat_map(|record| record.of(Role::Absent));
        // What a run made there is its own, also when the user has put something into it. Its number
        // alone says nothing: the next file may get it.
        let is_made = |there: &State| {
            let mut made = records.iter().flat_map(made).filter(|made| made.path == first);
            made.any(|made| made.state.is_same_file(there) || placeholder::is_untouched(made))
        };
        let is_others = || others.map(Item::first_missing).any(|other| other == first);
        if has_appeared(item, &first) && !State::of(&first).is_some_and(|there| is_made(&there)) && !is_others() {
            out.push(carry_off(&first, state, APPEARED));
            live.iter().for_each(|record| lose(record, &first));
        }
    }
    for project in audit::projects(&over) {
        sweep(Audit::of(project, &over, state), &live, state, &mut out);
    }
    let used: HashSet<&Path> =
        live.iter().flat_map(|record| record.of(Role::Uses)).map(|item| item.path.as_path()).collect();
    remove(&over, &used);
    for record in &over {
        // What cannot be written is done again next time.
        let _ = record.close(&left(record, &records));
    }
    out
}

/// Moves away what runs have planted in the directories of a project, and tells of the rest.
fn sweep(audit: Audit<'_>, live: &[&Record], state: &Path, out: &mut Diagnostics) {
    let news = audit.news();
    for audit::News { find: Find { path, kind, .. }, was_there } in &news {
        let why = match kind {
            Kind::Policy => "sbc would obey it there",
            Kind::Git(why) => why,
            Kind::Name | Kind::Unsearched => continue,
        };
        // It may have gone with a directory around it.
        if fs::symlink_metadata(path).is_ok() {
            let verb = if *was_there { "changed" } else { "appeared" };
            out.push(carry_off(path, state, &format!("has {verb} while a sandbox ran, and {why}")));
            live.iter().for_each(|record| lose(record, path));
        }
    }
    audit.close(live);
    audit::tell(&news).into_iter().for_each(|diagnostic| out.push(diagnostic));
}

/// Sees to it that a run which protects what has been carried off looks there again: with the file its
/// mount is gone, too.
fn lose(record: &Record, path: &Path) {
    let lost = record.of(Role::Kept).filter(|kept| kept.path.starts_with(path));
    let lost: Vec<Item> = lost.filter_map(|kept| Item::absent(&kept.path)).collect();
    if !lost.is_empty() {
        // It can only fail where there is no room for a line.
        let _ = record.clone().with(&lost);
    }
}

/// The paths that a run has made or was about to make.
fn made(record: &Record) -> impl Iterator<Item = &Item> {
    let known = |item: &&Item| !record.of(Role::Made).any(|made| made.path == item.path);
    record.of(Role::Made).chain(record.of(Role::Intends).filter(known))
}

/// Removes what is untouched and used by nobody.
fn remove(over: &[&Record], used: &HashSet<&Path>) {
    let mut items: Vec<&Item> = over.iter().flat_map(|record| made(record)).collect();
    // What lies in a directory goes before the directory.
    items.sort_by(|one, other| other.path.cmp(&one.path));
    for item in items {
        if !used.contains(item.path.as_path()) && placeholder::is_untouched(item) {
            // What cannot be removed stays recorded.
            let _ = placeholder::remove(item);
        }
    }
}

/// What a run has made, if any of it is still to be removed: untouched but used, or a directory in
/// which another run's lies.
fn left(record: &Record, records: &[Record]) -> Vec<Item> {
    let others = || records.iter().filter(|other| other.file != record.file).flat_map(made);
    let hosts = |item: &Item| {
        others().any(|guest| {
            guest.path != item.path && guest.path.starts_with(&item.path) && fs::symlink_metadata(&guest.path).is_ok()
        })
    };
    let is_done = !made(record).any(|item| placeholder::is_untouched(item) || hosts(item));
    made(record).filter(|_| !is_done).cloned().collect()
}

/// Whether something is at an absent path by now, or in its way where it could lead anywhere.
fn has_appeared(item: &Item, first: &Path) -> bool {
    let mut parts: Vec<&Path> = item.path.ancestors().take_while(|part| part.starts_with(first)).collect();
    parts.reverse();
    for part in parts {
        match fs::symlink_metadata(part) {
            Err(_) => return false,
            Ok(metadata) if !metadata.is_dir() => return true,
            Ok(_) => {}
        }
    }
    true
}

/// Moves away what has appeared, and says so.
fn carry_off(path: &Path, state: &Path, what: &str) -> Diagnostic {
    let title = format!("`{}` {}", shown(&path.display().to_string()), shown(what));
    let diagnostic = Diagnostic::warning(Code::SBC0901, title);
    match quarantine::carry_off(path, state) {
        Ok(there) => diagnostic.note(format!("it is now `{}`, where nothing obeys it", there.display())).help(format!(
            "look at it; to have it back: `mv -n {} {}`",
            word(&there),
            word(path)
        )),
        Err(error) => diagnostic
            .note(format!("it could not be moved away: {error}"))
            .help(format!("look at it before a program on the host obeys it: `ls -la {}`", word(path))),
    }
}

/// What to say of a protected path that is another than before the run.
fn changed(item: &Item) -> Option<Diagnostic> {
    let now = State::of(&item.path);
    if now.as_ref() == Some(&item.state) {
        return None;
    }
    let path = item.path.display();
    let (what, note) = match now {
        None => ("is gone", "a program on the host did that; what comes there next can be written inside"),
        Some(now) if now.is_same_file(&item.state) => {
            ("has been written", "a program on the host did that, or somebody by another name of the file")
        }
        Some(_) => (
            "has been replaced",
            "a program on the host did that, and what it put there could be written inside from then on",
        ),
    };
    let title = format!("`{path}` {what} while a sandbox ran that shows it read-only");
    let help = "look at it before a program on the host obeys it";
    Some(Diagnostic::warning(Code::SBC0902, title).note(note).help(help))
}

fn unwritable(state: &Path, error: &io::Error) -> Diagnostic {
    let title = format!("sbc cannot write its own records in `{}`: {error}", state.display());
    Diagnostic::error(Code::SBC0603, title)
        .help("make the directory writable, or name another: `XDG_STATE_HOME=/path sbc exec …`")
}

fn unmade(path: &Path, error: &io::Error) -> Diagnostic {
    let title = format!("`{}` cannot be created for the sandbox: {error}", path.display());
    Diagnostic::error(Code::SBC0603, title).help("create it yourself, or write `missing=\"skip\"`")
}
