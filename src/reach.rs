//! Whether a program can start inside: found on PATH there, with its links, its interpreters, its
//! dynamic loader and its libraries.
//!
//! Goes the way of the kernel, of `execvp` and of the loader over a view. What cannot be known, such
//! as a program that nobody may read, is taken for good: a false alarm is worse than a miss.

#![allow(clippy::disallowed_methods, reason = "this module reads programs of the host")]

use crate::loader::{Loader, Unfound};
use crate::program::{self, Elf, Program};
use crate::space::Node;
use crate::view::{Kind, Seen, View};
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// As many interpreters of interpreters as the kernel takes.
const MAX_DEPTH: usize = 5;

/// Where `execvp` looks without PATH.
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Where mise may be told in a project which version a shim stands for.
const MISE_FILES: [&str; 6] = ["mise.toml", ".mise.toml", "mise.local.toml", ".mise", ".tool-versions", ".config/mise"];

/// So much of a version manager's script is read.
const MAX_SHIM: u64 = 16 * 1024;

/// What a program lacks in order to start.
#[derive(Clone, Debug)]
pub enum Lack {
    /// No directory of PATH has a program of this name.
    Program(OsString),
    /// A file that is not there. Where a link leads to it, the link.
    File {
        path: PathBuf,
        link: Option<PathBuf>,
        role: Role,
    },
    /// It is there, and a rule or the rights of a directory keep the process from it.
    Closed(PathBuf),
    /// It is there, and may not be run.
    NotExecutable(PathBuf),
    Library(Unfound),
    /// Where a version manager keeps the programs that its shims stand for, or which of them it takes.
    OfShim(PathBuf),
}

/// What a file is to the one that needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The program itself.
    Program,
    /// What `#!` names.
    Interpreter,
    /// The dynamic loader.
    Loader,
}

/// Why a command does not start.
#[derive(Clone, Debug)]
pub struct Failure {
    pub lack: Lack,
    /// The program that lacks it; none for the command itself.
    pub by: Option<PathBuf>,
    /// Whether the kernel refuses the program, so that `execvp` tries the next directory of PATH.
    is_refused: bool,
}

/// A process before its start.
pub struct Start<'v, 'a> {
    pub view: &'v View<'a>,
    pub env: &'v BTreeMap<OsString, OsString>,
    pub workdir: &'v Path,
    /// The host as it is without a sandbox.
    pub host: &'v View<'a>,
}

impl Failure {
    fn new(lack: Lack, by: Option<&Path>) -> Failure {
        Failure { lack, by: by.map(Path::to_owned), is_refused: true }
    }

    /// The failure of a command of which no program is found.
    pub fn absent(command: &OsStr) -> Failure {
        Failure::new(Lack::Program(command.to_owned()), None)
    }

    /// A failure that comes when the kernel has started the program already.
    fn later(self) -> Failure {
        Failure { is_refused: false, ..self }
    }

    /// What tells this failure from another.
    pub fn key(&self) -> (u8, OsString) {
        match &self.lack {
            Lack::Program(name) => (0, name.clone()),
            Lack::File { path, .. } => (1, path.clone().into()),
            Lack::Closed(path) => (2, path.clone().into()),
            Lack::NotExecutable(path) => (3, path.clone().into()),
            Lack::Library(unfound) => (4, unfound.library.clone()),
            Lack::OfShim(path) => (5, path.clone().into()),
        }
    }
}

impl Start<'_, '_> {
    /// Why a command does not start, if it does not.
    pub fn failure(&self, command: &OsStr) -> Option<Failure> {
        self.search(command, None, 0).err()
    }

    /// The directories of PATH, absolute.
    pub fn path(&self) -> Vec<PathBuf> {
        let path = self.env.get(OsStr::new("PATH")).map_or(OsStr::new(DEFAULT_PATH), OsString::as_os_str);
        path.as_bytes().split(|byte| *byte == b':').map(|part| self.workdir.join(OsStr::from_bytes(part))).collect()
    }

    /// Where the first program of a name on PATH is, with links followed.
    pub fn find(&self, name: &OsStr) -> Option<PathBuf> {
        let candidates = self.path().into_iter().map(|directory| self.view.look(&directory.join(name)));
        let mut files = candidates.filter(|seen| matches!(seen.kind, Kind::Host { node: Node::File, .. }));
        files.next().map(|seen| seen.path)
    }

