//! The facts of one machine: who runs, where things are, what exists.
//!
//! With `project.rs`, `bwrap.rs` and `exec.rs` the only code that looks at the machine.

#![allow(clippy::disallowed_methods, reason = "this module looks at the machine")]

use crate::check::{Caller, Door, SearchDirectory, Surroundings};
use crate::checked::Identity;
use crate::diagnostic::{Code, Diagnostic};
use crate::git::{self, GitDirectory};
use crate::links::{Links, Source};
use crate::mounts::HostTree;
use crate::path::{Root, SymbolicPath};
use crate::seccomp::Architecture;
use crate::space::{Access, Node, Space, split};
use crate::text::Text;
use crate::words::Variable;
use std::cell::OnceCell;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// sbc's directory among those for state.
const RECORDS: &str = "sbc";

/// Variables that name a socket or a key, and what each is.
const DOORS: [(&str, &str); 7] = [
    ("SSH_AUTH_SOCK", "your SSH agent"),
    ("DBUS_SESSION_BUS_ADDRESS", "the session bus: it starts programs outside"),
    ("DBUS_SYSTEM_BUS_ADDRESS", "the system bus: services of the host that run as root"),
    ("DOCKER_HOST", "a container service: who connects is root on the host, or you"),
    ("CONTAINER_HOST", "a container service: who connects is root on the host, or you"),
    ("WAYLAND_DISPLAY", "the desktop's windows"),
    ("XAUTHORITY", "the key to the desktop's windows"),
];

/// One machine, as one user sees it from one project.
#[derive(Clone, Debug)]
pub struct Host {
    /// Physical, without links.
    pub home: PathBuf,
    pub uid: u32,
    pub gid: u32,
    /// Physical, without links.
    pub project: PathBuf,
    /// Physical, without links: where the caller is.
    pub cwd: PathBuf,
    /// `None` where there is no filter of system calls for it.
    pub architecture: Option<Architecture>,
    /// What has been looked at.
    pub links: Links,
    /// Filled by [`Host::git`].
    pub git: OnceCell<GitDirectory>,
}

/// What this program was built for, if there is a filter of system calls for that. A 32-bit program has
/// none, whatever it runs on.
pub fn architecture() -> Option<Architecture> {
    Architecture::from_name(env::consts::ARCH)
}

impl Host {
    /// Looks at the environment and the user. `project` is made physical.
    pub fn read(project: &Path) -> Result<Host, Diagnostic> {
        let project = real(project);
        let real_home = home()?;
        if project == real_home || real_home.starts_with(&project) {
            let title = format!("the project `{}` contains your home directory", project.display());
            return Err(Diagnostic::error(Code::SBC0409, title)
                .help("a project is writable inside: go to a directory of its own, such as `cd ~/shop`, and keep the policy there"));
        }
        let cwd = env::current_dir().unwrap_or_else(|_| project.clone());
        Ok(Host {
            // Physical, so that no rule about it can be walked round by another name.
            home: real_home,
            uid: rustix::process::getuid().as_raw(),
            gid: rustix::process::getgid().as_raw(),
            project,
            cwd,
            architecture: architecture(),
            links: Links::default(),
            git: OnceCell::new(),
        })
    }

    /// The project's git directory, looked for once.
    pub fn git(&self) -> &GitDirectory {
        self.git.get_or_init(|| git::find(&self.project))
    }

    /// The value of a variable on this machine; `None` where it has none.
    pub fn value(&self, variable: Variable) -> Option<OsString> {
        let directory = |default: Option<&str>| {
            absolute(variable).or_else(|| default.map(|below| self.home.join(below).into_os_string()))
        };
        match variable {
            Variable::Home => Some(self.home.clone().into_os_string()),
            Variable::Project => Some(self.project.clone().into_os_string()),
            Variable::User => self.user(),
            Variable::Uid => Some(self.uid.to_string().into()),
            Variable::Gid => Some(self.gid.to_string().into()),
            Variable::RuntimeDir => directory(None),
            Variable::ConfigHome => directory(Some(".config")),
            Variable::CacheHome => directory(Some(".cache")),
            Variable::DataHome => directory(Some(".local/share")),
            Variable::StateHome => directory(Some(".local/state")),
            Variable::GitCommonDir => Some(self.git().elsewhere()?.common.clone().into_os_string()),
            Variable::GitWorktreeId => self.git().elsewhere()?.worktree.clone(),
        }
    }

