//! Says a draft by the built-in profiles as far as they fit: what they say already is left out.

use super::Unsaid;
use super::derive::Rule;
use super::draft::Draft;
use crate::compile::Compiled;
use crate::path::{Root, SymbolicPath};
use crate::plan::EnvValue;
use crate::policy::{Access, EnvRule, Grant, Setting};
use crate::rule;
use crate::space::{Space, Symbols};
use crate::text::Text;
use crate::view::{Kind, Seen, View};
use crate::words::{Lifetime, Terminal};
use std::path::{Path, PathBuf};

/// What a profile is for, by the paths and the programs that tell.
const SIGNS: &[(&str, &[&str], &[&str])] = &[
    ("claude", &["~/.claude", "~/.claude.json"], &["claude"]),
    ("node", &["~/.npm", "~/.nvm", "~/.cache/pnpm", "~/.local/share/pnpm"], &["node", "npm", "npx", "pnpm", "yarn"]),
];

/// The built-in profiles that fit.
pub fn profiles(draft: &Draft) -> Vec<String> {
    let paths: Vec<SymbolicPath> =
        draft.filesystem.iter().filter(|rule| shows(rule)).map(|rule| rule.at.clone()).collect();
    let command = draft.settings.iter().find_map(|setting| match setting {
        Setting::Command(words) => words.first().map(|word| word.as_str().to_owned()),
        _ => None,
    });
    let program = command.as_deref().and_then(|command| command.rsplit('/').next()).unwrap_or_default().to_owned();
    let fits = |(_, signs, programs): &&(&str, &[&str], &[&str])| {
        let signs = signs.iter().filter_map(|sign| SymbolicPath::parse(sign).ok());
        programs.contains(&program.as_str()) || signs.into_iter().any(|sign| paths.contains(&sign))
    };
    let found: Vec<String> = SIGNS.iter().filter(fits).map(|(name, _, _)| (*name).to_owned()).collect();
    if found.is_empty() { vec!["base-dev".to_owned()] } else { found }
}

fn shows(rule: &Rule) -> bool {
    matches!(rule.access, Access::Host { .. })
}

/// Leaves out what the profiles of `inherited` say. `inherited` is a sandbox that says nothing else.
pub fn factor(draft: &mut Draft, inherited: &Compiled, host: &dyn Space, unsaid: &mut Vec<Unsaid>) {
    let view = View::symbolic(&inherited.plan);
    let content = &inherited.plan.content;
    let root = |rule: &Rule| rule.at.to_string() == "/" && matches!(rule.access, Access::Tmpfs { .. });
    link_project(draft, inherited, unsaid);
    draft.filesystem.retain(|rule| !root(rule) && !covers(rule, inherited, &view, host));
    draft.env.retain(|name, rule| !says(content.env.get(name), rule, name));
    draft.prepends.retain(|name, text| !content.env.get(name).is_some_and(|value| value.prepend.contains(text)));
    let (mut kept, mut left) = (Vec::new(), Vec::new());
    for setting in std::mem::take(&mut draft.settings) {
        match inherited.merged.settings.get(&setting.key()).and_then(|resolved| resolved.value.as_ref()) {
            Some(own) if *own == setting => {}
            // What isolates more stays.
            _ if keeps(&setting) => left.push(rule::setting(&setting)),
            _ => kept.push(setting),
        }
    }
    draft.settings = kept;
    if !left.is_empty() {
        let (what, span) = (left.join(", "), None);
        let why = "the profile's own rules stay, which isolate more; write these to have it as it was".to_owned();
        unsaid.push(Unsaid { span, what, why, is_note: true, is_mask: false });
    }
}

/// Shows the project at another place by a link to where the profiles show it: what they protect in it
/// could be written there.
fn link_project(draft: &mut Draft, inherited: &Compiled, unsaid: &mut Vec<Unsaid>) {
    let project = SymbolicPath::of_root(Root::Project);
    let shows_project =
        |access: &Access| matches!(access, Access::Host { grant: Grant::ReadWrite, source, .. } if *source == project);
    let taken: Vec<SymbolicPath> = draft.filesystem.iter().map(|rule| rule.at.clone()).collect();
    let holds = |at: &SymbolicPath| {
        let others = taken.iter().chain(inherited.plan.content.steps.iter().map(|step| &step.at));
        others.filter(|other| other.is_within(at) && *other != at).count() > 0
    };
    let moved = |rule: &&mut Rule| rule.at != project && shows_project(&rule.access) && !holds(&rule.at);
    for rule in draft.filesystem.iter_mut().filter(moved) {
        let Ok(to) = Text::parse("${PROJECT}") else { continue };
        let why = "a link to where the project is, because the profile protects it there";
        unsaid.push(Unsaid::note(rule.span, rule::access(&rule.at, &rule.access), why));
        rule.access = Access::Symlink { to };
    }
}

