//! `sbc exec`: compiles and runs.
//!
//! A policy that was compiled before is taken from the cache: its name covers every text that was
//! read just now, so that no stale plan can run. The host is looked at anew at every start.

use super::{Loaded, Problems, compile_guarded, one, open, refuse, refuse_root, report, tell, tell_local, trust};
use crate::abilities::Abilities;
use crate::aftermath::{self, Needs, Run};
use crate::bwrap::Bubblewrap;
use crate::cache::Cache;
use crate::command::trust::Permit;
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::host::Host;
use crate::invocation::{Form, Invocation};
use crate::janitor::Janitor;
use crate::levels::Levels;
use crate::report::Format;
use crate::source::Sources;
use crate::words::Lifetime;
use crate::{bwrap, complaint, exec, handover, invocation, streams, sys};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What sbc exits with when the command was not started.
const FAILED: i32 = 125;

/// What shall run, and how.
#[derive(Clone, Debug)]
pub struct Call {
    pub sandbox: Option<String>,
    /// The caller's words for the command.
    pub words: Vec<OsString>,
    pub form: Form,
    /// Words in front of bubblewrap, such as those of a tracer.
    pub tracer: Vec<OsString>,
}

/// The command's status, or 125 when it was not started. `named` is the plan that the caller trusts.
pub fn run(call: &Call, named: Option<&str>) -> i32 {
    let failed = |problems: Problems| {
        report(&problems.0, &problems.1, Format::Human);
        FAILED
    };
    if let Err(diagnostic) = streams::check() {
        return failed(refuse(diagnostic));
    }
    let (start, host) = match prepare(call, true) {
        Ok(Prepared { start, host, .. }) => (start, host),
        Err(problems) => return failed(problems),
    };
    // Before anything is made on the host.
    match trust::permit(&start.compiled, &host, named) {
        Ok(Permit::Known) => {
            tell_local(&start.compiled);
            start.run(call.tracer.clone()).unwrap_or_else(|diagnostic| failed(explain(diagnostic, call)))
        }
        // Project and host may have changed while the question stood there, so both are looked at anew.
        Ok(Permit::Asked(plan)) => run(call, Some(&plan)),
        Ok(Permit::Refused) => FAILED,
        Err(diagnostic) => failed(refuse(diagnostic)),
    }
}

/// Finds the rule behind a failure of bubblewrap. The plan may have come without its places, so it
/// is compiled once more.
fn explain(diagnostic: Diagnostic, call: &Call) -> Problems {
    let (diagnostic, sources) = match prepare(call, false) {
        Ok(Prepared { start, sources, .. }) => (complaint::blame(diagnostic, &start.invocation.rules), sources),
        // What has changed since is the better explanation.
        Err(problems) => return problems,
    };
    let mut out = Diagnostics::default();
    out.push(diagnostic);
    Box::new((out, sources))
}

/// Everything that a run needs, with nothing wrong about it.
struct Start {
    compiled: Compiled,
    invocation: Invocation,
    bwrap: PathBuf,
    command: Vec<OsString>,
    limits: Vec<(crate::words::Resource, u64)>,
    lifetime: Lifetime,
    /// sbc's own directory.
    state: PathBuf,
}

/// A start, where it happens, and the texts behind it.
struct Prepared {
    start: Start,
    host: Host,
    sources: Sources,
}

/// Compiles the policy, or finds it compiled, and resolves it on this host.
fn prepare(call: &Call, may_be_cached: bool) -> Result<Prepared, Problems> {
    let project = open(Path::new("."))?;
    let wanted = one(call.sandbox.clone());
    let host = Host::read(&project.root);
    // What a killed run has left must not be taken for the user's.
    host.iter().for_each(|host| tell(&aftermath::settle(&host.records())));
    let cache = host.as_ref().ok().and_then(|host| Cache::new(&host.records(), &project.sources, &wanted));
    let cached = cache.as_ref().filter(|_| may_be_cached).zip(host.as_ref().ok()).and_then(|(cache, host)| {
        let mut out = Diagnostics::default();
        let start = Start::new(cache.get()?, host, call, &mut out);
        // What is wrong is said with the places of the policy, and the cache knows none.
        start.filter(|_| out.is_empty())
    });
    let host = match (cached, host) {
        (Some(start), Ok(host)) => return Ok(Prepared { start, host, sources: project.sources }),
        (_, host) => host,
    };
    let Loaded { project, mut compilation } = compile_guarded(project, wanted)?;
    let mut out = Levels::errors_only().apply(std::mem::take(&mut compilation.diagnostics));
    let flawless = out.is_empty();
    if let Some(name) = call.sandbox.as_ref().filter(|_| compilation.sandboxes.is_empty()) {
        out = out.filter_map(|diagnostic| Some(about_a_command(diagnostic, name, &call.words)));
    }
    let host = host.map_err(|diagnostic| out.push(diagnostic)).ok();
    let start = compilation.sandboxes.pop().filter(|_| !out.has_errors()).zip(host).and_then(|(compiled, host)| {
        cache.iter().filter(|_| flawless).for_each(|cache| cache.put(&compiled));
        Some((Start::new(compiled, &host, call, &mut out)?, host))
    });
    match start.filter(|_| !out.has_errors()) {
        Some((start, host)) => Ok(Prepared { start, host, sources: project.sources }),
        None => Err(Box::new((out, project.sources))),
    }
}

