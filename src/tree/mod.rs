//! The sandbox's file system as a person would draw it: what is there, how far a process gets with
//! it, who says so; and which secrets of this host stay outside.
//!
//! Lists only directories in which the answer changes, and never more of one than [`MOST_NAMES`].

#![allow(clippy::disallowed_methods, reason = "this module lists directories of the host")]

mod page;
mod text;

pub use page::page;
pub use text::render;

use crate::explain::{Context, shown};
use crate::host::Host;
use crate::mounts::{Mount, Provider};
use crate::path::{Root, SymbolicPath};
use crate::plan::Step;
use crate::secrets::SECRETS;
use crate::space::{Node, Space};
use crate::verdict::{self, Reach};
use crate::view::{Kind, Seen};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How many names of one directory of the host are looked at.
pub const MOST_NAMES: usize = 10_000;

/// One place of the drawing.
pub struct Entry {
    /// The last part of the path, or several where nothing else lies between.
    pub name: String,
    /// In the view's space.
    pub path: PathBuf,
    /// What the place is to the user.
    pub role: Option<&'static str>,
    pub is_directory: bool,
    /// Where it leads if it is a link.
    pub link: Option<String>,
    pub reach: Reach,
    pub letters: &'static str,
    /// One word of `verdict`, for those who draw by it.
    pub kind: &'static str,
    /// What it is, where that is not plain.
    pub about: String,
    pub origin: Option<Origin>,
    pub children: Vec<Entry>,
    /// What the host has there besides, under the same rule.
    pub rest: Option<Rest>,
}

impl Entry {
    /// The name as it is drawn: directories end in `/`, links say where they lead.
    pub fn label(&self) -> String {
        let slash = if self.is_directory && !self.name.ends_with('/') { "/" } else { "" };
        let link = self.link.as_ref().map(|to| format!(" → {to}")).unwrap_or_default();
        format!("{}{slash}{link}", self.name)
    }

    /// The letters, and what becomes of a write; nothing for a link.
    pub fn access(&self) -> String {
        match self.reach {
            _ if self.link.is_some() => String::new(),
            _ if self.kind == "denied" => "✗".to_owned(),
            Reach::Host => format!("{}→host", self.letters),
            Reach::Private => format!("{} private", self.letters),
            Reach::Read | Reach::Nothing => self.letters.to_owned(),
        }
    }
}

impl Rest {
    /// How many names there are, in words.
    pub fn count(&self) -> String {
        let over = if self.is_cut { "more than " } else { "" };
        let noun = if self.names.len() == 1 { "entry" } else { "entries" };
        format!("{over}{} more {noun}, as above", self.names.len())
    }
}

/// Who says so, in short.
pub struct Origin {
    pub layer: String,
    pub place: String,
}

/// Names of a directory that are all as the directory is.
pub struct Rest {
    /// In order; directories end in `/`.
    pub names: Vec<String>,
    /// Whether there are more than were looked at.
    pub is_cut: bool,
}

/// A known place with secrets that this host has.
pub struct SecretHere {
    pub path: &'static str,
    pub about: &'static str,
    /// The rule that shows it inside.
    pub shown_by: Option<(String, Option<Origin>)>,
}

/// Everything to be drawn, from the root down.
pub fn tree(context: &Context<'_>) -> Entry {
    let at = |root| context.view.space().inside(&SymbolicPath::of_root(root));
    let roles = Roles { home: at(Root::Home), project: at(Root::Project) };
    entry(context, &roles, Path::new("/"))
}

/// The places that have a role.
struct Roles {
    home: Option<PathBuf>,
    project: Option<PathBuf>,
}

impl Roles {
    fn of(&self, path: &Path) -> Option<&'static str> {
        let is = |place: &Option<PathBuf>| place.as_deref() == Some(path);
        if is(&self.project) {
            return Some("the project");
        }
        is(&self.home).then_some("home")
    }
}

fn entry(context: &Context<'_>, roles: &Roles, path: &Path) -> Entry {
    let view = context.view;
    let seen = view.look_at_link(path);
    let decision = verdict::decide(view, &seen);
    let own = view.mounts().names_in(path);
    let role = roles.of(path);
    let is_on_the_way = !own.is_empty() || role.is_some();
    let rest = is_on_the_way.then(|| rest(&seen, &own)).flatten();
    let children: Vec<Entry> = match seen.kind {
        Kind::Link { .. } => Vec::new(),
        _ => own.iter().map(|name| entry(context, roles, &path.join(name))).collect(),
    };
    let reach = verdict::reach(&seen);
    let is_way = seen.kind == Kind::Made;
    let entry = Entry {
        name: name(context, path),
        path: path.to_owned(),
        role,
        is_directory: is_directory(context, &seen) || !children.is_empty(),
        link: match &seen.kind {
            Kind::Link { to } => Some(shown(&to.display().to_string())),
            _ => None,
        },
        reach,
        letters: reach.letters(seen.access),
        kind: verdict::word(&seen.kind),
        about: about(context, &seen),
        // What is only there because of what lies in it has its reasons there.
        origin: decision
            .rule
            .filter(|step| !is_way || is_at(context, step, path))
            .and_then(|step| origin(context, step)),
        children,
        rest,
    };
    joined(entry)
}

