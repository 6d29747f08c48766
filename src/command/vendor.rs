//! `sbc vendor`: copies a set of profiles into the project, and says in the lock where it is from.
//!
//! The only command that uses a network. Nothing is written before all of it was looked at and, where it replaces
//! something, agreed to.

use super::{Loaded, Problems, ask, compile_guarded, is_colored, lock, open_shared, print, refuse, report};
use crate::cli::Vendor;
use crate::code::Code;
use crate::compile::{Wanted, read};
use crate::diagnostic::{Diagnostic, Diagnostics, list, printable};
use crate::diff::{self, Policy};
use crate::emit::lock as format;
use crate::plan::sha256;
use crate::project::{DIRECTORY, Project};
use crate::report::Format;
use crate::source::{Source, SourceKind, Sources};
use crate::vendor::fetch::{Fetched, fetch};
use crate::vendor::{LOCK, PROFILES, Set, content, path, source};
use crate::{builtin, guard, write};
use std::collections::{BTreeMap, BTreeSet};
use std::io::IsTerminal;
use std::path::Path;

/// 0 when the set is there, or nothing had to be changed.
pub fn run(arguments: &Vendor) -> i32 {
    let done = open_shared(Path::new(".")).and_then(|project| {
        let sets = lock::vendored(&project.root).map_err(refuse)?;
        let job = Job { project, sets, arguments };
        match (arguments.update, &arguments.source) {
            (true, _) => job.update(),
            (false, Some(source)) => job.add(source),
            (false, None) => Ok(job.list()),
        }
    });
    done.unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        eprintln!("nothing was written");
        1
    })
}

struct Job<'a> {
    project: Project,
    sets: Vec<Set>,
    arguments: &'a Vendor,
}

