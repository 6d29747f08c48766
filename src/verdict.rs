//! What a process sees at a path, in words: the sentence, the letters, the rule that decided.
//!
//! Pure over a view. Says what is, never what to do about it.

use crate::mounts::Provider;
use crate::plan::{Action, Step, layers};
use crate::space::{Access, Node};
use crate::view::{Effect, Kind, Seen, View};
use std::path::Path;

/// How far a process gets with a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reach {
    Nothing,
    Read,
    /// It can be changed, and the change is gone when the sandbox ends.
    Private,
    /// It can be changed on the host.
    Host,
}

/// The rules behind what is at a path.
#[derive(Clone, Debug, Default)]
pub struct Decision<'a> {
    /// The rule that decided; `None` where no rule says anything.
    pub rule: Option<&'a Step>,
    /// Whether it comes to nothing on this host.
    pub is_left_out: bool,
    /// The rules for what lies above, which it replaces here; the nearest first.
    pub shadows: Vec<&'a Step>,
}

/// How far a process gets with what it sees.
pub fn reach(seen: &Seen<'_, '_>) -> Reach {
    match (&seen.effect, seen.access) {
        (Some(Effect::Host(_)), _) => Reach::Host,
        (Some(Effect::Discarded), _) => Reach::Private,
        (None, Access { read: true, .. }) => Reach::Read,
        (None, _) => Reach::Nothing,
    }
}

impl Reach {
    /// The two letters of `ls` that matter.
    pub fn letters(self, access: Access) -> &'static str {
        match (access.read, self) {
            (true, Reach::Host | Reach::Private) => "rw",
            (false, Reach::Host | Reach::Private) => "-w",
            (true, _) => "r-",
            (false, _) => "--",
        }
    }
}

/// One word for what is at a path.
pub fn word(kind: &Kind) -> &'static str {
    match kind {
        Kind::Absent => "absent",
        Kind::Circle => "circle",
        Kind::Unreachable => "unreachable",
        Kind::Made => "made",
        Kind::Host { .. } => "host",
        Kind::Overlay { .. } => "overlay",
        Kind::Copy { .. } => "copy",
        Kind::Text => "text",
        Kind::Memory => "memory",
        Kind::Masked => "denied",
        Kind::Device => "device",
        Kind::Kernel => "kernel",
        Kind::Link { .. } => "link",
    }
}

/// Which rule decided what is seen, and which ones it shadows.
pub fn decide<'a>(view: &View<'a>, seen: &Seen<'_, 'a>) -> Decision<'a> {
    let mounts = view.mounts();
    let is_pin = |step: &&Step| matches!(step.action, Action::Pin { .. });
    // Nobody wrote a pin; the rule is the one for what it holds in place.
    let mut above: Vec<&'a Step> =
        mounts.above(&seen.path).filter_map(|mount| mount.step).filter(|step| !is_pin(step)).collect();
    let left_out = view.left_out(&seen.path).filter(|_| seen.kind == Kind::Absent);
    let own = match &seen.kind {
        Kind::Link { .. } => mounts.link_at(&seen.path).map(|(_, step)| step),
        Kind::Made => mounts.made(&seen.path),
        _ => None,
    };
    match left_out.or(own) {
        Some(rule) => Decision { rule: Some(rule), is_left_out: left_out.is_some(), shadows: above },
        None if above.is_empty() => Decision::default(),
        None => Decision { rule: Some(above.remove(0)), is_left_out: false, shadows: above },
    }
}

/// What is at the path that is named `name`, in one sentence.
pub fn sentence(name: &str, view: &View<'_>, seen: &Seen<'_, '_>, decision: &Decision<'_>) -> String {
    let spell = |path: &Path| view.space().spell(path);
    let place = spell(&seen.path);
    let start = if seen.links.is_empty() || place == name {
        format!("`{name}`")
    } else {
        format!("`{name}` leads to `{place}`, which")
    };
    let denier = decision.rule.filter(|step| matches!(step.action, Action::Deny { .. }));
    let is = match (&seen.kind, denier) {
        (Kind::Circle, _) => return format!("`{name}` leads nowhere: its links go in a circle."),
        (Kind::Masked | Kind::Absent | Kind::Unreachable, Some(rule)) => denied(seen, rule, &place),
        (Kind::Absent, _) => absent(view, seen, decision, &place),
        (Kind::Unreachable, _) => unreachable(seen).to_owned(),
        (Kind::Host { source, node }, _) => host(seen.access, *node, &spell(source), &place),
        (Kind::Overlay { source, .. }, _) => format!(
            "is the host's {}, covered by a layer in memory: {}",
            elsewhere(&spell(source), &place, "directory or file"),
            able(seen.access)
        ),
        (Kind::Copy { source }, _) => {
            format!(
                "is a private copy of the host's {}: {}",
                elsewhere(&spell(source), &place, "file"),
                able(seen.access)
            )
        }
        (Kind::Text, _) => "is a file with text of the policy: readable".to_owned(),
        (Kind::Memory, _) => format!("is a directory in memory, empty at the start: {}", able(seen.access)),
        (Kind::Masked, None) => "is not visible".to_owned(),
        (Kind::Device, _) => format!("is a device of the sandbox's own: {}", able(seen.access)),
        (Kind::Kernel, _) => format!("is made up by the kernel: {}", able(seen.access)),
        (Kind::Link { to }, _) => format!("is a link to `{}`", to.display()),
        (Kind::Made, _) if decision.rule.is_some_and(|step| spell_of(view, step) == place) => {
            format!("is a directory of the sandbox's own: {}", able(seen.access))
        }
        (Kind::Made, _) => {
            format!("is a directory that is only there because of what lies in it: {}", able(seen.access))
        }
    };
    format!("{start} {is}{}.", effect(seen))
}

