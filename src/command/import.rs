//! `sbc import`: a policy out of what people have already.
//!
//! Reads a file, prints the policy, and says what it could not say and what it shows otherwise.

#![allow(clippy::disallowed_methods, reason = "the file to import is the caller's choice")]

use super::{is_colored, print, refuse, report, report_one, style};
use crate::cli::Import;
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, printable};
use crate::draft::name_of;
use crate::explain::Paint;
use crate::host::Host;
use crate::import::compare::{Change, Comparison, Simulation, compare};
use crate::import::derive::fold;
use crate::import::draft::{Draft, Refused};
use crate::import::factor::{factor, profiles};
use crate::import::paths::Places;
use crate::import::settle::{Settled, compiled, settle};
use crate::import::value::{Piece, Value};
use crate::import::{self, Imported, MAX_BYTES, Text, Unsaid};
use crate::project::POLICY;
use crate::proposal;
use crate::report::Format;
use crate::source::{Source, SourceKind, Sources, Span};
use crate::words::Variable;
use crate::{guard, invocation, write};
use std::collections::{BTreeMap, HashSet};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};

/// The most paths that one line of the report names.
const NAMED: usize = 8;

/// The most lines of one list of the report.
const LISTED: usize = 60;

/// 0 when there is a policy; with `--exact`, when it shows the same.
pub fn run(arguments: Import) -> i32 {
    let Import { file, from, exact, write } = arguments;
    let (text, sources) = match open(&file) {
        Ok(opened) => opened,
        Err(problems) => {
            report(&problems.0, &problems.1, Format::Human);
            return 1;
        }
    };
    let one = |diagnostic: Diagnostic, sources: &Sources| {
        let mut out = Diagnostics::default();
        out.push(diagnostic);
        report(&out, sources, Format::Human);
        1
    };
    let host = match std::env::current_dir().map_err(unreadable).and_then(|here| Host::read(&here)) {
        Ok(host) => host,
        Err(diagnostic) => return one(diagnostic, &sources),
    };
    let places = places(&host);
    let reading = text.clone();
    let imported = match guard::compute(move || import::read(&reading, from, &places)) {
        Ok(Ok(imported)) => imported,
        Ok(Err(diagnostic)) => return one(diagnostic, &sources),
        Err(_) => {
            let title = format!("`{}` could not be read within {} seconds", text.name, guard::DEADLINE.as_secs());
            return one(Diagnostic::error(Code::SBC0004, title).help("import a part of it"), &sources);
        }
    };
    if exact && !imported.kind.is_bwrap() {
        let name = imported.kind.name();
        eprintln!("`--exact` compares mounts, and {name} have none: leave it out");
        return 2;
    }
    let policy = Policy::new(imported, &text, &host, exact);
    if policy.settled.compilation.diagnostics.has_errors() {
        report(&policy.settled.compilation.diagnostics, &policy.settled.sources, Format::Human);
        return 1;
    }
    let written = if write { policy.write(&host.project) } else { print(&policy.settled.text) };
    let differences = policy.tell(&text, &host);
    let is_other = differences > 0 || policy.is_incomplete();
    if exact && is_other && written == 0 { 1 } else { written }
}

fn unreadable(error: std::io::Error) -> Diagnostic {
    Diagnostic::error(Code::SBC0006, format!("this directory cannot be read: {error}"))
}

/// Reads the file to import, as a text with a name.
fn open(file: &Path) -> Result<(Text, Sources), super::Problems> {
    let name = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let mut bytes = Vec::new();
    let limit = MAX_BYTES as u64 + 1;
    let read = match file == Path::new("-") {
        true => std::io::stdin().lock().take(limit).read_to_end(&mut bytes),
        false => std::fs::File::open(file).and_then(|file| file.take(limit).read_to_end(&mut bytes)),
    };
    if let Err(error) = read {
        let title = format!("`{name}` cannot be read: {error}");
        return Err(refuse(Diagnostic::error(Code::SBC0006, title).help("check the spelling of the path")));
    }
    if bytes.len() > MAX_BYTES {
        let title = format!("`{name}` has more than the {MAX_BYTES} bytes that sbc imports");
        return Err(refuse(Diagnostic::error(Code::SBC0001, title).help("import the part that makes the sandbox")));
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let line =
            error.as_bytes().iter().take(error.utf8_error().valid_up_to()).filter(|byte| **byte == b'\n').count();
        let title = format!("`{name}` is not UTF-8: line {} has a byte that is none", line + 1);
        refuse(Diagnostic::error(Code::SBC0003, title).help("import a text file"))
    })?;
    // No shell reads lines with these ends as they were meant; with zero bytes it has no lines.
    let text = if text.contains('\0') { text } else { text.replace("\r\n", "\n") };
    let mut sources = crate::builtin::sources();
    let id = sources.add(Source { kind: SourceKind::Policy, name: name.clone(), text: text.clone().into() });
    Ok((Text { id, name, text, path: script_path(file) }, sources))
}

