//! `sbc build`: writes the scripts and the lock, compares them, or emits another form.

use super::{Loaded, compile_guarded, open_shared, print, report, report_one};
use crate::check::startup;
use crate::cli::Emit;
use crate::compile::{Compiled, Wanted};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, printable};
use crate::emit::{argv, json, lock, script};
use crate::host::Host;
use crate::invocation::{self, Form};
use crate::plan::{FORMAT, Plan};
use crate::policy::EnvRule;
use crate::project::{DIRECTORY, Project};
use crate::report::Format;
use crate::vendor::{LOCK, Set, drift};
use crate::{builtin, env, seccomp, write};
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

/// Writes the artefacts of the wanted sandboxes, and a lock of all. 1 when something is wrong.
pub fn write(wanted: &Wanted) -> i32 {
    let Some((project, built)) = built() else { return 1 };
    if !known(wanted, &built) {
        return 1;
    }
    let folder = project.root.join(DIRECTORY);
    let wanted: Vec<&(Compiled, String)> =
        built.iter().filter(|(compiled, _)| is_wanted(wanted, &compiled.plan.name)).collect();
    // What is neither written now nor up to date has no place in the lock.
    let is_current = |entry: &&(Compiled, String)| {
        let committed = || fs::read(folder.join(format!("{}.sh", entry.0.plan.name)));
        wanted.iter().any(|wanted| std::ptr::eq(*wanted, *entry))
            || committed().is_ok_and(|text| text == entry.1.as_bytes())
    };
    let Some(vendored) = vendored(&project) else { return 1 };
    let lock = lock_text(built.iter().filter(is_current), &vendored);
    let mut files: Vec<(String, &[u8], u32)> = Vec::new();
    for (compiled, script) in &wanted {
        files.push((format!("{}.sh", compiled.plan.name), script.as_bytes(), 0o755));
    }
    files.push((LOCK.to_owned(), lock.as_bytes(), 0o644));
    let directory = write::Directory::make(&project.root, &folder);
    let result = directory.and_then(|directory| directory.replace_all(&files)).map(|()| {
        let host = Host::read(&project.root).ok();
        for (compiled, _) in &wanted {
            let (name, hash) = (&compiled.plan.name, compiled.plan.hash());
            let cost = host.as_ref().map(|host| cost(compiled, host)).unwrap_or_default();
            eprintln!("wrote {DIRECTORY}/{name}.sh (plan sha256:{hash}{cost})");
        }
        eprintln!("wrote {DIRECTORY}/{LOCK}");
    });
    match result {
        Ok(()) => {
            for name in leftover(&folder, &built) {
                eprintln!("note: {DIRECTORY}/{name} belongs to no sandbox of the policy: `git rm {DIRECTORY}/{name}`");
            }
            0
        }
        Err(diagnostic) => {
            report_one(diagnostic);
            1
        }
    }
}

/// What starting a sandbox costs on this machine, as a part of a sentence. Nothing of it is written.
fn cost(compiled: &Compiled, host: &Host) -> String {
    let mounts = super::mounts(compiled, host);
    format!("; here {mounts} mounts, a start of about {}", startup::prediction(mounts, host.caller().mounts))
}

/// Compares the artefacts with what would be built. 1 when they differ.
pub fn check(wanted: &Wanted) -> i32 {
    let Some((project, built)) = built() else { return 1 };
    if !known(wanted, &built) {
        return 1;
    }
    let mut out = Diagnostics::default();
    let folder = project.root.join(DIRECTORY);
    for (compiled, expected) in built.iter().filter(|(compiled, _)| is_wanted(wanted, &compiled.plan.name)) {
        let name = format!("{DIRECTORY}/{}.sh", compiled.plan.name);
        match committed(&project.root.join(&name)) {
            Err(error) => out.push(
                Diagnostic::error(Code::SBC0602, format!("`{name}`: {error}"))
                    .help("run `sbc build`, and commit what it writes"),
            ),
            Ok(committed) if committed == expected.as_bytes() => {}
            Ok(committed) => out.push(differs(&name, &String::from_utf8_lossy(&committed), expected)),
        }
    }
    let Some(vendored) = vendored(&project) else { return 1 };
    check_lock(&folder.join(LOCK), &built, &vendored, &mut out);
    drift(&vendored, &project.sources, &mut out);
    leftovers(&folder, &built, &mut out);
    report(&out, &project.sources, Format::Human);
    if out.has_errors() {
        return 1;
    }
    eprintln!("ok: {} is what the policy says", DIRECTORY);
    0
}

