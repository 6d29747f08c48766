//! Writes a draft in the policy language: grouped, with the comments of what was imported.

use super::derive::Rule;
use super::draft::{Draft, Refused};
use crate::diagnostic::printable;
use crate::policy::{Access, EnvRule, Setting};
use crate::rule::{self, quote};
use crate::schema::{self, Section};

/// Columns of a line.
const WIDTH: usize = 118;

/// The text of a policy. `grouped` puts paths of which the same is said on one line.
pub fn text(draft: &Draft, grouped: bool) -> String {
    let mut out = String::new();
    let mut line = |depth: usize, text: &str| {
        out.push_str(&"    ".repeat(if text.is_empty() { 0 } else { depth }));
        out.push_str(text);
        out.push('\n');
    };
    line(
        0,
        &comment(&format!("Imported from {}; `sbc check` and `sbc show --tree` say what it comes to.", draft.from)),
    );
    line(0, &format!("sandbox {} {{", quote(&draft.name)));
    if !draft.inherits.is_empty() {
        let names: Vec<String> = draft.inherits.iter().map(|name| quote(name)).collect();
        line(1, &format!("inherit {}", names.join(" ")));
    }
    let mut blocks = vec![("filesystem", filesystem(draft, grouped)), ("env", env(draft))];
    for section in [Section::Body, Section::Isolation, Section::Run, Section::Limits] {
        let name = match section {
            Section::Body => "",
            Section::Isolation => "isolation",
            Section::Run => "run",
            _ => "limits",
        };
        blocks.push((name, settings(draft, section)));
    }
    blocks.push(("", waived(draft)));
    let mut is_first = draft.inherits.is_empty();
    for (name, lines) in blocks.into_iter().filter(|(_, lines)| !lines.is_empty()) {
        if !is_first {
            line(0, "");
        }
        is_first = false;
        let depth = if name.is_empty() { 1 } else { 2 };
        if depth == 2 {
            line(1, &format!("{name} {{"));
        }
        lines.iter().for_each(|text| line(depth, text));
        if depth == 2 {
            line(1, "}");
        }
    }
    line(0, "}");
    out
}

/// A comment on one line; nothing in it can end it.
fn comment(text: &str) -> String {
    format!("// {}", printable(&super::shorten(text, 4 * WIDTH)))
}

/// Rules of which the same is said, but for the path.
struct Group {
    reason: Option<String>,
    verb: String,
    tail: String,
    paths: Vec<String>,
}

fn filesystem(draft: &Draft, grouped: bool) -> Vec<String> {
    let mut groups: Vec<Group> = Vec::new();
    for one in &draft.filesystem {
        let (verb, path, tail) = parts(one);
        let same = |group: &&mut Group| {
            let lists = matches!(group.verb.as_str(), "ro" | "rw" | "copy" | "overlay" | "device" | "deny");
            grouped && lists && group.reason == one.reason && group.verb == verb && group.tail == tail
        };
        match groups.iter_mut().find(same).filter(|_| !tail.contains(" at=") && !tail.contains(" text=")) {
            Some(group) => group.paths.push(path),
            None => groups.push(Group { reason: one.reason.clone(), verb, tail, paths: vec![path] }),
        }
    }
    // Rules with one reason stand together, in the order of their first.
    let mut order: Vec<Option<String>> = Vec::new();
    for group in &groups {
        if !order.contains(&group.reason) {
            order.push(group.reason.clone());
        }
    }
    groups.sort_by_key(|group| order.iter().position(|reason| *reason == group.reason));
    let mut lines = Vec::new();
    let mut last: Option<&Option<String>> = None;
    for group in &groups {
        // A comment is the reason of the rule below it, so each rule has its own.
        let starts = last != Some(&group.reason);
        if let Some(reason) = group.reason.as_ref().filter(|_| starts || !grouped) {
            lines.push(comment(reason));
        }
        last = Some(&group.reason);
        lines.extend(wrapped(group));
    }
    lines.extend(draft.removed.iter().map(|path| format!("remove {}", quote(&path.to_string()))));
    lines.extend(draft.refused.iter().flat_map(|one| refused(draft, one)));
    lines
}

/// A rule that is not in the policy: why, and what a person would have to write.
fn refused(draft: &Draft, one: &Refused) -> Vec<String> {
    let mut lines = vec![comment(&format!("NOT IMPORTED: {}", one.why)), written(&one.rule)];
    if !one.waivers.is_empty() {
        lines.push(comment("If it has to be, it needs beside this block:"));
        lines.extend(one.waivers.iter().map(|waived| written(&draft.waiver(waived))));
    }
    lines
}

/// A statement that does not count, whole.
fn written(statement: &str) -> String {
    format!("//     {}", printable(statement))
}

/// What is waived, with what that opens.
fn waived(draft: &Draft) -> Vec<String> {
    let mut lines = Vec::new();
    for one in &draft.waived {
        lines.push(comment(&format!("The guards refuse this: {}", one.why)));
        lines.extend(one.waivers.iter().map(|waived| draft.waiver(waived)));
    }
    lines
}

/// The verb of a rule, its path, and what stands after it.
fn parts(one: &Rule) -> (String, String, String) {
    let whole = rule::access(&one.at, &one.access);
    let (verb, rest) = whole.split_once(' ').unwrap_or((&whole, ""));
    let path = match &one.access {
        Access::Host { source, .. } => quote(&source.to_string()),
        _ => quote(&one.at.to_string()),
    };
    let tail = rest.strip_prefix(path.as_str()).unwrap_or_default().to_owned();
    (verb.to_owned(), path, tail)
}

fn wrapped(group: &Group) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = group.verb.clone();
    for path in &group.paths {
        if line.len() > group.verb.len() && line.len() + path.len() + group.tail.len() > WIDTH {
            lines.push(format!("{line}{}", group.tail));
            line = group.verb.clone();
        }
        line.push(' ');
        line.push_str(path);
    }
    lines.push(format!("{line}{}", group.tail));
    lines
}

fn env(draft: &Draft) -> Vec<String> {
    let named = |wanted: fn(&EnvRule) -> bool| {
        let names = draft.env.iter().filter(move |(_, rule)| wanted(rule)).map(|(name, _)| quote(name));
        names.collect::<Vec<_>>()
    };
    let list = |verb: &str, paths: Vec<String>| {
        let group = Group { reason: None, verb: verb.to_owned(), tail: String::new(), paths };
        if group.paths.is_empty() { Vec::new() } else { wrapped(&group) }
    };
    let sets = draft.env.iter().filter(|(_, rule)| matches!(rule, EnvRule::Set(_)));
    let mut lines: Vec<String> = sets.map(|(name, rule)| rule::env(name, rule)).collect();
    lines.extend(list("pass", named(|rule| *rule == EnvRule::Pass)));
    lines.extend(list("secret", named(|rule| *rule == EnvRule::Secret)));
    lines.extend(draft.prepends.iter().map(|(name, text)| format!("prepend {name}={}", quote(text.as_str()))));
    lines
}

fn settings(draft: &Draft, section: Section) -> Vec<String> {
    let home = |setting: &&Setting| {
        let rule = rule::setting(setting);
        let word = rule.split(' ').next().unwrap_or_default().to_owned();
        schema::homes(&word).find(|home| *home != Section::Assert) == Some(section)
    };
    draft.settings.iter().filter(home).map(rule::setting).collect()
}
