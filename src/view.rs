//! What a process inside sees, as far as a plan tells: for any path, the step that provides it.
//!
//! Pure: paths are whatever the caller's `place` makes of symbols, so that the same model serves
//! symbolic paths and the real ones of a host.

use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Plan, Step};
use crate::policy::Grant;
use crate::words::Missing;
use std::cmp::Reverse;
use std::path::{Path, PathBuf};

/// Puts symbolic paths into one space; `None` for a path that is not in it.
pub type Place<'a> = &'a dyn Fn(&SymbolicPath) -> Option<PathBuf>;

/// Where paths are compared.
#[derive(Clone, Copy)]
pub struct Space<'a> {
    /// A path inside. Links of the host are not followed: they need not be there.
    pub inside: Place<'a>,
    /// A path of the host, with its links followed as far as they are known.
    pub host: Place<'a>,
    /// Whether what a step shows is there.
    pub is_there: &'a dyn Fn(&Step) -> bool,
}

impl Space<'_> {
    /// Symbols, for what is known without a host.
    pub const SYMBOLS: Space<'static> = Space { inside: &symbols, host: &symbols, is_there: &|_| true };
}

/// The steps of a plan with their paths in one space.
pub struct View<'a> {
    steps: Vec<Placed<'a>>,
}

struct Placed<'a> {
    at: PathBuf,
    /// The host path that is shown, and whether it can be written.
    source: Option<(PathBuf, bool)>,
    step: &'a Step,
    is_there: bool,
    /// Whether it hides what the host has at its place even where its own source is missing: in
    /// place, because then nothing is there.
    hides: bool,
}

/// Whether `path` is `base` or lies below it. Both are in normal form, so bytes can be compared.
pub fn is_within(path: &Path, base: &Path) -> bool {
    let (path, base) = (path.as_os_str().as_encoded_bytes(), base.as_os_str().as_encoded_bytes());
    path.strip_prefix(base).is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/") || base.ends_with(b"/"))
}

fn hides(step: &Step) -> bool {
    match &step.action {
        Action::Host { source, missing: Missing::Skip, .. } => *source == step.at,
        _ => true,
    }
}

/// A symbolic path as a path of symbols: its root is the first component.
pub fn symbols(path: &SymbolicPath) -> Option<PathBuf> {
    let mut out = match path.root() {
        Root::Absolute => PathBuf::from("/"),
        // One directory above the project is not inside it.
        Root::AboveProject(Reverse(up)) => PathBuf::from(format!("${{PROJECT-{up}}}")),
        root => PathBuf::from(format!("${{{}}}", root.variable().map_or("", |variable| variable.word()))),
    };
    out.extend(path.components().iter().map(|component| component.as_str()));
    Some(out)
}

impl<'a> View<'a> {
    /// The view of a plan in a space; steps without a place in it are left out.
    pub fn new(plan: &'a Plan, space: Space<'_>) -> View<'a> {
        let placed = |step: &'a Step| {
            let source = match &step.action {
                Action::Host { grant, source, .. } => {
                    Some(((space.host)(source)?, matches!(grant, Grant::ReadWrite | Grant::Device)))
                }
                Action::Pin { source } => Some(((space.host)(source)?, true)),
                _ => None,
            };
            Some(Placed {
                at: (space.inside)(&step.at)?,
                source,
                step,
                is_there: (space.is_there)(step),
                hides: hides(step),
            })
        };
        View { steps: plan.content.steps.iter().filter_map(placed).collect() }
    }

    /// The step that provides what is at `path` inside.
    fn provider(&self, path: &Path) -> Option<&Placed<'a>> {
        self.steps
            .iter()
            .filter(|placed| placed.hides && is_within(path, &placed.at))
            .max_by_key(|placed| placed.at.as_os_str().len())
    }

    /// The step that provides `inside`, if it is there and shows the host's path of that name, which
    /// is `host` with its links followed; and whether it can be written.
    pub fn in_place(&self, inside: &Path, host: &Path) -> Option<(&'a Step, bool)> {
        let there = self.steps.iter().filter(|placed| placed.is_there && is_within(inside, &placed.at));
        let placed = there.max_by_key(|placed| placed.at.as_os_str().len())?;
        let (source, writable) = placed.source.as_ref()?;
        let shown = source.join(inside.strip_prefix(&placed.at).ok()?);
        let same = |path: &Path| shown.components().eq(path.components());
        (same(host) || same(inside)).then_some((placed.step, *writable))
    }

    /// A step that shows any part of the host's `path` anywhere inside, or lets it be written. A step
    /// that hides it counts also where it is not there yet.
    pub fn exposes(&self, path: &Path, only_writable: bool) -> Option<&'a Step> {
        let exposes = |placed: &&Placed<'a>| {
            let Some((source, writable)) = &placed.source else { return false };
            if only_writable && !writable {
                return false;
            }
            // What is shown is a part of `path`; no other step can have this step's own place.
            if is_within(source, path) {
                return true;
            }
            // What is shown contains `path`: is it still this step that provides it inside?
            if !is_within(path, source) {
                return false;
            }
            let Ok(rest) = path.strip_prefix(source) else { return false };
            let inside = placed.at.join(rest);
            self.provider(&inside).is_none_or(|provider| std::ptr::eq(provider.step, placed.step))
        };
        self.steps.iter().find(exposes).map(|placed| self.grant_behind(placed))
    }

    /// The rule that shows what a pin only holds in place: nobody wrote the pin.
    fn grant_behind(&self, placed: &Placed<'a>) -> &'a Step {
        if !matches!(placed.step.action, Action::Pin { .. }) {
            return placed.step;
        }
        let is_grant =
            |other: &&Placed<'a>| matches!(other.step.action, Action::Host { .. }) && is_within(&placed.at, &other.at);
        let grants = self.steps.iter().filter(is_grant);
        grants.max_by_key(|other| other.at.as_os_str().len()).map_or(placed.step, |grant| grant.step)
    }
}
