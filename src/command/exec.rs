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
use crate::view::View;
use crate::words::Lifetime;
use crate::{bwrap, complaint, exec, handover, invocation, streams};
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
    let status = streams::check().map_err(refuse).and_then(|()| attempt(call, named, true));
    status.unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        FAILED
    })
}

/// Runs the sandbox as it was compiled before, if it was and may be; then everything that is wrong is said by
/// compiling it, because the cache knows no places.
fn attempt(call: &Call, named: Option<&str>, may_be_cached: bool) -> Result<i32, Problems> {
    // Never given back: sbc ends with the run, and somebody waits for that.
    let prepared: &'static Prepared = Box::leak(Box::new(prepare(call, may_be_cached)?));
    let compile = || attempt(call, named, false);
    let Prepared { compiled, host, cached, .. } = prepared;
    // A question is asked about what could run only, and so after all checks.
    if cached.as_ref().is_some_and(|hash| !trust::is_known(compiled, hash, host, named)) {
        return compile();
    }
    let start = match Start::new(prepared, call) {
        Ok(start) => Box::leak(Box::new(start)),
        Err(_) if cached.is_some() => return compile(),
        Err(problems) => return Err(Box::new((problems, prepared.sources.clone()))),
    };
    // Before anything is made on the host.
    let permit = if cached.is_some() { Permit::Known } else { trust::permit(compiled, host, named).map_err(refuse)? };
    match permit {
        Permit::Known => {}
        // Project and host may have changed while the question stood there, so both are looked at anew.
        Permit::Asked(plan) => return attempt(call, Some(&plan), true),
        Permit::Refused => return Ok(FAILED),
    }
    match start.run(call.tracer.clone()) {
        Ok(Some(status)) => Ok(status),
        Ok(None) => compile(),
        Err(diagnostic) => Err(explain(diagnostic, call)),
    }
}

/// Finds the rule behind a failure of bubblewrap. The plan may have come without its places, so it
/// is compiled once more.
fn explain(diagnostic: Diagnostic, call: &Call) -> Problems {
    let prepared = match prepare(call, false) {
        Ok(prepared) => prepared,
        // What has changed since is the better explanation.
        Err(problems) => return problems,
    };
    let mut out = Diagnostics::default();
    match Start::new(&prepared, call) {
        Ok(start) => out.push(complaint::blame(diagnostic, &start.invocation.rules)),
        Err(problems) => out = problems,
    }
    Box::new((out, prepared.sources))
}

/// What shall run, and where.
struct Prepared {
    compiled: Compiled,
    host: Host,
    /// The texts behind it.
    sources: Sources,
    /// The plan's hash, where it was compiled before.
    cached: Option<String>,
}

/// Compiles the policy, or finds it compiled.
fn prepare(call: &Call, may_be_cached: bool) -> Result<Prepared, Problems> {
    let project = open(Path::new("."))?;
    let wanted = one(call.sandbox.clone());
    let host = Host::read(&project.root);
    // What a killed run has left must not be taken for the user's.
    host.iter().for_each(|host| tell(&aftermath::settle(&host.records())));
    let cache = host.as_ref().ok().and_then(|host| Cache::new(&host.records(), &project.sources, &wanted));
    let cached = cache.as_ref().filter(|_| may_be_cached).and_then(Cache::get);
    let host = match (cached, host) {
        (Some((compiled, hash)), Ok(host)) => {
            return Ok(Prepared { compiled, host, sources: project.sources, cached: Some(hash) });
        }
        (_, host) => host,
    };
    let Loaded { project, mut compilation } = compile_guarded(project, wanted)?;
    let mut out = Levels::errors_only().apply(std::mem::take(&mut compilation.diagnostics));
    let flawless = out.is_empty();
    if let Some(name) = call.sandbox.as_ref().filter(|_| compilation.sandboxes.is_empty()) {
        out = out.filter_map(|diagnostic| Some(about_a_command(diagnostic, name, &call.words)));
    }
    let host = host.map_err(|diagnostic| out.push(diagnostic)).ok();
    match compilation.sandboxes.pop().filter(|_| !out.has_errors()).zip(host) {
        Some((compiled, host)) => {
            cache.iter().filter(|_| flawless).for_each(|cache| cache.put(&compiled));
            Ok(Prepared { compiled, host, sources: project.sources, cached: None })
        }
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

/// Everything that a run needs, with nothing wrong about it but what [`Start::admits`] finds.
struct Start<'a> {
    prepared: &'a Prepared,
    invocation: Invocation,
    view: View<'a>,
    bwrap: PathBuf,
    command: Vec<OsString>,
}

impl<'a> Start<'a> {
    /// Resolves a compiled sandbox on this host.
    fn new(prepared: &'a Prepared, call: &Call) -> Result<Start<'a>, Diagnostics> {
        let Prepared { compiled, host, cached, .. } = prepared;
        let mut out = Diagnostics::default();
        refuse_root(&mut out);
        let (mut invocation, view) = invocation::draw(call.form, compiled, host, &mut out);
        if cached.is_none() {
            invocation::check(compiled, host, &view, &mut out);
        }
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
        match bwrap {
            Ok(bwrap) if !out.has_errors() => Ok(Start { prepared, invocation, view, bwrap, command }),
            bwrap => {
                bwrap.map_or_else(|diagnostic| out.push(diagnostic), drop);
                Err(out)
            }
        }
    }

    /// Runs the command and gives its status; `None` where it may not run after all.
    fn run(&mut self, tracer: Vec<OsString>) -> Result<Option<i32>, Diagnostic> {
        let Prepared { compiled, host, .. } = self.prepared;
        let (state, lifetime) = (host.records(), compiled.plan.content.lifetime);
        let abilities = Abilities::of(&self.bwrap, &state);
        let binds_descriptors = abilities.binds_descriptors();
        let named = handover::named(&self.invocation.options, binds_descriptors);
        self.invocation.footprint.named = named;
        let Invocation { placeholders, guarded, footprint, .. } = &self.invocation;
        let needs = Needs { placeholders, guarded, footprint, lifetime, host };
        let run = Run::begin(needs, &state, &|| abilities.follows_links())?;
        let bwrap = Bubblewrap { tracer, path: std::mem::take(&mut self.bwrap), binds_descriptors };
        let limits = compiled.plan.content.limits.iter().map(|(resource, limit)| (*resource, *limit)).collect();
        let mut janitor = None;
        let admits = || {
            janitor = Some(Janitor::start(run.record(), &state, lifetime));
            self.admits()
        };
        let status = exec::run(&self.invocation, &bwrap, &self.command, limits, run.lock(), admits);
        janitor.iter_mut().for_each(Janitor::dismiss);
        // A signal's status, or none: the command's own end, or bubblewrap's.
        let is_abrupt = !matches!(status, Ok(Some(0..128)));
        let (said, unfinished) = run.end(lifetime == Lifetime::WithParent, is_abrupt);
        tell(&said);
        if let Some(record) = unfinished {
            Janitor::leave(&record, &state);
        }
        status
    }

    /// Whether nothing stands against it that a plan in the cache was not checked for: how it looks on this host.
    fn admits(&self) -> bool {
        let Prepared { compiled, host, cached, .. } = self.prepared;
        let mut out = Diagnostics::default();
        if cached.is_some() {
            invocation::check(compiled, host, &self.view, &mut out);
        }
        let is_flawless = out.is_empty();
        if is_flawless {
            tell_local(compiled);
        }
        is_flawless
    }
}
