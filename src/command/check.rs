//! `sbc check`: everything that can be known before a sandbox runs.

use super::{Loaded, load, refuse_root, report};
use crate::check::{self, Scope};
use crate::cli::Check;
use crate::compile::{Compilation, Compiled, Wanted};
use crate::diagnostic::Diagnostics;
use crate::host::Host;
use crate::levels::Levels;
use crate::source::{SourceId, SourceKind};
use crate::view::View;
use crate::{bwrap, invocation};
use std::path::Path;

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
        let own = |id| project.sources.get(id).is_some_and(|source| source.kind != SourceKind::BuiltIn);
        let Compilation { sandboxes, diagnostics } = &mut compilation;
        match with_host {
            true => check_host(&project.root, sandboxes, &own, diagnostics),
            false => sandboxes.iter().for_each(|compiled| {
                let view = &View::symbolic(&compiled.plan);
                check::warn(&Scope { compiled, view, caller: None, is_own: &own }, diagnostics);
            }),
        }
    }
    let diagnostics = (Levels { allow, warn, deny }).apply(compilation.diagnostics);
    report(&diagnostics, &project.sources, format);
    if diagnostics.has_errors() {
        return 1;
    }
    if !format.is_data() {
        let count = compilation.sandboxes.len();
        let (sandboxes, them) = if count == 1 { ("sandbox", "it") } else { ("sandboxes", "them") };
        let place =
            if with_host { format!(", and this host can run {them}") } else { " (this host was not looked at)".into() };
        eprintln!("ok: {count} {sandboxes}{place}");
    }
    0
}

fn check_host(root: &Path, sandboxes: &[Compiled], is_own: &dyn Fn(SourceId) -> bool, out: &mut Diagnostics) {
    let host = match Host::read(root) {
        Ok(host) => host,
        Err(diagnostic) => return out.push(diagnostic),
    };
    refuse_root(out);
    let caller = host.caller();
    for compiled in sandboxes {
        let mut found = Diagnostics::default();
        let (_, view) = invocation::resolve(compiled, &host, &mut found);
        // What is wrong comes first: a mount that is not there cannot be judged.
        if found.is_empty() {
            check::warn(&Scope { compiled, view: &view, caller: Some(&caller), is_own }, &mut found);
        }
        out.extend(found);
    }
    match bwrap::find() {
        Err(diagnostic) => out.push(diagnostic),
        Ok(path) => {
            let problems = sandboxes.iter().filter_map(|compiled| bwrap::probe(&path, &compiled.plan.content).err());
            problems.for_each(|diagnostic| out.push(diagnostic));
        }
    }
}
