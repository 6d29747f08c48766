//! The rules that make a program start inside: where the host has what is lacking, and the smallest
//! rules that show it.
//!
//! Looks at the host and changes nothing. `check/reach.rs` tries the rules on the view before it
//! says them.

#![allow(clippy::disallowed_methods, reason = "this module looks for programs on the host")]

use crate::absent::numbers;
use crate::builtin;
use crate::host::Host;
use crate::loader::{CACHE, Loader, Unfound};
use crate::merge::Merged;
use crate::mounts::Mounts;
use crate::policy::{Access, Grant, Layer};
use crate::reach::{Failure, Lack, Start};
use crate::rule::quote;
use crate::schema::Section;
use crate::space::{Node, is_within};
use crate::text::Text;
use crate::view::{Kind, View};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};

/// A rule that can be added to a sandbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rule {
    Inherit(&'static str),
    /// `ro`: what the host has at `source`, at `at` inside.
    Show {
        source: PathBuf,
        at: PathBuf,
    },
    /// `symlink`: a link as the host has it.
    Link {
        at: PathBuf,
        to: PathBuf,
    },
    /// A directory in front of PATH.
    Path(PathBuf),
    /// The caller's `LD_LIBRARY_PATH`, and its value.
    LibraryPath(OsString),
}

/// What can be done about a failure.
#[derive(Clone, Debug, Default)]
pub struct Remedy {
    pub rules: Vec<Rule>,
    /// Where this host has what is lacking.
    pub found: Option<PathBuf>,
}

/// Where programs lie that are on nobody's PATH until a shell has set it up; below the home.
const PLACES: [&str; 14] = [
    ".local/bin",
    "bin",
    ".local/share/mise/shims",
    ".pyenv/shims",
    ".asdf/shims",
    ".volta/bin",
    ".cargo/bin",
    ".claude/local",
    ".opencode/bin",
    ".amp/bin",
    ".bun/bin",
    ".deno/bin",
    ".npm-global/bin",
    ".local/share/pnpm",
];

/// Directories of the home in which `bin` is one thing of many.
const SHARED: [&str; 6] = ["", ".local", ".local/bin", ".local/lib", ".cargo", "go"];

/// Trees of the system, each shown as a whole.
const SYSTEM: [&str; 9] = ["/nix/store", "/gnu/store", "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"];

/// What shows to a process what it lacks.
pub fn remedy(host: &Host, merged: &Merged, start: &Start<'_, '_>, failure: &Failure) -> Remedy {
    match &failure.lack {
        Lack::Program(name) => on_host(host, name).map_or_else(Remedy::default, |found| Remedy {
            rules: program(host, merged, start, &found),
            found: Some(found),
        }),
        Lack::File { path, link, .. } => file(host, start, path, link.as_deref()),
        Lack::OfShim(path) => Remedy { rules: vec![in_place(path.clone())], found: Some(path.clone()) },
        Lack::Library(unfound) => library(host, start, unfound),
        Lack::Closed(path) | Lack::NotExecutable(path) => Remedy { rules: Vec::new(), found: Some(path.clone()) },
    }
}

fn in_place(path: PathBuf) -> Rule {
    Rule::Show { source: path.clone(), at: path }
}

/// A program of the host: shown, and on PATH.
fn program(host: &Host, merged: &Merged, start: &Start<'_, '_>, found: &Path) -> Vec<Rule> {
    let mut rules = Vec::new();
    let is_inside = !matches!(start.view.look_at_link(found).kind, Kind::Absent | Kind::Masked | Kind::Unreachable);
    let profile = profile(host, merged, found);
    match profile {
        _ if is_inside => {}
        Some(layer) => rules.push(Rule::Inherit(&layer.name.value)),
        None => rules.extend(shows(host, start, found)),
    }
    let directory = found.parent().unwrap_or(Path::new("/"));
    let brings = |layer: &Layer| prepended(host, layer).iter().any(|own| own == directory);
    if !start.path().iter().any(|own| own == directory) && !profile.is_some_and(|layer| !is_inside && brings(layer)) {
        rules.push(Rule::Path(directory.to_owned()));
    }
    rules
}