/// What `$0` is: the script's place in the project, if it is in it.
fn script_path(file: &Path) -> Value {
    let project = std::env::current_dir().and_then(std::fs::canonicalize);
    let below = project.ok().zip(std::fs::canonicalize(file).ok());
    let rest = below.and_then(|(project, file)| file.strip_prefix(project).ok().map(Path::to_owned));
    match rest {
        Some(rest) => {
            let mut value = Value::variable(Variable::Project);
            value.push(Piece::Literal(format!("/{}", rest.display())));
            value
        }
        None => Value::of(Piece::Unknown("$0".to_owned())),
    }
}

fn places(host: &Host) -> Places {
    let spelling = |variable: Variable, path: Option<std::ffi::OsString>| {
        let path = PathBuf::from(path?);
        path.is_absolute().then_some((path, variable))
    };
    let spellings = [
        spelling(Variable::Project, std::env::var_os("PWD")),
        spelling(Variable::Home, std::env::var_os("HOME")),
        spelling(Variable::RuntimeDir, std::env::var_os("XDG_RUNTIME_DIR")),
    ];
    Places {
        home: host.home.clone(),
        project: host.project.clone(),
        spellings: spellings.into_iter().flatten().collect(),
    }
}

/// A policy with all that is to be said about it.
struct Policy {
    settled: Settled,
    draft: Draft,
    imported: Imported,
    unsaid: Vec<Unsaid>,
}

impl Policy {
    fn new(imported: Imported, text: &Text, host: &Host, exact: bool) -> Policy {
        let original = &imported.original;
        let mut folded = fold(original, host);
        let mut rules = folded.rules(original, host);
        if exact {
            import::derive::mount_merged(&mut rules, host);
            rules.splice(0..0, folded.writable_root.then(import::derive::memory_root));
        }
        let mut unsaid = original.unsaid.clone();
        unsaid.extend(folded.unsaid);
        let directory = host.project.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
        let name = name_of(&directory);
        let file = Path::new(&text.name).file_name().map(|file| file.to_string_lossy().into_owned());
        let mut draft = Draft::new(name, file.unwrap_or_else(|| text.name.clone()), original, rules);
        if !exact {
            draft.inherits = profiles(&draft);
            let skeleton = Draft { name: draft.name.clone(), inherits: draft.inherits.clone(), ..Draft::default() };
            let (_, _, compilation) = compiled(&import::policy::text(&skeleton, true));
            if let Some(inherited) = compilation.sandboxes.first() {
                factor(&mut draft, inherited, host, &mut unsaid);
            }
        }
        // In a loop the same is said at every turn.
        let mut known = HashSet::new();
        unsaid.retain(|one| known.insert((one.span, one.what.clone(), one.why.clone())));
        let settled = settle(&mut draft, host, exact);
        Policy { settled, draft, imported, unsaid }
    }

    /// Writes the policy where there is none; else shows what would change.
    fn write(&self, project: &Path) -> i32 {
        let path = project.join(POLICY);
        let Ok(old) = std::fs::read_to_string(&path) else {
            return match write::create(&path, self.settled.text.as_bytes()) {
                Ok(()) => {
                    eprintln!("wrote {POLICY}; now read it, then `sbc check` and `sbc exec`, which asks first");
                    0
                }
                Err(diagnostic) => {
                    report_one(diagnostic);
                    1
                }
            };
        };
        print(proposal::draw(&old, &self.settled.text, POLICY, is_colored(std::io::stdout().is_terminal())));
        let title = format!("`{POLICY}` is there already");
        report_one(Diagnostic::error(Code::SBC0605, title).help(
            "nothing was changed: what would change is on standard output; remove the file first, or take over by hand",
        ));
        1
    }

    /// Says what is not as it was, and gives the number of files that are shown otherwise.
    fn tell(&self, text: &Text, host: &Host) -> usize {
        let source = Source { kind: SourceKind::Policy, name: text.name.clone(), text: text.text.clone().into() };
        let (notes, lost): (Vec<&Unsaid>, Vec<&Unsaid>) = self.unsaid.iter().partition(|unsaid| unsaid.is_note);
        eprintln!("imported {}: {}", printable(&text.name), self.imported.kind.name());
        self.tell_guarded(&source);
        let refused: Vec<Unsaid> = self.draft.refused.iter().map(unsaid).collect();
        let lost: Vec<&Unsaid> = refused.iter().chain(lost).collect();
        list("could not be said:", &lost, &source);
        list("said in another way:", &notes, &source);
        let Some(compiled) = self.settled.compilation.sandboxes.first() else { return 0 };
        if !self.imported.kind.is_bwrap() {
            return 0;
        }
        let comparison = self.compare(compiled, host);
        self.tell_differences(&comparison, &source, host);
        comparison.differences.len()
    }

