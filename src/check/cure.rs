//! How an assertion is made to hold again: the rule to write or to leave out.
//!
//! A rule of the sandbox itself is changed, as a second one about the same key would be an error. What
//! is inherited is overridden.

use crate::amend::Amendment;
use crate::merge::{Merged, Resolved};
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::policy::{Access, Grant};
use crate::rule::{self, quote};
use crate::schema::Section;
use crate::words::{Missing, Network, SettingKey};

/// What to do, in words, and as a change of the policy.
pub struct Cure {
    pub text: String,
    pub amendment: Option<Amendment>,
}

impl Cure {
    /// What no rule can do.
    pub fn without_rule(text: impl Into<String>) -> Cure {
        Cure { text: text.into(), amendment: None }
    }

    /// The rules that are all there is to add.
    pub fn added(&self) -> Option<&[(Section, String)]> {
        match &self.amendment {
            Some(Amendment::Add { rules, .. }) => Some(rules),
            _ => None,
        }
    }
}

/// A path that must be visible is not, or cannot be written.
pub fn lacking(merged: &Merged, path: &SymbolicPath, grant: Grant) -> Cure {
    let access = Access::Host { grant, source: path.clone(), missing: Missing::Error, text: None };
    put(merged, path, &access)
}

/// A step shows what must not be visible, or lets it be written. `narrower` is what a read-only rule for
/// the path says of hosts that do not have it.
pub fn exposing(merged: &Merged, path: &SymbolicPath, step: &Step, only_writable: bool, narrower: Missing) -> Cure {
    let Action::Host { grant, source, missing, .. } = &step.action else {
        return put(merged, path, &Access::Deny);
    };
    let read_only = |source: SymbolicPath, missing| match (only_writable, grant) {
        (true, Grant::ReadWrite) => Access::Host { grant: Grant::ReadOnly, source, missing, text: None },
        _ => Access::Deny,
    };
    if let Some(rest) = path.below(source).filter(|rest| !rest.is_empty()) {
        // A name can only be guarded in its own place.
        let narrower = if step.at == *source { narrower } else { Missing::Error };
        return put(merged, &step.at.join(rest), &read_only(path.clone(), narrower));
    }
    match (own(merged, &step.origins), read_only(source.clone(), *missing)) {
        (Some(origin), Access::Deny) => leave_out(origin),
        (_, access) => put(merged, &step.at, &access),
    }
}

/// A rule lets a variable in that must not be inside.
pub fn variable(merged: &Merged, name: &str, origins: &[Origin]) -> Cure {
    match own(merged, origins) {
        Some(origin) => leave_out(origin),
        None => add(merged, Section::Env, format!("remove {}", quote(name))),
    }
}

/// The network is another one.
pub fn network(merged: &Merged, network: Network) -> Cure {
    let rule = rule::setting(&crate::policy::Setting::Network(network));
    set(merged, Section::Body, merged.settings.get(&SettingKey::Network), rule)
}

fn put(merged: &Merged, at: &SymbolicPath, access: &Access) -> Cure {
    set(merged, Section::Filesystem, merged.filesystem.get(at), rule::access(at, access))
}

/// A rule of the sandbox, in place of what it says itself about the key.
fn set<V>(merged: &Merged, section: Section, before: Option<&Resolved<V>>, rule: String) -> Cure {
    match before.and_then(|before| own(merged, &before.origins)) {
        Some(origin) => Cure {
            text: format!("write `{rule}` instead of this rule"),
            amendment: Some(Amendment::Replace { body: merged.location, section, subject: origin.location, rule }),
        },
        None => add(merged, section, rule),
    }
}

fn add(merged: &Merged, section: Section, rule: String) -> Cure {
    Cure {
        text: format!("write `{rule}` in {}", section.of(&merged.layer)),
        amendment: Some(Amendment::Add { body: merged.location, rules: vec![(section, rule)] }),
    }
}

fn leave_out(origin: &Origin) -> Cure {
    Cure { text: "remove this rule".to_owned(), amendment: Some(Amendment::Remove { subject: origin.location }) }
}

/// The rule of the sandbox itself.
pub fn own<'a>(merged: &Merged, origins: impl IntoIterator<Item = &'a Origin>) -> Option<&'a Origin> {
    origins.into_iter().find(|origin| origin.layer == merged.layer && origin.location.source == merged.location.source)
}
