//! What changes between two policies: by what they allow, not by their texts.
//!
//! Compares the views of two compilations in symbols, so that the answer is the same on every
//! machine. Reads no machine and prints nothing.

mod env;
mod files;
mod guarantees;
mod human;
mod json;
mod markdown;
mod own;
mod sentence;
mod settings;

pub use human::human;
pub use json::json;
pub use markdown::{items, markdown};

use crate::compile::Compiled;
use crate::diagnostic::Diagnostics;
use crate::lower::lower;
use crate::merge::Merged;
use crate::origin::Origin;
use crate::path::SymbolicPath;
use crate::plan::{Content, Plan, Step};
use crate::source::Sources;
use crate::view::View;
use sentence::{Sentence, one_line};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

/// What a change does to what is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// A process inside can do more.
    Widening,
    /// It can do less.
    Narrowing,
    /// It can do something else, and nothing more or less with what is the host's.
    Neutral,
}

/// What a change is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// The sandbox itself.
    Sandbox,
    /// A path of the host.
    File,
    /// A path inside that shows nothing of the host.
    Inside,
    Variable,
    Setting,
    Assertion,
}

/// One thing that is not as it was.
#[derive(Clone, Debug)]
pub struct Change {
    pub class: Class,
    pub kind: Kind,
    /// The path, the variable, the setting or the assertion, as a policy writes it.
    pub subject: String,
    /// What was so, and what is so now, in words that do not change with the sentence.
    pub before: String,
    pub after: String,
    /// Where a path of the host was and is to be seen inside.
    pub before_at: Vec<String>,
    pub after_at: Vec<String>,
    /// What lies below a path and does not change with it.
    pub except: Vec<String>,
    pub sentence: Sentence,
    pub cause: Option<Cause>,
    /// What changes of one class are sorted by.
    order: PathBuf,
}

/// The rule behind a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Cause {
    pub side: Which,
    /// As a policy writes it.
    pub rule: String,
    /// Every place that says so.
    pub places: Vec<Place>,
    pub reason: Option<String>,
}

/// Which of two policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Which {
    Before,
    After,
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// The profile or sandbox, if it is known.
    pub layer: Option<String>,
    /// How the sandbox comes to the layer; nothing for its own rules.
    pub through: Option<String>,
    pub file: String,
    pub line: usize,
}

/// A policy, compiled.
#[derive(Clone, Copy, Debug)]
pub struct Policy<'a> {
    pub sandboxes: &'a [Compiled],
    pub sources: &'a Sources,
}

/// What has become of one sandbox.
#[derive(Clone, Debug)]
pub struct SandboxDiff {
    pub name: String,
    /// The hash of the plan; nothing where there is no such sandbox.
    pub before: Option<String>,
    pub after: Option<String>,
    /// Widening first, then narrowing, then neutral.
    pub changes: Vec<Change>,
}

/// Compares the sandboxes of two policies by their names.
pub fn diff(before: Policy<'_>, after: Policy<'_>) -> Vec<SandboxDiff> {
    let mut diffs = Vec::new();
    let (gone, common): (Vec<&Compiled>, Vec<&Compiled>) =
        before.sandboxes.iter().partition(|old| after.named(&old.plan.name).is_none());
    let mut new: Vec<&Compiled> = after.sandboxes.iter().filter(|new| before.named(&new.plan.name).is_none()).collect();
    for old in gone {
        let renamed = new.iter().position(|new| is_same(old, new)).map(|position| new.remove(position));
        diffs.push(sandbox(Some(old), renamed, before.sources, after.sources));
    }
    for old in common {
        diffs.push(sandbox(Some(old), after.named(&old.plan.name), before.sources, after.sources));
    }
    for new in new {
        diffs.push(sandbox(None, Some(new), before.sources, after.sources));
    }
    diffs.sort_by(|one, other| one.name.cmp(&other.name));
    diffs
}

impl<'a> Policy<'a> {
    fn named(self, name: &str) -> Option<&'a Compiled> {
        self.sandboxes.iter().find(|one| one.plan.name == name)
    }
}

/// What a plan changes since another one of the same sandbox: a sentence for each change, widening first.
/// Of the other one there is the plan alone, so nothing is said of where rules stand.
pub fn since(old: &Content, new: &Compiled) -> Vec<(Class, String)> {
    let plan = Plan { content: old.clone(), ..new.plan.clone() };
    let merged = Merged { guarantees: guarantees::before(old, &new.merged), ..Merged::default() };
    let sources = Sources::default();
    let mut found = sandbox(Some(&Compiled { merged, plan }), Some(new), &sources, &sources);
    found.changes.iter_mut().for_each(|change| change.cause = None);
    lines(&found.changes).into_iter().map(|(class, sentence)| (class, sentence.plain())).collect()
}