/// What shows a program. A link into a tree stays a link: from there the program finds the rest of it.
fn shows(host: &Host, start: &Start<'_, '_>, found: &Path) -> Vec<Rule> {
    let real = start.host.look(found).path;
    let (own, whole) = (tree(host, found), tree(host, &real));
    if own != found || real == found || whole == real {
        return vec![in_place(own)];
    }
    let is_inside = matches!(start.view.look(&real).kind, Kind::Host { node: Node::File, .. });
    let tree = (!is_inside).then(|| in_place(whole));
    [Rule::Link { at: found.to_owned(), to: real }].into_iter().chain(tree).collect()
}

/// A file that a link, a first line or a program names.
fn file(host: &Host, start: &Start<'_, '_>, path: &Path, link: Option<&Path>) -> Remedy {
    let exists = |path: &Path| !matches!(start.host.look(path).kind, Kind::Absent | Kind::Circle | Kind::Unreachable);
    if exists(path) {
        return Remedy { rules: vec![in_place(tree(host, path))], found: Some(path.to_owned()) };
    }
    // What is shown at another place than the host's has relative links that lead elsewhere there.
    let source = link.and_then(|link| match start.view.look_at_link(link).kind {
        Kind::Host { source, node: Node::Link } => fs::canonicalize(source).ok(),
        _ => None,
    });
    source.map_or_else(Remedy::default, |source| Remedy {
        rules: vec![Rule::Show { source: source.clone(), at: path.to_owned() }],
        found: Some(source),
    })
}

/// A library, where the loader of the host finds it.
fn library(host: &Host, start: &Start<'_, '_>, unfound: &Unfound) -> Remedy {
    let own = start.env.get(OsStr::new("LD_LIBRARY_PATH")).cloned();
    let callers = std::env::var_os("LD_LIBRARY_PATH");
    let find =
        |library_path| Loader::new(start.host, start.workdir, library_path).find(&unfound.library, &unfound.chain);
    let (path, list) = match find(own) {
        Some(path) => (path, None),
        None => match callers.and_then(|list| Some((find(Some(list.clone()))?, list))) {
            Some((path, list)) => (path, Some(list)),
            None => return Remedy::default(),
        },
    };
    let mut rules: Vec<Rule> = list.iter().cloned().map(Rule::LibraryPath).collect();
    if matches!(start.view.look(&path).kind, Kind::Absent) {
        let above = path.parent().unwrap_or(Path::new("/"));
        let whole = tree(host, &path);
        let shown = if is_system(&whole) || is_shared(host, above) { whole } else { above.to_owned() };
        rules.push(in_place(clean(&shown)));
    } else if list.is_none() {
        rules.push(in_place(PathBuf::from(CACHE)));
    }
    Remedy { rules, found: Some(path) }
}

/// A path without `..`, where no link changes what that means.
fn clean(path: &Path) -> PathBuf {
    if path.components().any(|part| part.as_os_str() == "..") {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    }
}

/// Where the host has a program: on the caller's PATH, or where programs usually are.
pub fn on_host(host: &Host, name: &OsStr) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let own = std::env::split_paths(&path).filter(|directory| directory.is_absolute()).map(lasting);
    let usual = PLACES.iter().map(|place| host.home.join(place));
    let mut versions = directories(&host.home.join(".nvm/versions/node"));
    versions.sort_by_key(|version| std::cmp::Reverse(numbers(&version.to_string_lossy())));
    let mut software = directories(Path::new("/opt"));
    software.push(PathBuf::from("/usr/local/go"));
    software.sort();
    let more = versions.into_iter().chain(software).map(|directory| directory.join("bin"));
    let is_program = |path: &PathBuf| path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok();
    own.chain(usual).chain(more).map(|directory| directory.join(name)).find(is_program)
}

