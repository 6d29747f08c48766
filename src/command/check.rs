//! `sbc check`: everything that can be known before a sandbox runs.

use super::{Loaded, load, refuse_root, report};
use crate::check::{self, Scope};
use crate::cli::Check;
use crate::compile::{Compilation, Compiled, Wanted};
use crate::diagnostic::{Code, Diagnostics};
use crate::host::Host;
use crate::levels::Levels;
use crate::project::Project;
use crate::source::SourceKind;
use crate::view::View;
use crate::{amend, bwrap, invocation, trial};
use std::path::PathBuf;

/// 0 when all is well, 1 when something is not.
pub fn run(arguments: Check) -> i32 {
    let Check { path, no_host, format, fix, allow, warn, deny } = arguments;
    let with_host = !no_host;
    if let Some(diagnostic) = fix.then(|| super::fix::run(&path).err()).flatten() {
        super::report_one(diagnostic);
        return 1;
    }
    let Loaded { project, mut compilation } = match load(&path, Wanted::All) {
        Ok(loaded) => loaded,
        Err(problems) => {
            report(&problems.0, &problems.1, format);
            return 1;
        }
    };
    // A host can say little about a policy that does not hold by itself.
    if !compilation.diagnostics.has_errors() {
        let Compilation { sandboxes, diagnostics } = &mut compilation;
        match with_host {
            true => check_host(&project, sandboxes, diagnostics),
            false => sandboxes.iter().for_each(|compiled| {
                let view = &View::symbolic(&compiled.plan);
                let own = |id| project.sources.get(id).is_some_and(|source| source.kind != SourceKind::BuiltIn);
                check::warn(&Scope { compiled, view, caller: None, is_own: &own }, diagnostics);
            }),
        }
    }
    let lacks_program = compilation.diagnostics.has(Code::SBC0811);
    let diagnostics = amend::resolve(&project.sources, compilation.diagnostics);
    let diagnostics = (Levels { allow, warn, deny }).apply(diagnostics);
    report(&diagnostics, &project.sources, format);
    if diagnostics.has_errors() {
        return 1;
    }
    if !format.is_data() {
        let count = compilation.sandboxes.len();
        let (sandboxes, them) = if count == 1 { ("sandbox", "it") } else { ("sandboxes", "them") };
        let place = match with_host {
            true if lacks_program => String::new(),
            true => format!(", and this host can run {them}"),
            false => " (this host was not looked at)".into(),
        };
        eprintln!("ok: {count} {sandboxes}{place}");
    }
    0
}

fn check_host(project: &Project, sandboxes: &[Compiled], out: &mut Diagnostics) {
    let host = match Host::read(&project.root) {
        Ok(host) => host,
        Err(diagnostic) => return out.push(diagnostic),
    };
    let writable = trial::check(sandboxes, &project.sources, &host, out);
    check_machine(&host, sandboxes, &writable, out);
}

/// Whether this machine can run sandboxes at all that can write these trees.
pub(super) fn check_machine(host: &Host, sandboxes: &[Compiled], writable: &[PathBuf], out: &mut Diagnostics) {
    refuse_root(out);
    invocation::unfiltered(host).into_iter().for_each(|diagnostic| out.push(diagnostic));
    match bwrap::find().and_then(|path| bwrap::out_of_reach(&path, writable, host).map(|()| path)) {
        Err(diagnostic) => out.push(diagnostic),
        Ok(path) => {
            let problems = sandboxes.iter().filter_map(|compiled| bwrap::probe(&path, &compiled.plan.content).err());
            problems.for_each(|diagnostic| out.push(diagnostic));
        }
    }
}
