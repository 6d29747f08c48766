//! `sbc init`: a first policy for this project, or what the policy that is there lacks.
//!
//! Says what it saw and why it chose. Nothing is written that was not tried, and nothing is overwritten
//! that somebody else has written meanwhile.

use super::{ask, compile_guarded, fix, is_colored, print, refuse, report, style};
use crate::builtin;
use crate::cli::Init;
use crate::compile::{Wanted, read};
use crate::compose::Composer;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, printable};
use crate::host::Host;
use crate::improve::Improver;
use crate::policy::LayerKind;
use crate::project::{self, POLICY, find};
use crate::proposal;
use crate::report::Format;
use crate::source::{SourceKind, Sources};
use crate::survey::{Survey, survey};
use crate::trial::Trial;
use crate::write;
use std::io::IsTerminal;

/// 0 when the policy was written, shown, or lacks nothing.
pub fn run(arguments: &Init) -> i32 {
    let result = here().and_then(|host| {
        let is_new = host.project.join(POLICY).symlink_metadata().is_err();
        let job = Job { seen: survey(&host), host, arguments };
        if is_new { job.create() } else { job.improve() }
    });
    result.unwrap_or_else(|problems| {
        report(&problems.0, &problems.1, Format::Human);
        1
    })
}

/// This directory as a project.
fn here() -> Result<Host, super::Problems> {
    let project = std::env::current_dir()
        .map_err(|error| refuse(Diagnostic::error(Code::SBC0006, format!("this directory cannot be read: {error}"))))?;
    Host::read(&project).map_err(refuse)
}

struct Job<'a> {
    host: Host,
    seen: Survey,
    arguments: &'a Init,
}