impl Job<'_> {
    /// Prints what is vendored.
    fn list(&self) -> i32 {
        let line = |set: &Set| {
            let revision = set.revision.as_ref().map_or_else(|| "-".to_owned(), |revision| revision.commit.clone());
            printable(&format!("{}  {revision}  {} files  {}", set.name, set.files.len(), set.source)) + "\n"
        };
        print(self.sets.iter().map(line).collect::<String>())
    }

    /// Copies a set that is new here.
    fn add(&self, source: &str) -> Result<i32, Problems> {
        let name = source::name(source, self.arguments.name.as_deref()).map_err(refuse)?;
        if self.sets.iter().any(|set| set.name == name) {
            let title = format!("a set `{name}` is vendored already");
            let help = format!(
                "`sbc vendor --update {name}` gets another revision of it; `--name` gives this one another name"
            );
            return Err(refuse(Diagnostic::error(Code::SBC0716, title).help(help)));
        }
        let place = source::read(source, self.arguments.revision.as_deref()).map_err(refuse)?;
        let source = match place {
            source::Place::Remote { .. } => source.to_owned(),
            _ => self.seen_from_root(source)?,
        };
        let directory = self.arguments.path.as_deref().unwrap_or(".");
        let new = self.get(name, source, &place, directory, None)?;
        self.tried(&new, None)?;
        self.write(&new, None)?;
        let files: Vec<String> = new.texts.keys().map(|file| path(file)).collect();
        eprintln!("wrote {}, and their hashes into {DIRECTORY}/{LOCK}", list(files.iter().map(String::as_str), "and"));
        let names: Vec<&str> = new.profiles.iter().map(String::as_str).collect();
        eprintln!("sandboxes can inherit {} now; read before you do", list(names, "and"));
        Ok(0)
    }

    /// Gets another revision of a set, and says first what that changes.
    fn update(&self) -> Result<i32, Problems> {
        let old = self.chosen().map_err(refuse)?;
        let revision = self.arguments.revision.as_deref();
        if let (Some(known), None) = (&old.revision, revision) {
            let title = format!("`{}` is from a repository, and no revision is named", old.name);
            let help = format!(
                "write `sbc vendor --update {} --revision NAME`: a tag, a branch, or a commit; it has {} now",
                old.name, known.commit
            );
            return Err(refuse(Diagnostic::error(Code::SBC0716, title).help(help)));
        }
        let place = source::read(&old.source, revision).map_err(refuse)?;
        let known = old.revision.as_ref().map(|revision| revision.directory.clone());
        let directory = self.arguments.path.clone().or(known).unwrap_or_else(|| ".".to_owned());
        let new = self.get(old.name.clone(), old.source.clone(), &place, &directory, Some(old))?;
        let here = self.files();
        let is_there = |(file, text): (&String, &String)| here.get(file) == Some(text);
        let same = new.texts.iter().all(is_there) && old.files.keys().all(|file| new.texts.contains_key(file));
        if same && new.set == *old {
            eprintln!("{} is up to date", printable(&old.name));
            return Ok(0);
        }
        let after = self.tried(&new, Some(old))?;
        self.compare(&after, &new, old)?;
        if !self.arguments.yes && !ask::is_possible() {
            eprintln!("nothing was written; `--yes` writes it");
            return Ok(1);
        }
        if !self.arguments.yes && !ask::agrees("Write this?", false) {
            eprintln!("nothing was written");
            return Ok(1);
        }
        self.write(&new, Some(old))?;
        eprintln!("wrote {} into {DIRECTORY}/{PROFILES}; now `sbc build`", printable(&new.set.name));
        Ok(0)
    }

    /// The set that is to be updated.
    fn chosen(&self) -> Result<&Set, Diagnostic> {
        let names = || self.sets.iter().map(|set| set.name.as_str());
        let wanted = self.arguments.source.as_deref();
        let help = match (wanted, self.sets.as_slice()) {
            (None, [only]) => return Ok(only),
            (None, []) | (Some(_), []) => "nothing is vendored yet: `sbc vendor SOURCE`".to_owned(),
            _ => format!("name one of {}", list(names(), "and")),
        };
        let found = wanted.and_then(|name| self.sets.iter().find(|set| set.name == name));
        let title =
            wanted.map_or("which set?".to_owned(), |name| format!("no set `{}` is vendored here", printable(name)));
        found.ok_or_else(|| Diagnostic::error(Code::SBC0716, title).help(help))
    }

    /// A path as it is seen from the project's root, so that everybody can update from there.
    fn seen_from_root(&self, source: &str) -> Result<String, Problems> {
        if source.starts_with('/') {
            return Ok(source.to_owned());
        }
        let physical = std::fs::canonicalize(source)
            .map_err(|error| refuse(source::refused(source, &format!("cannot be read: {error}"))))?;
        Ok(source::from_root(&physical, &self.project.root))
    }

    /// Fetches a set, and looks whether it can stand beside all other profiles.
    fn get(
        &self,
        name: String,
        source: String,
        place: &source::Place,
        directory: &str,
        old: Option<&Set>,
    ) -> Result<New, Problems> {
        let directory = source::directory(directory).map_err(refuse)?;
        if matches!(place, source::Place::Remote { .. }) {
            eprintln!("fetching {}", printable(&source));
        }
        let Fetched { revision, files: texts } =
            fetch(&self.project.root, &source, place, &directory).map_err(refuse)?;
        let here = self.files();
        let others = || self.sets.iter().filter(|set| old.is_none_or(|old| old.name != set.name));
        let is_others = |file: &String| others().any(|set| set.files.contains_key(file));
        // Where lines of the lock are gone, their files are still of this set.
        let is_of_set = |file: &String| old.is_some_and(|old| !old.is_whole() || old.files.contains_key(file));
        let is_own = |file: &&String| here.contains_key(*file) && (is_others(file) || !is_of_set(file));
        if let Some(file) = texts.keys().find(is_own) {
            let title = format!("`{}` is there already, and is not of this set", path(file));
            return Err(refuse(Diagnostic::error(Code::SBC0605, title).help("rename one of the two files")));
        }
        let files: BTreeMap<String, String> =
            texts.iter().map(|(file, text)| (file.clone(), sha256(text.as_bytes()))).collect();
        let set = Set { name, content: content(&files), revision, source, files };
        let profiles = self.profiles(&texts, old)?;
        Ok(New { set, texts, profiles })
    }

    /// The profiles that are in a set. Each has a name of its own.
    fn profiles(&self, texts: &BTreeMap<String, String>, old: Option<&Set>) -> Result<BTreeSet<String>, Problems> {
        let sources = self.with(texts, old);
        let new: BTreeSet<String> = texts.keys().map(|file| path(file)).collect();
        let all = sources.clone();
        let read = guard::run(guard::DEADLINE, move || {
            let (mut out, mut named) = (Diagnostics::default(), Vec::new());
            for (id, source) in all.iter().filter(|(_, source)| source.kind != SourceKind::BuiltIn) {
                let is_new = source.kind == SourceKind::Profile && new.contains(&source.name);
                let mut problems = Diagnostics::default();
                let layers = read(id, &source.text, source.kind, &mut problems).layers;
                if is_new {
                    out.extend(problems);
                }
                named.extend(layers.into_iter().map(|layer| (is_new, layer)));
            }
            (out, named)
        });
        let Ok((mut out, named)) = read else {
            return Err(refuse(Diagnostic::error(Code::SBC0004, "the profiles could not be read in time")));
        };
        let mut profiles = BTreeSet::new();
        for (index, (_, layer)) in named.iter().enumerate().filter(|(_, (is_new, _))| *is_new) {
            let name = &layer.name.value;
            let mut problem = Diagnostic::error(Code::SBC0203, format!("there is a profile `{name}` already"))
                .at(layer.name.location, "this one comes")
                .help("vendor a set without it, or rename the project's own");
            let others =
                named.iter().enumerate().filter(|(other, (_, layer))| *other != index && layer.name.value == *name);
            let mut others: Vec<_> = others.map(|(_, (_, other))| other.name.location).collect();
            others.extend(builtin::layer(name).map(|other| other.name.location));
            if let Some(other) = others.first() {
                problem = problem.at(*other, "this one is here");
                out.push(problem);
            }
            profiles.insert(name.clone());
        }
        if out.has_errors() { Err(Box::new((out, sources))) } else { Ok(profiles) }
    }

    /// The project's own profiles by the names of their files.
    fn files(&self) -> BTreeMap<String, String> {
        let own = self.project.sources.iter().filter(|(_, source)| source.kind == SourceKind::Profile);
        let file = |source: &Source| source.name.rsplit('/').next().unwrap_or_default().to_owned();
        own.map(|(_, source)| (file(source), source.text.to_string())).collect()
    }

    /// The project's texts with a set in the place of another, in the order in which they are loaded.
    fn with(&self, texts: &BTreeMap<String, String>, old: Option<&Set>) -> Sources {
        let mut files = self.files();
        old.iter().flat_map(|old| old.files.keys()).for_each(|file| _ = files.remove(file));
        files.extend(texts.iter().map(|(file, text)| (file.clone(), text.clone())));
        let mut sources = builtin::sources();
        for (file, text) in files {
            sources.add(Source { kind: SourceKind::Profile, name: path(&file), text: text.into() });
        }
        let policy = self.project.sources.iter().filter(|(_, source)| source.kind == SourceKind::Policy);
        policy.for_each(|(_, source)| _ = sources.add(source.clone()));
        sources
    }

    /// The project compiled with a set. What is wrong only with the set stops it.
    fn tried(&self, new: &New, old: Option<&Set>) -> Result<Loaded, Problems> {
        let sources = self.with(&new.texts, old);
        let after = compile_guarded(Project { root: self.project.root.clone(), sources }, Wanted::All)?;
        let before = compile_guarded(self.project.clone(), Wanted::All)?;
        let is_new = |one: &Diagnostic| {
            let sources = one.labels.iter().filter_map(|label| after.project.sources.get(label.location.source));
            let mut names = sources.map(|source| source.name.as_str());
            names.any(|name| new.texts.keys().any(|file| path(file) == name))
        };
        let was_well = !before.compilation.diagnostics.has_errors();
        let stops = |one: Diagnostic| Some(one).filter(|one| was_well || is_new(one));
        let problems = after.compilation.diagnostics.clone().filter_map(stops);
        if problems.has_errors() { Err(Box::new((problems, after.project.sources))) } else { Ok(after) }
    }

    /// Says what an update does: to files, and to what sandboxes may.
    fn compare(&self, after: &Loaded, new: &New, old: &Set) -> Result<(), Problems> {
        let here = self.files();
        let hash = |file: &String| here.get(file).map(|text| sha256(text.as_bytes()));
        for (file, known) in &old.files {
            if hash(file).is_some_and(|hash| hash != *known) {
                eprintln!("{} was changed here, and that is lost", path(file));
            }
            if !new.texts.contains_key(file) {
                eprintln!("removes {}", path(file));
            }
        }
        for (file, text) in &new.texts {
            match here.get(file) {
                None => eprintln!("adds {}", path(file)),
                Some(old) if old != text => eprintln!("changes {}", path(file)),
                Some(_) => {}
            }
        }
        let before = compile_guarded(self.project.clone(), Wanted::All)?;
        let is_well = |loaded: &Loaded| !loaded.compilation.diagnostics.has_errors();
        if !is_well(&before) || !is_well(after) {
            eprintln!(
                "the policy does not hold as it is, so what the update allows cannot be compared; see `sbc check`"
            );
            return Ok(());
        }
        let diffs = diff::diff(policy(&before), policy(after));
        print(diff::human(&diffs, is_colored(std::io::stdout().is_terminal())));
        Ok(())
    }

    /// Writes a set, then the lock. Files of the old one that are not in the new one go last.
    fn write(&self, new: &New, old: Option<&Set>) -> Result<(), Problems> {
        let root = &self.project.root;
        let folder = root.join(DIRECTORY);
        let mut sets: Vec<Set> = self.sets.iter().filter(|set| set.name != new.set.name).cloned().collect();
        sets.push(new.set.clone());
        let text = lock::text(root).map_err(refuse)?;
        let text = format::with_vendored(text.as_deref(), &sets);
        let written = write::Directory::make(root, &folder).and_then(|top| {
            let profiles = write::Directory::make(root, &folder.join(PROFILES))?;
            let files = new.texts.iter().map(|(file, text)| (&profiles, file.as_str(), text.as_bytes()));
            write::replace_in(files.chain([(&top, LOCK, text.as_bytes())]))?;
            let mut gone = old.iter().flat_map(|old| old.files.keys()).filter(|file| !new.texts.contains_key(*file));
            gone.try_for_each(|file| profiles.remove(file))
        });
        written.map_err(refuse)
    }
}

fn policy(loaded: &Loaded) -> Policy<'_> {
    Policy { sandboxes: &loaded.compilation.sandboxes, sources: &loaded.project.sources }
}

/// What is to be written.
struct New {
    set: Set,
    texts: BTreeMap<String, String>,
    profiles: BTreeSet<String>,
}