/// Says how to run a command to those who wrote one in the place of a sandbox.
fn about_a_command(diagnostic: Diagnostic, name: &str, words: &[OsString]) -> Diagnostic {
    if diagnostic.code != Code::SBC0205 || !words.is_empty() {
        return diagnostic;
    }
    diagnostic.note(format!("a command comes after two dashes: `sbc exec -- {name}`"))
}

/// What to run: the caller's words, or the policy's command with the caller's options after it.
fn command(policy: Vec<OsString>, words: &[OsString]) -> Vec<OsString> {
    let options = words.first().is_none_or(|first| first.as_encoded_bytes().starts_with(b"-"));
    if options { policy.into_iter().chain(words.iter().cloned()).collect() } else { words.to_vec() }
}

impl Start {
    /// Resolves a compiled sandbox on this host. With an error in `out` it is not to be used.
    fn new(compiled: Compiled, host: &Host, call: &Call, out: &mut Diagnostics) -> Option<Start> {
        refuse_root(out);
        let (mut invocation, _) = invocation::resolve_as(call.form, &compiled, host, out);
        let command = command(std::mem::take(&mut invocation.command), &call.words);
        if command.is_empty() {
            let help =
                format!("write `run {{ command \"…\"; }}` in `{}`, or `sbc exec -- COMMAND`", compiled.plan.name);
            out.push(Diagnostic::error(Code::SBC0706, "the policy names no command").help(help));
        }
        let bwrap = bwrap::find().and_then(|path| {
            let writable: Vec<PathBuf> = invocation.footprint.writable.iter().map(|tree| tree.path.clone()).collect();
            bwrap::out_of_reach(&path, &writable, host).map(|()| path)
        });
        let bwrap = bwrap.map_err(|diagnostic| out.push(diagnostic)).ok()?;
        let limits = compiled.plan.content.limits.iter().map(|(resource, limit)| (*resource, *limit)).collect();
        let lifetime = compiled.plan.content.lifetime;
        Some(Start { compiled, invocation, bwrap, command, limits, lifetime, state: host.records() })
    }

    fn run(mut self, tracer: Vec<OsString>) -> Result<i32, Diagnostic> {
        let abilities = Abilities::of(&self.bwrap, &self.state);
        let binds_descriptors = abilities.binds_descriptors();
        let named = handover::named(&self.invocation.options, binds_descriptors);
        self.invocation.footprint.named = named;
        let Invocation { placeholders, guarded, footprint, .. } = &self.invocation;
        let needs = Needs { placeholders, guarded, footprint, lifetime: self.lifetime };
        let run = Run::begin(needs, &self.state, &|| abilities.follows_links())?;
        let bwrap = Bubblewrap { tracer, path: self.bwrap, binds_descriptors };
        // The janitor, too, shall hold nothing of the caller's.
        let record = run.record().filter(|_| sys::close_descriptors_on_exec().is_ok());
        let mut janitor = Janitor::start(record, &self.state, self.lifetime);
        let status = exec::run(&self.invocation, &bwrap, &self.command, self.limits, run.lock());
        janitor.dismiss();
        // A signal's status, or none: the command's own end, or bubblewrap's.
        let is_abrupt = !matches!(status, Ok(0..128));
        let (said, unfinished) = run.end(self.lifetime == Lifetime::WithParent, is_abrupt);
        tell(&said);
        if let Some(record) = unfinished {
            Janitor::leave(&record, &self.state);
        }
        status
    }
}
