//! What a variable is inside. The value of the caller is never looked at, only whether there is one.

use super::change::Edit;
use super::{Change, Context, Explanation, shown};
use crate::env::passes;
use crate::merge::Resolved;
use crate::plan::{EnvValue, layers};
use crate::policy::{Assertion, EnvRule};
use crate::rule;

/// What is in the names of variables that hold secrets.
const SECRET_NAMES: [&str; 6] = ["TOKEN", "SECRET", "PASSWORD", "KEY", "CREDENTIAL", "AUTH"];

/// Answers about a variable, or about a pattern that a policy passes.
pub fn explain(context: &Context<'_>, name: &str) -> Explanation {
    let env = &context.compiled.plan.content.env;
    let found = env.get_key_value(name).or_else(|| env.iter().find(|(pattern, _)| fits(pattern, name)));
    let removed = context.merged().env.get(name).filter(|resolved| resolved.value.is_none());
    let verdict = match (found, removed) {
        (Some((key, value)), _) => is(context, name, key, value),
        (None, Some(resolved)) => {
            format!("`{name}` is not set inside: `{}` removes it.", layers(&resolved.origins))
        }
        (None, None) if name == "PWD" => "`PWD` is the working directory inside: bubblewrap sets it.".to_owned(),
        (None, None) => format!("`{name}` is not set inside: no rule sets or passes it."),
    };
    let rule = match (found, removed) {
        (Some((key, value)), _) => {
            let history = context.merged().env.get(key);
            Some(context.rule(&value.rules(key), &value.origins, history, |rule| rule::env(key, rule)))
        }
        (None, Some(resolved)) => {
            let text = format!("remove {}", rule::quote(name));
            Some(context.rule(&text, &resolved.origins, Some(resolved), |rule| rule::env(name, rule)))
        }
        (None, None) => None,
    };
    Explanation {
        subject: shown(&format!("${name}")),
        kind: "variable",
        verdict: shown(&verdict),
        path: None,
        rule,
        shadows: Vec::new(),
        assertions: context.asserted(
            |guarantee| matches!(&guarantee.assertion, Assertion::NoEnv(other) if other == name || fits(name, other)),
        ),
        changes: changes(context, name, found),
    }
}

fn fits(pattern: &str, name: &str) -> bool {
    passes(pattern, name)
}

fn is(context: &Context<'_>, name: &str, key: &str, value: &EnvValue) -> String {
    let before: Vec<&str> = value.prepend.iter().map(|text| text.as_str()).collect();
    let set_now = context.host.map(|_| is_set(name));
    let there = match set_now {
        Some(true) => ", where it is set now",
        Some(false) => ", where it is not set now",
        None => ", if it is set there",
    };
    match &value.rule {
        Some(EnvRule::Set(text)) => {
            let whole = before.iter().copied().chain([text.as_str()]).collect::<Vec<_>>().join(":");
            format!("`{name}` is `{whole}` inside.")
        }
        None => format!("`{name}` is `{}` inside.", before.join(":")),
        Some(EnvRule::Secret) => {
            format!("`{name}` is passed from the caller{there}, and is a secret: sbc never shows its value.")
        }
        Some(EnvRule::Pass) if key.contains('*') && key == name => {
            format!("Every variable that fits `{name}` is passed from the caller, if it is set there.")
        }
        Some(EnvRule::Pass) if key != name => {
            format!("`{name}` is passed from the caller{there}: it fits `{key}`.")
        }
        Some(EnvRule::Pass) if before.is_empty() => format!("`{name}` is passed from the caller{there}."),
        Some(EnvRule::Pass) => {
            format!("`{name}` is `{}`, and after a colon what the caller passes{there}.", before.join(":"))
        }
    }
}

/// Whether the caller has a variable.
fn is_set(name: &str) -> bool {
    std::env::var_os(name).is_some()
}

/// What to type about a variable.
fn changes(context: &Context<'_>, name: &str, found: Option<(&String, &EnvValue)>) -> Vec<Change> {
    let upper = name.to_uppercase();
    let is_secret = SECRET_NAMES.iter().any(|part| upper.contains(part));
    let Some((key, value)) = found else {
        if name.contains('*') || !is_name(name) {
            return Vec::new();
        }
        let rule = if is_secret { EnvRule::Secret } else { EnvRule::Pass };
        let edit = Edit::Env(name.to_owned(), Some(rule));
        return vec![
            context
                .change("to pass it from the caller", &edit, |compiled| compiled.plan.content.env.contains_key(name)),
        ];
    };
    let goal = if key == name { "to take it away".to_owned() } else { format!("to take away all that fit `{key}`") };
    let edit = Edit::Env(key.clone(), None);
    let mut taken = context.change(&goal, &edit, |compiled| !compiled.plan.content.env.contains_key(key));
    let own = context.merged().env.get(key).filter(|resolved| context.is_own(&resolved.origins));
    // `remove` needs something inherited; else the line has to go.
    if own.is_some_and(|resolved: &Resolved<EnvRule>| resolved.overridden.is_empty()) {
        taken.lines.remove(0);
    }
    let mut changes = vec![taken];
    if value.rule == Some(EnvRule::Pass) && is_secret && key == name && value.prepend.is_empty() {
        let edit = Edit::Env(name.to_owned(), Some(EnvRule::Secret));
        changes.push(context.change("to keep its value out of what sbc shows", &edit, |_| true));
    }
    changes
}

/// Whether a policy can write it.
fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars().all(is_part) && !name.starts_with(|c: char| c.is_ascii_digit())
}
