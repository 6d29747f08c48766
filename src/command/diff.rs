//! `sbc diff`: what two policies allow differently.

use super::{Loaded, Problems, compile_guarded, is_colored, open_shared, print, refuse, report};
use crate::cli::{Diff, DiffFormat, FailOn};
use crate::code::Code;
use crate::compile::Wanted;
use crate::diagnostic::{Diagnostic, Diagnostics, list, nearest, printable};
use crate::diff::{self, Class, Policy};
use crate::guard;
use crate::levels::Levels;
use crate::project::{self, Project};
use crate::report::Format;
use crate::revision::Repository;
use crate::source::Sources;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// One of the two things that are compared.
enum Side {
    Files(PathBuf),
    Revision { name: String, commit: String, repository: Repository },
}

/// Prints to standard output. 1 when a side has problems, or when the caller wants it to fail.
pub fn run(arguments: Diff) -> i32 {
    let Diff { sides: words, sandbox, fail_on, format } = arguments;
    let (before, after) = match sides(&words) {
        Ok(sides) => sides,
        Err(diagnostic) => {
            super::report_one(diagnostic);
            return 1;
        }
    };
    let names = (before.name(), after.name());
    let loaded = guard::each(vec![before, after], Side::load).into_iter();
    // Both, so that all problems are seen at once.
    let loaded =
        loaded.zip([&names.0, &names.1]).map(|(loaded, name)| loaded.map_err(|problems| tell(name, *problems)));
    let Ok([mut before, mut after]) = <[_; 2]>::try_from(loaded.flatten().collect::<Vec<_>>()) else { return 1 };
    if let Some(diagnostic) = sandbox.and_then(|name| choose(&name, [&mut before, &mut after])) {
        super::report_one(diagnostic);
        return 1;
    }
    let diffs = diff::diff(policy(&before), policy(&after));
    let names = (names.0.as_str(), names.1.as_str());
    let written = print(match format {
        DiffFormat::Human => diff::human(&diffs, is_colored(std::io::stdout().is_terminal())),
        DiffFormat::Json => diff::json(&diffs, names),
        DiffFormat::Markdown => diff::markdown(&diffs, names),
    });
    let widened = fail_on == Some(FailOn::Widening) && diff::count(&diffs, Class::Widening) > 0;
    if widened { 1 } else { written }
}

fn policy(loaded: &Loaded) -> Policy<'_> {
    Policy { sandboxes: &loaded.compilation.sandboxes, sources: &loaded.project.sources }
}

/// What the words of the command line name.
fn sides(words: &[String]) -> Result<(Side, Side), Diagnostic> {
    let here = || Side::Files(PathBuf::from("."));
    match words {
        [] => Ok((revision("HEAD")?, here())),
        [range] if range.contains("...") && !Path::new(range).exists() => {
            let title = format!("`{range}` is no range that sbc knows");
            Err(Diagnostic::error(Code::SBC0709, title).help("write `sbc diff BEFORE..AFTER`, with two dots"))
        }
        [one] => match one.split_once("..").filter(|_| !is_path(one) && !Path::new(one).exists()) {
            Some((before, after)) => {
                let end = |name: &str| revision(if name.is_empty() { "HEAD" } else { name });
                Ok((end(before)?, end(after)?))
            }
            None => Ok((side(one)?, here())),
        },
        [before, after, ..] => Ok((side(before)?, side(after)?)),
    }
}

/// Whether a word can only be a path.
fn is_path(word: &str) -> bool {
    matches!(word, "." | "..") || ["/", "./", "../"].iter().any(|start| word.starts_with(start))
}

/// A path, or a revision. A word that is both is refused: nobody should review the wrong one.
fn side(word: &str) -> Result<Side, Diagnostic> {
    if is_path(word) {
        return Ok(Side::Files(PathBuf::from(word)));
    }
    if !Path::new(word).exists() {
        return revision(word);
    }
    if revision(word).is_ok() {
        let title = format!("`{word}` is a revision and a path");
        return Err(Diagnostic::error(Code::SBC0709, title)
            .help(format!("write `./{word}` for the path, or `refs/heads/{word}` for the branch")));
    }
    Ok(Side::Files(PathBuf::from(word)))
}

fn revision(name: &str) -> Result<Side, Diagnostic> {
    let here = Path::new(".");
    // A revision can be of a time before there was a policy, or after it.
    let physical = || std::fs::canonicalize(here).unwrap_or_else(|_| here.to_owned());
    let directory = project::find(here).unwrap_or_else(|_| physical());
    let repository = Repository::open(&directory)?;
    let Some(commit) = repository.commit(name)? else {
        let title = format!("there is no path and no revision `{name}`");
        return Err(Diagnostic::error(Code::SBC0709, title)
            .help("`git branch --all` lists branches; in CI, fetch the one to compare with"));
    };
    Ok(Side::Revision { name: name.to_owned(), commit, repository })
}

impl Side {
    /// What people call it.
    fn name(&self) -> String {
        match self {
            Side::Files(path) if path == Path::new(".") => "the files as they are".to_owned(),
            Side::Files(path) => path.display().to_string(),
            Side::Revision { name, .. } => name.clone(),
        }
    }

    /// The side, compiled, or what is wrong with it.
    fn load(self) -> Result<Loaded, Problems> {
        let Loaded { project, compilation } = compile_guarded(self.project()?, Wanted::All)?;
        if compilation.diagnostics.has_errors() {
            return Err(Box::new((compilation.diagnostics, project.sources)));
        }
        Ok(Loaded { project, compilation })
    }

    fn project(self) -> Result<Project, Problems> {
        let (name, commit, repository) = match self {
            Side::Files(path) => return open_shared(&path).map(|project| project.named_by(&path)),
            Side::Revision { name, commit, repository } => (name, commit, repository),
        };
        let mut out = Diagnostics::default();
        let sources = repository.sources(&commit, &name, &mut out).map_err(refuse)?;
        if out.has_errors() {
            return Err(Box::new((out, sources)));
        }
        Ok(Project { root: PathBuf::from("."), sources })
    }
}

/// Says which side has problems, and which.
fn tell(name: &str, (problems, sources): (Diagnostics, Sources)) {
    eprintln!("in {}:\n", printable(name));
    report(&Levels::errors_only().apply(problems), &sources, Format::Human);
}

/// Leaves one sandbox on both sides; says so if neither has it.
fn choose(name: &str, sides: [&mut Loaded; 2]) -> Option<Diagnostic> {
    let mut names: Vec<String> = Vec::new();
    for side in sides {
        names.extend(side.compilation.sandboxes.iter().map(|one| one.plan.name.clone()));
        side.compilation.sandboxes.retain(|one| one.plan.name == name);
    }
    names.sort();
    names.dedup();
    let known = || names.iter().map(String::as_str);
    let help = match (nearest(name, known()), names.as_slice()) {
        _ if known().any(|known| known == name) => return None,
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => "neither side defines a sandbox".to_owned(),
        (None, _) => format!("there are {}", list(known(), "and")),
    };
    Some(Diagnostic::error(Code::SBC0205, format!("there is no sandbox `{name}`")).help(help))
}
