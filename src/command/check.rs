//! `sbc check`: everything that can be known before a sandbox runs.

use super::{Loaded, load, refuse_root, report};
use crate::compile::Wanted;
use crate::diagnostic::Diagnostics;
use crate::host::Host;
use crate::report::Format;
use crate::{bwrap, invocation};
use std::path::Path;

/// 0 when all is well, 1 when something is not.
pub fn run(path: &Path, with_host: bool, format: Format, fix: bool) -> i32 {
    if let Some(diagnostic) = fix.then(|| super::fix::run(path).err()).flatten() {
        super::report_one(diagnostic);
        return 1;
    }
    let Loaded { project, mut compilation } = match load(path, Wanted::All) {
        Ok(loaded) => loaded,
        Err(problems) => {
            report(&problems.0, &problems.1, format);
            return 1;
        }
    };
    // A host can say little about a policy that does not hold by itself.
    if with_host && !compilation.diagnostics.has_errors() {
        check_host(&project.root, &compilation.sandboxes, &mut compilation.diagnostics);
    }
    report(&compilation.diagnostics, &project.sources, format);
    if compilation.diagnostics.has_errors() {
        return 1;
    }
    if format == Format::Human {
        let count = compilation.sandboxes.len();
        let place = if with_host { "and this host can run it" } else { "(this host was not looked at)" };
        eprintln!("ok: {count} sandbox{} {place}", if count == 1 { "" } else { "es" });
    }
    0
}

fn check_host(root: &Path, sandboxes: &[crate::compile::Compiled], out: &mut Diagnostics) {
    let host = match Host::read(root) {
        Ok(host) => host,
        Err(diagnostic) => return out.push(diagnostic),
    };
    refuse_root(out);
    for compiled in sandboxes {
        invocation::resolve(compiled, &host, out);
    }
    match bwrap::find() {
        Err(diagnostic) => out.push(diagnostic),
        Ok(path) => {
            let problems = sandboxes.iter().filter_map(|compiled| bwrap::probe(&path, &compiled.plan.content).err());
            problems.for_each(|diagnostic| out.push(diagnostic));
        }
    }
}
