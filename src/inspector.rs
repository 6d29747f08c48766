//! Looks at the host for each step of a plan: what is bound, copied or left out there.
//!
//! Changes nothing. What is wrong is reported with the rule that asked.

#![allow(clippy::disallowed_methods, reason = "sources are looked up on the host")]

use crate::absent;
use crate::arguments::Data;
use crate::builtin;
use crate::checked::{Checked, Identity};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::links::Source;
use crate::mounts::{Guarded, HostTree, Placeholder, Unplaced};
use crate::operation::{Operation, Request, granted, reproduce_link, shows_in_place};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Action, Content, Place, Step};
use crate::policy::Grant;
use crate::project::{DIRECTORY, LOCAL, POLICY};
use crate::rule::quote;
use crate::space::{Space, is_within};
use crate::text::Text;
use crate::words::{Missing, Variable};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::FileTypeExt;
use std::path::{Path, PathBuf};

/// Turns steps into requests.
pub struct Inspector<'a, 'o> {
    pub host: &'a Host,
    pub out: &'o mut Diagnostics,
    /// The host, with everything that the sandbox can write on it.
    tree: HostTree,
    pub placeholders: Vec<Placeholder>,
    /// What is looked at after the run.
    pub guarded: Guarded,
    /// Steps without a mount, where they would stand: skipped ones, and those with a problem.
    pub absent: Vec<(PathBuf, &'a Step)>,
}

impl<'a, 'o> Inspector<'a, 'o> {
    pub fn new(content: &Content, host: &'a Host, out: &'o mut Diagnostics) -> Inspector<'a, 'o> {
        let source = |step: &Step| match &step.action {
            Action::Host { grant: Grant::ReadWrite, source, .. } => Space::real(host, source),
            _ => None,
        };
        let writable: Vec<PathBuf> = content.steps.iter().filter_map(source).collect();
        Inspector {
            host,
            out,
            tree: HostTree::new(&writable),
            placeholders: Vec::new(),
            guarded: Guarded::default(),
            absent: Vec::new(),
        }
    }

