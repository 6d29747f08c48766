//! What a run has changed in the directories below a project's root: what is new when it is over.
//!
//! New is what the last audit has not left in place, and what the clock does not prove to be older than the
//! run. So nothing is searched before a run but the first in a project.

#![allow(clippy::disallowed_methods, reason = "this module looks at what is left")]

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::shell::host_path as word;
use crate::explain::shown;
use crate::knowledge::Knowledge;
use crate::moment::{self, Beginning, Moment};
use crate::record::{Item, Record, Role, State};
use crate::search::{Find, HIDDEN, Kind, search, trees};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// How many paths a message names.
const NAMED: usize = 5;

/// Something that is new.
pub struct News {
    pub find: Find,
    /// Whether another thing was known at that path.
    pub was_there: bool,
}

/// What a run notes of its project: when it began, and the names that it looks for. Searches the project only where
/// nothing is known of it, or times do not tell there what is old. `others` are the runs that are not settled.
///
/// # Errors
/// When it cannot be kept what is there.
pub fn notes(project: &Path, names: &[OsString], others: &[Record], state: &Path) -> Result<Vec<Item>, Diagnostic> {
    let known = Knowledge::read(state, project);
    if known.is_none() || !trees(project).iter().all(|tree| moment::is_exact(tree)) {
        let finds = search(project, names, state);
        learn(project, known.as_ref(), &finds, &others.iter().collect::<Vec<_>>(), state)?;
    }
    let item =
        |role, mark, path: &Path| Item { role, state: State { mark, ..State::default() }, path: path.to_owned() };
    let began = began_item(Some(Beginning::now()));
    let names = names.iter().map(|name| item(Role::Name, String::new(), Path::new(name)));
    Ok([item(Role::Project, String::new(), project), began].into_iter().chain(names).collect())
}

/// Keeps what is in place as known. Not what one of these runs, which are not settled, may have put there; but always
/// what could not be searched, so that nothing that comes out of it is taken for old.
fn learn(
    project: &Path,
    known: Option<&Knowledge>,
    finds: &[Find],
    others: &[&Record],
    state: &Path,
) -> Result<(), Diagnostic> {
    let others: Vec<(&Path, Option<Knowledge>)> =
        projects(others).map(|other| (other, Knowledge::read(state, other))).collect();
    let holds = |known: Option<&Knowledge>, find: &Find| known.is_some_and(|known| known.holds(find));
    let is_suspect = |find: &Find| {
        if find.kind == Kind::Unsearched {
            return false;
        }
        let mut others = others.iter().filter(|(other, _)| can_reach(other, find));
        !holds(known, find) && others.any(|(_, known)| !holds(known.as_ref(), find))
    };
    let left = Knowledge::of(finds.iter().filter(|find| !is_suspect(find)));
    if known == Some(&left) { Ok(()) } else { left.write(state, project) }
}

/// Whether a run in this project could have put something there: rules guard what is in the root and in its git
/// directory.
fn can_reach(project: &Path, find: &Find) -> bool {
    let is_guarded = find.path.parent() == Some(project) || find.path.starts_with(project.join(".git"));
    find.path.starts_with(project) && !is_guarded
}

/// The projects of runs.
pub fn projects<'a>(runs: &[&'a Record]) -> impl Iterator<Item = &'a Path> {
    let projects = runs.iter().flat_map(|run| run.of(Role::Project)).map(|item| item.path.as_path());
    projects.collect::<BTreeSet<&Path>>().into_iter()
}

/// What is in a project when runs are over.
pub struct Audit<'a> {
    project: &'a Path,
    state: &'a Path,
    known: Option<Knowledge>,
    finds: Vec<Find>,
    over: Vec<Over<'a>>,
}

/// Since when something has been what it is, where it can be seen: what was hidden is old, and new to sbc. It cannot
/// come to light without a change of a directory around it.
fn in_sight(find: &Find, trees: &[PathBuf]) -> Option<Moment> {
    let around = find.path.ancestors().take_while(|above| !trees.iter().any(|tree| tree == above));
    let latest = Moment::of_latest(&around.collect::<Vec<_>>())?;
    Some(find.changed?.max(latest))
}

/// A run that is over.
struct Over<'a> {
    began: Option<Beginning>,
    names: Vec<&'a Path>,
}

impl<'a> Audit<'a> {
    /// Searches the project.
    pub fn of(project: &'a Path, over: &[&'a Record], state: &'a Path) -> Audit<'a> {
        let here = over.iter().filter(|run| run.of(Role::Project).any(|item| item.path == project));
        let over: Vec<Over<'_>> = here.map(|run| Over::of(run)).collect();
        let names: BTreeSet<OsString> = over.iter().flat_map(|run| &run.names).map(OsString::from).collect();
        let mut finds = search(project, &names.into_iter().collect::<Vec<_>>(), state);
        let known = Knowledge::read(state, project);
        if known.as_ref().is_none_or(|known| known.has_mark(HIDDEN)) {
            let trees = trees(project);
            finds.iter_mut().for_each(|find| find.changed = in_sight(find, &trees));
        }
        Audit { project, state, known, finds, over }
    }