    /// Where sbc keeps its own records, outside of every project.
    pub fn records(&self) -> PathBuf {
        self.value(Variable::StateHome).map(PathBuf::from).unwrap_or_default().join(RECORDS)
    }

    /// The user's name: from the environment, else from the password file. A name that could be
    /// more than one component of a path is none.
    fn user(&self) -> Option<OsString> {
        let plain =
            |name: &OsString| !name.is_empty() && !name.as_bytes().contains(&b'/') && name != "." && name != "..";
        let from_env = || ["USER", "LOGNAME"].into_iter().find_map(|name| env::var_os(name).filter(plain));
        from_env().or_else(|| user_name(self.uid).filter(plain))
    }

    /// A host path as a policy writes it: by the project or the home where it lies in one.
    pub fn spell(&self, path: &Path) -> String {
        let below = |base: &Path, start: &str| {
            let rest = path.strip_prefix(base).ok()?;
            Some(if rest.as_os_str().is_empty() { start.to_owned() } else { format!("{start}/{}", rest.display()) })
        };
        below(&self.project, ".").or_else(|| below(&self.home, "~")).unwrap_or_else(|| path.display().to_string())
    }

    /// What stands at a path; looked at once, where there is something.
    pub fn source(&self, path: &Path) -> io::Result<Source> {
        if let Some(known) = self.links.sources.borrow().get(path.as_os_str()) {
            return Ok(*known);
        }
        // What was not there when its links were read is not there: one look decides.
        if self.links.is_absent(path) {
            return Err(io::Error::from_raw_os_error(libc::ENOENT));
        }
        let metadata = fs::metadata(path)?;
        let (kind, identity) = (metadata.file_type(), Identity::of(&metadata));
        let is_readable = rustix::fs::access(path, rustix::fs::Access::READ_OK).is_ok();
        let source = Source { kind, identity, is_readable };
        self.links.sources.borrow_mut().insert(path.into(), source);
        Ok(source)
    }

    /// A symbolic path on this machine, lexically; the variable that has no value here if any.
    pub fn expand(&self, path: &SymbolicPath) -> Result<PathBuf, Variable> {
        let start = self.start(path.root())?;
        let mut inside = path.components().iter().flat_map(Text::variables);
        match inside.find(|variable| self.value(*variable).is_none()) {
            Some(unset) => Err(unset),
            None => Ok(path.expand(&start, &|variable| self.value(variable).unwrap_or_default())),
        }
    }

    /// Where the root of paths is on this machine.
    fn start(&self, root: Root) -> Result<PathBuf, Variable> {
        if let Some(known) = self.links.starts.borrow().get(&root) {
            return Ok(known.clone());
        }
        let start = match root.variable() {
            Some(variable) => root.at(Path::new(&self.value(variable).ok_or(variable)?)),
            None => PathBuf::from("/"),
        };
        self.links.starts.borrow_mut().insert(root, start.clone());
        Ok(start)
    }

    /// Where sbc is called from.
    pub fn caller(&self) -> Caller {
        let mounts = fs::read("/proc/self/mountinfo").unwrap_or_default();
        Caller { mounts: mounts.iter().filter(|byte| **byte == b'\n').count() }
    }

    /// Reads the names in the directories of which rules and guards name so much that a look at the whole is
    /// cheaper than one at each.
    pub fn look_around(&self) {
        let places = [".config", ".local/share"].map(|below| self.home.join(below));
        let runtime = self.value(Variable::RuntimeDir).map(PathBuf::from).unwrap_or_default();
        places.iter().chain([&self.home, &self.project, &runtime]).for_each(|directory| self.links.list(directory));
    }

