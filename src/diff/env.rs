//! Which of the caller's variables come in, and what the policy sets.

use super::sentence::Sentence;
use super::{Change, Class, Kind, One, Pair};
use crate::env::passes;
use crate::plan::EnvValue;
use crate::policy::EnvRule;
use std::collections::BTreeSet;

/// Reports every variable that is not what it was.
pub fn compare(pair: &Pair<'_>, out: &mut Vec<Change>) {
    let names = |one: &One<'_>| one.compiled.plan.content.env.keys().cloned().collect::<BTreeSet<_>>();
    for name in names(&pair.old).union(&names(&pair.new)) {
        out.extend(change(pair, name));
    }
}

/// What one side says of a variable.
struct State<'a> {
    value: Option<&'a EnvValue>,
    /// The pattern by which it is passed, where no rule names it.
    pattern: Option<&'a String>,
}

impl<'a> State<'a> {
    fn new(one: &One<'a>, name: &str) -> State<'a> {
        let env = &one.compiled.plan.content.env;
        let value = env.get(name);
        let wider = |pattern: &&String| *pattern != name && passes(pattern, name);
        State { value, pattern: env.keys().find(wider).filter(|_| value.is_none()) }
    }

    fn rule(&self) -> Option<&EnvRule> {
        self.value?.rule.as_ref()
    }

    fn is_passed(&self) -> bool {
        self.pattern.is_some() || matches!(self.rule(), Some(EnvRule::Pass | EnvRule::Secret))
    }

    fn words(&self, name: &str) -> String {
        match (self.value, self.pattern) {
            (Some(value), _) => value.rules(name),
            (None, Some(pattern)) => crate::rule::env(pattern, &EnvRule::Pass),
            (None, None) => "nothing".to_owned(),
        }
    }
}

fn change(pair: &Pair<'_>, name: &str) -> Option<Change> {
    let (old, new) = (State::new(&pair.old, name), State::new(&pair.new, name));
    let (before, after) = (old.words(name), new.words(name));
    if before == after {
        return None;
    }
    let class = Class::of(old.is_passed(), new.is_passed());
    let noun = |state: &State<'_>| match (state.rule(), name.contains('*')) {
        (Some(EnvRule::Secret), _) => "secret {}",
        (_, true) => "variables {}",
        (_, false) => "variable {}",
    };
    let is_set = |state: &State<'_>| state.value.is_some();
    let named = |template: &str| Sentence::new(template, &[name]);
    let sentence = match class {
        Class::Widening if is_set(&old) => named(noun(&new)).words(" passed instead of set"),
        Class::Widening => named(noun(&new)).words(" now passed"),
        Class::Narrowing if is_set(&new) => named(noun(&old)).words(" set instead of passed"),
        Class::Narrowing => named(noun(&old)).words(" no longer passed"),
        Class::Neutral => named(noun(&old)).words(": ").value(&before).words(" → ").value(&after),
    };
    let rule = |one: &One<'_>, state: &State<'_>| {
        let value = state.value?;
        one.cause(value.rules(name), &value.origins)
    };
    let cause = rule(&pair.new, &new).or_else(|| rule(&pair.old, &old));
    Some(Change::new(class, Kind::Variable, name, (&before, &after), sentence, cause))
}
