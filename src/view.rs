//! What a process inside sees: for any path what is there, what it may do, and which rule decided.
//!
//! Pure over a plan, where paths are symbols and nothing is known of what exists. Over the mounts
//! that an invocation really makes, with the host as [`Space`], the same model is exact.

use crate::mounts::{Mount, Mounts, Placeholder, Planted, Provider, Unplaced};
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Plan, Step};
use crate::policy::Grant;
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// What is known of a host path, its own links not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Node {
    /// No host is known.
    Unknown,
    Absent,
    /// Some directory on the way may not be entered.
    Unreachable,
    File,
    Directory,
    /// A character or block device.
    Device,
    /// A socket or a FIFO: who writes to it reaches a process, also where the file is read-only.
    Channel,
    Link,
}

/// What a process may do with a path.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Access {
    pub read: bool,
    /// Change it; of what is absent: create it.
    pub write: bool,
    pub execute: bool,
}

/// Where paths are compared and looked up: as symbols, or on a host.
pub trait Space {
    /// A path of a policy as a path inside, its links not followed; `None` if it has no place here.
    fn inside(&self, path: &SymbolicPath) -> Option<PathBuf>;
    /// A path of a policy on the host, with links followed as far as they are known.
    fn real(&self, path: &SymbolicPath) -> Option<PathBuf>;
    /// Where a link of the host leads; `None` for what is no link.
    fn link(&self, path: &Path) -> Option<PathBuf>;
    fn node(&self, path: &Path) -> Node;
    /// What the user may do with a host path; everything where no host is known.
    fn rights(&self, path: &Path) -> Access;
    /// A path as a policy writes it.
    fn spell(&self, path: &Path) -> String;
}

/// The space of symbols: `/${HOME}/.cache`. Nothing is known of any host.
#[derive(Clone, Copy, Debug)]
pub struct Symbols;

impl Space for Symbols {
    fn inside(&self, path: &SymbolicPath) -> Option<PathBuf> {
        let mut out = match path.root() {
            Root::Absolute => PathBuf::from("/"),
            // One directory above the project is not inside it.
            Root::AboveProject(Reverse(up)) => PathBuf::from(format!("/${{PROJECT-{up}}}")),
            root => PathBuf::from(format!("/${{{}}}", root.variable().map_or("", |variable| variable.word()))),
        };
        out.extend(path.components().iter().map(|component| component.as_str()));
        Some(out)
    }

    fn real(&self, path: &SymbolicPath) -> Option<PathBuf> {
        self.inside(path)
    }

    fn link(&self, _: &Path) -> Option<PathBuf> {
        None
    }

    fn node(&self, _: &Path) -> Node {
        Node::Unknown
    }

    fn rights(&self, _: &Path) -> Access {
        ALL
    }

    fn spell(&self, path: &Path) -> String {
        let text = path.display().to_string();
        let above = text.strip_prefix("/${PROJECT-").and_then(|rest| rest.split_once('}'));
        if let Some((up, rest)) = above.and_then(|(up, rest)| Some((up.parse().ok()?, rest))) {
            return format!(".{}{rest}", "/..".repeat(up));
        }
        match text
            .strip_prefix("/${HOME}")
            .map(|rest| ("~", rest))
            .or(text.strip_prefix("/${PROJECT}").map(|rest| (".", rest)))
        {
            Some((start, rest)) => format!("{start}{rest}"),
            None => text.strip_prefix('/').filter(|rest| rest.starts_with("${")).map(str::to_owned).unwrap_or(text),
        }
    }
}

/// Whether `path` is `base` or lies below it. Both are in normal form, so bytes can be compared.
pub fn is_within(path: &Path, base: &Path) -> bool {
    let (path, base) = (path.as_os_str().as_encoded_bytes(), base.as_os_str().as_encoded_bytes());
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || base.ends_with(b"/"))
}

/// What is at a path inside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    Absent,
    /// Links that lead in a circle.
    Circle,
    /// Below something that may not be entered.
    Unreachable,
    /// A directory that is there because something lies in it, or because a rule says `dir`.
    Made,
    /// What the host has at `source`.
    Host {
        source: PathBuf,
        node: Node,
    },
    /// What the host has at `source`; changes are discarded.
    Overlay {
        source: PathBuf,
        node: Node,
    },
    /// A private copy of the host's file.
    Copy {
        source: PathBuf,
    },
    /// A file with text of the policy.
    Text,
    /// A directory in memory.
    Memory,
    /// Hidden by `deny`.
    Masked,
    /// A device of the sandbox's own `/dev`.
    Device,
    /// A part of `/proc` or `/dev` that the kernel makes up.
    Kernel,
    /// A link that is not followed here.
    Link {
        to: PathBuf,
    },
}

