//! The environment inside: which variables a process gets, and from where.
//!
//! Names and values of one run. Values of secrets live only in the result of [`resolve`].

use crate::plan::EnvValue;
use crate::policy::EnvRule;
use crate::steering;
use crate::words::Variable;
use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};

/// Whether a name fits a pattern in which `*` stands for any characters. Takes time in proportion
/// to the product of both lengths at the most.
pub fn glob(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut read) = (0, 0);
    // The last `*`, and how much of the name it stands for so far ends here.
    let mut star: Option<(usize, usize)> = None;
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, read));
                at += 1;
            }
            Some(byte) if name.get(read) == Some(byte) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((star_at, taken)) = star else { return false };
                star = Some((star_at, taken + 1));
                at = star_at + 1;
                read = taken + 1;
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

/// The variables that the dynamic loader and the C library obey before a program does anything.
/// bubblewrap itself runs outside of the sandbox and must not see them: a policy, or a library
/// that was made inside, could make it run anything.
pub const LOADER: [&str; 8] =
    ["LD_*", "MALLOC_*", "GLIBC_TUNABLES", "GCONV_PATH", "GETCONF_DIR", "LOCPATH", "NLSPATH", "RESOLV_*"];

/// Whether a variable steers the loader of any program that is started with it.
pub fn steers_loader(name: &str) -> bool {
    LOADER.iter().any(|pattern| glob(pattern, name))
}

/// Whether a pattern of a policy passes a variable. None passes what decides which code runs.
pub fn passes(pattern: &str, name: &str) -> bool {
    pattern.contains('*') && glob(pattern, name) && steering::find(name).is_none()
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
        let fits = |name: &OsStr| name.to_str().is_some_and(|name| passes(pattern, name));
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
