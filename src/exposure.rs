//! What of the host a view shows, wherever it shows it: the other direction of looking.
//!
//! Answers for assertions, denials, warnings and differences. Pure, as the view is.

use crate::mounts::{Mount, Planted, Provider};
use crate::path::SymbolicPath;
use crate::plan::{Action, Step};
use crate::space::is_within;
use crate::view::View;
use rustc_hash::FxHashMap;
use std::path::{Path, PathBuf};

impl<'a> View<'a> {
    /// The nearest step at or above a path that has no mount and yet decides what could come there.
    fn absent_above(&self, path: &Path) -> Option<&(PathBuf, &'a Step)> {
        let hiding = self.absent.iter().filter(|(at, step)| is_within(path, at) && step.hides_if_absent());
        hiding.max_by_key(|(at, _)| at.as_os_str().len())
    }

    /// The rule nearest to a path that has no mount here: the host has nothing for it, or there is
    /// nothing to hide. `None` where a mount is nearer.
    pub fn left_out(&self, path: &Path) -> Option<&'a Step> {
        let length = |path: &Path| path.as_os_str().len();
        let (at, step) = self.absent.iter().filter(|(at, _)| is_within(path, at)).max_by_key(|(at, _)| length(at))?;
        self.mounts.provider(path).is_none_or(|mount| length(&mount.at) < length(at)).then_some(step)
    }

    /// Whether a mount decides what is at a path that it covers: nothing nearer hides it.
    fn decides(&self, mount: &Mount<'a>, path: &Path) -> bool {
        let is_deeper = |(at, _): &(PathBuf, &Step)| at.as_os_str().len() > mount.at.as_os_str().len();
        // Without a host, what may be left out may not be there to hide anything.
        let hides = |other: &&Mount<'a>| self.is_exact || other.step.is_none_or(Step::hides_if_absent);
        let mut deciding = self.mounts.above(path).filter(|other| std::ptr::eq(*other, mount) || hides(other));
        deciding.next().is_some_and(|first| std::ptr::eq(first, mount))
            && !self.absent_above(path).is_some_and(is_deeper)
    }

    /// Whether a step that could not be placed decides what is at `path`: then nothing can be said.
    pub fn is_undecided(&self, path: &SymbolicPath) -> bool {
        let Some(inside) = self.space.inside(path) else { return true };
        let Some((at, step)) = self.absent_above(&inside) else { return false };
        let mount = self.mounts.provider(&inside);
        !step.may_be_left_out() && mount.is_none_or(|mount| mount.at.as_os_str().len() < at.as_os_str().len())
    }

    /// The step that shows the host's file of this name at its own path inside, and whether it can be
    /// written.
    pub fn in_place(&self, path: &SymbolicPath) -> Option<(&'a Step, bool)> {
        let (inside, real) = (self.space.inside(path)?, self.space.real(path)?);
        let placed = self.mounts.resolve(&inside, self.space, Planted::Follow).ok()?;
        let mount = self.mounts.provider(&placed.path)?;
        let rest = placed.path.strip_prefix(&mount.at).ok()?;
        let (source, writable) = source(mount)?;
        let shown = if rest.as_os_str().is_empty() { source.to_owned() } else { source.join(rest) };
        (shown == real || shown == inside).then_some(mount.step.map(|step| (step, writable))?)
    }

    /// A step that shows any part of the host's `path` anywhere inside, or lets it be written. A step
    /// that hides it counts also where it is not there yet.
    pub fn exposes(&self, path: &Path, only_writable: bool) -> Option<&'a Step> {
        self.rule_behind(self.exposing(path, only_writable).next()?)
    }

    /// The mounts that show any part of the host's `path` anywhere inside, or let it be written.
    pub fn exposing<'v>(&'v self, path: &'v Path, only_writable: bool) -> impl Iterator<Item = &'v Mount<'a>> {
        self.mounts.iter().filter(move |mount| self.shows(mount, path, only_writable))
    }

    /// A step that shows the host's `path` at another place by showing a directory that it lies in.
    pub fn shows_elsewhere(&self, path: &Path) -> Option<(&'a Step, PathBuf)> {
        let contains = |mount: &&Mount<'a>| source(mount).is_some_and(|(source, _)| source != path);
        let mount = self.mounts.iter().filter(contains).find(|mount| {
            source(mount).is_some_and(|(source, _)| is_within(path, source)) && self.shows(mount, path, false)
        })?;
        let rest = source(mount).and_then(|(source, _)| path.strip_prefix(source).ok())?;
        Some((self.rule_behind(mount)?, mount.at.join(rest)))
    }

    /// Every place at which a process can see the host's `path` itself, with the mount that shows it
    /// there.
    pub fn shown_at(&self, path: &Path) -> Vec<(PathBuf, &Mount<'a>)> {
        let place = |mount: &Mount<'a>| {
            let (source, _) = source(mount).filter(|(source, _)| is_within(path, source))?;
            let rest = path.strip_prefix(source).ok()?;
            let at = if rest.as_os_str().is_empty() { mount.at.clone() } else { mount.at.join(rest) };
            self.decides(mount, &at).then_some(at)
        };
        self.mounts.iter().filter_map(|mount| Some((place(mount)?, mount))).collect()
    }

    fn shows(&self, mount: &Mount<'a>, path: &Path, only_writable: bool) -> bool {
        let Some((source, writable)) = source(mount) else { return false };
        if only_writable && !writable {
            return false;
        }
        // What is shown is a part of `path`; no other step can have this step's own place.
        if is_within(source, path) {
            return true;
        }
        // What is shown contains `path`: is it still this mount that provides it inside?
        is_within(path, source) && path.strip_prefix(source).is_ok_and(|rest| self.decides(mount, &mount.at.join(rest)))
    }

    /// The rule that shows what a pin only holds in place: nobody wrote the pin.
    pub fn rule_behind(&self, mount: &Mount<'a>) -> Option<&'a Step> {
        let is_pin = |mount: &&Mount<'a>| matches!(mount.step.map(|step| &step.action), Some(Action::Pin { .. }));
        let rule = if is_pin(&mount) { self.mounts.above(&mount.at).find(|above| !is_pin(above)) } else { None };
        rule.unwrap_or(mount).step
    }
}