    /// Finds a program as `execvp` does, and starts it.
    fn search(&self, name: &OsStr, by: Option<&Path>, depth: usize) -> Result<(), Failure> {
        if name.as_bytes().contains(&b'/') {
            return self.start(&self.workdir.join(name), Role::Program, by, depth);
        }
        let mut first: Option<Failure> = None;
        for directory in self.path() {
            let candidate = directory.join(name);
            if matches!(self.view.look_at_link(&candidate).kind, Kind::Absent | Kind::Unreachable) {
                continue;
            }
            match self.start(&candidate, Role::Program, by, depth) {
                Err(failure) if failure.is_refused => _ = first.get_or_insert(failure),
                other => return other,
            }
        }
        Err(first.unwrap_or_else(|| Failure::new(Lack::Program(name.to_owned()), by)))
    }

    /// Starts a program as the kernel does.
    fn start(&self, path: &Path, role: Role, by: Option<&Path>, depth: usize) -> Result<(), Failure> {
        let seen = self.view.look(path);
        let Some(source) = runnable(path, &seen, role).map_err(|lack| Failure::new(lack, by))? else { return Ok(()) };
        if depth > MAX_DEPTH {
            return Ok(());
        }
        match program::read(&source) {
            Ok(Program::Script { interpreter, argument }) => {
                let interpreter = self.workdir.join(interpreter);
                self.start(&interpreter, Role::Interpreter, Some(path), depth + 1)?;
                self.behind_env(&interpreter, argument.as_deref(), path, depth).map_err(Failure::later)?;
                self.behind_shim(path, &source, depth).map_err(Failure::later)
            }
            Ok(Program::Elf(elf)) => {
                self.load(path, &seen.path, elf)?;
                self.behind_shim(path, &source, depth).map_err(Failure::later)
            }
            Ok(Program::Text) => self.start(Path::new("/bin/sh"), Role::Interpreter, Some(path), depth + 1),
            Ok(Program::Unknown) | Err(_) => Ok(()),
        }
    }

    /// The dynamic loader, and what it loads.
    fn load(&self, path: &Path, real: &Path, elf: Elf) -> Result<(), Failure> {
        let Some(loader) = elf.interpreter.as_ref().map(|loader| self.workdir.join(loader)) else { return Ok(()) };
        runnable(&loader, &self.view.look(&loader), Role::Loader).map_err(|lack| Failure::new(lack, Some(path)))?;
        let library_path = self.env.get(OsStr::new("LD_LIBRARY_PATH")).cloned();
        match Loader::new(self.view, self.workdir, library_path).first_unfound(real, elf) {
            Some(unfound) => Err(Failure::new(Lack::Library(unfound), Some(path)).later()),
            None => Ok(()),
        }
    }

    /// The program that `#!/usr/bin/env NAME` starts.
    fn behind_env(&self, interpreter: &Path, argument: Option<&OsStr>, by: &Path, depth: usize) -> Result<(), Failure> {
        let is_env = interpreter.file_name() == Some(OsStr::new("env"));
        match argument.filter(|_| is_env).and_then(env_program) {
            Some(name) if depth < MAX_DEPTH => self.search(&name, Some(by), depth + 1),
            _ => Ok(()),
        }
    }

    /// What a shim of a version manager, `ROOT/shims/NAME`, goes on with: the manager, and its versions.
    fn behind_shim(&self, path: &Path, source: &Path, depth: usize) -> Result<(), Failure> {
        let Some(shims) = path.parent().filter(|above| above.file_name() == Some(OsStr::new("shims"))) else {
            return Ok(());
        };
        if let Some(manager) = manager(source).filter(|_| depth < MAX_DEPTH) {
            self.search(&manager, Some(path), depth + 1)?;
        }
        let elsewhere = self.path().into_iter().filter(|directory| directory != shims).any(|directory| {
            let there = directory.join(path.file_name().unwrap_or_default());
            matches!(self.view.look(&there).kind, Kind::Host { node: Node::File, .. })
        });
        let is_directory = |view: &View<'_>, path: &Path| match view.look(path).kind {
            Kind::Host { node, .. } | Kind::Overlay { node, .. } => node == Node::Directory,
            _ => false,
        };
        let root = shims.parent().unwrap_or(Path::new("/"));
        let missing = ["versions", "installs"]
            .map(|name| root.join(name))
            .into_iter()
            .find(|versions| is_directory(self.host, versions) && !is_directory(self.view, versions) && !elsewhere);
        match missing.or_else(|| self.settings_of_mise(path)) {
            Some(missing) => Err(Failure::new(Lack::OfShim(missing), Some(path))),
            None => Ok(()),
        }
    }

    /// The user's settings of mise, where its shim can take the version from nothing else.
    fn settings_of_mise(&self, shim: &Path) -> Option<PathBuf> {
        let variable = |name: &str| self.env.get(OsStr::new(name)).map(PathBuf::from);
        let settings = variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")))?.join("mise");
        let is_there = |view: &View<'_>, path: &Path| !matches!(view.look(path).kind, Kind::Absent);
        let is_mise = self.view.look(shim).path.file_name() == Some(OsStr::new("mise"));
        let mut projects = self.workdir.ancestors().flat_map(|above| MISE_FILES.map(|name| above.join(name)));
        let is_told = self.env.keys().any(|name| name.as_bytes().starts_with(b"MISE_"))
            || projects.any(|file| is_there(self.view, &file));
        let is_hidden = is_there(self.host, &settings) && !is_there(self.view, &settings);
        (is_mise && is_hidden && !is_told).then_some(settings)
    }
}