/// A directory of PATH by a name that is the same tomorrow: fnm has a link of its own for each shell.
fn lasting(directory: PathBuf) -> PathBuf {
    if directory.components().any(|part| part.as_os_str() == "fnm_multishells") {
        return fs::canonicalize(&directory).unwrap_or(directory);
    }
    directory
}

fn directories(path: &Path) -> Vec<PathBuf> {
    fs::read_dir(path).into_iter().flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// A profile that the sandbox could inherit and that shows a path of the home.
fn profile(host: &Host, merged: &Merged, path: &Path) -> Option<&'static Layer> {
    let inherits = |name: &str| merged.inherited.iter().any(|inherited| inherited == name);
    // Without the floor the author builds everything by hand.
    if !inherits("base-dev") || !is_within(path, &host.home) {
        return None;
    }
    builtin::layers()
        .filter(|layer| !inherits(&layer.name.value))
        .find(|layer| shown(host, layer).iter().any(|shown| is_within(path, shown) && !is_shared(host, shown)))
}

/// The paths that a profile shows read-only in their places, as far as the host has them.
fn shown(host: &Host, layer: &Layer) -> Vec<PathBuf> {
    let source = |access: &Access| match access {
        Access::Host { grant: Grant::ReadOnly, source, .. } => host.expand(source).ok(),
        _ => None,
    };
    let rules = layer.filesystem.iter().filter_map(|(at, entry)| {
        let source = source(entry.value.as_ref()?)?;
        (host.expand(at).ok()? == source).then_some(source)
    });
    rules.filter(|path| path.exists()).collect()
}

/// The directories that a profile, or one that it inherits, puts in front of PATH.
fn prepended(host: &Host, layer: &Layer) -> Vec<PathBuf> {
    let text = layer.prepends.get("PATH").and_then(|entry| entry.value.as_ref());
    let expanded = text.map(|text| text.expand(&|variable| host.value(variable).unwrap_or_default()));
    let parents = layer.inherits.iter().filter_map(|parent| builtin::layer(&parent.value));
    let inherited = parents.flat_map(|parent| prepended(host, parent));
    expanded.iter().flat_map(std::env::split_paths).chain(inherited).collect()
}

/// The tree that a file belongs to, as far as it is of one piece; else the file.
fn tree(host: &Host, path: &Path) -> PathBuf {
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if let Some(system) = system_tree(path) {
        return system;
    }
    if let Some(package) = package(path) {
        return package;
    }
    let local = host.home.join(".claude/local");
    if path.starts_with(&local) {
        return local;
    }
    let above = path.parent().filter(|above| matches!(name(above).as_str(), "bin" | "sbin" | "shims"));
    if let Some(root) = above.and_then(Path::parent).filter(|root| !is_shared(host, root)) {
        return root.to_owned();
    }
    [Path::new("/opt"), &host.home.join(".local/share")]
        .iter()
        .find_map(|base| {
            let rest = path.strip_prefix(base).ok()?;
            let whole = base.join(rest.components().next()?);
            (whole != path).then_some(whole)
        })
        .unwrap_or_else(|| path.to_owned())
}

/// The package of npm's that a file is in: the outermost, which holds what it needs.
fn package(path: &Path) -> Option<PathBuf> {
    let modules = path.ancestors().filter(|above| above.file_name() == Some(OsStr::new("node_modules"))).last()?;
    let rest = path.strip_prefix(modules).ok()?;
    let scoped = rest.to_string_lossy().starts_with('@');
    let package: PathBuf = rest.components().take(if scoped { 2 } else { 1 }).collect();
    (!package.as_os_str().is_empty() && !rest.starts_with(".bin")).then(|| modules.join(package))
}

/// The tree of the system that a path lies in.
pub fn system_tree(path: &Path) -> Option<PathBuf> {
    SYSTEM.iter().find(|system| path.starts_with(system)).map(PathBuf::from)
}

