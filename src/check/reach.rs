//! Whether the policy's own command can start on this host: what it lacks inside, and the rule that
//! shows it.

use super::cure::own;
use crate::amend::Amendment;
use crate::compile::Compiled;
use crate::diagnostic::{Code, Diagnostic, Diagnostics, list};
use crate::host::Host;
use crate::invocation::Invocation;
use crate::origin::Origin;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Place, Step};
use crate::reach::{Failure, Lack, Role, Start};
use crate::remedy::{Remedy, Rule, on_host, remedy, variable, whole};
use crate::schema::Section;
use crate::signs::{AGENTS, Agent};
use crate::view::View;
use crate::words::SettingKey;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

/// So many things that are lacking are looked for behind each other.
const MAX_ROUNDS: usize = 16;

/// Everything that is known of a sandbox on this host.
pub struct Sandbox<'a> {
    pub compiled: &'a Compiled,
    pub host: &'a Host,
}

/// What a process would find.
struct Situation<'a> {
    view: View<'a>,
    env: BTreeMap<OsString, OsString>,
    /// What stands for the rules that are only tried.
    step: &'a Step,
}

/// Reports what keeps the command from starting.
pub fn check(sandbox: &Sandbox<'_>, invocation: &Invocation, view: View<'_>, out: &mut Diagnostics) {
    let Some(command) = invocation.command.first() else { return };
    for (failure, remedy) in lacks(sandbox, command, invocation, view, false) {
        out.push(sandbox.report(command, &failure, &remedy));
    }
}

/// What keeps a program from starting, in the order in which it comes to light. Each rule that is
/// proposed is tried on the view, so that what is behind it is found, too. If the last has no rules,
/// no rule lets the program start.
///
/// `as_outside`: another program of the name than the caller would start is none.
pub fn lacks(
    sandbox: &Sandbox<'_>,
    program: &OsStr,
    invocation: &Invocation,
    view: View<'_>,
    as_outside: bool,
) -> Vec<(Failure, Remedy)> {
    let mut all = Vec::new();
    let host = whole(sandbox.host);
    let at = SymbolicPath::of_root(Root::Absolute);
    let step = Step { at, action: Action::Directory, place: Place::Root, origins: Vec::new() };
    let env = invocation.env.iter().chain(&invocation.loader_env);
    let mut now =
        Situation { view, env: env.map(|(name, value)| (name.clone(), value.clone())).collect(), step: &step };
    let mut found = now.start(&invocation.workdir, &host).failure(program);
    if as_outside && found.is_none() {
        found = another(sandbox, &now.start(&invocation.workdir, &host), program);
    }
    for _ in 0..MAX_ROUNDS {
        let Some(failure) = found else { break };
        let start = now.start(&invocation.workdir, &host);
        let mut remedy = remedy(sandbox.host, &sandbox.compiled.merged, &start, &failure);
        let next = now.with(&remedy.rules, sandbox.host, &host);
        found = next.start(&invocation.workdir, &host).failure(program);
        // A rule that changes nothing is none.
        if found.as_ref().is_some_and(|other| other.key() == failure.key()) {
            remedy.rules.clear();
        }
        let is_last = remedy.rules.is_empty();
        all.push((failure, remedy));
        if is_last {
            break;
        }
        now = next;
    }
    all
}

/// The failure that another program is found than outside, where a rule can change that.
fn another(sandbox: &Sandbox<'_>, start: &Start<'_, '_>, program: &OsStr) -> Option<Failure> {
    let outside = start.host.look(&on_host(sandbox.host, program)?).path;
    let failure = Failure::absent(program);
    let is_other = start.find(program).is_some_and(|inside| inside != outside);
    (is_other && !remedy(sandbox.host, &sandbox.compiled.merged, start, &failure).rules.is_empty()).then_some(failure)
}

