//! The environment inside: which variables a process gets, and from where.
//!
//! Names and values of one run. Values of secrets live only in the result of [`resolve`].

use crate::plan::EnvValue;
use crate::policy::EnvRule;
use crate::words::Variable;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Whether a name fits a pattern in which `*` stands for any characters.
pub fn glob(pattern: &str, name: &str) -> bool {
    let Some((head, rest)) = pattern.split_once('*') else { return pattern == name };
    let Some(tail) = name.strip_prefix(head) else { return false };
    (0..=tail.len()).any(|skipped| tail.get(skipped..).is_some_and(|tail| glob(rest, tail)))
}

/// The variables of a process inside: what the plan sets, and what it passes of the caller's.
/// A rule for a name beats a pattern that fits it.
pub fn resolve(
    env: &BTreeMap<String, EnvValue>,
    caller: impl Iterator<Item = (OsString, OsString)>,
    value: &dyn Fn(Variable) -> OsString,
) -> BTreeMap<OsString, OsString> {
    let caller: BTreeMap<OsString, OsString> = caller.collect();
    let mut resolved = BTreeMap::new();
    for (pattern, _) in env.iter().filter(|(name, _)| name.contains('*')) {
        let fits = |name: &OsStr| name.to_str().is_some_and(|name| glob(pattern, name));
        resolved
            .extend(caller.iter().filter(|(name, _)| fits(name)).map(|(name, value)| (name.clone(), value.clone())));
    }
    for (name, rule) in env.iter().filter(|(name, _)| !name.contains('*')) {
        let own = match &rule.rule {
            Some(EnvRule::Set(text)) => Some(text.expand(value)),
            Some(EnvRule::Pass | EnvRule::Secret) => caller.get(OsStr::new(name)).cloned(),
            None => None,
        };
        let parts: Vec<OsString> = rule.prepend.iter().map(|text| text.expand(value)).chain(own).collect();
        if !parts.is_empty() {
            resolved.insert(name.into(), parts.join(OsStr::new(":")));
        }
    }
    resolved
}