/// Writes one sandbox in another form. 1 when something is wrong.
pub fn emit(sandboxes: Vec<String>, emit: Emit, form: Form, output: &Path) -> i32 {
    let wanted = if sandboxes.is_empty() { Wanted::Only } else { Wanted::Named(sandboxes) };
    let Some(Loaded { project, compilation }) = compiled(wanted) else { return 1 };
    let mut out = Diagnostics::default();
    let mut bytes = Vec::new();
    for compiled in &compilation.sandboxes {
        match emit {
            Emit::Json => bytes.extend(json::emit(&compiled.plan).into_bytes()),
            Emit::Script => match script::emit(&compiled.plan) {
                Ok(text) => bytes.extend(text.into_bytes()),
                Err(diagnostic) => out.push(diagnostic),
            },
            Emit::Argv => match Host::read(&project.root) {
                Ok(host) => bytes
                    .extend(argv::emit(&invocation::resolve_as(form, compiled, &host, &mut out).0, &|name| {
                        is_secret(&compiled.plan, name)
                    })),
                Err(diagnostic) => out.push(diagnostic),
            },
        }
    }
    report(&out, &project.sources, Format::Human);
    if out.has_errors() {
        return 1;
    }
    if output != Path::new("-") {
        return write::output(output, &bytes).map_or_else(
            |diagnostic| {
                report_one(diagnostic);
                1
            },
            |()| 0,
        );
    }
    print(&bytes)
}

