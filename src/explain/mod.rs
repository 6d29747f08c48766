//! Answers to "why": what a path, a variable or a setting is inside, which line decided, and what to
//! type for something else.
//!
//! Behind the pipeline: reads its results, and the host through them. An [`Explanation`] holds text
//! that may be printed as it is.

#![allow(clippy::disallowed_methods, reason = "answers are about this host")]

mod change;
mod path;
mod setting;
mod subject;
mod text;
mod variable;

pub use change::{Change, Line};
pub use path::{PathFacts, access_rule};
pub use subject::{Subject, place, read};
pub use text::{Paint, render};

use crate::compile::Compiled;
use crate::diagnostic::printable;
use crate::host::Host;
use crate::merge::{Guarantee, Merged, Resolved};
use crate::source::{Location, Sources};
use crate::view::View;
use crate::{origin, rule};
use serde::Serialize;

/// What answers are found in.
pub struct Context<'a> {
    pub compiled: &'a Compiled,
    pub sources: &'a Sources,
    pub view: &'a View<'a>,
    /// `None` where the view is one of symbols.
    pub host: Option<&'a Host>,
}

/// The answer about one subject. `schema/explain.schema.json` describes it.
#[derive(Debug, Serialize)]
pub struct Explanation {
    /// As a policy would write it.
    pub subject: String,
    pub kind: &'static str,
    /// One sentence.
    pub verdict: String,
    /// For a path: what is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<PathFacts>,
    /// The rule that decided; none where no rule says anything.
    pub rule: Option<Rule>,
    /// The rules for what lies above, which it replaces here.
    pub shadows: Vec<Rule>,
    /// What the policy asserts of the subject.
    pub assertions: Vec<Asserted>,
    /// What to type for another answer.
    pub changes: Vec<Change>,
}

/// A rule, the lines that say it, and what they replaced.
#[derive(Debug, Serialize)]
pub struct Rule {
    pub rule: String,
    pub origins: Vec<Origin>,
    pub replaces: Vec<Replaced>,
}

/// A line of a policy.
#[derive(Debug, Serialize)]
pub struct Origin {
    #[serde(flatten)]
    pub place: Place,
    /// The profile or sandbox that holds it.
    pub layer: String,
    /// How the layer is inherited: `app → team → base-dev`; none for the sandbox itself.
    pub inherited: Option<String>,
    pub reason: Option<String>,
}

/// A rule that an heir replaced.
#[derive(Debug, Serialize)]
pub struct Replaced {
    pub rule: String,
    #[serde(flatten)]
    pub place: Place,
    pub layer: String,
}

/// A file and a line in it.
#[derive(Debug, Serialize)]
pub struct Place {
    pub file: String,
    pub line: usize,
}

/// An assertion, and its waiver if there is one.
#[derive(Debug, Serialize)]
pub struct Asserted {
    pub assertion: String,
    #[serde(flatten)]
    pub place: Place,
    pub layer: String,
    pub waived: Option<Waived>,
}

#[derive(Debug, Serialize)]
pub struct Waived {
    pub reason: String,
    #[serde(flatten)]
    pub place: Place,
}

/// Answers about one subject; `None` for a code, which has a page instead.
pub fn explain(context: &Context<'_>, subject: &Subject) -> Option<Explanation> {
    match subject {
        Subject::Code(_) => None,
        Subject::Path(path) => Some(path::explain(context, path, true)),
        Subject::Variable(name) => Some(variable::explain(context, name)),
        Subject::Setting(key) => Some(setting::explain(context, *key)),
    }
}

/// Answers about a path of the view's space, without what would change it.
pub fn explain_place(context: &Context<'_>, path: &std::path::Path) -> Explanation {
    path::explain(context, path, false)
}

/// Answers about every variable of the policy and every setting, without what would change them.
pub fn explain_rest(context: &Context<'_>) -> (Vec<Explanation>, Vec<Explanation>) {
    let bare = |explanation: Explanation| Explanation { changes: Vec::new(), ..explanation };
    let names = context.compiled.plan.content.env.keys();
    let variables = names.map(|name| bare(variable::explain(context, name))).collect();
    let keys = crate::words::SettingKey::ALL.iter();
    (variables, keys.map(|key| bare(setting::explain(context, *key))).collect())
}

/// Text of a policy or of a host on one line, with nothing in it that could drive a terminal.
pub fn shown(text: &str) -> String {
    printable(text).replace('\n', "\\n").replace('\t', "\\t")
}

impl Context<'_> {
    fn merged(&self) -> &Merged {
        &self.compiled.merged
    }

    fn place(&self, location: Location) -> Place {
        let source = self.sources.get(location.source);
        let line = source.map_or(0, |source| source.position(location.span.start).0);
        Place { file: source.map_or_else(String::new, |source| shown(&source.name)), line }
    }

    fn origin(&self, origin: &origin::Origin) -> Origin {
        let merged = self.merged();
        let direct = (origin.layer != merged.layer).then(|| format!("{} → {}", merged.layer, origin.layer));
        Origin {
            place: self.place(origin.location),
            layer: shown(&origin.layer),
            inherited: merged.ways.get(&origin.layer).cloned().or(direct).map(|way| shown(&way)),
            reason: origin.reason.as_deref().map(shown),
        }
    }

    /// A rule with its lines, and the history of its key.
    fn rule<V>(
        &self,
        rule: &str,
        origins: &[origin::Origin],
        history: Option<&Resolved<V>>,
        spell: impl Fn(&V) -> String,
    ) -> Rule {
        let replaced = |(origin, value): &(origin::Origin, Option<V>)| Replaced {
            rule: shown(&value.as_ref().map_or("remove".to_owned(), &spell)),
            place: self.place(origin.location),
            layer: shown(&origin.layer),
        };
        Rule {
            rule: shown(rule),
            origins: origins.iter().map(|origin| self.origin(origin)).collect(),
            replaces: history.map(|resolved| resolved.overridden.iter().map(replaced).collect()).unwrap_or_default(),
        }
    }

    /// The assertions that are about something.
    fn asserted(&self, is_about: impl Fn(&Guarantee) -> bool) -> Vec<Asserted> {
        let asserted = |guarantee: &Guarantee| Asserted {
            assertion: shown(&rule::assertion(&guarantee.assertion)),
            place: self.place(guarantee.location),
            layer: shown(&guarantee.layer),
            waived: guarantee
                .waived
                .as_ref()
                .map(|(reason, location)| Waived { reason: shown(reason), place: self.place(*location) }),
        };
        self.merged().guarantees.iter().filter(|guarantee| is_about(guarantee)).map(asserted).collect()
    }
}
