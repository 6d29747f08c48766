//! Finds what a policy that is there already lacks: profiles for what is used, and secrets that it shows.
//!
//! Only adds, in the policy's own text, and tries each change before it is proposed.

use crate::amend::Amendment;
use crate::builtin;
use crate::check::reach::Sandbox;
use crate::compile::Compiled;
use crate::compose::{Composer, MOST_DENIED, WITHOUT_PROFILE, texts, uncovered};
use crate::path::SymbolicPath;
use crate::remedy;
use crate::rule::quote;
use crate::schema::Section;
use crate::sensitive::Sensitive;
use crate::signs::{self, AGENTS, Agent};
use crate::survey::Used;
use crate::trial::{Standing, Trial, is_readable, standing};

/// A policy on its way to a better one.
pub struct Improver<'a> {
    pub composer: &'a Composer<'a>,
    pub trial: Trial,
    /// What was seen, and what is proposed for it; a sentence each.
    pub said: Vec<String>,
}

impl Improver<'_> {
    /// Adds what is missing: what the user names, or else what was seen.
    pub fn improve(&mut self, named: &[String]) {
        let is_asked = !named.is_empty();
        let wanted: Vec<String> = if is_asked { named.to_vec() } else { self.wanted() };
        for profile in wanted {
            if self.inherits(&profile) {
                self.said.extend(is_asked.then(|| format!("{} is inherited already", quote(&profile))));
                continue;
            }
            match signs::agent(&profile) {
                Some(agent) if self.agents().next().is_some() => self.add_sandbox(agent),
                _ => self.inherit(&profile),
            }
        }
        if !is_asked {
            let programs = self.composer.survey.toolchains.iter().flat_map(|used| &used.programs);
            programs.for_each(|program| self.start(program));
        }
        self.deny();
    }

    fn inherits(&self, profile: &str) -> bool {
        self.trial.sandboxes.iter().any(|compiled| compiled.merged.inherited.iter().any(|name| name == profile))
    }

    /// The agents that sandboxes are for.
    fn agents(&self) -> impl Iterator<Item = &'static Agent> {
        AGENTS.iter().filter(|agent| {
            let is_command = |compiled: &Compiled| {
                compiled.plan.content.command.first().is_some_and(|word| word.as_str() == agent.program)
            };
            self.inherits(agent.profile) || self.trial.sandboxes.iter().any(is_command)
        })
    }

    /// The profiles for what was seen. An agent is one of them if no sandbox is for one, or if the project
    /// has files for it.
    fn wanted(&mut self) -> Vec<String> {
        let mut wanted = Vec::new();
        let known: Vec<&str> = self.agents().map(|agent| agent.profile).collect();
        for installed in
            self.composer.survey.agents.iter().filter(|installed| !known.contains(&installed.agent.profile))
        {
            let Agent { title, profile, .. } = installed.agent;
            let why = match self.composer.has(profile) {
                false => WITHOUT_PROFILE.to_owned(),
                true if installed.file.is_some() || known.is_empty() && wanted.is_empty() => {
                    wanted.push((*profile).to_owned());
                    continue;
                }
                true => format!("no sandbox is for it; `sbc init {profile}` proposes one"),
            };
            self.said.push(format!("saw {title} ({}): {why}", self.composer.host.spell(&installed.program)));
        }
        for Used { toolchain, file, .. } in &self.composer.survey.toolchains {
            match self.composer.has(toolchain.profile) {
                true => wanted.push(toolchain.profile.to_owned()),
                false => self.said.push(format!("saw {} ({file}): {WITHOUT_PROFILE}", toolchain.title)),
            }
        }
        wanted
    }

    /// Makes a change if it can be made and brings no problem.
    fn take(&mut self, amendments: Vec<Amendment>) -> bool {
        match self.trial.amended(amendments, self.composer.host) {
            Some(next) => {
                self.trial = next;
                true
            }
            None => false,
        }
    }

    /// A profile more for the first sandbox, and before it what lets its agent start.
    fn inherit(&mut self, profile: &str) {
        if let Some(agent) = signs::agent(profile) {
            self.start(agent.program);
            if self.inherits(profile) {
                return;
            }
        }
        let Some(body) = self.trial.sandboxes.first().map(|compiled| compiled.merged.location) else { return };
        let taken = self.take(vec![Amendment::Inherit { body, name: profile.to_owned(), instead_of: "base-dev" }]);
        self.said.push(match taken {
            true => format!("{} is used and not inherited: proposed", quote(profile)),
            false => format!("{} is not inherited, and does not go with the policy as it is", quote(profile)),
        });
    }

    /// A sandbox more, for another agent.
    fn add_sandbox(&mut self, agent: &Agent) {
        let Some(first) = self.trial.sandboxes.first() else { return };
        let is_used = |name: &str| self.trial.sandboxes.iter().any(|compiled| compiled.merged.name == name);
        let name = if is_used(agent.profile) { format!("{}-2", agent.profile) } else { agent.profile.to_owned() };
        let toolchains = self.composer.survey.toolchains.iter().map(|used| used.toolchain.profile.to_owned());
        let inherits =
            std::iter::once(agent.profile.to_owned()).chain(toolchains.filter(|name| self.composer.has(name)));
        let composed = self.composer.compose(&inherits.collect::<Vec<_>>());
        let Some(mut draft) = composed.map(|composed| composed.draft) else { return };
        draft.name = name;
        draft.seen = vec![agent.title.to_owned()];
        let (body, rules) = (first.merged.location, vec![(Section::File, draft.sandbox())]);
        let taken = self.take(vec![Amendment::Add { body, rules }]);
        self.said.push(match taken {
            true => format!("no sandbox is for {}: proposed, as {}", agent.title, quote(&draft.name)),
            false => format!("no sandbox is for {}, and one does not go with the policy as it is", agent.title),
        });
    }

    /// Rules for a program that does not start in the first sandbox.
    fn start(&mut self, program: &str) {
        let host = self.composer.host;
        let Some(compiled) = self.trial.sandboxes.first() else { return };
        let Standing::Lacks(rules) = standing(compiled, host, program) else { return };
        let amendments = (Sandbox { compiled, host }).amendments(&rules);
        let Some((amendments, texts)) = amendments.zip(texts(&rules, host)) else { return };
        if self.take(amendments) {
            self.said.push(format!("`{program}` does not start inside as outside: {texts} proposed"));
        }
    }

    /// Hides from each sandbox what it can read and what is probably secret.
    fn deny(&mut self) {
        let mut denied = 0;
        for Sensitive { path, about } in &self.composer.survey.sensitive.files {
            let absolute = self.composer.host.project.join(path);
            let Some(text) = remedy::path(self.composer.host, &absolute) else { continue };
            let key = SymbolicPath::parse(text.trim_matches('"')).ok();
            let is_shown = |compiled: &&Compiled| {
                let own = key.as_ref().and_then(|key| compiled.merged.filesystem.get(key));
                // A rule of the project about this very file is taken at its word.
                !own.is_some_and(|own| own.origins.iter().any(|origin| !builtin::holds(origin)))
                    && is_readable(compiled, self.composer.host, &absolute)
            };
            let bodies: Vec<_> =
                self.trial.sandboxes.iter().filter(is_shown).map(|one| one.merged.name.clone()).collect();
            for name in bodies {
                if denied == MOST_DENIED {
                    break;
                }
                let rule = format!("deny {text} reason={}", quote(&format!("Probably {about}.")));
                let body =
                    self.trial.sandboxes.iter().find(|one| one.merged.name == name).map(|one| one.merged.location);
                let Some(body) = body else { continue };
                if self.take(vec![Amendment::Add { body, rules: vec![(Section::Filesystem, rule)] }]) {
                    denied += 1;
                    self.said.push(format!("{text} ({about}) can be read in {}: `deny` proposed", quote(&name)));
                }
            }
        }
        if denied > 0 {
            self.said.extend(uncovered(&self.composer.survey.sensitive));
        }
    }
}
