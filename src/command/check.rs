//! `sbc check`: everything that can be known before a sandbox runs.

use super::{Loaded, load, refuse_root, report};
use crate::cli::Check;
use crate::compile::{Compiled, Wanted};
use crate::diagnostic::Diagnostics;
use crate::host::Host;
use crate::levels::Levels;
use crate::words::Variable;
use crate::{amend, bwrap, invocation};
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
    if with_host && !compilation.diagnostics.has_errors() {
        check_host(&project.root, &compilation.sandboxes, &mut compilation.diagnostics);
    }
    let diagnostics = amend::resolve(&project.sources, compilation.diagnostics);
    let diagnostics = (Levels { allow, warn, deny }).apply(diagnostics);
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

fn check_host(root: &Path, sandboxes: &[Compiled], out: &mut Diagnostics) {
    let host = match Host::read(root) {
        Ok(host) => host,
        Err(diagnostic) => return out.push(diagnostic),
    };
    refuse_root(out);
    for compiled in sandboxes {
        invocation::resolve(compiled, &host, out);
    }
    let needs_git = |compiled: &Compiled| compiled.plan.content.variables(|_| true).contains(&Variable::GitCommonDir);
    if sandboxes.iter().any(needs_git) {
        host.git().warning().into_iter().for_each(|warning| out.push(warning));
    }
    match bwrap::find() {
        Err(diagnostic) => out.push(diagnostic),
        Ok(path) => {
            let problems = sandboxes.iter().filter_map(|compiled| bwrap::probe(&path, &compiled.plan.content).err());
            problems.for_each(|diagnostic| out.push(diagnostic));
        }
    }
}
