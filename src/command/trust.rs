//! `sbc trust`, and the question that `sbc exec` asks: may this plan run?
//!
//! Shows on one screen what a plan opens, or what changed since another was approved. Only an answer
//! typed at a terminal, or `--yes`, approves.

use super::{Loaded, Problems, ask, load, print, refuse, report, report_one, wanted};
use crate::cli::Trust;
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, printable};
use crate::diff;
use crate::gitlinks;
use crate::host::{self, Host};
use crate::project::{self, LOCAL};
use crate::report::Format;
use crate::rule::quote;
use crate::summary::{Line, WAIVES, summary};
use crate::trust::{self, Standing, Subject, approve, standing};
use std::path::{Path, PathBuf};

/// So many changes are shown; more would not fit on the screen.
const CHANGES: usize = 20;

/// Columns that a line of the question takes at the most.
const WIDTH: usize = 100;

/// 0 when everything that was named is trusted, listed or revoked.
pub fn run(arguments: &Trust) -> i32 {
    let result = match arguments {
        Trust { list: true, .. } => list(),
        Trust { revoke: true, sandboxes, .. } => revoke(sandboxes),
        Trust { sandboxes, yes, .. } => trust(sandboxes.clone(), *yes),
    };
    result.unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        1
    })
}

/// Shows plans and approves them, if the user says so.
fn trust(sandboxes: Vec<String>, yes: bool) -> Result<i32, Problems> {
    let Loaded { project, compilation } = load(Path::new("."), wanted(sandboxes))?;
    if compilation.diagnostics.has_errors() {
        return Err(Box::new((compilation.diagnostics, project.sources)));
    }
    let host = Host::read(&project.root).map_err(refuse)?;
    let mut code = 0;
    for compiled in &compilation.sandboxes {
        let hash = compiled.plan.hash();
        let subject = Subject { project: &host.project, plan: &compiled.plan, hash: &hash };
        let standing = standing(&host.records(), subject);
        let name = &compiled.plan.name;
        if matches!(standing, Standing::Trusted) {
            eprintln!("{name} is trusted already: plan sha256:{hash}");
            continue;
        }
        if !yes && !ask::is_possible() {
            return Err(refuse(
                untrusted(&host.project, compiled, &standing)
                    .help("look at it with `sbc show`, then `sbc trust --yes`"),
            ));
        }
        eprint!("{}", screen(&host.project, compiled, &standing));
        if yes || ask::agrees("Trust this sandbox?", false) {
            approve(&host.records(), subject).map_err(refuse)?;
            eprintln!("{name} is trusted: `sbc exec` runs it until it changes");
        } else {
            eprintln!("{name} is not trusted");
            code = 1;
        }
    }
    Ok(code)
}

/// Whether a sandbox may run.
pub enum Permit {
    /// Because the caller names its hash, or because it was approved.
    Known,
    /// Because the user has said yes just now, to the plan with this hash.
    Asked(String),
    /// It may not: the user has said no.
    Refused,
}

/// Whether a sandbox with a plan of this hash may run without a question.
pub fn is_known(compiled: &Compiled, hash: &str, host: &Host, named: Option<&str>) -> bool {
    let subject = Subject { project: &host.project, plan: &compiled.plan, hash };
    named.map_or_else(
        || {
            matches!(standing(&host.records(), subject), Standing::Trusted)
                || is_trusted_in_main_worktree(subject, host)
        },
        |named| named == hash,
    )
}

/// Looks whether a sandbox may run, and asks if need be.
pub fn permit(compiled: &Compiled, host: &Host, named: Option<&str>) -> Result<Permit, Diagnostic> {
    let hash = compiled.plan.hash();
    let subject = Subject { project: &host.project, plan: &compiled.plan, hash: &hash };
    if is_known(compiled, &hash, host, named) {
        return Ok(Permit::Known);
    }
    if let Some(named) = named {
        return Err(another(compiled, named));
    }
    let standing = standing(&host.records(), subject);
    if !ask::is_possible() {
        return Err(untrusted(&host.project, compiled, &standing).help("look at it with `sbc show`, then `sbc trust`"));
    }
    eprint!("{}", screen(&host.project, compiled, &standing));
    if !ask::agrees("Run this sandbox?", false) {
        eprintln!("nothing was run");
        return Ok(Permit::Refused);
    }
    // The answer is for this run in any case.
    approve(&host.records(), subject).unwrap_or_else(report_one);
    Ok(Permit::Asked(hash))
}

/// Whether the same plan is approved where the repository of this linked worktree was cloned to.
fn is_trusted_in_main_worktree(subject: Subject<'_>, host: &Host) -> bool {
    let elsewhere = host.git().elsewhere().filter(|elsewhere| elsewhere.worktree.is_some());
    let common = elsewhere.map(|elsewhere| elsewhere.common.as_path()).filter(|common| common.ends_with(".git"));
    common.and_then(Path::parent).is_some_and(|main| {
        let subject = Subject { project: main, ..subject };
        matches!(standing(&host.records(), subject), Standing::Trusted)
    })
}

/// The caller trusts another plan than there is.
fn another(compiled: &Compiled, named: &str) -> Diagnostic {
    let title = format!("`{}` is not the plan that you trusted", compiled.plan.name);
    Diagnostic::error(Code::SBC0711, title)
        .note(format!("trusted:  sha256:{named}"))
        .note(format!("found:    sha256:{}", compiled.plan.hash()))
        .help("look at it with `sbc show`; with `--trust`, name the hash that stands there")
}