impl<'a> Situation<'a> {
    fn start<'v>(&'v self, workdir: &'v Path, host: &'v View<'a>) -> Start<'v, 'a> {
        Start { view: &self.view, env: &self.env, workdir, host }
    }

    /// The situation with more rules.
    fn with(&self, rules: &[Rule], host: &Host, whole: &View<'_>) -> Situation<'a> {
        let mut next = Situation { view: self.view.clone(), env: self.env.clone(), step: self.step };
        for rule in rules {
            for (at, source) in rule.shown(host) {
                let (at, source) = (next.view.look(&at).path, whole.look(&source).path);
                next.view.show(at, source);
            }
            if let Rule::Link { at, to } = rule {
                next.view.link(at.clone(), to.clone(), self.step);
            }
            for (name, value) in rule.prepended(host) {
                let old = next.env.remove(OsStr::new(name));
                let parts: Vec<OsString> = [Some(value), old].into_iter().flatten().collect();
                next.env.insert(name.into(), parts.join(OsStr::new(":")));
            }
        }
        next
    }
}

/// Rules with the blocks that they stand in, for a sentence that goes on with `of`.
fn places(rules: &[(Section, String)]) -> String {
    let mut blocks: Vec<(Section, Vec<&str>)> = Vec::new();
    for (section, text) in rules {
        match blocks.last_mut().filter(|(last, _)| last == section) {
            Some((_, texts)) => texts.push(text),
            None => blocks.push((*section, vec![text])),
        }
    }
    let place = |(section, texts): &(Section, Vec<&str>)| {
        format!(
            "{} in {}",
            list(texts.iter().copied(), "and"),
            section.block().map_or("the body".into(), |name| format!("`{name}`"))
        )
    };
    blocks.iter().map(place).collect::<Vec<_>>().join(" and ")
}

/// Whether the title names the path of what is lacking.
fn title_tells(failure: &Failure) -> bool {
    !matches!(failure.lack, Lack::Program(_) | Lack::Library(_))
}

