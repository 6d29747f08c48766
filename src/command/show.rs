//! `sbc show`: the merged policy, each value with the line it came from and what it replaced.

use super::{Inside, Loaded, load, one, print, report, report_one, style_of};
use crate::compile::Compiled;
use crate::diagnostic::{Diagnostics, printable};
use crate::emit::optimised::{self, Comparison};
use crate::explain::{access_rule, shown};
use crate::invocation::Form;
use crate::merge::{Merged, Resolved};
use crate::origin::Origin;
use crate::plan::Plan;
use crate::project::LOCAL;
use crate::report::Format;
use crate::rule::{self, quote};
use crate::source::Sources;
use crate::{invocation, optimise, tree, write};
use std::fmt::Write as _;
use std::path::Path;

/// Prints to standard output; 1 when the policy does not hold.
pub fn run(sandbox: Option<String>) -> i32 {
    let (project, compilation) = match load(Path::new("."), one(sandbox)) {
        Ok(Loaded { project, compilation }) => (project, compilation),
        Err(problems) => {
            report(&problems.0, &problems.1, Format::Human);
            return 1;
        }
    };
    report(&compilation.diagnostics, &project.sources, Format::Human);
    let text: String = compilation.sandboxes.iter().map(|compiled| show(compiled, &project.sources)).collect();
    let written = print(&text);
    if compilation.diagnostics.has_errors() { 1 } else { written }
}

/// Draws the file system inside; 1 when the policy does not hold.
pub fn tree(sandbox: Option<String>, no_host: bool) -> i32 {
    let inside = match Inside::load(sandbox, no_host) {
        Ok(inside) => inside,
        Err(code) => return code,
    };
    print(inside.look(|context| {
        let about = context.compiled.merged.about.as_deref().map(|about| format!(": {about}"));
        let title = format!("sandbox {}{}", context.compiled.merged.name, about.unwrap_or_default());
        let (root, secrets) = (tree::tree(context), tree::secrets(context));
        tree::render(&shown(&title), &root, &secrets, context.host.is_some(), style_of(&std::io::stdout()))
    }))
}

/// Lists what is mounted on this host, as written and as started; 1 when the policy does not hold or the host
/// cannot run it.
pub fn plan(sandbox: Option<String>) -> i32 {
    let inside = match Inside::load(sandbox, false) {
        Ok(inside) => inside,
        Err(code) => return code,
    };
    let Inside { project, compiled, host, .. } = &inside;
    let (mut problems, mut known) = (Diagnostics::default(), Diagnostics::default());
    let (as_written, view) = invocation::resolve(compiled, host, &mut problems);
    if problems.has_errors() {
        report(&problems, &project.sources, Format::Human);
        return 1;
    }
    let as_started = invocation::resolve_as(Form::Optimised, compiled, host, &mut known).0;
    let written = invocation::requests(&compiled.plan.content, host, &mut known);
    // Where the view would change, nothing is taken.
    let optimised = match as_started.changes.is_empty() {
        true => written.clone(),
        false => optimise::optimise(written.clone(), host).0,
    };
    print(optimised::emit(&Comparison {
        name: &compiled.plan.name,
        written: &written,
        optimised: &optimised,
        changes: &as_started.changes,
        absent: &view.absent,
        mounts: [as_written.mounts, as_started.mounts],
        on_host: host.caller().mounts,
        spell: &|path| host.spell(path),
    }))
}

/// Writes everything as one page; 1 when the policy does not hold or the file cannot be written.
pub fn page(sandbox: Option<String>, no_host: bool, file: &Path) -> i32 {
    let inside = match Inside::load(sandbox, no_host) {
        Ok(inside) => inside,
        Err(code) => return code,
    };
    let text = inside.look(|context| tree::page(context, &tree::tree(context), &tree::secrets(context)));
    if file == Path::new("-") {
        return print(text);
    }
    match write::output(file, text.as_bytes()) {
        Ok(()) => 0,
        Err(diagnostic) => {
            report_one(diagnostic);
            1
        }
    }
}