    /// Whether rules are not in the policy, so that no comparison can be complete.
    fn is_incomplete(&self) -> bool {
        self.masks().next().is_some() || self.draft.refused.iter().any(|refused| refused.span.is_some())
    }

    /// What is hidden in the original, and nobody knows where.
    fn masks(&self) -> impl Iterator<Item = &Unsaid> {
        self.unsaid.iter().filter(|unsaid| unsaid.is_mask)
    }

    /// What guards and assertions refuse, in red: what is left out for it, and what is waived.
    fn tell_guarded(&self, source: &Source) {
        let loud = |text: String| eprintln!("{}", Paint::new(style()).red(&printable(&text)));
        for refused in &self.draft.refused {
            loud(format!("NOT IMPORTED: {}{}: {}", place(refused.span, source), refused.rule, refused.why));
            for waived in &refused.waivers {
                loud(format!("  if it has to be, write it, and `{}`", self.draft.waiver(waived)));
            }
        }
        for waived in &self.draft.waived {
            loud(format!("WAIVED: {}{}", place(waived.span, source), waived.why));
            waived.waivers.iter().for_each(|one| loud(format!("  by `{}`", self.draft.waiver(one))));
        }
        for mask in self.masks() {
            let what = "the original hides something there, which this policy may show";
            loud(format!("NOT HIDDEN: {}{}: {}; {what}", place(mask.span, source), mask.what, mask.why));
        }
        if !self.draft.waived.is_empty() {
            loud("the guards would refuse this policy without that: read it before you trust it".to_owned());
        }
    }

    fn compare(&self, compiled: &Compiled, host: &Host) -> Comparison {
        let simulation = Simulation::new(&self.imported.original, host);
        let (_, view) = invocation::resolve(compiled, host, &mut Diagnostics::default());
        compare(&simulation, &view, host)
    }

    fn tell_differences(&self, comparison: &Comparison, source: &Source, host: &Host) {
        let missing = comparison.missing.len();
        if missing > 0 {
            let lines: Vec<String> =
                comparison.missing.iter().map(|span| source.position(span.start).0.to_string()).collect();
            let plural = if missing == 1 { "line" } else { "lines" };
            eprintln!("not on this host, and so not compared: {plural} {}", lines.join(", "));
        }
        let mut groups: BTreeMap<(Change, Option<&str>), Vec<String>> = BTreeMap::new();
        for one in comparison.highest() {
            let path = printable(&one.spelled(host));
            let shown = match one.change {
                Change::Other => format!("{path} ({} instead of {})", printable(&one.after), printable(&one.before)),
                _ => path,
            };
            groups.entry((one.change, one.layer.as_deref())).or_default().push(shown);
        }
        let count = comparison.differences.len();
        let paths = comparison.paths;
        eprintln!("compared with the original on this host: {paths} paths, {count} of them differ");
        for ((change, layer), paths) in groups {
            let layer = layer.map_or_else(|| "the policy".to_owned(), printable);
            let paths = gathered(paths);
            let more = paths.len().saturating_sub(NAMED);
            let named: Vec<String> = paths.into_iter().take(NAMED).collect();
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            eprintln!("  {layer} {}: {}{more}", change.verb(), named.join(", "));
        }
    }
}

/// Paths of which many lie in one directory are counted.
fn gathered(paths: Vec<String>) -> Vec<String> {
    let parent = |path: &str| path.rsplit_once('/').map(|(parent, _)| parent.to_owned());
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    paths.iter().filter_map(|path| parent(path)).for_each(|parent| *counts.entry(parent).or_default() += 1);
    let mut out: Vec<String> = Vec::new();
    for path in paths {
        let many =
            parent(&path).and_then(|parent| Some((counts.get(&parent)?, parent))).filter(|(count, _)| **count > 4);
        let text = many.map_or(path, |(count, parent)| format!("{count} names in {parent}/"));
        if !out.contains(&text) {
            out.push(text);
        }
    }
    out
}

/// A rule that was taken out, for the list of what could not be said.
fn unsaid(refused: &Refused) -> Unsaid {
    let why = "NOT IMPORTED, as said above".to_owned();
    Unsaid { span: refused.span, what: refused.rule.clone(), why, is_note: false, is_mask: false }
}

/// Where something stands in the source, as the start of a line.
fn place(span: Option<Span>, source: &Source) -> String {
    span.map(|span| format!("line {}: ", source.position(span.start).0)).unwrap_or_default()
}

/// Lists what is said otherwise, each with its line.
fn list(title: &str, unsaid: &[&Unsaid], source: &Source) {
    if unsaid.is_empty() {
        return;
    }
    eprintln!("{title}");
    for one in unsaid.iter().take(LISTED) {
        let place = place(one.span, source);
        eprintln!("  {place}{}: {}", printable(&one.what), printable(&one.why));
    }
    if let Some(more) = unsaid.len().checked_sub(LISTED).filter(|more| *more > 0) {
        eprintln!("  and {more} more");
    }
}