fn is_system(path: &Path) -> bool {
    SYSTEM.iter().any(|system| path == Path::new(system))
}

/// Whether a directory holds much else than what is looked for.
fn is_shared(host: &Host, directory: &Path) -> bool {
    let is_whole = |base: &Path| base.starts_with(directory);
    is_whole(&host.home) || is_whole(&host.project) || SHARED.iter().any(|name| directory == host.home.join(name))
}

impl Rule {
    /// Where it stands.
    pub const fn section(&self) -> Section {
        match self {
            Rule::Inherit(_) => Section::Body,
            Rule::Show { .. } | Rule::Link { .. } => Section::Filesystem,
            Rule::Path(_) | Rule::LibraryPath(_) => Section::Env,
        }
    }

    /// The rule as a policy writes it, where that can be said.
    pub fn text(&self, host: &Host) -> Option<String> {
        Some(match self {
            Rule::Inherit(name) => format!("inherit {}", quote(name)),
            Rule::Show { source, at } if source == at => format!("ro {}", path(host, source)?),
            Rule::Show { source, at } => format!("ro {} at={}", path(host, source)?, path(host, at)?),
            Rule::Link { at, to } => format!("symlink {} to={}", path(host, at)?, quote(&variable(host, to)?)),
            Rule::Path(directory) => format!("prepend PATH={}", quote(&variable(host, directory)?)),
            Rule::LibraryPath(_) => "pass \"LD_LIBRARY_PATH\"".to_owned(),
        })
    }

    /// The paths that the rule shows, each from where.
    pub fn shown(&self, host: &Host) -> Vec<(PathBuf, PathBuf)> {
        match self {
            Rule::Inherit(name) => {
                let layer = builtin::layers().filter(|layer| layer.name.value == *name);
                layer.flat_map(|layer| shown(host, layer)).map(|path| (path.clone(), path)).collect()
            }
            Rule::Show { source, at } => vec![(at.clone(), source.clone())],
            Rule::Link { .. } | Rule::Path(_) | Rule::LibraryPath(_) => Vec::new(),
        }
    }

    /// What the rule puts in front of a variable.
    pub fn prepended(&self, host: &Host) -> Vec<(&'static str, OsString)> {
        match self {
            Rule::Inherit(name) => {
                let layer = builtin::layers().filter(|layer| layer.name.value == *name);
                layer.flat_map(|layer| prepended(host, layer)).map(|path| ("PATH", path.into_os_string())).collect()
            }
            Rule::Show { .. } | Rule::Link { .. } => Vec::new(),
            Rule::Path(directory) => vec![("PATH", directory.clone().into_os_string())],
            Rule::LibraryPath(list) => vec![("LD_LIBRARY_PATH", list.clone())],
        }
    }
}

/// A path as a rule writes it; `*` is no part of one. What home and project are called does not stand in it.
pub fn path(host: &Host, path: &Path) -> Option<String> {
    let bases = [&host.project, &host.home];
    let written = bases.into_iter().find_map(|base| path.strip_prefix(base).ok()).unwrap_or(path);
    written.to_str().filter(|text| !text.contains('*'))?;
    Some(quote(Text::literal(&host.spell(path)).as_str()))
}

/// A path as text with variables.
pub fn variable(host: &Host, directory: &Path) -> Option<String> {
    let text = |path: &Path| path.to_str().map(|text| Text::literal(text).as_str().to_owned());
    let below = |base: &Path, name: &str| {
        let rest = directory.strip_prefix(base).ok()?;
        Some(format!("${{{name}}}/{}", text(rest)?))
    };
    below(&host.project, "PROJECT").or_else(|| below(&host.home, "HOME")).or_else(|| text(directory))
}

/// The host as it is without a sandbox.
pub fn whole(host: &Host) -> View<'_> {
    let mut view = View::new(Mounts::default(), Vec::new(), Vec::new(), host);
    view.show(PathBuf::from("/"), PathBuf::from("/"));
    view
}
