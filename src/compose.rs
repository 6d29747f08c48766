//! Makes a first policy of what was seen: profiles first, single rules only for the rest.
//!
//! Every rule is tried before it is taken: what brings a problem on this host is left out, with a word.

use crate::compile::Compiled;
use crate::diagnostic::list;
use crate::draft::{Draft, MAX_LINES, Statement, name_of};
use crate::host::Host;
use crate::project::POLICY;
use crate::remedy::{self, Rule, variable};
use crate::rule::quote;
use crate::schema::Section;
use crate::sensitive::{Found, Sensitive};
use crate::signs::{AGENTS, Agent, TOOLCHAINS, Toolchain};
use crate::source::{Source, SourceKind, Sources};
use crate::space::{Node, Space};
use crate::survey::{Survey, Used};
use crate::text::Text;
use crate::trial::{Standing, Trial, is_readable, standing};
use std::path::Path;

/// So many files are denied by name; more would be a policy of nothing else.
pub const MOST_DENIED: usize = 6;

/// What to do where there is no profile.
pub const WITHOUT_PROFILE: &str =
    "there is no profile for it yet; `sbc learn -- COMMAND` proposes what a command of it lacks inside";

/// A policy that passes, and why it is as it is.
pub struct Composed {
    pub draft: Draft,
    pub trial: Trial,
    /// What was seen, and what was made of it; a sentence each.
    pub said: Vec<String>,
}

/// What a policy is made of.
pub struct Composer<'a> {
    pub host: &'a Host,
    pub survey: &'a Survey,
    /// The profiles that there are.
    pub library: &'a Sources,
    pub profiles: &'a [String],
}

/// What a sandbox is to hold.
#[derive(Default)]
struct Choice {
    inherits: Vec<String>,
    seen: Vec<String>,
    /// Programs that have to start, with what they are called together.
    programs: Vec<(&'static str, Vec<&'static str>, &'static [&'static str])>,
}