/// Whether two sandboxes are the same but for their names.
fn is_same(one: &Compiled, other: &Compiled) -> bool {
    one.plan.hash() == other.plan.hash() && guarantees::states(&one.merged) == guarantees::states(&other.merged)
}

fn sandbox(old: Option<&Compiled>, new: Option<&Compiled>, before: &Sources, after: &Sources) -> SandboxDiff {
    // What is not there allows what a policy allows that says nothing.
    let merged = Merged::default();
    let plan = lower(&merged, &mut Diagnostics::default());
    let nothing = Compiled { merged, plan };
    let hash = |one: Option<&Compiled>| one.map(|one| one.plan.hash());
    let name = |one: Option<&Compiled>| one.map(|one| one.plan.name.clone());
    let (hashes, names) = ((hash(old), hash(new)), (name(old), name(new)));
    let pair = Pair {
        old: One::new(old.unwrap_or(&nothing), before, Which::Before),
        new: One::new(new.unwrap_or(&nothing), after, Which::After),
    };
    let mut changes = Vec::new();
    if hashes.0 != hashes.1 {
        files::compare(&pair, &mut changes);
        own::compare(&pair, &mut changes);
        env::compare(&pair, &mut changes);
        settings::compare(&pair, &mut changes);
    }
    match &names {
        (Some(old), Some(new)) => {
            guarantees::compare(&pair, &mut changes);
            if old != new {
                changes.push(existence(Class::Neutral, "sandbox {} is now named {}", (old, new)));
            }
        }
        // Of a sandbox that comes or goes, what it opens is all there is to say.
        (None, Some(new)) => {
            changes.retain(|change| change.class == Class::Widening);
            changes.push(existence(Class::Widening, "sandbox {} is new", (new, new)));
        }
        (old, _) => {
            let old = old.as_deref().unwrap_or_default();
            changes.retain(|change| change.class == Class::Narrowing);
            changes.push(existence(Class::Narrowing, "sandbox {} is gone", (old, old)));
        }
    }
    changes.sort_by(|one, other| {
        (one.class, one.kind, &one.order, &one.subject).cmp(&(other.class, other.kind, &other.order, &other.subject))
    });
    SandboxDiff { name: names.1.or(names.0).unwrap_or_default(), before: hashes.0, after: hashes.1, changes }
}

/// A sandbox that comes, goes, or changes its name.
fn existence(class: Class, template: &str, (old, new): (&str, &str)) -> Change {
    let (before, after) = match class {
        Class::Widening => ("nothing", new),
        Class::Narrowing => (old, "nothing"),
        Class::Neutral => (old, new),
    };
    let sentence = Sentence::new(template, &[old, new]);
    Change::new(class, Kind::Sandbox, new, (before, after), sentence, None)
}

/// So many changes of a class.
pub fn count(diffs: &[SandboxDiff], class: Class) -> usize {
    diffs.iter().flat_map(|diff| &diff.changes).filter(|change| change.class == class).count()
}

/// The last line: how much has changed.
pub fn summary(diffs: &[SandboxDiff]) -> String {
    let [widening, narrowing, neutral] =
        [Class::Widening, Class::Narrowing, Class::Neutral].map(|class| count(diffs, class));
    let verb = |count: usize, verb: &str| format!("{count} {verb}{}", if count == 1 { "s" } else { "" });
    match (widening + narrowing, neutral) {
        (0, 0) if diffs.iter().all(|diff| diff.before == diff.after) => "no change".to_owned(),
        (0, 0) => "no change in what is allowed".to_owned(),
        (0, neutral) => format!("no change in what is allowed, {neutral} neutral"),
        _ => format!("{}, {}, {neutral} neutral", verb(widening, "widen"), verb(narrowing, "narrow")),
    }
}

/// One sandbox on both sides.
struct Pair<'a> {
    old: One<'a>,
    new: One<'a>,
}

/// A sandbox on one side.
struct One<'a> {
    compiled: &'a Compiled,
    sources: &'a Sources,
    view: View<'a>,
    steps: BTreeMap<&'a SymbolicPath, &'a Step>,
    which: Which,
}