/// What a view shows of the host, to be asked for many paths.
pub struct Exposed<'v, 'a> {
    view: &'v View<'a>,
    /// By the host path that they show, as bytes.
    mounts: FxHashMap<&'v [u8], Vec<&'v Mount<'a>>>,
    /// Those paths in order.
    sources: Vec<&'v [u8]>,
}

impl<'v, 'a> Exposed<'v, 'a> {
    pub fn new(view: &'v View<'a>) -> Exposed<'v, 'a> {
        let mut mounts: FxHashMap<&[u8], Vec<&Mount<'a>>> = FxHashMap::default();
        for mount in view.mounts.iter() {
            if let Some((source, _)) = source(mount) {
                mounts.entry(source.as_os_str().as_encoded_bytes()).or_default().push(mount);
            }
        }
        let mut sources: Vec<&[u8]> = mounts.keys().copied().collect();
        sources.sort_unstable();
        Exposed { view, mounts, sources }
    }

    /// As [`View::exposing`].
    pub fn exposing(&self, path: &Path, only_writable: bool) -> Vec<&'v Mount<'a>> {
        let bytes = path.as_os_str().as_encoded_bytes();
        let around = prefixes(bytes).filter_map(|above| self.mounts.get(above));
        // What comes after it and starts with it: such as `/a.b` before `/a/b`.
        let first = self.sources.partition_point(|source| *source < bytes);
        let longer = self.sources.iter().skip(first).take_while(|source| source.starts_with(bytes));
        let within = longer.filter(|source| source.get(bytes.len()) == Some(&b'/'));
        let all = around.chain(within.filter_map(|source| self.mounts.get(source))).flatten().copied();
        all.filter(|mount| self.view.shows(mount, path, only_writable)).collect()
    }

    /// The mounts in which the host's `path` can be made: the rule that would hide or protect it there is
    /// left out, as the host has nothing, and does not guard the name.
    pub fn letting_be_made(&self, path: &Path) -> Vec<&'v Mount<'a>> {
        let bytes = path.as_os_str().as_encoded_bytes();
        let above = prefixes(bytes).filter(|above| above.len() < bytes.len());
        let around = above.filter_map(|above| self.mounts.get(above)).flatten();
        let lets = |mount: &&&Mount<'a>| {
            let Some((source, true)) = source(mount) else { return false };
            let at = path.strip_prefix(source).map(|rest| mount.at.join(rest)).unwrap_or_default();
            let nearest = self.view.mounts.provider(&at).is_some_and(|nearest| std::ptr::eq(nearest, **mount));
            let rule = self.view.left_out(&at).filter(|_| nearest);
            rule.is_some_and(|step| step.guards_name().is_none() && !self.view.shows(mount, path, true))
        };
        around.filter(lets).copied().collect()
    }
}

/// A path in normal form and all above it, as bytes: splitting components is slow.
fn prefixes(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at.max(1));
    let itself = (path.len() > 1).then_some(path.len());
    slashes.chain(itself).filter_map(|end| path.get(..end))
}

/// The host path that a mount shows, and whether it can be written.
pub fn source<'m>(mount: &'m Mount<'_>) -> Option<(&'m Path, bool)> {
    match &mount.provider {
        Provider::Host { source, writable, .. } => Some((source, *writable)),
        Provider::Overlay { source } | Provider::Copy { source, .. } => Some((source, false)),
        _ => None,
    }
}