fn show(compiled: &Compiled, sources: &Sources) -> String {
    let Compiled { merged, plan } = compiled;
    let mut page = Page { sources, out: String::new() };
    page.heading(merged, plan);
    for step in &plan.content.steps {
        let overridden =
            merged.filesystem.get(&step.at).map(|resolved| replaced(resolved, |access| access_rule(&step.at, access)));
        page.line(&step.rule(), &step.origins, overridden.unwrap_or_default());
    }
    page.gone(merged);
    page.section("env");
    for (name, value) in &plan.content.env {
        let overridden =
            merged.env.get(name).map(|resolved| replaced(resolved, |rule| rule::env(name, rule))).unwrap_or_default();
        page.line(&value.rules(name), &value.origins, overridden);
    }
    page.gone_env(merged, plan);
    page.section("settings");
    for resolved in merged.settings.values() {
        if let Some(setting) = &resolved.value {
            page.line(&rule::setting(setting), &resolved.origins, replaced(resolved, rule::setting));
        }
    }
    page.section("assert");
    for guarantee in &merged.guarantees {
        let waived = guarantee.waived.as_ref().map(|(reason, at)| format!("waived: {reason} ({})", sources.place(*at)));
        let origin =
            Origin { layer: guarantee.layer.clone(), location: guarantee.location, reason: waived, is_stated: true };
        page.line(&rule::assertion(&guarantee.assertion), &[origin], Vec::new());
    }
    page.out
}

struct Page<'a> {
    sources: &'a Sources,
    out: String,
}

impl Page<'_> {
    fn heading(&mut self, merged: &Merged, plan: &Plan) {
        let about = merged.about.as_deref().map(|about| format!(": {}", printable(about))).unwrap_or_default();
        let _ = writeln!(self.out, "sandbox {}{about}", merged.name);
        let _ = writeln!(
            self.out,
            "inherits {}",
            if merged.inherited.is_empty() { "nothing".to_owned() } else { merged.inherited.join(", ") }
        );
        if merged.has_local() {
            let _ = writeln!(
                self.out,
                "local {LOCAL} adds to it on this machine, and is no part of what `sbc build` writes"
            );
        }
        let _ = writeln!(self.out, "plan sha256:{}", plan.hash());
        self.section("filesystem");
    }

    fn section(&mut self, name: &str) {
        let _ = write!(self.out, "\n{name}\n");
    }

    fn line(&mut self, rule: &str, origins: &[Origin], overridden: Vec<(Origin, String)>) {
        let places: Vec<String> = origins.iter().map(|origin| self.sources.place(origin.location)).collect();
        let reason = origins
            .iter()
            .find_map(|origin| origin.reason.as_deref())
            .map(|reason| format!("  — {}", printable(reason)));
        let _ = writeln!(self.out, "  {:<48}  {}{}", printable(rule), places.join(", "), reason.unwrap_or_default());
        for (origin, old) in overridden {
            let _ =
                writeln!(self.out, "      replaces {:<35}  {}", printable(&old), self.sources.place(origin.location));
        }
    }

    /// What was inherited and removed.
    fn gone(&mut self, merged: &Merged) {
        for (path, resolved) in merged.filesystem.iter().filter(|(_, resolved)| resolved.value.is_none()) {
            let overridden = replaced(resolved, |access| access_rule(path, access));
            self.line(&format!("remove {}", quote(&path.to_string())), &resolved.origins, overridden);
        }
    }

    /// Variables that were inherited and removed.
    fn gone_env(&mut self, merged: &Merged, plan: &Plan) {
        let gone = merged.env.iter().filter(|(name, _)| !plan.content.env.contains_key(*name));
        for (name, resolved) in gone {
            let overridden = replaced(resolved, |rule| rule::env(name, rule));
            self.line(&format!("remove {}", quote(name)), &resolved.origins, overridden);
        }
    }
}

fn replaced<V>(resolved: &Resolved<V>, rule: impl Fn(&V) -> String) -> Vec<(Origin, String)> {
    let rule = |value: &Option<V>| value.as_ref().map_or("remove".to_owned(), &rule);
    resolved.overridden.iter().map(|(origin, value)| (origin.clone(), rule(value))).collect()
}