/// Whether a profile's value of a setting is to be preferred.
fn keeps(setting: &Setting) -> bool {
    matches!(
        setting,
        Setting::Namespace(..) | Setting::Lifetime(Lifetime::Detached) | Setting::Terminal(Terminal::Inherit)
    )
}

/// Whether a variable is inside as the rule says.
fn says(value: Option<&EnvValue>, rule: &EnvRule, name: &str) -> bool {
    match value.and_then(|value| value.rule.as_ref()) {
        Some(own) if own == rule => true,
        // A profile sets these to what they are, or to what is sensible inside.
        Some(EnvRule::Set(_)) => *rule == EnvRule::Pass && super::env::COMMON.contains(&name),
        Some(EnvRule::Secret) => *rule == EnvRule::Pass,
        _ => false,
    }
}

/// Whether the profiles show at a rule's place what it says.
fn covers(rule: &Rule, inherited: &Compiled, view: &View<'_>, host: &dyn Space) -> bool {
    let same = inherited.plan.content.steps.iter().any(|step| {
        step.at == rule.at
            && step.rule().split(" missing=").next() == rule::access(&rule.at, &rule.access).split(" missing=").next()
    });
    let Some(at) = Symbols.inside(&rule.at) else { return false };
    let seen = view.look(&at);
    let hidden = seen.kind == Kind::Absent || seen.kind == Kind::Masked;
    same || match &rule.access {
        Access::Host { grant: Grant::ReadOnly, source, .. } if super::derive::is_null(source) => hidden,
        Access::Host { grant, source, .. } => {
            let real = Symbols.real(source);
            shows_host(&seen, real.as_deref(), *grant) || is_merged(rule, source, view, host, *grant)
        }
        Access::Tmpfs { .. } => seen.kind == Kind::Memory && seen.access.write,
        Access::Deny => hidden,
        Access::Directory => seen.is_directory(),
        Access::Proc | Access::Dev => seen.mount.is_some_and(|mount| mount.at == at) && !hidden,
        Access::Symlink { to } => {
            let target = at.parent().unwrap_or(Path::new("/")).join(to.as_str());
            real_path(host, &at).is_some_and(|real| real != at && Some(real) == real_path(host, &target))
        }
        Access::File { .. } => seen.kind == Kind::Text,
    }
}

fn shows_host(seen: &Seen<'_, '_>, source: Option<&Path>, grant: Grant) -> bool {
    match (&seen.kind, grant) {
        (Kind::Host { source: own, .. }, Grant::ReadOnly) => Some(own.as_path()) == source && !seen.access.write,
        (Kind::Host { source: own, .. }, Grant::ReadWrite) => Some(own.as_path()) == source && seen.access.write,
        (Kind::Copy { source: own }, Grant::Copy) => Some(own.as_path()) == source,
        (Kind::Device, Grant::Device) => true,
        _ => false,
    }
}

/// Whether links of this host lead to something that the profiles show: `/bin` where `/usr` is merged.
fn is_merged(rule: &Rule, source: &SymbolicPath, view: &View<'_>, host: &dyn Space, grant: Grant) -> bool {
    let symbolic = |path: &SymbolicPath| Symbols.inside(path);
    let (Some(at), Some(from)) = (symbolic(&rule.at), symbolic(source)) else { return false };
    at == from
        && real_path(host, &from).is_some_and(|real| real != from && shows_host(&view.look(&real), Some(&real), grant))
}

/// An absolute path of this host with its last link followed, as far as it is one.
fn real_path(host: &dyn Space, path: &Path) -> Option<PathBuf> {
    let spelling = path.to_str().filter(|text| !text.contains('$'))?;
    host.real(&SymbolicPath::parse(spelling).ok()?)
}