/// Why a plan does not run where nobody can be asked.
fn untrusted(project: &Path, compiled: &Compiled, standing: &Standing) -> Diagnostic {
    let what = match standing {
        Standing::Changed(_) => "has changed since you trusted it",
        _ => "is not trusted yet",
    };
    let title = format!("`{}` of `{}` {what}", compiled.plan.name, project.display());
    let mut diagnostic = Diagnostic::error(Code::SBC0711, title);
    if compiled.merged.has_local() {
        diagnostic = diagnostic.note(format!("`{LOCAL}` {}", with_local(project)));
    }
    if let Standing::Void(why) = standing {
        diagnostic = diagnostic.note(why.clone());
    }
    changed(compiled, standing).into_iter().flatten().fold(diagnostic, Diagnostic::note)
}

/// What changed since another plan was approved, a line each; `None` where nothing was or nothing can
/// be told.
fn changed(compiled: &Compiled, standing: &Standing) -> Option<Vec<String>> {
    let Standing::Changed(Some(old)) = standing else { return None };
    let changes = diff::since(old, compiled);
    let more = changes.len().saturating_sub(CHANGES);
    let shown = changes.iter().take(CHANGES).map(|(class, said)| format!("{:<7}  {said}", class.verb()));
    Some(shown.chain((more > 0).then(|| format!("and {more} more"))).collect())
}

/// What there is to know of the local layer. One that git has is not its user's own.
fn with_local(project: &Path) -> &'static str {
    match gitlinks::tracks(&project.join(LOCAL)) {
        true => "adds to it, and CAME WITH THE REPOSITORY: git tracks it",
        false => "adds to it on this machine only",
    }
}

/// Everything that one must know to decide.
fn screen(project: &Path, compiled: &Compiled, standing: &Standing) -> String {
    let plan = &compiled.plan;
    let command: Vec<String> = plan.content.command.iter().map(|word| quote(word.as_str())).collect();
    let head = |what, item: String| Line { what, items: vec![item] };
    let mut lines = vec![
        head("project", quote(&project.display().to_string())),
        head("sandbox", quote(&plan.name)),
        head("runs", if command.is_empty() { "what you name".to_owned() } else { command.join(" ") }),
    ];
    if compiled.merged.has_local() {
        lines.push(head("with", format!("{LOCAL}, which {}", with_local(project))));
    }
    let mut out = String::new();
    let opens = summary(compiled).into_iter();
    match changed(compiled, standing) {
        Some(changes) => {
            out.push_str("This sandbox has changed since you trusted it.\n\n");
            out.extend(lines.iter().map(drawn));
            let none = "nothing in what is allowed; this sbc makes something else of it".to_owned();
            let changes = if changes.is_empty() { vec![none] } else { changes };
            out.push('\n');
            out.extend(changes.iter().map(|change| format!("  {change}\n")));
            out.push('\n');
            lines = opens.filter(|line| line.what == WAIVES).collect();
        }
        None => {
            if let Standing::Void(why) = standing {
                out.push_str(&format!("note: {why}\n\n"));
            }
            out.push_str("You have not trusted this sandbox yet. What it opens:\n\n");
            lines.extend(opens);
        }
    }
    lines.push(head("plan", format!("sha256:{}", plan.hash())));
    out.extend(lines.iter().map(drawn));
    out.push_str("\n`sbc show` prints every rule.\n");
    printable(&out)
}

/// A line of the question, broken between its items.
fn drawn(line: &Line) -> String {
    let mut out = format!("  {:<10}", line.what);
    let mut column = out.chars().count();
    for (index, item) in line.items.iter().enumerate() {
        let comma = if index + 1 == line.items.len() { "" } else { "," };
        let length = item.chars().count() + comma.len() + 1;
        if index > 0 && column + length > WIDTH {
            out.push_str(&format!("\n{:12}", ""));
            column = 12;
        } else if index > 0 {
            out.push(' ');
        }
        out.push_str(item);
        out.push_str(comma);
        column += length;
    }
    out.push('\n');
    out
}

/// Prints all approvals.
fn list() -> Result<i32, Problems> {
    let (approvals, void) = trust::list(&host::records().map_err(refuse)?).map_err(|why| {
        refuse(Diagnostic::error(Code::SBC0711, format!("no approval counts: {why}")).help("put that in order"))
    })?;
    let line = |approval: &trust::Approval| {
        let project = Path::new(&approval.project).display().to_string();
        printable(&format!("sha256:{}  {}  {}", approval.plan, approval.sandbox, quote(&project))) + "\n"
    };
    void.iter().for_each(|why| eprintln!("note: {} does not count", printable(why)));
    Ok(print(approvals.iter().map(line).collect::<String>()))
}

/// Takes approvals of the project here back.
fn revoke(sandboxes: &[String]) -> Result<i32, Problems> {
    let records = host::records().map_err(refuse)?;
    let project = here().map_err(refuse)?;
    let names = if sandboxes.is_empty() {
        // Also of sandboxes that the policy does not have any more.
        let (approvals, _) = trust::list(&records).unwrap_or_default();
        let own = approvals.into_iter().filter(|approval| Path::new(&approval.project) == project);
        own.map(|approval| approval.sandbox).collect()
    } else {
        sandboxes.to_vec()
    };
    let mut revoked = Vec::new();
    for name in names {
        if trust::revoke(&records, &project, &name).map_err(refuse)? {
            eprintln!("{} is not trusted any more", printable(&name));
            revoked.push(name);
        } else {
            eprintln!("{} was not trusted", printable(&name));
        }
    }
    if revoked.is_empty() && sandboxes.is_empty() {
        eprintln!("nothing was trusted in {}", printable(&project.display().to_string()));
    }
    Ok(0)
}

/// The project here, or this directory where the policy is gone.
fn here() -> Result<PathBuf, Diagnostic> {
    match project::find(Path::new(".")) {
        Ok(root) => Ok(root),
        Err(problem) => std::env::current_dir().map_err(|_| problem),
    }
}
