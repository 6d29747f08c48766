//! What a run has changed in the directories below a project's root: what is noted before it begins, and
//! what is new when it is over.

use crate::diagnostic::{Code, Diagnostic};
use crate::emit::shell::host_path as word;
use crate::explain::shown;
use crate::record::{Item, Record, Role, State};
use crate::search::{Find, Kind, search};
use std::collections::HashSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How many paths a message names.
const NAMED: usize = 5;

/// Something that a run did not know.
pub struct News {
    pub find: Find,
    /// Whether it knew another thing at that path.
    pub was_there: bool,
}

/// What is there before a run: the names that it looks for, and all that it knows. `others` are the
/// runs that are not settled: what one of them has planted is not known.
pub fn notes(project: &Path, names: &[OsString], others: &[Record]) -> Vec<Item> {
    let item = |role, mark, path: PathBuf| Item { role, state: State { mark, ..State::default() }, path };
    let is_planted = |find: &Find| others.iter().any(|run| searches(run, find) && !Known::of(run).holds(find));
    let known = search(project, names).into_iter().filter(|find| !is_planted(find));
    let named = names.iter().map(|name| item(Role::Name, String::new(), name.into()));
    named.chain(known.map(|find| item(Role::Known, find.mark, find.path))).collect()
}

/// Whether a run, by its project, will find something there itself.
fn searches(run: &Record, find: &Find) -> bool {
    let is_below = |project: &Path| {
        let is_guarded = find.path.parent() == Some(project) || find.path.starts_with(project.join(".git"));
        find.path.starts_with(project) && !is_guarded
    };
    matches!(find.kind, Kind::Policy | Kind::Git(_)) && run.of(Role::Project).any(|item| is_below(&item.path))
}

/// The projects of runs.
pub fn projects(runs: &[&Record]) -> Vec<PathBuf> {
    let mut projects: Vec<PathBuf> =
        runs.iter().flat_map(|run| run.of(Role::Project)).map(|item| item.path.clone()).collect();
    projects.sort();
    projects.dedup();
    projects
}

/// What runs that are over do not know in a project of theirs.
pub fn news(project: &Path, over: &[&Record]) -> Vec<News> {
    let here = over.iter().filter(|run| run.of(Role::Project).any(|item| item.path == project));
    let runs: Vec<Known<'_>> = here.map(|run| Known::of(run)).collect();
    let mut names: Vec<OsString> = runs.iter().flat_map(|run| &run.names).map(OsString::from).collect();
    names.sort();
    names.dedup();
    let is_new = |find: &Find| runs.iter().any(|run| run.looks_for(find) && !run.holds(find));
    let was_there = |find: &Find| runs.iter().any(|run| run.finds.iter().any(|(path, _)| *path == find.path));
    let new = search(project, &names).into_iter().filter(is_new);
    new.map(|find| News { was_there: was_there(&find), find }).collect()
}

/// The notes of a run.
struct Known<'a> {
    names: Vec<&'a Path>,
    finds: HashSet<(&'a Path, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(run: &'a Record) -> Known<'a> {
        Known {
            names: run.of(Role::Name).map(|item| item.path.as_path()).collect(),
            finds: run.of(Role::Known).map(|item| (item.path.as_path(), item.state.mark.as_str())).collect(),
        }
    }

    fn holds(&self, find: &Find) -> bool {
        self.finds.contains(&(find.path.as_path(), find.mark.as_str()))
    }

    fn looks_for(&self, find: &Find) -> bool {
        let is = |name: &&Path| find.path.file_name().is_some_and(|found| found.eq_ignore_ascii_case(name));
        find.kind != Kind::Name || self.names.iter().any(is)
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