    /// The requests of all steps, parents first. Steps that are skipped or wrong have none.
    pub fn requests(&mut self, placed: &[(&'a Step, PathBuf)]) -> Vec<Request<'a>> {
        let mut requests: Vec<Request<'a>> = Vec::new();
        for (step, at) in placed {
            if step.guards_name().is_some() {
                self.guard(at);
            }
            match self.operation(step) {
                Some(operation) => requests.push(Request { step, at: at.clone(), operation }),
                None if matches!(step.action, Action::Pin { .. }) => {}
                None => self.absent.push((at.clone(), step)),
            }
        }
        // Last, because what is pinned may have to be made for what lies in it.
        let is_pin = |step: &Step| matches!(step.action, Action::Pin { .. });
        for (step, at) in placed.iter().filter(|(step, _)| is_pin(step)) {
            let below = requests.iter().filter(|request| request.at != *at && is_within(&request.at, at));
            let is_shown = |request: &Request<'_>| !matches!(request.operation, Operation::Deny { .. });
            let (holds, needed) = (below.clone().next().is_some(), below.clone().any(is_shown));
            if let Some(operation) = self.pin(step, holds, needed) {
                requests.push(Request { step, at: at.clone(), operation });
            }
        }
        let shown: Vec<(PathBuf, bool)> =
            requests.iter().map(|request| (request.at.clone(), shows_in_place(request))).collect();
        let targets: Vec<Request<'a>> =
            requests.iter_mut().filter_map(|request| reproduce_link(request, &shown)).collect();
        requests.extend(targets);
        // Components, not bytes: `/a/b` comes before `/a.b`.
        requests.sort_by(|one, other| one.at.cmp(&other.at));
        requests
    }

    /// Notes what is to be looked for in the whole project because a rule guards this path.
    fn guard(&mut self, at: &Path) {
        let project = &self.host.project;
        if at.starts_with(project.join(".git")) {
            self.guarded.repository = Some(project.clone());
        }
        // Policies and repositories are looked for anyway.
        let is_own = |name: &OsStr| [POLICY, LOCAL, DIRECTORY, ".git"].iter().any(|own| name == *own);
        let in_root = at.file_name().filter(|_| at.parent() == Some(project));
        self.guarded.names.extend(in_root.filter(|name| !is_own(name)).map(OsStr::to_owned));
    }

    /// A directory that must not be renamed, where it `holds` a mount. One that is not there is made where it is `needed`. A
    /// file in its place, such as `.git`, decides where what the rules protect is, and stays as it is.
    fn pin(&mut self, step: &Step, holds: bool, needed: bool) -> Option<Operation> {
        let Action::Pin { source } = &step.action else { return None };
        let path = self.source(step, source)?;
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() && holds => {}
            Ok(there) if there.is_file() => {
                self.guarded.kept.push(path.clone());
                let source = Checked { path, directory: false, identity: Some(Identity::of(&there)) };
                return Some(Operation::Bind { option: "--ro-bind", source, writable: false });
            }
            Err(_) if needed => self.placeholder(step, &path, true),
            // What is there and no directory has been reported with the rule below it.
            _ => return None,
        }
        // Another run may have made it, and remove it before this one makes it anew.
        let source = Checked { path, directory: true, identity: None };
        Some(Operation::Bind { option: "--bind", source, writable: true })
    }

    /// What a step does on this host; `None` when it is skipped or cannot be done.
    fn operation(&mut self, step: &Step) -> Option<Operation> {
        Some(match &step.action {
            Action::Host { grant, source, missing, merged_usr, .. } => {
                return self.grant(step, *grant, source, *missing, merged_usr.as_deref());
            }
            Action::Pin { .. } => return None,
            Action::File { text } => {
                let bytes = whole_lines(self.text(text, &step.origins)?);
                let option = if step.is_plain_file() { "--file" } else { "--ro-bind-data" };
                Operation::Data { option, mode: 0o444, data: Data::Bytes(bytes) }
            }
            Action::Tmpfs { size, mode } => Operation::Tmpfs { size: *size, mode: mode.unwrap_or(0o755) },
            Action::Directory => Operation::Directory,
            Action::Symlink { to } => Operation::Symlink { to: self.text(to, &step.origins)? },
            Action::Deny { open } => Operation::Deny { open: *open },
            Action::Proc => Operation::Proc,
            Action::Dev => Operation::Dev,
        })
    }

    fn grant(
        &mut self,
        step: &Step,
        grant: Grant,
        source: &SymbolicPath,
        missing: Missing,
        merged_usr: Option<&str>,
    ) -> Option<Operation> {
        let real = self.source(step, source)?;
        if let Some(link) = merged_usr.filter(|link| real == Path::new("/").join(link)) {
            return Some(Operation::Symlink { to: link.into() });
        }
        let Source { kind, identity, is_readable } = match self.host.source(&real) {
            Ok(source) => source,
            Err(error) => return self.absent(step, &real, &error, grant, missing),
        };
        let fits = match grant {
            Grant::Copy => kind.is_file(),
            Grant::Overlay => kind.is_dir(),
            Grant::Device => kind.is_char_device() || kind.is_block_device(),
            Grant::ReadOnly | Grant::ReadWrite => true,
        };
        if !fits {
            self.wrong_kind(step, &real, grant);
            return None;
        }
        if grant != Grant::Device && !is_readable {
            self.report(&step.origins, absent::unreadable(self.host, &real));
            return None;
        }
        let mut identity = Some(identity);
        if let Some(directory) = missing.makes_directory() {
            // Another run may have made it; then the last one removes it, and this one may make it anew.
            self.made(step, &real, directory);
            identity = None;
        }
        if grant == Grant::ReadOnly && step.place == Place::Writable {
            self.guarded.kept.push(real.clone());
        }
        Some(granted(step, grant, Checked { path: real, directory: kind.is_dir(), identity }))
    }

    /// What to do about a source that is not there.
    fn absent(
        &mut self,
        step: &Step,
        real: &Path,
        error: &io::Error,
        grant: Grant,
        missing: Missing,
    ) -> Option<Operation> {
        if error.kind() == io::ErrorKind::PermissionDenied {
            self.report(&step.origins, absent::unreadable(self.host, real));
            return None;
        }
        if step.guards_name().is_some() {
            self.guarded.absent.push(real.to_owned());
        }
        match missing {
            Missing::Skip | Missing::Watch => None,
            // A name is held where its directory is there already.
            Missing::HoldDir | Missing::HoldFile
                if step.guards_name().is_none() || !real.parent().is_some_and(|above| self.is_directory(above)) =>
            {
                None
            }
            Missing::Error => {
                let (mut diagnostic, near) = absent::missing(self.host, &self.written(step, real));
                match (step.origins.first(), near) {
                    (Some(origin), _) if builtin::holds(origin) => {
                        let note = "the rule stands in a built-in profile: write it anew in your sandbox to change it";
                        diagnostic = diagnostic.note(note);
                    }
                    (Some(origin), Some(near)) => diagnostic = diagnostic.suggest(origin.location, quote(&near)),
                    _ => {}
                }
                self.report(&step.origins, diagnostic);
                None
            }
            Missing::CreateDir | Missing::CreateFile | Missing::HoldDir | Missing::HoldFile => {
                let directory = missing.makes_directory() == Some(true);
                self.made(step, real, directory);
                Some(granted(step, grant, Checked { path: real.to_owned(), directory, identity: None }))
            }
        }
    }

    fn is_directory(&self, path: &Path) -> bool {
        self.host.source(path).is_ok_and(|there| there.kind.is_dir())
    }

    /// The source of a step before any link is followed, as its author knows it.
    fn written(&self, step: &Step, real: &Path) -> PathBuf {
        let source = match &step.action {
            Action::Host { source, .. } => self.host.expand(source).ok(),
            _ => None,
        };
        source.unwrap_or_else(|| real.to_owned())
    }

    /// Lists a path that has to exist while the sandbox runs.
    pub fn placeholder(&mut self, step: &Step, path: &Path, directory: bool) {
        self.list(step, Placeholder { path: path.to_owned(), directory, text: Vec::new() });
    }

    /// Lists a path that a step asks to be made, with what it holds.
    fn made(&mut self, step: &Step, path: &Path, directory: bool) {
        let text = match &step.action {
            Action::Host { text: Some(text), .. } => self.text(text, &step.origins).map(whole_lines),
            _ => None,
        };
        self.list(step, Placeholder { path: path.to_owned(), directory, text: text.unwrap_or_default() });
    }

    /// A path cannot be a file for one rule and a directory for another.
    fn list(&mut self, step: &Step, new: Placeholder) {
        let clashes = |other: &Placeholder| match other.path == new.path {
            true => other.directory != new.directory,
            false => {
                !new.directory && other.path.starts_with(&new.path)
                    || !other.directory && new.path.starts_with(&other.path)
            }
        };
        if let Some(other) = self.placeholders.iter().find(|other| clashes(other)) {
            let title = format!(
                "`{}` is not there, and would have to be a file for one rule and a directory for another",
                if other.path.starts_with(&new.path) { &new.path } else { &other.path }.display()
            );
            return self.problem(&step.origins, Code::SBC0406, title, "remove one of the two rules");
        }
        self.placeholders.push(new);
    }

    fn wrong_kind(&mut self, step: &Step, real: &Path, grant: Grant) {
        let (wants, help) = match grant {
            Grant::Copy => ("a file", "write `ro` to show it, or `overlay` to change it privately"),
            Grant::Overlay => ("a directory", "write `copy` for a file"),
            _ => ("a device", "write `ro` for what is not a device"),
        };
        self.problem(
            &step.origins,
            Code::SBC0406,
            format!("`{}` takes {wants}, and `{}` is none", grant.word(), real.display()),
            help,
        );
    }

    /// The real host path behind a symbolic one.
    fn source(&mut self, step: &Step, source: &SymbolicPath) -> Option<PathBuf> {
        let path = match self.host.expand(source) {
            Ok(path) => path,
            Err(variable) => {
                if !step.may_be_left_out() {
                    self.unset(&step.origins, variable);
                }
                return None;
            }
        };
        // Where no link lies on the way, none can be planted; that is known from before.
        if Space::follow(self.host, &path).as_ref() == Some(&path) {
            return Some(path);
        }
        let real = self.tree.resolve(&path, self.host).map_err(|error| self.unplaced(step, &path, error)).ok()?;
        // A rule about the project is trusted as one. What a link in a repository makes of it was not seen.
        if path.starts_with(&self.host.project) && !real.starts_with(&self.host.project) {
            let (path, real) = (path.display(), real.display());
            let title = format!("`{path}` is reached by a symbolic link that leads out of the project, to `{real}`");
            let help = format!("the repository could point it anywhere: write the path that it leads to, `{real}`");
            self.problem(&step.origins, Code::SBC0408, title, &help);
            return None;
        }
        Some(real)
    }

    /// Reports a path that cannot be followed.
    pub fn unplaced(&mut self, step: &Step, path: &Path, error: Unplaced) {
        match error {
            Unplaced::Planted(link) => {
                let leads =
                    fs::read_link(&link).map(|target| format!(" to `{}`", target.display())).unwrap_or_default();
                let title =
                    format!("`{}` is a symbolic link{leads} in a directory that the sandbox can write", link.display());
                let path = quote(&step.at.to_string());
                let help = format!(
                    "the sandbox could point it anywhere: replace the link by what it leads to, or take the rule away \
                     (`remove {path}` if it is inherited)"
                );
                self.problem(&step.origins, Code::SBC0408, title, &help);
            }
            Unplaced::Circle(_) => {
                let title = format!("the links of `{}` lead in a circle", path.display());
                self.problem(&step.origins, Code::SBC0404, title, "mend the links on the host");
            }
        }
    }

    /// A text with the values of this host.
    pub fn text(&mut self, text: &Text, origins: &[Origin]) -> Option<OsString> {
        let host = self.host;
        if let Some(unset) = text.variables().find(|variable| host.value(*variable).is_none()) {
            self.unset(origins, unset);
            return None;
        }
        Some(text.expand(&|variable| host.value(variable).unwrap_or_default()))
    }

    fn unset(&mut self, origins: &[Origin], variable: Variable) {
        self.report(origins, absent::unset(variable));
    }

    /// Reports a problem with the first of the rules behind it.
    pub fn problem(&mut self, origins: &[Origin], code: Code, title: String, help: &str) {
        self.report(origins, Diagnostic::error(code, title).help(help));
    }

    /// Reports a diagnostic at the first of the rules behind it.
    fn report(&mut self, origins: &[Origin], diagnostic: Diagnostic) {
        self.out.push(match origins.first() {
            Some(origin) => diagnostic.at(origin.location, "this rule"),
            None => diagnostic,
        });
    }
}

/// A text with the newline that a file ends in.
fn whole_lines(text: OsString) -> Vec<u8> {
    let mut bytes = text.into_vec();
    if bytes.last().is_some_and(|last| *last != b'\n') {
        bytes.push(b'\n');
    }
    bytes
}