/// What becomes of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It changes this path of the host.
    Host(PathBuf),
    /// It is gone when the sandbox ends.
    Discarded,
}

/// What a process sees at a path.
#[derive(Clone, Debug)]
pub struct Seen<'v, 'a> {
    /// Where the path leads, with its links followed.
    pub path: PathBuf,
    /// The links on the way, each with what it says.
    pub links: Vec<(PathBuf, PathBuf)>,
    pub kind: Kind,
    pub access: Access,
    /// What becomes of a write; `None` where nothing can be written.
    pub effect: Option<Effect>,
    /// The mount that provides it; `None` for the sandbox's own root.
    pub mount: Option<&'v Mount<'a>>,
}

impl Seen<'_, '_> {
    /// Whether it is a directory, as far as is known.
    pub fn is_directory(&self) -> bool {
        match &self.kind {
            Kind::Host { node, .. } | Kind::Overlay { node, .. } => matches!(node, Node::Directory | Node::Unknown),
            Kind::Masked => {
                matches!(self.mount.map(|mount| &mount.provider), Some(Provider::Denied { file: false, .. }))
            }
            kind => matches!(kind, Kind::Made | Kind::Memory),
        }
    }

    /// Whether a process can have it as its working directory.
    pub fn can_be_entered(&self) -> bool {
        self.is_directory() && self.access.execute
    }
}

/// The mounts of a sandbox, in a space.
#[derive(Clone)]
pub struct View<'a> {
    mounts: Mounts<'a>,
    /// Steps without a mount, where they would stand: they hide what could come there.
    absent: Vec<(PathBuf, &'a Step)>,
    /// What is made on the host before the start.
    placeholders: Vec<Placeholder>,
    space: &'a dyn Space,
    /// Whether the mounts are those of a host, so that what has none is not there.
    is_exact: bool,
}

/// The names in a `/dev` that bubblewrap makes, besides links and directories.
pub const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

const ALL: Access = Access { read: true, write: true, execute: true };
const LOOK: Access = Access { read: true, write: false, execute: true };
const NOTHING: Access = Access { read: false, write: false, execute: false };

impl<'a> View<'a> {
    pub fn new(
        mounts: Mounts<'a>,
        absent: Vec<(PathBuf, &'a Step)>,
        placeholders: Vec<Placeholder>,
        space: &'a dyn Space,
    ) -> View<'a> {
        View { mounts, absent, placeholders, space, is_exact: true }
    }

    /// The view of a plan without a host.
    pub fn symbolic(plan: &'a Plan) -> View<'a> {
        let mut mounts = Mounts::default();
        for step in &plan.content.steps {
            let Some(at) = Symbols.inside(&step.at) else { continue };
            let source = |source: &SymbolicPath| Symbols.real(source).unwrap_or_default();
            let provider = match &step.action {
                Action::Host { grant, source: path, .. } => match grant {
                    Grant::Copy => Provider::Copy { source: source(path), executable: true },
                    Grant::Overlay => Provider::Overlay { source: source(path) },
                    grant => Provider::Host {
                        source: source(path),
                        writable: matches!(grant, Grant::ReadWrite | Grant::Device),
                        device: *grant == Grant::Device,
                    },
                },
                Action::Pin { source: path } => Provider::Host { source: source(path), writable: true, device: false },
                Action::File { .. } => Provider::Text,
                Action::Tmpfs { mode, .. } => Provider::Memory { mode: mode.unwrap_or(0o755) },
                Action::Deny { open } => Provider::Denied { open: *open, file: false },
                Action::Proc => Provider::Proc,
                Action::Dev => Provider::Dev,
                Action::Directory => {
                    mounts.add_directory(at, step);
                    continue;
                }
                Action::Symlink { to } => {
                    mounts.add_link(at, PathBuf::from(to.as_str()), step);
                    continue;
                }
            };
            mounts.add(Mount { at, provider, step: Some(step) });
        }
        View { mounts, absent: Vec::new(), placeholders: Vec::new(), space: &Symbols, is_exact: false }
    }

    pub fn mounts(&self) -> &Mounts<'a> {
        &self.mounts
    }