impl Sandbox<'_> {
    fn report(&self, command: &OsStr, failure: &Failure, remedy: &Remedy) -> Diagnostic {
        let title = self.title(command, failure);
        let mut diagnostic = match &remedy.found {
            Some(_) => Diagnostic::error(Code::SBC0412, title),
            None => Diagnostic::warning(Code::SBC0811, format!("{title}, and not on this host")),
        };
        diagnostic = self.located(diagnostic, command);
        let rules = self.texts(&remedy.rules).unwrap_or_default();
        if rules.is_empty() {
            return diagnostic.help(self.without_rule(command, failure, remedy));
        }
        let texts = places(&rules);
        let found = remedy.found.as_ref().map(|path| self.host.spell(path)).unwrap_or_default();
        let is_told = texts.contains(&found) || title_tells(failure);
        let diagnostic = match is_told {
            true => diagnostic,
            false => diagnostic.note(format!("this host has it as `{found}`")),
        };
        let diagnostic = diagnostic.help(format!("write {texts} of `{}`", self.compiled.merged.layer));
        let amendments = self.amendments(&remedy.rules).unwrap_or_default();
        amendments.into_iter().fold(diagnostic, Diagnostic::amend)
    }

    /// Points at the command, and at the sandbox where the command is a built-in profile's.
    fn located(&self, diagnostic: Diagnostic, command: &OsStr) -> Diagnostic {
        let merged = &self.compiled.merged;
        let origin = merged.settings.get(&SettingKey::Command).and_then(|setting| setting.origins.first());
        match origin.filter(|origin| !crate::builtin::holds(origin)) {
            Some(origin) => diagnostic.at(origin.location, "this command"),
            None => diagnostic.at(merged.location, format!("it runs `{}`", command.display())),
        }
    }

    /// What is lacking, as the start of a sentence.
    pub fn title(&self, command: &OsStr, failure: &Failure) -> String {
        let spell = |path: &Path| format!("`{}`", self.host.spell(path));
        let by = failure.by.as_deref().map(spell).unwrap_or_else(|| format!("`{}`", command.display()));
        match &failure.lack {
            Lack::Program(name) if failure.by.is_none() => {
                format!("the command `{}` is not on the sandbox's PATH", name.display())
            }
            Lack::Program(name) => format!("{by} starts `{}`, which is not on the sandbox's PATH", name.display()),
            Lack::File { path, link: Some(link), .. } => {
                format!("{} is a link to {}, which is not inside", spell(link), spell(path))
            }
            Lack::File { path, role, .. } => match role {
                Role::Program if failure.by.is_none() => format!("the command {} is not inside", spell(path)),
                Role::Program => format!("{by} starts {}, which is not inside", spell(path)),
                Role::Interpreter => format!("{by} is run by {}, which is not inside", spell(path)),
                Role::Loader => format!("{by} needs the loader {}, which is not inside", spell(path)),
            },
            Lack::Closed(path) => {
                format!("{} cannot be reached inside, and `{}` needs it", spell(path), command.display())
            }
            Lack::NotExecutable(path) => {
                format!("{} cannot be run inside, and `{}` needs it", spell(path), command.display())
            }
            Lack::Library(unfound) => {
                let needs = unfound.chain.first().map(|object| spell(&object.path)).unwrap_or(by);
                format!("{needs} needs the library `{}`, which is not inside", unfound.library.display())
            }
            Lack::OfShim(path) => format!("{by} is a shim and needs {}, which is not inside", spell(path)),
        }
    }

    /// What to do where no rule helps.
    fn without_rule(&self, command: &OsStr, failure: &Failure, remedy: &Remedy) -> String {
        let found = remedy.found.as_deref().map(|path| self.host.spell(path)).unwrap_or_default();
        match &failure.lack {
            Lack::Closed(_) => "take away the rule that hides it, or name another command".to_owned(),
            Lack::NotExecutable(path) if path.is_absolute() => {
                format!("make it a program: `chmod +x {found}`, or name another command")
            }
            _ if remedy.found.is_some() => format!("show `{found}`, and what it needs, by rules of your own"),
            Lack::Library(unfound) => format!("install what brings `{}`", unfound.library.display()),
            _ => {
                let agent = AGENTS.iter().find(|agent| OsStr::new(agent.program) == command);
                match agent.and_then(Agent::installation).filter(|_| failure.by.is_none()) {
                    Some(how) => format!("install it: `{how}`"),
                    None => "install it, or name another command: `run { command \"…\"; }`".to_owned(),
                }
            }
        }
    }

    /// The rules as a policy writes them, where that can be said.
    fn texts(&self, rules: &[Rule]) -> Option<Vec<(Section, String)>> {
        rules.iter().map(|rule| Some((rule.section(), rule.text(self.host)?))).collect()
    }

    /// The rules as changes of the sandbox's text, where they can be told.
    pub fn amendments(&self, rules: &[Rule]) -> Option<Vec<Amendment>> {
        let texts = self.texts(rules)?;
        let body = self.compiled.merged.location;
        let (mut amendments, mut added) = (Vec::new(), Vec::new());
        for (rule, text) in rules.iter().zip(texts) {
            match (rule, self.own(rule)) {
                // The floor comes with every other profile.
                (Rule::Inherit(name), _) => {
                    amendments.push(Amendment::Inherit { body, name: (*name).to_owned(), instead_of: "base-dev" });
                }
                (_, None) => added.push(text),
                // One body has one such statement: what it puts in front of PATH grows.
                (Rule::Path(directory), Some(origin)) => {
                    let text = format!("{}:", variable(self.host, directory)?);
                    amendments.push(Amendment::Prefix { subject: origin.location, text });
                }
                _ => return None,
            }
        }
        amendments.push(Amendment::Add { body, rules: added });
        Some(amendments)
    }

    /// What the sandbox itself says about the key of a rule.
    fn own(&self, rule: &Rule) -> Option<&Origin> {
        let merged = &self.compiled.merged;
        match rule {
            Rule::Path(_) => own(merged, merged.prepends.get("PATH")?.iter().map(|(_, origin)| origin)),
            Rule::LibraryPath(_) => own(merged, &merged.env.get("LD_LIBRARY_PATH")?.origins),
            Rule::Show { at, .. } | Rule::Link { at, .. } => {
                let same = |key: &SymbolicPath| self.host.expand(key).is_ok_and(|own| own == *at);
                own(merged, &merged.filesystem.iter().find(|(key, _)| same(key))?.1.origins)
            }
            Rule::Inherit(_) => None,
        }
    }
}