fn is_at(context: &Context<'_>, step: &Step, path: &Path) -> bool {
    context.view.space().inside(&step.at).is_some_and(|at| at == path)
}

/// A directory that is only there for the one in it is drawn with it.
fn joined(mut entry: Entry) -> Entry {
    let is_way = entry.kind == "made" && entry.role.is_none() && entry.name != "/" && entry.rest.is_none();
    match entry.children.pop() {
        Some(only) if is_way && entry.children.is_empty() && only.is_directory => {
            Entry { name: format!("{}/{}", entry.name, only.name), ..only }
        }
        last => {
            entry.children.extend(last);
            entry
        }
    }
}

fn name(context: &Context<'_>, path: &Path) -> String {
    let is_symbol = context.host.is_none() && path.parent() == Some(Path::new("/"));
    match path.file_name().filter(|_| !is_symbol) {
        Some(name) => shown(&name.to_string_lossy()),
        None => shown(&context.view.space().spell(path)),
    }
}

fn is_directory(context: &Context<'_>, seen: &Seen<'_, '_>) -> bool {
    match &seen.kind {
        Kind::Host { node, .. } | Kind::Overlay { node, .. } => *node == Node::Directory,
        Kind::Made | Kind::Memory => true,
        // Without a host a denied path may be either.
        Kind::Masked => {
            let is_directory = |mount: &Mount<'_>| matches!(mount.provider, Provider::Denied { file: false, .. });
            context.host.is_some() && seen.mount.is_some_and(is_directory)
        }
        Kind::Kernel => seen.mount.is_some_and(|mount| mount.at == seen.path),
        _ => false,
    }
}

fn about(context: &Context<'_>, seen: &Seen<'_, '_>) -> String {
    let spell = |path: &Path| context.view.space().spell(path);
    let from = |source: &Path| if source == seen.path { String::new() } else { format!(" of {}", spell(source)) };
    let text = match &seen.kind {
        Kind::Host { source, node: Node::Device } => format!("device{}", from(source)),
        Kind::Host { source, node: Node::Channel } => format!("socket{}", from(source)),
        Kind::Host { source, .. } if *source == seen.path => String::new(),
        Kind::Host { source, .. } => spell(source),
        Kind::Overlay { source, .. } => format!("overlay{}", from(source)),
        Kind::Copy { source } => format!("copy{}", from(source)),
        Kind::Made | Kind::Link { .. } => String::new(),
        kind => verdict::word(kind).to_owned(),
    };
    shown(&text)
}

fn origin(context: &Context<'_>, step: &Step) -> Option<Origin> {
    let first = step.origins.first()?;
    Some(Origin { layer: shown(&first.layer), place: shown(&context.sources.place(first.location)) })
}

/// What the host has in a directory besides what rules name.
fn rest(seen: &Seen<'_, '_>, own: &[OsString]) -> Option<Rest> {
    let (Kind::Host { source, node: Node::Directory } | Kind::Overlay { source, node: Node::Directory }) = &seen.kind
    else {
        return None;
    };
    let entries = std::fs::read_dir(source).ok()?.filter_map(Result::ok);
    let mut names = Vec::new();
    let mut is_cut = false;
    for found in entries {
        is_cut = names.len() == MOST_NAMES;
        if is_cut {
            break;
        }
        if !own.contains(&found.file_name()) {
            let slash = if found.file_type().is_ok_and(|kind| kind.is_dir()) { "/" } else { "" };
            names.push(format!("{}{slash}", shown(&found.file_name().to_string_lossy())));
        }
    }
    names.sort();
    (!names.is_empty()).then_some(Rest { names, is_cut })
}

/// The known secrets that this host has; none where no host is known.
pub fn secrets(context: &Context<'_>) -> Vec<SecretHere> {
    let Some(host) = context.host else { return Vec::new() };
    let here = |secret: &crate::secrets::Secret| {
        let path = SymbolicPath::parse(secret.path).ok()?;
        let place = host.expand(&path).ok()?;
        place.symlink_metadata().ok()?;
        // Two names of one place are one secret.
        let real = Host::real(host, &path)?;
        // What the user cannot read on the host, nobody can read for them inside.
        let by = context.view.exposes(&real, false).filter(|_| host.rights(&real).read);
        let shown_by = by.map(|step| (shown(&step.rule()), origin(context, step)));
        Some((real, SecretHere { path: secret.path, about: secret.about, shown_by }))
    };
    let mut found: Vec<(PathBuf, SecretHere)> = Vec::new();
    for (real, secret) in SECRETS.iter().filter_map(here) {
        if !found.iter().any(|(other, _)| *other == real) {
            found.push((real, secret));
        }
    }
    found.into_iter().map(|(_, secret)| secret).collect()
}