impl Composer<'_> {
    /// A policy for what the user names, or else for what was seen. Nothing where not even the profiles can
    /// be compiled in time.
    pub fn compose(&self, named: &[String]) -> Option<Composed> {
        let mut said = Vec::new();
        let choice = if named.is_empty() { self.choose(&mut said) } else { self.named(named) };
        let directory = self.host.project.file_name().unwrap_or_default().to_string_lossy();
        let draft =
            Draft { name: name_of(&directory), seen: choice.seen, inherits: choice.inherits, ..Draft::default() };
        let trial = self.attempt(&draft)?;
        let mut composed = Composed { draft, trial, said };
        // First, so that there is room for them.
        self.deny(&mut composed);
        for (title, programs, needs) in choice.programs {
            self.fit(&mut composed, title, &programs, needs);
        }
        composed.said.extend(self.survey.notes.iter().map(|note| format!("saw {note}")));
        Some(composed)
    }

    /// Whether there is a profile of this name.
    pub fn has(&self, profile: &str) -> bool {
        self.profiles.iter().any(|name| name == profile)
    }

    /// The profiles that the user names, and the programs that they are for.
    fn named(&self, named: &[String]) -> Choice {
        let mut choice = Choice::default();
        for name in named {
            if choice.inherits.contains(name) {
                continue;
            }
            choice.inherits.push(name.clone());
            if let Some(agent) = AGENTS.iter().find(|agent| agent.profile == name) {
                choice.programs.push((agent.title, vec![agent.program], &[]));
            }
            if let Some(toolchain) = TOOLCHAINS.iter().find(|toolchain| toolchain.profile == name) {
                let used = self.survey.toolchains.iter().find(|used| used.toolchain == toolchain);
                let programs = used.map_or(toolchain.programs.to_vec(), |used| used.programs.clone());
                choice.programs.push((toolchain.title, programs, toolchain.needs));
            }
        }
        choice
    }

    /// The first agent that is installed and has a profile, and all toolchains.
    fn choose(&self, said: &mut Vec<String>) -> Choice {
        let mut choice = Choice::default();
        for installed in &self.survey.agents {
            let Agent { profile, title, program, .. } = installed.agent;
            let place = self.host.spell(&installed.program);
            let why = match (self.has(profile), choice.inherits.is_empty()) {
                (true, true) => {
                    choice.inherits.push((*profile).to_owned());
                    choice.seen.push((*title).to_owned());
                    choice.programs.push((title, vec![program], &[]));
                    format!("inherits {}", quote(profile))
                }
                (true, false) => {
                    format!("one agent for one sandbox; `sbc init {profile}` proposes another sandbox, for it")
                }
                (false, _) => WITHOUT_PROFILE.to_owned(),
            };
            said.push(format!("saw {title} ({place}): {why}"));
            // What it notes there at its first start is needed at each, and stays in no sandbox.
            let begins =
                installed.agent.first_run.filter(|file| self.host.node(&self.host.home.join(file)) == Node::Absent);
            if let Some(file) = begins.filter(|_| choice.inherits.iter().any(|name| name == profile)) {
                said.push(format!("there is no ~/{file}: run `{program}` once without sbc, to log in"));
            }
        }
        self.survey.absent_agents.iter().for_each(|(agent, file)| said.push(self.absent(agent, file)));
        for Used { toolchain: Toolchain { profile, title, needs, .. }, file, programs } in &self.survey.toolchains {
            let has_profile = self.has(profile);
            let why = if has_profile { format!("inherits {}", quote(profile)) } else { WITHOUT_PROFILE.to_owned() };
            if has_profile {
                choice.inherits.push((*profile).to_owned());
            }
            choice.seen.push(format!("{title} ({file})"));
            choice.programs.push((title, programs.clone(), needs));
            said.push(format!("saw {title} ({file}): {why}"));
        }
        if choice.inherits.is_empty() {
            choice.inherits.push("base-dev".to_owned());
        }
        if choice.seen.is_empty() {
            choice.seen.push("work without an agent or a toolchain that sbc knows".to_owned());
            said.push("saw no agent and no toolchain that sbc knows: inherits \"base-dev\"".to_owned());
        }
        choice
    }

    fn absent(&self, agent: &Agent, file: &str) -> String {
        let how = match (self.has(agent.profile), agent.installation()) {
            (true, Some(how)) => format!("; `{how}`, then `sbc init`"),
            _ => String::new(),
        };
        format!("saw {file}: {} is not installed here{how}", agent.title)
    }

    /// Tries a draft.
    fn attempt(&self, draft: &Draft) -> Option<Trial> {
        let mut sources = self.library.clone();
        sources.add(Source { kind: SourceKind::Policy, name: POLICY.to_owned(), text: draft.text().into() });
        Trial::new(sources, self.host)
    }

    /// Takes a changed draft if nothing stands against it.
    fn take(&self, composed: &mut Composed, draft: Draft) -> bool {
        let trial = Some(&draft).filter(|draft| draft.text().lines().count() <= MAX_LINES);
        match trial.and_then(|draft| self.attempt(draft)).filter(|next| next.count() <= composed.trial.count()) {
            Some(trial) => {
                (composed.draft, composed.trial) = (draft, trial);
                true
            }
            None => false,
        }
    }

    /// Lets programs start that cannot yet, and shows what they need besides.
    fn fit(&self, composed: &mut Composed, title: &str, programs: &[&str], needs: &[&str]) {
        let mut absent = Vec::new();
        for program in programs {
            let sandboxes = &composed.trial.sandboxes;
            let runs = |compiled: &&Compiled| compiled.plan.content.command.first().map(Text::as_str) == Some(program);
            let own = sandboxes.iter().find(runs);
            let Some(compiled) = own.or(sandboxes.first()) else { return };
            match standing(compiled, self.host, program) {
                Standing::Starts => {}
                Standing::Absent => absent.push(*program),
                Standing::Barred(why) => composed.said.push(format!("`{program}` will not start inside: {why}")),
                Standing::Lacks(rules) => {
                    let Some(texts) = texts(&rules, self.host) else { continue };
                    let mut draft = composed.draft.clone();
                    rules.iter().for_each(|rule| add(&mut draft, rule, self.host, title, program));
                    let is_taken = self.take(composed, draft);
                    composed.said.push(match is_taken {
                        true => format!("`{program}` starts inside by {texts}"),
                        false => format!("`{program}` as it is installed here needs {texts}: left out"),
                    });
                }
            }
        }
        if !absent.is_empty() {
            composed.said.push(format!("{title}: this host has no {}", list(absent, "and no")));
        }
        for need in needs {
            let path = need.strip_prefix("~/").map(|below| self.host.home.join(below));
            let path = path.filter(|path| self.host.node(path) == Node::Directory);
            let Some((path, compiled)) = path.zip(composed.trial.sandboxes.first()) else { continue };
            if !is_readable(compiled, self.host, &path) {
                let mut draft = composed.draft.clone();
                draft.add(&because(title), Statement::Show(vec![quote(need)]));
                if self.take(composed, draft) {
                    composed.said.push(format!("{title} needs {need}: shown, read-only"));
                }
            }
        }
    }

    /// Hides what probably holds secrets.
    fn deny(&self, composed: &mut Composed) {
        let Found { files, .. } = &self.survey.sensitive;
        for Sensitive { path, about } in files.iter().take(MOST_DENIED) {
            let Some(text) = remedy::path(self.host, &self.host.project.join(path)) else {
                let shown = Path::new(".").join(path);
                composed.said.push(format!("saw `{}` ({about}), which no rule can name: not hidden", shown.display()));
                continue;
            };
            let mut draft = composed.draft.clone();
            draft.add(&format!("Probably {about}."), Statement::Deny(vec![text.clone()]));
            let becomes = if self.take(composed, draft) { "hidden by `deny`" } else { "not hidden" };
            composed.said.push(format!("saw {text} ({about}): {becomes}"));
        }
        composed.said.extend(uncovered(&self.survey.sensitive));
    }
}

