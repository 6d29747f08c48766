//! Plan and host make the exact arguments of bubblewrap.
//!
//! Looks at the host and changes nothing: what has to be created is listed, not made. Whatever
//! cannot be honoured is a problem, and with a problem nothing runs.

#![allow(clippy::disallowed_methods, reason = "this module resolves a plan on a host")]

use crate::arguments::{self, Argument, Data, Effect};
use crate::check::{assertions, denials, state};
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostics};
use crate::env;
use crate::host::Host;
use crate::inspector::Inspector;
use crate::isolation;
use crate::layout;
use crate::merge::Resolved;
use crate::mounts::{Guarded, Mount, Mounts, Placed, Placeholder, Planted, Provider};
use crate::operation::{Operation, Request};
use crate::optimise::{self, Change};
use crate::origin::Origin;
use crate::plan::{Content, Step};
use crate::policy::{EnvRule, Setting};
use crate::race::{Footprint, Spot};
use crate::seccomp;
use crate::source::Location;
use crate::view::{Kind, Seen, View};
use crate::words::{Namespace, SettingKey, Terminal};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

/// Everything that starts one sandbox on one host.
#[derive(Clone, Debug, Default)]
pub struct Invocation {
    /// What comes before `--`.
    pub options: Vec<Argument>,
    pub env: BTreeMap<OsString, OsString>,
    /// The variables inside that steer the dynamic loader, and so are no part of bubblewrap's own.
    pub loader_env: BTreeMap<OsString, OsString>,
    /// Where the command starts, inside and without links.
    pub workdir: PathBuf,
    /// The policy's command, without the caller's arguments.
    pub command: Vec<OsString>,
    pub placeholders: Vec<Placeholder>,
    /// What is looked at after the run.
    pub guarded: Guarded,
    pub footprint: Footprint,
    /// Whether the command gets a session without the caller's terminal.
    pub new_session: bool,
    /// Whether the processes of the host are not its own.
    pub own_processes: bool,
    /// Whether `/proc` is there, through which sbc starts the command.
    pub has_proc: bool,
    /// How many file systems get mounted.
    pub mounts: usize,
    /// What needs no mount of its own.
    pub changes: Vec<Change>,
    /// The sources and the places that bubblewrap may complain of, with the rule behind each.
    pub rules: Vec<(PathBuf, Location)>,
}

/// Which mounts an invocation makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// One for each rule that needs one.
    Written,
    /// The fewest that show the same.
    Optimised,
}

impl Form {
    /// The form that starts, but for doubt.
    pub const fn of(no_optimise: bool) -> Form {
        if no_optimise { Form::Written } else { Form::Optimised }
    }
}

/// Resolves a plan on a host, one mount for each rule, and gives what a process inside will see. What is wrong
/// goes to `out`; then the invocation is not to be used.
pub fn resolve<'a>(compiled: &'a Compiled, host: &'a Host, out: &mut Diagnostics) -> (Invocation, View<'a>) {
    resolve_as(Form::Written, compiled, host, out)
}

/// As [`resolve`], with the mounts of this form.
pub fn resolve_as<'a>(
    form: Form,
    compiled: &'a Compiled,
    host: &'a Host,
    out: &mut Diagnostics,
) -> (Invocation, View<'a>) {
    let (invocation, view) = draw(form, compiled, host, out);
    check(compiled, host, &view, out);
    (invocation, view)
}

/// As [`resolve_as`], without looking whether the sandbox may run: nothing must run in it before [`check`] has.
pub fn draw<'a>(form: Form, compiled: &'a Compiled, host: &'a Host, out: &mut Diagnostics) -> (Invocation, View<'a>) {
    let mut found = Diagnostics::default();
    let (invocation, view) = build(form, compiled, host, &mut found);
    if !optimise::is_same(view.mounts(), &invocation.changes, host) {
        return build(Form::Written, compiled, host, out);
    }
    out.extend(found);
    (invocation, view)
}