    /// What was neither known nor there, as it is, before each of the runs.
    pub fn news(&self) -> Vec<News> {
        let is_known = |find: &Find| self.known.as_ref().is_some_and(|known| known.holds(find));
        let was_there = |find: &Find| self.known.as_ref().is_some_and(|known| known.has(&find.path));
        let is_new =
            |find: &&Find| !is_known(find) && self.over.iter().any(|run| run.looks_for(find) && !run.is_old(find));
        let news = |find: &Find| News { was_there: was_there(find), find: find.clone() };
        self.finds.iter().filter(is_new).map(news).collect()
    }

    /// Keeps as known what is still there. `live` are the runs that go on.
    pub fn close(mut self, live: &[&Record]) {
        self.pass_on(live);
        self.finds.retain(|find| fs::symlink_metadata(&find.path).is_ok());
        // What cannot be kept is new again after the next run.
        let _ = learn(self.project, self.known.as_ref(), &self.finds, live, self.state);
    }
}

impl Audit<'_> {
    /// Has the runs that go on in the project answer for these, too: they could have moved about what was searched, and
    /// so hidden it. From now on, theirs is the earliest of these beginnings.
    fn pass_on(&self, live: &[&Record]) {
        let began = earliest(self.over.iter().map(|run| run.began));
        let is_beside = |run: &Record| {
            run.of(Role::Project)
                .any(|item| item.path.starts_with(self.project) || self.project.starts_with(&item.path))
        };
        for run in live.iter().filter(|run| is_beside(run)) {
            let own = began_at(run);
            if own.is_some() && earliest([own, began].into_iter()) != own {
                // It can only fail where there is no room for a line.
                let _ = (*run).clone().with(&[began_item(began)]);
            }
        }
    }
}

/// The beginning of a run, or of the first one for which it answers. `None` where that cannot be told.
fn began_at(run: &Record) -> Option<Beginning> {
    earliest(run.of(Role::Began).map(|item| Beginning::read(&item.state.mark)))
}

/// The first of these, if all are told.
fn earliest(all: impl Iterator<Item = Option<Beginning>>) -> Option<Beginning> {
    all.collect::<Option<Vec<Beginning>>>()?.into_iter().min()
}

fn began_item(began: Option<Beginning>) -> Item {
    let mark = began.map(|began| began.write()).unwrap_or_default();
    Item { role: Role::Began, state: State { mark, ..State::default() }, path: PathBuf::new() }
}

impl<'a> Over<'a> {
    fn of(run: &'a Record) -> Over<'a> {
        Over { began: began_at(run), names: run.of(Role::Name).map(|item| item.path.as_path()).collect() }
    }

    fn looks_for(&self, find: &Find) -> bool {
        let is = |name: &&Path| find.path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
        find.kind != Kind::Name || self.names.iter().any(is)
    }

    fn is_old(&self, find: &Find) -> bool {
        self.began.is_some_and(|began| began.is_after(find.changed))
    }
}

/// What to say of news that stay where they are.
pub fn tell(news: &[News]) -> Vec<Diagnostic> {
    let of = |kind: &Kind| news.iter().filter(|news| news.find.kind == *kind).map(|news| &*news.find.path).collect();
    let (names, unsearched): (Vec<&Path>, Vec<&Path>) = (of(&Kind::Name), of(&Kind::Unsearched));
    let names = names.first().map(|first| {
        let title = format!("names that the host obeys have appeared or changed below the root: {}", list(&names));
        Diagnostic::warning(Code::SBC0903, title)
            .note("in the root a rule guards these names; below it they may be part of the work, and stay")
            .help(format!("look at each before you enter or open its directory: `ls -la {}`", word(first)))
    });
    let unsearched = unsearched.first().map(|first| {
        let title = format!("what a sandbox has left in these directories cannot be searched: {}", list(&unsearched));
        Diagnostic::warning(Code::SBC0904, title)
            .note("repositories and policies in them, which the host would obey, were not looked for")
            .help(format!("look at each before you enter it: `chmod u+rwx {0}; ls -la {0}`", word(first)))
    });
    names.into_iter().chain(unsearched).collect()
}

/// Some of many paths.
fn list(paths: &[&Path]) -> String {
    let named: Vec<String> =
        paths.iter().take(NAMED).map(|path| format!("`{}`", shown(&path.display().to_string()))).collect();
    match paths.len() - named.len() {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}
