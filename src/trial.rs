//! Texts that are not written yet, tried: compiled in memory and looked at on this host as `sbc check`
//! does.

#![allow(clippy::disallowed_methods, reason = "this module looks at the host")]

use crate::amend::{self, Amendment};
use crate::check::reach::{Sandbox, lacks};
use crate::check::{Scope, reach, warn};
use crate::compile::{Compilation, Compiled, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::fix::apply_fixes;
use crate::guard;
use crate::host::Host;
use crate::invocation;
use crate::reach::Lack;
use crate::remedy::{Rule, on_host};
use crate::source::{SourceKind, Sources};
use crate::words::Variable;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Texts, and what comes of them.
pub struct Trial {
    pub sources: Sources,
    pub sandboxes: Vec<Compiled>,
    pub problems: Diagnostics,
    /// The trees of the host that the sandboxes can write.
    pub writable: Vec<PathBuf>,
}

/// Whether a program can start in a sandbox.
pub enum Standing {
    Starts,
    /// With these rules it can.
    Lacks(Vec<Rule>),
    /// This host does not have it.
    Absent,
    /// No rule helps, and why.
    Barred(String),
}

impl Trial {
    /// Tries texts; nothing where they cannot be compiled in time.
    pub fn new(sources: Sources, host: &Host) -> Option<Trial> {
        let texts = sources.clone();
        let compiled = guard::compute(move || compile(&texts, &Wanted::All)).ok()?;
        let Compilation { sandboxes, mut diagnostics } = compiled;
        let writable =
            if diagnostics.has_errors() { Vec::new() } else { check(&sandboxes, &sources, host, &mut diagnostics) };
        Some(Trial { writable, problems: amend::resolve(&sources, diagnostics), sources, sandboxes })
    }

    /// The texts with changes, if those can be made and bring no problem.
    pub fn amended(&self, amendments: Vec<Amendment>, host: &Host) -> Option<Trial> {
        // Only its changes count.
        let change = amendments.into_iter().fold(Diagnostic::error(Code::SBC0412, ""), Diagnostic::amend);
        let mut changes = Diagnostics::default();
        changes.push(change);
        let changes = amend::resolve(&self.sources, changes);
        let (sources, lines) = apply_fixes(&self.sources, &changes.sorted());
        let next = Trial::new(sources, host).filter(|_| !lines.is_empty())?;
        (next.count() <= self.count()).then_some(next)
    }

    /// How many errors and how many problems there are.
    pub fn count(&self) -> (usize, usize) {
        let sorted = self.problems.sorted();
        (sorted.iter().filter(|problem| problem.severity == Severity::Error).count(), sorted.len())
    }
}

/// Whether the program that starts outside can start in a sandbox, and by which rules it could.
pub fn standing(compiled: &Compiled, host: &Host, program: &str) -> Standing {
    let sandbox = Sandbox { compiled, host };
    let (invocation, view) = invocation::resolve(compiled, host, &mut Diagnostics::default());
    let name = OsStr::new(program);
    let lacks = lacks(&sandbox, name, &invocation, view, true);
    let Some((failure, remedy)) = lacks.last() else { return Standing::Starts };
    if remedy.rules.is_empty() {
        return match &failure.lack {
            Lack::Program(_) if failure.by.is_none() && remedy.found.is_none() => Standing::Absent,
            _ => Standing::Barred(sandbox.title(name, failure)),
        };
    }
    if on_host(host, name).is_some_and(|found| is_snap(&found)) {
        return Standing::Barred(format!("`{program}` is a snap, which starts only outside"));
    }
    Standing::Lacks(lacks.into_iter().flat_map(|(_, remedy)| remedy.rules).collect())
}

/// A snap is a link to the program that sets up its own sandbox.
fn is_snap(program: &Path) -> bool {
    std::fs::canonicalize(program).is_ok_and(|real| real.ends_with("bin/snap"))
}

/// Whether a path can be read in a sandbox.
pub fn is_readable(compiled: &Compiled, host: &Host, path: &Path) -> bool {
    invocation::resolve(compiled, host, &mut Diagnostics::default()).1.look(path).access.read
}

/// What this host says of sandboxes that compile; not whether it can run any at all. Gives the trees of the
/// host that they can write.
pub fn check(sandboxes: &[Compiled], sources: &Sources, host: &Host, out: &mut Diagnostics) -> Vec<PathBuf> {
    let is_own = |id| sources.get(id).is_some_and(|source| source.kind != SourceKind::BuiltIn);
    let caller = host.caller();
    let mut writable = Vec::new();
    for compiled in sandboxes {
        let mut found = Diagnostics::default();
        let (invocation, view) = invocation::resolve(compiled, host, &mut found);
        writable.extend(invocation.footprint.writable.iter().map(|tree| tree.path.clone()));
        // What is wrong with the mounts has to be mended first.
        if !found.has_errors() {
            warn(&Scope { compiled, view: &view, caller: Some(&caller), is_own: &is_own }, &mut found);
            reach::check(&Sandbox { compiled, host }, &invocation, view, &mut found);
        }
        out.extend(found);
    }
    let needs_git = |compiled: &Compiled| compiled.plan.content.variables(|_| true).contains(&Variable::GitCommonDir);
    if sandboxes.iter().any(needs_git) {
        host.git().warning().into_iter().for_each(|warning| out.push(warning));
    }
    writable
}