/// What of sensitive files stays visible, as sentences.
pub fn uncovered(found: &Found) -> Vec<String> {
    let mut said = Vec::new();
    let names: Vec<String> = found
        .files
        .iter()
        .skip(MOST_DENIED)
        .take(3)
        .map(|file| Path::new(".").join(&file.path).display().to_string())
        .collect();
    if let Some(more) = found.files.len().checked_sub(MOST_DENIED).filter(|more| *more > 0) {
        said.push(format!("saw {more} more files that may hold secrets, such as {}: not hidden", names.join(", ")));
    }
    if found.made_up > 0 {
        said.push(format!("saw {} of the sort in directories of tests and examples: not hidden", found.made_up));
    }
    if found.is_cut {
        said.push("not all of the project was searched for secrets: it is too large, or too deep".to_owned());
    }
    said
}

/// Rules as a policy writes them, in a sentence; nothing where one cannot be written.
pub fn texts(rules: &[Rule], host: &Host) -> Option<String> {
    let texts: Option<Vec<String>> = rules.iter().map(|rule| Some(format!("`{}`", rule.text(host)?))).collect();
    texts.map(|texts| texts.join(" and "))
}

fn because(title: &str) -> String {
    format!("{title}, as it is installed here.")
}

/// Adds a rule that lets a program start.
fn add(draft: &mut Draft, rule: &Rule, host: &Host, title: &str, program: &str) {
    let in_quotes = |text: &str| text.trim_matches('"').to_owned();
    match rule {
        Rule::Inherit(name) => {
            draft.inherits.retain(|other| other != "base-dev");
            draft.inherits.push((*name).to_owned());
        }
        Rule::Path(directory) => {
            if let Some(text) = variable(host, directory) {
                draft.add_path(in_quotes(&quote(&text)), program);
            }
        }
        Rule::Show { source, at } if source == at => {
            let path = remedy::path(host, source);
            draft.add(&because(title), Statement::Show(path.into_iter().collect()));
        }
        other => {
            let Some(text) = other.text(host) else { return };
            match other.section() {
                Section::Env => draft.env.push((because(title), text)),
                _ => draft.add(&because(title), Statement::Other(text)),
            }
        }
    }
}
