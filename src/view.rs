//! What a process inside sees: for any path what is there, what it may do, and which rule decided.
//!
//! Pure over a plan, where paths are symbols and nothing is known of what exists. Over the mounts
//! that an invocation really makes, with the host as [`Space`], the same model is exact.

use crate::mounts::{Mount, Mounts, Placeholder, Planted, Provider, Unplaced};
use crate::path::SymbolicPath;
use crate::plan::{Action, Plan, Step};
use crate::policy::Grant;
use crate::space::{Access, Node, Space, Symbols};
use std::path::{Path, PathBuf};

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
    pub(crate) mounts: Mounts<'a>,
    /// Steps without a mount, where they would stand: they hide what could come there.
    pub(crate) absent: Vec<(PathBuf, &'a Step)>,
    /// What is made on the host before the start.
    placeholders: Vec<Placeholder>,
    pub(crate) space: &'a dyn Space,
    /// Whether the mounts are those of a host, so that what has none is not there.
    pub(crate) is_exact: bool,
}

/// The names in a `/dev` that bubblewrap makes, besides links and directories.
pub const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

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
                    Grant::Copy => {
                        Provider::Copy { source: source(path), writable: step.is_writable_copy(), executable: true }
                    }
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
            Ok(placed) => {
                // A link in a directory that may not be entered leads nowhere.
                let closed = placed.links.iter().find(|(at, _)| self.closed_above(at)).map(|(at, _)| at.clone());
                Seen { links: placed.links, ..self.look_at(&closed.unwrap_or(placed.path)) }
            }
            Err(Unplaced::Circle(path) | Unplaced::Planted(path)) => {
                Seen { path, links: Vec::new(), kind: Kind::Circle, access: Access::NONE, effect: None, mount: None }
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
            _ if self.closed_above(path) => (Kind::Unreachable, Access::NONE, None),
            Some(to) => (Kind::Link { to }, Access::LOOK, None),
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
            return if is_there { (Kind::Made, Access::LOOK, None) } else { (Kind::Absent, Access::NONE, None) };
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
                    (Node::Unreachable, _) => (Kind::Unreachable, Access::NONE, None),
                    (node, rights) => {
                        let access = if at_mount { Access::ALL } else { rights };
                        (Kind::Overlay { source, node }, access, access.write.then_some(Effect::Discarded))
                    }
                }
            }
            _ if !at_mount => self.inside_own(path, mount, rest),
            Provider::Copy { source, writable, executable } => {
                let access = Access { read: true, write: *writable, execute: *executable };
                (Kind::Copy { source: source.clone() }, access, writable.then_some(Effect::Discarded))
            }
            Provider::Text => (Kind::Text, Access { read: true, ..Access::NONE }, None),
            Provider::Memory { mode } => {
                let may = |bit: u32| mode & bit != 0;
                let access = Access { read: may(0o400), write: may(0o200), execute: may(0o100) };
                (Kind::Memory, access, access.write.then_some(Effect::Discarded))
            }
            Provider::Denied { open, file } => {
                (Kind::Masked, if *open && !file { Access::LOOK } else { Access::NONE }, None)
            }
            Provider::Proc => (Kind::Kernel, Access::LOOK, None),
            Provider::Dev => (Kind::Memory, Access::LOOK, None),
        }
    }

    /// What lies below a mount that shows nothing of the host.
    fn inside_own(&self, path: &Path, mount: &Mount<'a>, rest: &Path) -> (Kind, Access, Option<Effect>) {
        let discarded = Some(Effect::Discarded);
        if self.mounts.made(path).is_some() {
            return match mount.provider {
                Provider::Denied { .. } | Provider::Dev => (Kind::Made, Access::LOOK, None),
                _ => (Kind::Made, Access::ALL, discarded),
            };
        }
        match &mount.provider {
            Provider::Dev if DEVICES.iter().any(|name| rest == Path::new(name)) => {
                (Kind::Device, Access { execute: false, ..Access::ALL }, discarded)
            }
            Provider::Dev if rest == Path::new("shm") => (Kind::Memory, Access::LOOK, None),
            Provider::Dev if rest.starts_with("pts") => (Kind::Kernel, Access::LOOK, None),
            Provider::Proc => (Kind::Kernel, Access::LOOK, None),
            _ => self.absent(path),
        }
    }

    fn on_host(&self, path: &Path, source: PathBuf, writable: bool, device: bool) -> (Kind, Access, Option<Effect>) {
        let (node, rights) = match self.node(&source) {
            (Node::Absent, _) => return self.absent(path),
            (Node::Unreachable, _) => return (Kind::Unreachable, Access::NONE, None),
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
            Some(placeholder) if placeholder.directory || placeholder.path != source => (Node::Directory, Access::ALL),
            Some(_) => (Node::File, Access { execute: false, ..Access::ALL }),
            None => (Node::Absent, Access::NONE),
        }
    }

    /// Nothing; it can be made where its directory can be written.
    fn absent(&self, path: &Path) -> (Kind, Access, Option<Effect>) {
        let Some(above) = path.parent() else { return (Kind::Absent, Access::NONE, None) };
        let directory = self.look_at(above);
        let write = directory.can_be_entered() && directory.access.write;
        let effect = match directory.effect.filter(|_| write) {
            Some(Effect::Host(source)) => path.file_name().map(|name| Effect::Host(source.join(name))),
            effect => effect,
        };
        (Kind::Absent, Access { write, ..Access::NONE }, effect)
    }
}
