//! `sbc check`: everything that can be known before a sandbox runs.

use super::{Loaded, Problems, compile_guarded, load, lock, open_shared, refuse_root, report};
use crate::check::{self, Scope};
use crate::cli::Check;
use crate::compile::{Compilation, Compiled, Wanted};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, list};
use crate::host::Host;
use crate::levels::Levels;
use crate::project::{LOCAL, POLICY, Project};
use crate::source::{Location, SourceKind, Span};
use crate::vendor::drift;
use crate::view::View;
use crate::{amend, bwrap, gitlinks, isolation, trial};
use std::path::{Path, PathBuf};

/// 0 when all is well, 1 when something is not.
pub fn run(arguments: Check) -> i32 {
    let Check { path, no_host, format, fix, allow, warn, deny } = arguments;
    let with_host = !no_host;
    if let Some(diagnostic) = fix.then(|| super::fix::run(&path).err()).flatten() {
        super::report_one(diagnostic);
        return 1;
    }
    let Loaded { project, mut compilation } = match checked(&path) {
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
    tracked(&project, &mut compilation.diagnostics);
    match lock::vendored(&project.root) {
        Ok(vendored) => drift(&vendored, &project.sources, &mut compilation.diagnostics),
        Err(diagnostic) => compilation.diagnostics.push(diagnostic),
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
        let with_local = compilation.sandboxes.iter().filter(|one| one.merged.has_local());
        let with_local: Vec<&str> = with_local.map(|one| one.plan.name.as_str()).collect();
        let local = match with_local.is_empty() {
            true => String::new(),
            false => format!("; `{LOCAL}` adds to {} here, and was checked as well", list(with_local, "and")),
        };
        eprintln!("ok: {count} {sandboxes}{place}{local}");
    }
    0
}

/// The project as it is on this machine; where what all share does not hold, that alone. Otherwise the local layer could
/// settle what is wrong for everybody else.
fn checked(path: &Path) -> Result<Loaded, Problems> {
    let shared = open_shared(path).and_then(|project| compile_guarded(project, Wanted::All))?;
    let has_local = shared.project.root.join(LOCAL).symlink_metadata().is_ok();
    if !has_local || shared.compilation.diagnostics.has_errors() {
        return Ok(shared);
    }
    load(path, Wanted::All)
}

/// Warns of a local layer that everybody gets.
fn tracked(project: &Project, out: &mut Diagnostics) {
    let local = project.sources.iter().find(|(_, source)| source.kind == SourceKind::Local);
    let Some((source, _)) = local.filter(|_| gitlinks::tracks(&project.root.join(LOCAL))) else { return };
    let start = Location { source, span: Span { start: 0, end: 0 } };
    out.push(
        Diagnostic::warning(Code::SBC0813, format!("git tracks `{LOCAL}`, which is for one machine"))
            .at(start, "everybody who clones the project gets this")
            .help(format!(
                "`git rm --cached {LOCAL}`, and write it in `.gitignore`; what all need goes into `{POLICY}`"
            )),
    );
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
    isolation::unfiltered(host).into_iter().for_each(|diagnostic| out.push(diagnostic));
    match bwrap::find().and_then(|path| bwrap::out_of_reach(&path, writable, host).map(|()| path)) {
        Err(diagnostic) => out.push(diagnostic),
        Ok(path) => {
            let problems = sandboxes.iter().filter_map(|compiled| bwrap::probe(&path, &compiled.plan.content).err());
            problems.for_each(|diagnostic| out.push(diagnostic));
        }
    }
}