impl Job<'_> {
    /// Writes a first policy.
    fn create(&self) -> Result<i32, super::Problems> {
        let library = self.library()?;
        let profiles = profiles(&library);
        if let Some(code) = self.unknown(&profiles) {
            return Ok(code);
        }
        let composer = Composer { host: &self.host, survey: &self.seen, library: &library, profiles: &profiles };
        let composed = composer.compose(&self.arguments.profiles).ok_or_else(too_long)?;
        let text = composed.draft.text();
        if composed.trial.problems.has_errors() {
            return Err(Box::new((composed.trial.problems, composed.trial.sources)));
        }
        say(&composed.said);
        if self.arguments.dry_run {
            return Ok(print(text));
        }
        if !self.agrees(&[(POLICY.to_owned(), String::new(), text.clone())], "Write this policy?") {
            return Ok(1);
        }
        write::create(&self.host.project.join(POLICY), text.as_bytes()).map_err(refuse)?;
        self.done(&composed.trial);
        if let Some(above) = self.host.project.parent().and_then(|parent| find(parent).ok()) {
            let above = printable(&above.display().to_string());
            eprintln!("note: there is another policy in {above}; here, the new one counts");
        }
        Ok(0)
    }

    /// Proposes what the policy lacks.
    fn improve(&self) -> Result<i32, super::Problems> {
        let mut out = Diagnostics::default();
        let project = project::load(&self.host.project, &mut out);
        if out.has_errors() {
            return Err(Box::new((out, project.sources)));
        }
        let loaded = compile_guarded(project, Wanted::All)?;
        if loaded.compilation.diagnostics.has_errors() || loaded.compilation.sandboxes.is_empty() {
            eprintln!("{POLICY} is there already; what is wrong in it comes first");
            return Err(Box::new((loaded.compilation.diagnostics, loaded.project.sources)));
        }
        let before = loaded.project.sources;
        let profiles = profiles(&before);
        if let Some(code) = self.unknown(&profiles) {
            return Ok(code);
        }
        let trial = Trial::new(before.clone(), &self.host).ok_or_else(too_long)?;
        let library = self.library()?;
        let composer = Composer { host: &self.host, survey: &self.seen, library: &library, profiles: &profiles };
        let mut improver = Improver { composer: &composer, trial, said: Vec::new() };
        improver.improve(&self.arguments.profiles);
        say(&improver.said);
        let changes = changes(&before, &improver.trial.sources);
        if changes.is_empty() {
            eprintln!("{POLICY} is there already, and nothing is proposed for it");
            return Ok(0);
        }
        let is_shown_only = self.arguments.dry_run || !self.arguments.yes && !ask::is_possible();
        if is_shown_only {
            let code = print(drawn(&changes, is_colored(std::io::stdout().is_terminal())));
            eprintln!("nothing was changed; `sbc init --yes` writes this");
            return Ok(code);
        }
        if !self.agrees(&changes, "Change the policy so?") {
            return Ok(1);
        }
        self.unchanged(&before)?;
        fix::replace(&self.host.project, &before, &improver.trial.sources).map_err(refuse)?;
        self.done(&improver.trial);
        Ok(0)
    }

    /// The profiles that a policy here could inherit.
    fn library(&self) -> Result<Sources, super::Problems> {
        let mut out = Diagnostics::default();
        let library = project::load_profiles(&self.host.project, &mut out);
        if out.has_errors() { Err(Box::new((out, library))) } else { Ok(library) }
    }

    /// Says which of the named profiles there is none of.
    fn unknown(&self, profiles: &[String]) -> Option<i32> {
        let unknown = self.arguments.profiles.iter().find(|name| !profiles.contains(name))?;
        super::report_one(super::profiles::unknown(unknown));
        Some(1)
    }

    /// Shows changes and asks, where somebody can be asked and wants to be.
    fn agrees(&self, changes: &[(String, String, String)], question: &str) -> bool {
        if self.arguments.yes || !ask::is_possible() {
            return true;
        }
        eprint!("\n{}\n", drawn(changes, style().color));
        let agrees = ask::agrees(question, true);
        if !agrees {
            eprintln!("nothing was written");
        }
        agrees
    }

    /// Refuses to write over what was changed while the question stood.
    fn unchanged(&self, before: &Sources) -> Result<(), super::Problems> {
        let now = project::load(&self.host.project, &mut Diagnostics::default()).sources;
        if changes(before, &now).is_empty() && before.iter().count() == now.iter().count() {
            return Ok(());
        }
        let title = format!("`{POLICY}` has been changed meanwhile, and is left as it is");
        Err(refuse(Diagnostic::error(Code::SBC0605, title).help("run `sbc init` again")))
    }

    /// What comes next. A machine that cannot run a sandbox says so now, not at the first start.
    fn done(&self, trial: &Trial) {
        let mut machine = trial.problems.clone();
        super::check::check_machine(&self.host, &trial.sandboxes, &trial.writable, &mut machine);
        report(&machine, &trial.sources, Format::Human);
        let next = match machine.is_empty() {
            true => {
                "`sbc check` is content with it. Next: `sbc exec`, which shows what the sandbox opens, and asks first"
            }
            false => "read it; then `sbc check`, until it is content",
        };
        eprintln!("wrote {POLICY}; {next}");
    }
}

/// The names of all profiles.
fn profiles(library: &Sources) -> Vec<String> {
    let mut out = Diagnostics::default();
    let own = library.iter().filter(|(_, source)| source.kind != SourceKind::BuiltIn);
    let own = own.flat_map(|(id, source)| read(id, &source.text, source.kind, &mut out).layers);
    builtin::names()
        .map(str::to_owned)
        .chain(own.filter(|layer| layer.kind == LayerKind::Profile).map(|layer| layer.name.value))
        .collect()
}

/// The project's own texts that differ: name, old text, new text.
fn changes(before: &Sources, after: &Sources) -> Vec<(String, String, String)> {
    let pairs = before.iter().zip(after.iter()).map(|((_, old), (_, new))| (old, new));
    let changed = pairs.filter(|(old, new)| old.kind != SourceKind::BuiltIn && old.text != new.text);
    changed.map(|(old, new)| (new.name.clone(), old.text.to_string(), new.text.to_string())).collect()
}

fn drawn(changes: &[(String, String, String)], color: bool) -> String {
    changes.iter().map(|(name, old, new)| proposal::draw(old, new, name, color)).collect()
}

fn say(said: &[String]) {
    said.iter().for_each(|line| eprintln!("{}", printable(line).replace('\n', "\\n")));
}

fn too_long() -> super::Problems {
    refuse(Diagnostic::error(Code::SBC0004, "the policy could not be compiled in time"))
}