/// The host's file that a process would run at a path; nothing where that cannot be known.
fn runnable(path: &Path, seen: &Seen<'_, '_>, role: Role) -> Result<Option<PathBuf>, Lack> {
    let link = || seen.links.last().map(|(link, _)| link.clone()).filter(|_| seen.path != path);
    let missing = || Lack::File { path: seen.path.clone(), link: link(), role };
    match &seen.kind {
        Kind::Host { source, node: Node::File }
        | Kind::Overlay { source, node: Node::File }
        | Kind::Copy { source } => {
            if seen.access.execute {
                Ok(Some(source.clone()))
            } else {
                Err(Lack::NotExecutable(seen.path.clone()))
            }
        }
        Kind::Host { node: Node::Directory, .. } | Kind::Overlay { node: Node::Directory, .. } => {
            Err(Lack::NotExecutable(seen.path.clone()))
        }
        Kind::Absent => Err(missing()),
        Kind::Masked | Kind::Unreachable => Err(Lack::Closed(seen.path.clone())),
        Kind::Text | Kind::Made | Kind::Memory => Err(Lack::NotExecutable(seen.path.clone())),
        Kind::Host { .. } | Kind::Overlay { .. } | Kind::Circle | Kind::Device | Kind::Kernel | Kind::Link { .. } => {
            Ok(None)
        }
    }
}

/// The program that `env` starts with one argument of a first line, if that can be told.
fn env_program(argument: &OsStr) -> Option<OsString> {
    let text = argument.to_str()?;
    let split =
        text.strip_prefix("-S").or_else(|| text.strip_prefix("--split-string=")).or_else(|| text.strip_prefix("-vS"));
    let Some(words) = split else {
        return (!text.starts_with('-') && !text.contains('=')).then(|| argument.to_owned());
    };
    if words.contains(['"', '\'', '\\', '$', '#']) {
        return None;
    }
    let program = words.split_whitespace().next()?;
    (!program.starts_with('-') && !program.contains('=')).then(|| program.into())
}

/// What a shim of a version manager becomes: the word after the `exec` that starts its last such line.
fn manager(shim: &Path) -> Option<OsString> {
    let mut bytes = Vec::new();
    std::fs::File::open(shim).ok()?.take(MAX_SHIM).read_to_end(&mut bytes).ok()?;
    let text = std::str::from_utf8(&bytes).ok()?;
    let rest = text.lines().filter_map(|line| line.strip_prefix("exec ")).next_back()?;
    let word = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next()?,
        None => rest.split_whitespace().next()?,
    };
    (!word.is_empty() && !word.contains(['$', '`', '\'', '"', '\\', '=']) && !word.starts_with('-'))
        .then(|| word.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The program behind `env` is told where that is certain, and only there.
    #[test]
    fn programs_of_env() {
        let program = |argument: &str| env_program(OsStr::new(argument));
        assert_eq!(program("node"), Some(OsString::from("node")));
        assert_eq!(program("node --flag"), Some(OsString::from("node --flag")));
        assert_eq!(program("-S deno run -A"), Some(OsString::from("deno")));
        assert_eq!(program("-Snode"), Some(OsString::from("node")));
        for unknown in ["-i node", "A=b node", "-S A=b node", "-S \"a b\"", "-S -i node"] {
            assert_eq!(program(unknown), None, "{unknown}");
        }
    }
}