/// The bytes of an artefact. A repository could have put a link or a device in its place, so only a
/// regular file is read, and no more of it than any artefact has.
fn committed(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if !fs::symlink_metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    fs::File::open(path)?.take(8 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn is_secret(plan: &Plan, name: &OsStr) -> bool {
    let name = name.to_str().unwrap_or_default();
    plan.content.env.iter().any(|(pattern, value)| value.rule == Some(EnvRule::Secret) && env::glob(pattern, name))
}

/// The project, compiled; `None` after problems have been reported.
fn compiled(wanted: Wanted) -> Option<Loaded> {
    match open_shared(Path::new(".")).and_then(|project| compile_guarded(project, wanted)) {
        Ok(loaded) => {
            report(&loaded.compilation.diagnostics, &loaded.project.sources, Format::Human);
            (!loaded.compilation.diagnostics.has_errors()).then_some(loaded)
        }
        Err(problems) => {
            report(&problems.0, &problems.1, Format::Human);
            None
        }
    }
}

/// All sandboxes with their scripts.
fn built() -> Option<(Project, Vec<(Compiled, String)>)> {
    let Loaded { project, compilation } = compiled(Wanted::All)?;
    let mut out = Diagnostics::default();
    let mut built = Vec::new();
    for compiled in compilation.sandboxes {
        match script::emit(&compiled.plan) {
            Ok(text) => built.push((compiled, text)),
            Err(diagnostic) => out.push(diagnostic),
        }
    }
    built.sort_by(|(one, _), (other, _)| one.plan.name.cmp(&other.plan.name));
    report(&out, &project.sources, Format::Human);
    (!out.has_errors()).then_some((project, built))
}

/// The sets of profiles from elsewhere, which a new lock keeps; `None` after a problem has been reported.
fn vendored(project: &Project) -> Option<Vec<Set>> {
    super::lock::vendored(&project.root).map_err(report_one).ok()
}

fn lock_text<'a>(built: impl Iterator<Item = &'a (Compiled, String)>, vendored: &[Set]) -> String {
    let plans: Vec<(&Plan, String)> = built.map(|(compiled, script)| (&compiled.plan, script.clone())).collect();
    lock::emit(&plans, vendored)
}

fn is_wanted(wanted: &Wanted, name: &str) -> bool {
    match wanted {
        Wanted::Named(names) => names.iter().any(|wanted| wanted == name),
        Wanted::All | Wanted::Only => true,
    }
}

/// Reports wanted sandboxes that are none.
fn known(wanted: &Wanted, built: &[(Compiled, String)]) -> bool {
    let Wanted::Named(names) = wanted else { return true };
    let unknown = names.iter().find(|name| !built.iter().any(|(compiled, _)| compiled.plan.name == **name));
    if let Some(name) = unknown {
        let all: Vec<&str> = built.iter().map(|(compiled, _)| compiled.plan.name.as_str()).collect();
        let help = match crate::diagnostic::nearest(name, all.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are {}", crate::diagnostic::list(all, "and")),
        };
        report_one(Diagnostic::error(Code::SBC0205, format!("there is no sandbox `{name}`")).help(help));
    }
    unknown.is_none()
}

/// What a script that differs would have to change, in the rules of the policy.
fn differs(name: &str, committed: &str, expected: &str) -> Diagnostic {
    let (old, new): (BTreeSet<&str>, BTreeSet<&str>) =
        (script::rules(committed).into_iter().collect(), script::rules(expected).into_iter().collect());
    let gone = old.difference(&new).map(|rule| format!("only in the script:  {rule}"));
    let come = new.difference(&old).map(|rule| format!("only in the policy:  {rule}"));
    let lines: Vec<String> = gone.chain(come).collect();
    let diagnostic = Diagnostic::error(Code::SBC0601, format!("`{name}` is not what the policy says"));
    if !lines.is_empty() {
        return diagnostic.help(format!("{}\nrun `sbc build`, and commit what it writes", lines.join("\n")));
    }
    let line = committed.lines().zip(expected.lines()).position(|(one, other)| one != other);
    let line = line.unwrap_or_else(|| committed.lines().count().min(expected.lines().count())) + 1;
    let wants = expected.lines().nth(line - 1).unwrap_or("(the end)").trim();
    diagnostic.help(format!("the rules are the same and line {line} differs; it should be: {wants}\nrun `sbc build`, and commit what it writes"))
}

fn check_lock(path: &Path, built: &[(Compiled, String)], vendored: &[Set], out: &mut Diagnostics) {
    let name = format!("{DIRECTORY}/{LOCK}");
    let committed = match committed(path) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            return out.push(
                Diagnostic::error(Code::SBC0602, format!("`{name}`: {error}"))
                    .help("run `sbc build`, and commit what it writes"),
            );
        }
    };
    if committed == lock_text(built.iter(), vendored) {
        return;
    }
    let lock = lock::read(&committed);
    let (profiles, filter) = (builtin::revision(), seccomp::revision());
    let mut reasons = Vec::new();
    if lock.format.as_deref().is_some_and(|format| format != FORMAT.to_string()) {
        reasons.push("it was built by an sbc with another format".to_owned());
    }
    if lock.profiles.is_some_and(|other| other != format!("sha256:{profiles}")) {
        reasons.push("it was built by an sbc with other built-in profiles".to_owned());
    }
    if lock.filter.is_some_and(|other| other != format!("sha256:{filter}")) {
        reasons.push("it was built by an sbc with another filter of system calls".to_owned());
    }
    for (Compiled { plan, .. }, _) in built {
        match lock.sandboxes.get(&plan.name) {
            None => reasons.push(format!("it does not know the sandbox `{}`", plan.name)),
            Some(locked) if locked.plan != format!("sha256:{}", plan.hash()) => {
                reasons.push(format!("the plan of `{}` has changed", plan.name))
            }
            Some(locked) if locked.inherits != plan.inherited.join(" ") => {
                reasons.push(format!("`{}` inherits other profiles now", plan.name))
            }
            Some(_) => {}
        }
    }
    let gone = lock.sandboxes.keys().filter(|name| !built.iter().any(|(compiled, _)| compiled.plan.name == **name));
    reasons.extend(gone.map(|name| format!("the policy has no sandbox `{name}` any more")));
    if reasons.is_empty() {
        reasons.push("the plans are the same, and the text differs".to_owned());
    }
    let diagnostic = Diagnostic::error(Code::SBC0601, format!("`{name}` is not what the policy says"));
    out.push(diagnostic.help(format!("{}\nrun `sbc build`, and commit what it writes", reasons.join("\n"))));
}

/// Scripts of sandboxes that the policy does not have would go on being run.
fn leftovers(folder: &Path, built: &[(Compiled, String)], out: &mut Diagnostics) {
    for name in leftover(folder, built) {
        let title = format!("`{DIRECTORY}/{name}` belongs to no sandbox of the policy");
        out.push(
            Diagnostic::error(Code::SBC0601, title).help(format!("`git rm {DIRECTORY}/{name}`, if sbc once wrote it")),
        );
    }
}

/// The names of scripts that no sandbox of the policy has, in order.
fn leftover(folder: &Path, built: &[(Compiled, String)]) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().filter_map(Result::ok);
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_own = |script: &str| built.iter().any(|(compiled, _)| compiled.plan.name == script);
    let mut found: Vec<String> = names
        .filter(|name| name.strip_suffix(".sh").is_some_and(|script| !is_own(script)))
        .map(|name| printable(&name))
        .collect();
    found.sort();
    found
}