/// Whether the sandbox may run: once more, over what is really mounted. Symbols cannot tell what lies behind links.
pub fn check(compiled: &Compiled, host: &Host, view: &View<'_>, out: &mut Diagnostics) {
    assertions::check(&compiled.merged, &compiled.plan, view, Some(&host.surroundings()), out);
    denials::check(&compiled.plan, view, out);
    state::check(&compiled.plan, host, out);
}

fn build<'a>(form: Form, compiled: &'a Compiled, host: &'a Host, out: &mut Diagnostics) -> (Invocation, View<'a>) {
    let content = &compiled.plan.content;
    host.look_around();
    let inspector = Inspector::new(content, host, out);
    let mut builder =
        Builder { inspector, mounts: Mounts::default(), read_only: Vec::new(), invocation: Invocation::default() };
    builder.isolation(content);
    builder.steps(content, form);
    builder.limits(compiled);
    let (mounts, absent) = (std::mem::take(&mut builder.mounts), std::mem::take(&mut builder.inspector.absent));
    let view = View::new(mounts, absent, builder.inspector.placeholders.clone(), host);
    let workdir = compiled.merged.settings.get(&SettingKey::Workdir);
    builder.workdir(content, &view, workdir.map(|resolved| resolved.origins.as_slice()).unwrap_or_default());
    builder.environment(content);
    let Builder { inspector, mut invocation, .. } = builder;
    invocation.placeholders = inspector.placeholders;
    invocation.guarded = inspector.guarded;
    (invocation, view)
}

/// What every step of a plan comes to on a host, as written; what is wrong goes to `out`.
pub fn requests<'a>(content: &'a Content, host: &'a Host, out: &mut Diagnostics) -> Vec<Request<'a>> {
    let mut inspector = Inspector::new(content, host, out);
    let placed = layout::place(&content.steps, host, inspector.out);
    inspector.requests(&placed)
}

struct Builder<'a, 'o> {
    inspector: Inspector<'a, 'o>,
    mounts: Mounts<'a>,
    /// What is made read-only when everything stands.
    read_only: Vec<PathBuf>,
    invocation: Invocation,
}