    /// What the caller's environment names.
    pub fn surroundings(&self) -> Surroundings {
        let tree = HostTree::new(&[]);
        let runtime = self.value(Variable::RuntimeDir).map(PathBuf::from).unwrap_or_default();
        self.look_around();
        let mut search_path: Vec<SearchDirectory> = Vec::new();
        for entry in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
            // An empty one is the caller's directory, as every relative one starts there.
            let Ok(placed) = tree.follow(&self.cwd.join(&entry), self) else { continue };
            if !search_path.iter().any(|other| other.real == placed.path) {
                let links = placed.links.into_iter().map(|(link, _)| link).collect();
                search_path.push(SearchDirectory { entry: self.cwd.join(entry), links, real: placed.path });
            }
        }
        let door = |(variable, about): &(&str, &'static str)| {
            let path = runtime.join(socket(&env::var_os(variable)?)?);
            let real = path.is_absolute().then(|| tree.resolve(&path, self).ok())??;
            Some(Door { real, about })
        };
        Surroundings { search_path, doors: DOORS.iter().filter_map(door).collect() }
    }

    /// As [`Host::expand`], with links followed; a circle of links has no end and so no path.
    pub fn real(&self, path: &SymbolicPath) -> Option<PathBuf> {
        self.without_links(&self.expand(path).ok()?)
    }

    /// A path with its links followed. Where its directory is known already, there is only a name to look at.
    fn without_links(&self, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.links.followed.borrow().get(path.as_os_str()) {
            return known.clone();
        }
        let plain = split(path).and_then(|(above, name)| Some(self.without_links(above)?.join(name)));
        let followed = match plain {
            Some(plain) if self.links.read(&plain).is_none() => Some(plain),
            _ => HostTree::new(&[]).resolve(path, self).ok(),
        };
        self.links.followed.borrow_mut().insert(path.into(), followed.clone());
        followed
    }
}

impl Space for Host {
    fn inside(&self, path: &SymbolicPath) -> Option<PathBuf> {
        self.expand(path).ok()
    }

    fn real(&self, path: &SymbolicPath) -> Option<PathBuf> {
        Host::real(self, path)
    }

    fn follow(&self, path: &Path) -> Option<PathBuf> {
        self.without_links(path)
    }

    fn link(&self, path: &Path) -> Option<PathBuf> {
        self.links.read(path)
    }

    fn node(&self, path: &Path) -> Node {
        let kind = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.file_type(),
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Node::Unreachable,
            Err(_) => return Node::Absent,
        };
        match () {
            () if kind.is_symlink() => Node::Link,
            () if kind.is_dir() => Node::Directory,
            () if kind.is_char_device() || kind.is_block_device() => Node::Device,
            () if kind.is_socket() || kind.is_fifo() => Node::Channel,
            () => Node::File,
        }
    }

    fn rights(&self, path: &Path) -> Access {
        use rustix::fs::Access as Right;
        let may = |right| rustix::fs::access(path, right).is_ok();
        Access { read: may(Right::READ_OK), write: may(Right::WRITE_OK), execute: may(Right::EXEC_OK) }
    }

    fn spell(&self, path: &Path) -> String {
        Host::spell(self, path)
    }
}

/// The path that a variable names: by itself, or in an address such as `unix:path=/run/bus,guid=1` or
/// `unix:///run/docker.sock`. What is no file has none.
fn socket(value: &OsStr) -> Option<PathBuf> {
    let text = value.as_bytes();
    let path = match text.strip_prefix(b"unix:") {
        Some(rest) => {
            let rest = rest.strip_prefix(b"path=").or_else(|| rest.strip_prefix(b"//"))?;
            rest.split(|byte| matches!(byte, b',' | b';')).next()?
        }
        None if text.contains(&b':') => return None,
        None => text,
    };
    (!path.is_empty()).then(|| PathBuf::from(OsStr::from_bytes(path)))
}

/// A path with its links followed, as far as it exists.
fn real(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// The caller's value for a directory.
fn absolute(variable: Variable) -> Option<OsString> {
    env::var_os(variable.word()).filter(|value| Path::new(value).is_absolute())
}

/// The user's home, physical.
fn home() -> Result<PathBuf, Diagnostic> {
    let home = absolute(Variable::Home).ok_or_else(|| {
        Diagnostic::error(Code::SBC0410, "`HOME` is not set to an absolute path")
            .help("set it, such as `HOME=/home/me sbc …`")
    })?;
    Ok(real(Path::new(&home)))
}

/// As [`Host::records`], where there is no project.
pub fn records() -> Result<PathBuf, Diagnostic> {
    let state = absolute(Variable::StateHome).map(PathBuf::from);
    Ok(state.map_or_else(|| home().map(|home| home.join(".local/state")), Ok)?.join(RECORDS))
}

/// A user's name by the password file.
pub fn user_name(uid: u32) -> Option<OsString> {
    let passwd = fs::read("/etc/passwd").ok()?;
    let uid = uid.to_string();
    let mut fields =
        passwd.split(|byte| *byte == b'\n').map(|line| line.split(|byte| *byte == b':').collect::<Vec<_>>());
    let line = fields.find(|line| line.get(2) == Some(&uid.as_bytes()))?;
    line.first().map(|name| OsStr::from_bytes(name).to_owned())
}
