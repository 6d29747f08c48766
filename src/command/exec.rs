//! `sbc exec`: compiles and runs.
//!
//! Built-in profiles come decoded with the program, so that only the project's own texts are
//! parsed; everything else is done anew at every start, so that no stale plan can run.

use super::{Loaded, load, one, refuse_root, report, report_one};
use crate::diagnostic::{Code, Diagnostic};
use crate::host::Host;
use crate::placeholder::Placeholders;
use crate::report::Format;
use crate::words::Variable;
use crate::{bwrap, exec, invocation};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What sbc exits with when the command was not started.
const FAILED: i32 = 125;

/// The command's status, or 125 when it was not started.
pub fn run(sandbox: Option<String>, words: Vec<OsString>) -> i32 {
    let Loaded { project, mut compilation } = match load(Path::new("."), one(sandbox)) {
        Ok(loaded) => loaded,
        Err(problems) => {
            report(&problems.0, &problems.1, Format::Human);
            return FAILED;
        }
    };
    let mut out = std::mem::take(&mut compilation.diagnostics);
    let compiled = compilation.sandboxes.pop();
    let host = Host::read(&project.root).map_err(|diagnostic| out.push(diagnostic)).ok();
    refuse_root(&mut out);
    let Some((compiled, host)) = compiled.zip(host).filter(|_| !out.has_errors()) else {
        report(&out, &project.sources, Format::Human);
        return FAILED;
    };
    let mut invocation = invocation::resolve(&compiled, &host, &mut out);
    let command = command(std::mem::take(&mut invocation.command), words);
    if command.is_empty() {
        let help = format!("write `run {{ command \"…\"; }}` in `{}`, or `sbc exec -- COMMAND`", compiled.plan.name);
        out.push(Diagnostic::error(Code::SBC0706, "the policy names no command").help(help));
    }
    let bwrap = bwrap::find().map_err(|diagnostic| out.push(diagnostic)).ok();
    report(&out, &project.sources, Format::Human);
    let Some(bwrap) = bwrap.filter(|_| !out.has_errors()) else { return FAILED };
    start(&host, &invocation, &bwrap, &command, compiled.plan.content.limits.into_iter().collect()).unwrap_or_else(
        |diagnostic| {
            report_one(diagnostic);
            FAILED
        },
    )
}

/// What to run: the caller's words, or the policy's command with the caller's options after it.
fn command(policy: Vec<OsString>, words: Vec<OsString>) -> Vec<OsString> {
    let options = words.first().is_none_or(|first| first.as_encoded_bytes().starts_with(b"-"));
    if options { policy.into_iter().chain(words).collect() } else { words }
}

fn start(
    host: &Host,
    invocation: &invocation::Invocation,
    bwrap: &Path,
    command: &[OsString],
    limits: Vec<(crate::words::Resource, u64)>,
) -> Result<i32, Diagnostic> {
    let state = host.value(Variable::StateHome).map(PathBuf::from).unwrap_or_default().join("sbc");
    let placeholders = Placeholders::create(&invocation.placeholders, &state)?;
    let status = exec::run(invocation, bwrap, command, limits);
    drop(placeholders);
    status
}