/// What becomes of a write, as the end of a sentence.
fn effect(seen: &Seen<'_, '_>) -> &'static str {
    // A device keeps nothing.
    let keeps = !matches!(seen.kind, Kind::Device | Kind::Host { node: Node::Device | Node::Channel, .. });
    match (&seen.effect, &seen.kind) {
        (Some(Effect::Host(_)), Kind::Absent) => "; what is created there reaches the host",
        (Some(Effect::Discarded), Kind::Absent) => "; what is created there is gone when the sandbox ends",
        (Some(Effect::Host(_)), _) if keeps => ", and what is written reaches the host",
        (Some(Effect::Discarded), _) if keeps => ", and what is written is gone when the sandbox ends",
        _ => "",
    }
}

/// What can be done, as adjectives.
fn able(access: Access) -> &'static str {
    match access {
        Access { read: true, write: true, .. } => "readable and writable",
        Access { read: true, write: false, .. } => "readable",
        Access { read: false, write: true, .. } => "writable, but not readable",
        Access { read: false, write: false, .. } => "neither readable nor writable",
    }
}

/// The host's path, by name where it is another than the one inside.
fn elsewhere(source: &str, place: &str, noun: &str) -> String {
    if source == place { noun.to_owned() } else { format!("`{source}`") }
}

fn host(access: Access, node: Node, source: &str, place: &str) -> String {
    let whose = if source == place { String::new() } else { format!("the host's `{source}`: ") };
    match node {
        Node::Device if !access.read && !access.write => {
            format!("is {whose}a device of the host that cannot be opened: only `device` opens one")
        }
        Node::Device => format!("is {whose}a device of the host, {}", able(access)),
        Node::Channel if access.write => {
            format!("is {whose}a socket or pipe of the host: who uses it talks to a process outside")
        }
        Node::Channel => format!("is {whose}a socket or pipe of the host that you may not use"),
        Node::Directory if !access.execute => format!("is {whose}{}, and may not be entered", able(access)),
        Node::File if access.execute && access.write => format!("is {whose}readable, writable and executable"),
        Node::File if access.execute && access.read => format!("is {whose}readable and executable"),
        Node::Unknown if access.write => format!("is {whose}readable and writable, as far as the host has it"),
        Node::Unknown => format!("is {whose}readable, as far as the host has it"),
        _ => format!("is {whose}{}", able(access)),
    }
}

fn denied(seen: &Seen<'_, '_>, rule: &Step, place: &str) -> String {
    let who = format!("`{}`", layers(&rule.origins).replace(", ", "`, `"));
    let what = if rule.at.to_string() == place { "it".to_owned() } else { format!("`{}`", rule.at) };
    let denies = if who.contains(',') { "deny" } else { "denies" };
    if seen.access.read {
        return format!("is empty but for what narrower rules show in it: {who} {denies} {what}");
    }
    format!("is not visible: {who} {denies} {what}")
}

fn unreachable(seen: &Seen<'_, '_>) -> &'static str {
    match seen.mount.map(|mount| &mount.provider) {
        Some(Provider::Host { .. } | Provider::Overlay { .. }) => {
            "cannot be reached: on the host you may not enter a directory above it"
        }
        _ => "cannot be reached: a directory above it may not be entered",
    }
}

fn absent(view: &View<'_>, seen: &Seen<'_, '_>, decision: &Decision<'_>, place: &str) -> String {
    if let Some(rule) = decision.rule.filter(|_| decision.is_left_out) {
        return format!("does not exist: the host has none, and `{}` comes to nothing then", rule.rule());
    }
    let Some(mount) = seen.mount else { return "does not exist inside: no rule shows it".to_owned() };
    let above = view.space().spell(&mount.at);
    match &mount.provider {
        Provider::Host { .. } | Provider::Overlay { .. } => "does not exist: the host has none".to_owned(),
        Provider::Memory { .. } => {
            format!("does not exist inside: `{above}` is an empty directory in memory, and no rule shows `{place}`")
        }
        Provider::Copy { .. } | Provider::Text => format!("does not exist: `{above}` is a file"),
        Provider::Denied { .. } | Provider::Proc | Provider::Dev => {
            format!("does not exist inside: `{above}` has nothing of this name")
        }
    }
}

/// The place of a rule, as the view spells paths.
fn spell_of(view: &View<'_>, step: &Step) -> String {
    view.space().inside(&step.at).map_or_else(String::new, |path| view.space().spell(&path))
}