    /// Shows one more host path, read-only. Both paths are without links.
    pub fn show(&mut self, at: PathBuf, source: PathBuf) {
        self.mounts.add(Mount { at, provider: Provider::Host { source, writable: false, device: false }, step: None });
    }

    /// Makes one more link, by a step that need not be in the plan.
    pub fn link(&mut self, at: PathBuf, to: PathBuf, step: &'a Step) {
        self.mounts.add_link(at, to, step);
    }

    pub fn space(&self) -> &'a dyn Space {
        self.space
    }

    /// Whether the mounts are those of a host.
    pub fn is_exact(&self) -> bool {
        self.is_exact
    }

    /// What a process sees at an absolute path, with every link followed.
    pub fn look(&self, path: &Path) -> Seen<'_, 'a> {
        match self.mounts.resolve(path, self.space, Planted::Follow) {
            Ok(placed) => Seen { links: placed.links, ..self.look_at(&placed.path) },
            Err(Unplaced::Circle(path) | Unplaced::Planted(path)) => {
                Seen { path, links: Vec::new(), kind: Kind::Circle, access: NOTHING, effect: None, mount: None }
            }
        }
    }

    /// What a process sees at an absolute path whose last component is not followed if it is a link.
    pub fn look_at_link(&self, path: &Path) -> Seen<'_, 'a> {
        let (Some(above), Some(name)) = (path.parent(), path.file_name()) else { return self.look(path) };
        let place = match self.mounts.resolve(above, self.space, Planted::Follow) {
            Ok(placed) => placed.path.join(name),
            Err(_) => return self.look(path),
        };
        self.look_at(&place)
    }

    /// What is at a path on which no link lies, but for its end.
    fn look_at(&self, path: &Path) -> Seen<'_, 'a> {
        let mount = self.mounts.provider(path);
        let own_link = self.mounts.link_at(path).map(|(to, _)| to.to_owned());
        let (kind, access, effect) = match own_link.or_else(|| self.mounts.device_link(path)) {
            Some(to) => (Kind::Link { to }, LOOK, None),
            None if self.closed_above(path) => (Kind::Unreachable, NOTHING, None),
            None => self.content(path, mount),
        };
        Seen { path: path.to_owned(), links: Vec::new(), kind, access, effect, mount }
    }

    /// Whether a directory in memory above a path may not be entered.
    fn closed_above(&self, path: &Path) -> bool {
        self.mounts.above(path).any(|mount| {
            let closed = match mount.provider {
                Provider::Denied { open, file } => !open && !file,
                Provider::Memory { mode } => mode & 0o100 == 0,
                _ => false,
            };
            closed && mount.at != path
        })
    }

    fn content(&self, path: &Path, mount: Option<&Mount<'a>>) -> (Kind, Access, Option<Effect>) {
        let Some(mount) = mount else {
            let is_there = path == Path::new("/") || self.mounts.made(path).is_some();
            return if is_there { (Kind::Made, LOOK, None) } else { (Kind::Absent, NOTHING, None) };
        };
        let at_mount = mount.at == path;
        let rest = path.strip_prefix(&mount.at).unwrap_or(path);
        match &mount.provider {
            Provider::Host { source, writable, device } => {
                let source = if at_mount { source.clone() } else { source.join(rest) };
                self.on_host(path, source, *writable, *device)
            }
            Provider::Overlay { source } => {
                let source = if at_mount { source.clone() } else { source.join(rest) };
                match self.node(&source) {
                    (Node::Absent, _) => self.absent(path),
                    (Node::Unreachable, _) => (Kind::Unreachable, NOTHING, None),
                    (node, rights) => {
                        let access = if at_mount { ALL } else { rights };
                        (Kind::Overlay { source, node }, access, access.write.then_some(Effect::Discarded))
                    }
                }
            }
            _ if !at_mount => self.inside_own(path, mount, rest),
            Provider::Copy { source, executable } => {
                let access = Access { execute: *executable, ..ALL };
                (Kind::Copy { source: source.clone() }, access, Some(Effect::Discarded))
            }
            Provider::Text => (Kind::Text, Access { read: true, ..NOTHING }, None),
            Provider::Memory { mode } => {
                let may = |bit: u32| mode & bit != 0;
                let access = Access { read: may(0o400), write: may(0o200), execute: may(0o100) };
                (Kind::Memory, access, access.write.then_some(Effect::Discarded))
            }
            Provider::Denied { open, file } => (Kind::Masked, if *open && !file { LOOK } else { NOTHING }, None),
            Provider::Proc => (Kind::Kernel, LOOK, None),
            Provider::Dev => (Kind::Memory, ALL, Some(Effect::Discarded)),
        }
    }

    /// What lies below a mount that shows nothing of the host.
    fn inside_own(&self, path: &Path, mount: &Mount<'a>, rest: &Path) -> (Kind, Access, Option<Effect>) {
        let discarded = Some(Effect::Discarded);
        if self.mounts.made(path).is_some() {
            return match mount.provider {
                Provider::Denied { .. } => (Kind::Made, LOOK, None),
                _ => (Kind::Made, ALL, discarded),
            };
        }
        match &mount.provider {
            Provider::Dev if DEVICES.iter().any(|name| rest == Path::new(name)) => {
                (Kind::Device, Access { execute: false, ..ALL }, discarded)
            }
            Provider::Dev if rest == Path::new("shm") => (Kind::Memory, ALL, discarded),
            Provider::Dev if rest.starts_with("pts") => (Kind::Kernel, LOOK, None),
            Provider::Proc => (Kind::Kernel, LOOK, None),
            _ => self.absent(path),
        }
    }

    fn on_host(&self, path: &Path, source: PathBuf, writable: bool, device: bool) -> (Kind, Access, Option<Effect>) {
        let (node, rights) = match self.node(&source) {
            (Node::Absent, _) => return self.absent(path),
            (Node::Unreachable, _) => return (Kind::Unreachable, NOTHING, None),
            there => there,
        };
        let access = match node {
            // A bind does not open devices unless it is told to.
            Node::Device if !device => Access { read: false, write: false, ..rights },
            Node::Device | Node::Channel => rights,
            _ => Access { write: rights.write && writable, ..rights },
        };
        let effect = access.write.then(|| Effect::Host(source.clone()));
        (Kind::Host { source, node }, access, effect)
    }

    /// What the host has at a path while the sandbox runs, and the user's rights over it: what sbc makes
    /// for the run is there already.
    fn node(&self, source: &Path) -> (Node, Access) {
        let node = self.space.node(source);
        if node != Node::Absent {
            return (node, self.space.rights(source));
        }
        let made = self.placeholders.iter().find(|placeholder| placeholder.path.starts_with(source));
        match made {
            Some(placeholder) if placeholder.directory || placeholder.path != source => (Node::Directory, ALL),
            Some(_) => (Node::File, Access { execute: false, ..ALL }),
            None => (Node::Absent, NOTHING),
        }
    }

    /// Nothing; it can be made where its directory can be written.
    fn absent(&self, path: &Path) -> (Kind, Access, Option<Effect>) {
        let Some(above) = path.parent() else { return (Kind::Absent, NOTHING, None) };
        let directory = self.look_at(above);
        let write = directory.can_be_entered() && directory.access.write;
        let effect = match directory.effect.filter(|_| write) {
            Some(Effect::Host(source)) => path.file_name().map(|name| Effect::Host(source.join(name))),
            effect => effect,
        };
        (Kind::Absent, Access { write, ..NOTHING }, effect)
    }

    /// The nearest step at or above a path that has no mount and yet decides what could come there.
    fn absent_above(&self, path: &Path) -> Option<&(PathBuf, &'a Step)> {
        let hiding = self.absent.iter().filter(|(at, step)| is_within(path, at) && step.hides_if_absent());
        hiding.max_by_key(|(at, _)| at.as_os_str().len())
    }

    /// Whether a mount decides what is at a path that it covers: nothing nearer hides it.
    fn decides(&self, mount: &Mount<'a>, path: &Path) -> bool {
        let is_deeper = |(at, _): &(PathBuf, &Step)| at.as_os_str().len() > mount.at.as_os_str().len();
        // Without a host, what may be left out may not be there to hide anything.
        let hides = |other: &&Mount<'a>| self.is_exact || other.step.is_none_or(Step::hides_if_absent);
        let mut deciding = self.mounts.above(path).filter(|other| std::ptr::eq(*other, mount) || hides(other));
        deciding.next().is_some_and(|first| std::ptr::eq(first, mount))
            && !self.absent_above(path).is_some_and(is_deeper)
    }

    /// Whether a step that could not be placed decides what is at `path`: then nothing can be said.
    pub fn is_undecided(&self, path: &SymbolicPath) -> bool {
        let Some(inside) = self.space.inside(path) else { return true };
        let Some((at, step)) = self.absent_above(&inside) else { return false };
        let mount = self.mounts.provider(&inside);
        !step.may_be_left_out() && mount.is_none_or(|mount| mount.at.as_os_str().len() < at.as_os_str().len())
    }

    /// The step that shows the host's file of this name at its own path inside, and whether it can be
    /// written.
    pub fn in_place(&self, path: &SymbolicPath) -> Option<(&'a Step, bool)> {
        let (inside, real) = (self.space.inside(path)?, self.space.real(path)?);
        let placed = self.mounts.resolve(&inside, self.space, Planted::Follow).ok()?;
        let mount = self.mounts.provider(&placed.path)?;
        let rest = placed.path.strip_prefix(&mount.at).ok()?;
        let (source, writable) = source(mount)?;
        let shown = if rest.as_os_str().is_empty() { source.to_owned() } else { source.join(rest) };
        (shown == real || shown == inside).then_some(mount.step.map(|step| (step, writable))?)
    }

    /// A step that shows any part of the host's `path` anywhere inside, or lets it be written. A step
    /// that hides it counts also where it is not there yet.
    pub fn exposes(&self, path: &Path, only_writable: bool) -> Option<&'a Step> {
        self.rule_behind(self.exposing(path, only_writable).next()?)
    }

    /// The mounts that show any part of the host's `path` anywhere inside, or let it be written.
    pub fn exposing<'v>(&'v self, path: &'v Path, only_writable: bool) -> impl Iterator<Item = &'v Mount<'a>> {
        self.mounts.iter().filter(move |mount| self.shows(mount, path, only_writable))
    }

    /// A step that shows the host's `path` at another place by showing a directory that it lies in.
    pub fn shows_elsewhere(&self, path: &Path) -> Option<(&'a Step, PathBuf)> {
        let contains = |mount: &&Mount<'a>| source(mount).is_some_and(|(source, _)| source != path);
        let mount = self.mounts.iter().filter(contains).find(|mount| {
            source(mount).is_some_and(|(source, _)| is_within(path, source)) && self.shows(mount, path, false)
        })?;
        let rest = source(mount).and_then(|(source, _)| path.strip_prefix(source).ok())?;
        Some((self.rule_behind(mount)?, mount.at.join(rest)))
    }

    /// Every place at which a process can see the host's `path` itself, with the mount that shows it
    /// there.
    pub fn shown_at(&self, path: &Path) -> Vec<(PathBuf, &Mount<'a>)> {
        let place = |mount: &Mount<'a>| {
            let (source, _) = source(mount).filter(|(source, _)| is_within(path, source))?;
            let rest = path.strip_prefix(source).ok()?;
            let at = if rest.as_os_str().is_empty() { mount.at.clone() } else { mount.at.join(rest) };
            self.decides(mount, &at).then_some(at)
        };
        self.mounts.iter().filter_map(|mount| Some((place(mount)?, mount))).collect()
    }

    fn shows(&self, mount: &Mount<'a>, path: &Path, only_writable: bool) -> bool {
        let Some((source, writable)) = source(mount) else { return false };
        if only_writable && !writable {
            return false;
        }
        // What is shown is a part of `path`; no other step can have this step's own place.
        if is_within(source, path) {
            return true;
        }
        // What is shown contains `path`: is it still this mount that provides it inside?
        is_within(path, source) && path.strip_prefix(source).is_ok_and(|rest| self.decides(mount, &mount.at.join(rest)))
    }

    /// The rule that shows what a pin only holds in place: nobody wrote the pin.
    pub fn rule_behind(&self, mount: &Mount<'a>) -> Option<&'a Step> {
        let is_pin = |mount: &&Mount<'a>| matches!(mount.step.map(|step| &step.action), Some(Action::Pin { .. }));
        let rule = if is_pin(&mount) { self.mounts.above(&mount.at).find(|above| !is_pin(above)) } else { None };
        rule.unwrap_or(mount).step
    }
}

/// The host path that a mount shows, and whether it can be written.
pub fn source<'m>(mount: &'m Mount<'_>) -> Option<(&'m Path, bool)> {
    match &mount.provider {
        Provider::Host { source, writable, .. } => Some((source, *writable)),
        Provider::Overlay { source } | Provider::Copy { source, .. } => Some((source, false)),
        _ => None,
    }
}
