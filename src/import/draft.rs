//! The policy that an import comes to, before it is written.

use super::derive::Rule;
use super::env::COMMON;
use super::original::Original;
use crate::path::SymbolicPath;
use crate::policy::{Assertion, EnvRule, Setting};
use crate::rule;
use crate::source::Span;
use crate::text::Text;
use crate::words::{Lifetime, Namespace, Network, Sharing, Terminal};
use std::collections::BTreeMap;

/// A rule that is not in the policy, with why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub rule: String,
    /// Where it comes from, if that is one place.
    pub span: Option<Span>,
    pub why: String,
    /// What would have to be waived for it; nothing where no waiver helps.
    pub waivers: Vec<Assertion>,
}

/// What is waived for a rule, with what the rule opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waived {
    pub waivers: Vec<Assertion>,
    pub span: Option<Span>,
    pub why: String,
}

/// A policy of one sandbox.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub name: String,
    /// What it was imported from, for its first line.
    pub from: String,
    pub inherits: Vec<String>,
    pub filesystem: Vec<Rule>,
    /// What is taken out of what is inherited.
    pub removed: Vec<SymbolicPath>,
    pub env: BTreeMap<String, EnvRule>,
    pub prepends: BTreeMap<String, Text>,
    pub settings: Vec<Setting>,
    pub refused: Vec<Refused>,
    pub waived: Vec<Waived>,
}

impl Draft {
    /// A waiver as a statement. Its reason is that the original did the same.
    pub fn waiver(&self, waived: &Assertion) -> String {
        rule::waiver(waived, &format!("as {} did", self.from))
    }

    /// The policy that says everything by itself.
    pub fn new(name: String, from: String, original: &Original, filesystem: Vec<Rule>) -> Draft {
        let mut env = original.env.clone();
        if original.passes_all {
            for name in COMMON {
                env.entry((*name).to_owned()).or_insert(EnvRule::Pass);
            }
        }
        let prepends = original.prepends.clone();
        Draft { name, from, filesystem, env, prepends, settings: settings(original), ..Draft::default() }
    }
}

fn settings(original: &Original) -> Vec<Setting> {
    let network = if original.has_network { Network::Host } else { Network::None };
    let mut settings = vec![Setting::Network(network)];
    for namespace in [Namespace::Pid, Namespace::Ipc, Namespace::Uts, Namespace::Cgroup] {
        if !original.unshared.contains(&namespace) {
            settings.push(Setting::Namespace(namespace, Sharing::Share));
        }
    }
    settings.extend(original.hostname.clone().map(Setting::Hostname));
    if original.new_session {
        settings.push(Setting::Terminal(Terminal::NewSession));
    }
    let lifetime = if original.with_parent { Lifetime::WithParent } else { Lifetime::Detached };
    settings.push(Setting::Lifetime(lifetime));
    if !original.command.is_empty() {
        settings.push(Setting::Command(original.command.clone()));
    }
    settings.extend(original.workdir.clone().map(Setting::Workdir));
    settings
}