impl<'a> One<'a> {
    fn new(compiled: &'a Compiled, sources: &'a Sources, which: Which) -> One<'a> {
        let steps = compiled.plan.content.steps.iter().map(|step| (&step.at, step)).collect();
        One { compiled, sources, view: View::symbolic(&compiled.plan), steps, which }
    }

    /// A rule of this side as the cause of a change.
    fn cause(&self, rule: String, origins: &[Origin]) -> Option<Cause> {
        let places: Vec<Place> = origins.iter().map(|origin| self.place(origin)).collect();
        let reason = origins.iter().find_map(|origin| origin.reason.as_deref());
        (!places.is_empty()).then(|| Cause {
            side: self.which,
            rule: one_line(&rule),
            places,
            reason: reason.map(one_line),
        })
    }

    fn place(&self, origin: &Origin) -> Place {
        let Merged { name, ways, .. } = &self.compiled.merged;
        let layer = Some(origin.layer.clone()).filter(|layer| !layer.is_empty());
        let way = |layer: &String| match ways.get(layer) {
            // The sandbox stands at the head of everything that is said of it.
            Some(way) => way.strip_prefix(&format!("{name} → ")).unwrap_or(way).to_owned(),
            None => layer.clone(),
        };
        let through = layer.as_ref().filter(|layer| *layer != name).map(way);
        let source = self.sources.get(origin.location.source);
        let file = source.map(|source| one_line(&source.name)).unwrap_or_default();
        let line = source.map_or(1, |source| source.position(origin.location.span.start).0);
        Place { layer, through, file, line }
    }

    fn step_cause(&self, step: &Step) -> Option<Cause> {
        self.cause(step.rule(), &step.origins)
    }

    /// Whether this side has the same rule, wherever it is written.
    fn has(&self, step: &Step) -> bool {
        self.steps.get(&step.at).is_some_and(|own| own.rule() == step.rule())
    }
}

impl Change {
    fn new(
        class: Class,
        kind: Kind,
        subject: &str,
        (before, after): (&str, &str),
        sentence: Sentence,
        cause: Option<Cause>,
    ) -> Change {
        Change {
            class,
            kind,
            subject: one_line(subject),
            before: one_line(before),
            after: one_line(after),
            before_at: Vec::new(),
            after_at: Vec::new(),
            except: Vec::new(),
            sentence,
            cause,
            order: PathBuf::new(),
        }
    }

    /// The sentence with what does not change below the path, and with the rule behind it.
    fn said(&self) -> Sentence {
        let said = match self.except.as_slice() {
            [] => self.sentence.clone(),
            except => self.sentence.clone().words(", except ").list(except),
        };
        match &self.cause {
            Some(cause) => cause.said(self.class, said.words(" (")).words(")"),
            None => said,
        }
    }
}

impl Cause {
    /// Goes on with where the rule is.
    fn said(&self, class: Class, said: Sentence) -> Sentence {
        let Some((first, others)) = self.places.split_first() else { return said };
        let said = match (self.side, class) {
            // What was hidden before says by which rule.
            (Which::Before, Class::Widening) => said.words("before: ").quoted(&self.rule).words(", "),
            (Which::Before, _) => said.words("before: "),
            (Which::After, _) => said,
        };
        let said = match &first.through {
            Some(through) => said.words("through ").quoted(through).words(", "),
            None => said,
        };
        let said = said.place(&first.file, first.line);
        if others.is_empty() { said } else { said.words(&format!(" and {} more", others.len())) }
    }
}

/// A line for each change; one for all of which the same is said.
fn lines(changes: &[Change]) -> Vec<(Class, Sentence)> {
    let mut known: HashMap<(Class, Sentence), usize> = HashMap::new();
    let mut groups: Vec<(Class, Sentence, Vec<&str>)> = Vec::new();
    for change in changes {
        let said = change.said().about(&change.subject, &[""]);
        let group = *known.entry((change.class, said)).or_insert_with_key(|(class, said)| {
            groups.push((*class, said.clone(), Vec::new()));
            groups.len() - 1
        });
        let group = groups.get_mut(group);
        group.into_iter().for_each(|(_, _, subjects)| subjects.push(&change.subject));
    }
    groups.into_iter().map(|(class, said, subjects)| (class, said.about("", &subjects))).collect()
}

impl Class {
    /// Of something that is more or less than it was.
    fn of<T: Ord>(before: T, after: T) -> Class {
        match after.cmp(&before) {
            std::cmp::Ordering::Greater => Class::Widening,
            std::cmp::Ordering::Less => Class::Narrowing,
            std::cmp::Ordering::Equal => Class::Neutral,
        }
    }

    /// What a change of this class does.
    pub fn verb(self) -> &'static str {
        match self {
            Class::Widening => "widens",
            Class::Narrowing => "narrows",
            Class::Neutral => "neutral",
        }
    }
}