impl<'a> Builder<'a, '_> {
    fn option<const N: usize>(&mut self, words: [OsString; N]) {
        self.invocation.options.extend(arguments::words(words));
    }

    fn isolation(&mut self, content: &Content) {
        self.invocation
            .options
            .extend(isolation::options(content).into_iter().map(|option| Argument::Word(option.into())));
        if let Some(hostname) = &content.hostname {
            self.option(["--hostname".into(), hostname.into()]);
        }
        self.invocation.own_processes = !content.shared.contains(&Namespace::Pid);
        let architecture = self.inspector.host.architecture;
        self.invocation.new_session = match content.terminal {
            Terminal::Guarded => architecture.is_none() && isolation::injection_possible(),
            Terminal::NewSession => true,
            Terminal::Inherit => false,
        };
        if self.invocation.new_session {
            self.option(["--new-session".into()]);
        }
        if let Some(architecture) = architecture {
            self.option(["--seccomp".into()]);
            let program = seccomp::program(architecture, content);
            self.invocation.options.push(Argument::Data(Data::Bytes(program)));
        }
    }

    fn steps(&mut self, content: &'a Content, form: Form) {
        let placed = layout::place(&content.steps, self.inspector.host, self.inspector.out);
        let mut requests = self.inspector.requests(&placed);
        if form == Form::Optimised {
            (requests, self.invocation.changes) = optimise::optimise(requests, self.inspector.host);
        }
        for request in requests {
            self.emit(request);
        }
        for path in std::mem::take(&mut self.read_only) {
            self.option(["--remount-ro".into(), path.into()]);
        }
        if self.mounts.provider(Path::new("/")).is_none() {
            self.option(["--remount-ro".into(), "/".into()]);
        }
    }

    /// Emits one request on the place that it really has inside.
    fn emit(&mut self, request: Request<'a>) {
        let placed = match self.mounts.resolve(&request.at, self.inspector.host, Planted::Refuse) {
            Ok(placed) => placed,
            Err(error) => return self.inspector.unplaced(request.step, &request.at, error),
        };
        if let Some(buried) = self.mounts.buried(&request.at, &placed.path, request.operation.read_only()) {
            return layout::buried_by_link(buried, &request, &placed.path, self.inspector.out);
        }
        if let Some(file) =
            self.mounts.provider(&placed.path).filter(|mount| mount.is_file() && mount.at != placed.path)
        {
            return layout::below_a_file(file, &request, self.inspector.out);
        }
        self.mounts.note_move(&request.at, &placed.path);
        if let Operation::Deny { open } = request.operation {
            return self.deny(request.step, placed, open);
        }
        self.mount_point(&request, &placed);
        self.stands_on(&placed);
        let at = placed.path;
        if let Some(origin) = request.step.origins.first() {
            let source = match &request.operation {
                Operation::Bind { source, .. } | Operation::Overlay { source } => Some(source.path.clone()),
                _ => None,
            };
            let paths = source.into_iter().chain([at.clone()]);
            self.invocation.rules.extend(paths.map(|path| (path, origin.location)));
        }
        match &request.operation {
            // bubblewrap would make these on the host, and follow planted links (CVE-2026-87766).
            Operation::Directory | Operation::Symlink { .. } if placed.host.is_some() => {
                let title = format!("`{}` would have to be made on the host, which sbc does not do", request.step.at);
                let help = "make it on the host yourself, or leave the rule out";
                return self.inspector.problem(&request.step.origins, Code::SBC0403, title, help);
            }
            Operation::Bind { source, writable: true, .. } => {
                let in_place = source.path == at;
                self.invocation.footprint.writable.push(Spot { path: source.path.clone(), in_place });
            }
            Operation::Proc => self.invocation.has_proc |= at == Path::new("/proc"),
            // It is a tmpfs without a size.
            Operation::Dev => self.read_only.push(at.clone()),
            _ => {}
        }
        let Some((arguments, effect)) = arguments::arguments(&request, &at) else { return };
        self.invocation.options.extend(arguments);
        match effect {
            Effect::Directory => self.mounts.add_directory(at, request.step),
            Effect::Link(to) => self.mounts.add_link(at, to, request.step),
            Effect::Mount(provider) => {
                self.invocation.mounts += usize::from(!request.step.is_plain_file());
                self.mounts.add(Mount { at, provider, step: Some(request.step) });
            }
        }
    }

    /// Hides what is there; where nothing is there, nothing is done.
    fn deny(&mut self, step: &'a Step, placed: Placed, open: bool) {
        let nothing = |builder: &mut Self| builder.inspector.absent.push((placed.path.clone(), step));
        let Some(host) = placed.host.clone() else { return nothing(self) };
        let metadata = match host.metadata() {
            Ok(metadata) => metadata,
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return nothing(self);
            }
            // The sandbox could have locked the directory, to open it again inside.
            Err(error) => {
                let title = format!("`{}` cannot be reached, and so cannot be hidden: {error}", host.display());
                let help = "give yourself the right to reach it: `chmod u+rx` on its directory";
                return self.inspector.problem(&step.origins, Code::SBC0407, title, help);
            }
        };
        self.stands_on(&placed);
        self.invocation.options.extend(arguments::hide(&placed.path, metadata.is_dir(), open));
        if metadata.is_dir() {
            self.read_only.push(placed.path.clone());
        }
        self.invocation.mounts += 1;
        let provider = Provider::Denied { open, file: !metadata.is_dir() };
        self.mounts.add(Mount { at: placed.path, provider, step: Some(step) });
    }

    /// Notes a mount in a tree that the sandbox can write.
    fn stands_on(&mut self, placed: &Placed) {
        if let Some(host) = placed.host.as_ref().filter(|_| placed.writable) {
            let spot = Spot { path: host.clone(), in_place: *host == placed.path };
            self.invocation.footprint.mounted.push(spot);
        }
    }

    /// Sees to it that there is something to mount on, where bubblewrap could not make it or would
    /// leave it behind on the host.
    fn mount_point(&mut self, request: &Request<'a>, placed: &Placed) {
        let Some(host) = &placed.host else { return };
        let directory = match &request.operation {
            Operation::Bind { source, .. } if source.path == *host => return,
            Operation::Bind { source, .. } => source.directory,
            Operation::Data { .. } => false,
            _ => true,
        };
        match host.metadata() {
            Ok(metadata) if metadata.is_dir() != directory => {
                let (there, wanted) = if directory { ("a file", "a directory") } else { ("a directory", "a file") };
                let title = format!("`{}` is {there} on this host, and {wanted} cannot stand there", host.display());
                let help = "choose another place with `at=`, or remove what is there";
                return self.inspector.problem(&request.step.origins, Code::SBC0406, title, help);
            }
            // Also when it is there: another run may have made it, and must not remove it now.
            _ if placed.writable => return self.inspector.placeholder(request.step, host, directory),
            Ok(_) => return,
            Err(_) => {}
        }
        let make = if directory { "mkdir -p" } else { "touch" };
        let title = format!("`{}` must exist on the host to be mounted on, and it does not", placed.path.display());
        let help = format!("make it: `{make} {}`, or choose another place with `at=`", host.display());
        self.inspector.problem(&request.step.origins, Code::SBC0411, title, &help);
    }

    /// Limits are set by the first step inside, which is started through `/proc`.
    fn limits(&mut self, compiled: &Compiled) {
        if self.invocation.has_proc || compiled.plan.content.limits.is_empty() {
            return;
        }
        let limits = |resolved: &&Resolved<Setting>| matches!(resolved.value, Some(Setting::Limit(_, Some(_))));
        let rule = compiled.merged.settings.iter().find(|(_, resolved)| limits(resolved));
        let Some((key, resolved)) = rule else { return };
        let title = "a limit cannot be set in a sandbox without `/proc`".to_owned();
        let help = format!("write `proc \"/proc\"`, or `limits {{ {} \"none\"; }}`", key.word());
        self.inspector.problem(&resolved.origins, Code::SBC0708, title, &help);
    }

    /// Always a physical directory that is visible inside: bubblewrap would otherwise land in some
    /// other one without a word.
    fn workdir(&mut self, content: &Content, view: &View<'_>, origins: &[Origin]) {
        let host = self.inspector.host;
        let candidates = match &content.workdir {
            Some(path) => vec![host.expand(path).unwrap_or_default()],
            None if host.cwd.starts_with(&host.project) => vec![host.cwd.clone(), host.project.clone()],
            None => vec![host.project.clone()],
        };
        let mut seen = candidates.iter().map(|path| view.look(path));
        let project = || view.look(&host.project);
        match (seen.find(Seen::can_be_entered), &content.workdir) {
            (Some(seen), _) => self.start_in(seen.path),
            (None, None) if project().kind == Kind::Absent => self.start_in("/".into()),
            (None, _) => {
                let shown = candidates.last().map(|path| path.display().to_string()).unwrap_or_default();
                let title = format!("the working directory `{shown}` is not a directory inside the sandbox");
                let help = "show it, such as `rw \".\"`, or choose another with `workdir`";
                self.inspector.problem(origins, Code::SBC0707, title, help);
            }
        }
    }

    fn start_in(&mut self, directory: PathBuf) {
        self.option(["--chdir".into(), directory.clone().into()]);
        self.invocation.workdir = directory;
    }

    fn environment(&mut self, content: &Content) {
        let host = self.inspector.host;
        for value in content.env.values() {
            let own = match &value.rule {
                Some(EnvRule::Set(text)) => Some(text),
                _ => None,
            };
            for text in value.prepend.iter().chain(own) {
                self.inspector.text(text, &value.origins);
            }
        }
        let value = |variable| host.value(variable).unwrap_or_default();
        let resolved = env::resolve(&content.env, std::env::vars_os(), &value);
        let steers = |name: &OsString| name.to_str().is_some_and(env::steers_loader);
        let (loader, own): (BTreeMap<_, _>, BTreeMap<_, _>) = resolved.into_iter().partition(|(name, _)| steers(name));
        self.invocation.env = own;
        for (name, value) in &loader {
            self.option(["--setenv".into(), name.clone(), value.clone()]);
        }
        self.invocation.loader_env = loader;
        self.invocation.command = content.command.iter().filter_map(|word| self.inspector.text(word, &[])).collect();
    }
}
