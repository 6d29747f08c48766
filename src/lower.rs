//! Turns a merged policy into a plan: orders the mounts, pins what must not be renamed, and fills
//! in what the policy leaves unsaid.
//!
//! Reads no machine. After this nothing knows of layers any more, except to say where a step came
//! from.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::env::steers_loader;
use crate::merge::{Merged, Resolved};
use crate::origin::Origin;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Content, EnvValue, Place, Plan, Step, Waived};
use crate::policy::{Access, Assertion, EnvRule, Grant, Setting};
use crate::text::Text;
use crate::words::{Lifetime, Namespace, NestedSandboxes, Network, Resource, SettingKey, Sharing, Terminal};
use std::collections::{BTreeMap, BTreeSet};

/// The directories that a merged `/usr` replaces by links.
const MERGED_USR: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];

/// Makes the plan of a sandbox. What cannot be placed is reported and left out.
pub fn lower(merged: &Merged, out: &mut Diagnostics) -> Plan {
    let mut settings = Settings::default();
    for resolved in merged.settings.values() {
        settings.take(resolved);
    }
    settings.check(merged, out);
    let content = Content {
        steps: steps(merged, out),
        env: env(merged, out),
        network: settings.network,
        shared: settings.shared,
        hostname: settings.hostname,
        terminal: settings.terminal,
        lifetime: settings.lifetime,
        nested_sandboxes: settings.nested_sandboxes,
        command: settings.command,
        workdir: settings.workdir,
        limits: settings.limits,
        waived: waived(merged),
    };
    Plan { name: merged.name.clone(), about: merged.about.clone(), inherited: merged.inherited.clone(), content }
}

/// Every waiver once, with the reasons of all who say so.
fn waived(merged: &Merged) -> Vec<Waived> {
    let mut reasons: BTreeMap<&Assertion, BTreeSet<&String>> = BTreeMap::new();
    for lift in &merged.lifts {
        reasons.entry(&lift.assertion).or_default().insert(&lift.reason);
    }
    let waived = reasons.into_iter();
    let waived = waived.map(|(assertion, reasons)| Waived {
        kind: assertion.kind(),
        subject: crate::rule::subject(assertion),
        reasons: reasons.into_iter().cloned().collect(),
    });
    waived.collect()
}

/// Every setting with the value of a policy that says nothing.
struct Settings {
    network: Network,
    shared: BTreeSet<Namespace>,
    hostname: Option<String>,
    terminal: Terminal,
    lifetime: Lifetime,
    nested_sandboxes: NestedSandboxes,
    command: Vec<Text>,
    workdir: Option<SymbolicPath>,
    limits: BTreeMap<Resource, u64>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            network: Network::None,
            shared: BTreeSet::new(),
            hostname: None,
            terminal: Terminal::Guarded,
            lifetime: Lifetime::WithParent,
            nested_sandboxes: NestedSandboxes::Deny,
            command: Vec::new(),
            workdir: None,
            limits: BTreeMap::new(),
        }
    }
}

impl Settings {
    fn take(&mut self, resolved: &Resolved<Setting>) {
        match resolved.value.clone() {
            Some(Setting::Network(network)) => self.network = network,
            Some(Setting::Namespace(namespace, Sharing::Share)) => {
                self.shared.insert(namespace);
            }
            Some(Setting::Namespace(_, Sharing::Unshare)) | None => {}
            Some(Setting::Hostname(name)) => self.hostname = Some(name),
            Some(Setting::Terminal(terminal)) => self.terminal = terminal,
            Some(Setting::Lifetime(lifetime)) => self.lifetime = lifetime,
            Some(Setting::NestedSandboxes(nested)) => self.nested_sandboxes = nested,
            Some(Setting::Command(command)) => self.command = command,
            Some(Setting::Workdir(path)) => self.workdir = Some(path),
            Some(Setting::Limit(resource, Some(limit))) => {
                self.limits.insert(resource, limit);
            }
            Some(Setting::Limit(_, None)) => {}
        }
    }

    /// Reports settings that exclude each other.
    fn check(&self, merged: &Merged, out: &mut Diagnostics) {
        let mut contradiction = |title: &str, help: &str, keys: [SettingKey; 2]| {
            let mut diagnostic = Diagnostic::error(Code::SBC0503, title).help(help);
            let origins = keys.iter().filter_map(|key| merged.settings.get(key)).flat_map(|resolved| &resolved.origins);
            for origin in origins {
                diagnostic = diagnostic.at(origin.location, "said here");
            }
            out.push(diagnostic);
        };
        if self.hostname.is_some() && self.shared.contains(&Namespace::Uts) {
            let help = "write `unshare \"uts\"`, or leave `hostname` out";
            contradiction(
                "a host name of its own needs a UTS namespace of its own",
                help,
                [SettingKey::Hostname, SettingKey::Uts],
            );
        }
        if self.nested_sandboxes == NestedSandboxes::Deny && self.shared.contains(&Namespace::User) {
            let help = "write `unshare \"user\"`, or `nested-sandboxes \"allow\"`";
            contradiction(
                "nested sandboxes can only be denied in a user namespace of its own",
                help,
                [SettingKey::User, SettingKey::NestedSandboxes],
            );
        }
    }
}

// steps

fn steps(merged: &Merged, out: &mut Diagnostics) -> Vec<Step> {
    let mut steps: BTreeMap<SymbolicPath, Step> = BTreeMap::new();
    for (at, resolved) in &merged.filesystem {
        if let Some(access) = resolved.value.clone() {
            let step =
                Step { at: at.clone(), action: action(access), place: Place::Root, origins: resolved.origins.clone() };
            steps.insert(at.clone(), step);
        }
    }
    merge_usr(&mut steps);
    for pin in steps.values().flat_map(|step| pins(step, &steps)).collect::<Vec<_>>() {
        steps.entry(pin.at.clone()).or_insert(pin);
    }
    place(&mut steps, out);
    steps.into_values().collect()
}

/// What an access rule does, before anything else of the plan is known.
pub fn action(access: Access) -> Action {
    match access {
        Access::Host { grant, source, missing, text } => {
            Action::Host { grant, source, missing, text, merged_usr: None }
        }
        Access::File { text } => Action::File { text },
        Access::Tmpfs { size, mode } => Action::Tmpfs { size, mode },
        Access::Directory => Action::Directory,
        Access::Symlink { to } => Action::Symlink { to },
        Access::Deny => Action::Deny { open: false },
        Access::Proc => Action::Proc,
        Access::Dev => Action::Dev,
    }
}

/// The nearest step above a path that provides what is there. Directories and links provide
/// nothing.
fn cover<'a>(steps: &'a BTreeMap<SymbolicPath, Step>, path: &SymbolicPath) -> Option<&'a Step> {
    let length = path.components().len();
    (0..length).rev().find_map(|length| {
        let above = SymbolicPath::of_root(path.root()).join(path.components().get(..length)?);
        steps.get(&above).filter(|step| !matches!(step.action, Action::Directory))
    })
}

/// Lets `/bin` and the like be links where they are links to what `/usr` shows.
fn merge_usr(steps: &mut BTreeMap<SymbolicPath, Step>) {
    for name in MERGED_USR {
        let at = |prefix: &str| {
            SymbolicPath::of_root(Root::Absolute).join(
                &prefix.split('/').chain([name]).filter(|part| !part.is_empty()).map(Text::literal).collect::<Vec<_>>(),
            )
        };
        let (short, long) = (at(""), at("usr"));
        let provider = steps.get(&long).or_else(|| cover(steps, &long));
        let same_grant = |step: &&Step| matches!(&step.action, Action::Host { grant: Grant::ReadOnly, source, .. } if *source == step.at);
        // What a host directory shows has its links already.
        if provider.filter(same_grant).is_none() || cover(steps, &short).is_some() {
            continue;
        }
        if let Some(step) = steps.get_mut(&short).filter(|step| same_grant(&&**step))
            && let Action::Host { merged_usr, .. } = &mut step.action
        {
            *merged_usr = Some(format!("usr/{name}"));
        }
    }
}

/// The directories between a step and the writable tree that it stands in. Renaming one of them
/// would carry the step's mount away and leave the path free.
fn pins(step: &Step, steps: &BTreeMap<SymbolicPath, Step>) -> Vec<Step> {
    let Some(tree) = cover(steps, &step.at) else { return Vec::new() };
    let Action::Host { grant: Grant::ReadWrite, source, .. } = &tree.action else { return Vec::new() };
    let pin = |at: SymbolicPath| {
        let source = source.join(at.below(&tree.at).unwrap_or_default());
        Step { action: Action::Pin { source }, place: Place::Writable, origins: step.origins.clone(), at }
    };
    step.at.between(&tree.at).into_iter().map(pin).collect()
}

/// Fills in what each step stands in, and reports steps that cannot stand there.
fn place(steps: &mut BTreeMap<SymbolicPath, Step>, out: &mut Diagnostics) {
    let mut places = Vec::new();
    let mut opened = Vec::new();
    for (at, step) in steps.iter() {
        let above = cover(steps, at);
        places.push(above.map_or(Place::Root, |above| provides(&above.action)));
        let Some(above) = above else { continue };
        if matches!(above.action, Action::Deny { .. }) && !matches!(step.action, Action::Deny { .. }) {
            opened.push(above.at.clone());
        }
        refuse(step, above, steps, out);
    }
    for (step, place) in steps.values_mut().zip(places) {
        step.place = place;
        if let Action::Deny { open } = &mut step.action {
            *open = opened.contains(&step.at);
        }
    }
}

fn provides(action: &Action) -> Place {
    match action {
        Action::Host { grant: Grant::ReadWrite, .. } | Action::Pin { .. } => Place::Writable,
        Action::Host { grant: Grant::Overlay, .. } => Place::Overlay,
        Action::Host { .. } => Place::ReadOnly,
        Action::Tmpfs { .. } => Place::Memory,
        Action::Deny { .. } => Place::Denied,
        Action::Proc | Action::Dev => Place::Kernel,
        Action::Directory | Action::Symlink { .. } | Action::File { .. } => Place::Root,
    }
}

fn refuse(step: &Step, above: &Step, steps: &BTreeMap<SymbolicPath, Step>, out: &mut Diagnostics) {
    let problem = |code, title: String| {
        let locations = |step: &Step| step.origins.first().map(|origin| origin.location);
        let mut diagnostic = Diagnostic::error(code, title);
        if let Some(location) = locations(step) {
            diagnostic = diagnostic.at(location, "this rule");
        }
        if let Some(location) = locations(above) {
            diagnostic = diagnostic.at(location, "stands in what this one shows");
        }
        diagnostic
    };
    // What is denied may not be there; then what it stands in is what there is.
    let mut ground = above;
    while let (Action::Deny { .. }, Some(below)) = (&ground.action, cover(steps, &ground.at)) {
        ground = below;
    }
    match (&ground.action, &step.action) {
        (Action::File { .. } | Action::Host { grant: Grant::Copy | Grant::Device, .. }, _) => {
            out.push(
                problem(Code::SBC0405, format!("`{}` lies below a file", step.at)).help("remove one of the two rules"),
            );
        }
        (Action::Symlink { to }, _) => {
            let title = format!("`{}` lies below a symbolic link", step.at);
            out.push(
                problem(Code::SBC0405, title).help(format!("name the path that the link leads to: it is below `{to}`")),
            );
        }
        // Before bubblewrap 0.12 a planted link makes these write anywhere on the host
        // (CVE-2026-87766), and what they make would stay there.
        (Action::Host { .. } | Action::Pin { .. }, Action::Directory | Action::Symlink { .. }) => {
            let title = format!("`{}` would have to be made on the host, which sbc does not do", step.at);
            out.push(
                problem(Code::SBC0403, title)
                    .help("make it on the host yourself, or write `rw PATH missing=\"create-dir\"`"),
            );
        }
        _ => {}
    }
}

// environment

fn env(merged: &Merged, out: &mut Diagnostics) -> BTreeMap<String, EnvValue> {
    let names: BTreeSet<&String> = merged.env.keys().chain(merged.prepends.keys()).collect();
    let mut env = BTreeMap::new();
    for name in names {
        let resolved = merged.env.get(name);
        let rule = resolved.and_then(|resolved| resolved.value.clone());
        let gathered = merged.prepends.get(name).map(Vec::as_slice).unwrap_or_default();
        if let (Some(EnvRule::Secret), Some((_, origin))) = (&rule, gathered.first()) {
            extends_secret(name, origin, out);
        }
        if let (Some(EnvRule::Secret), true, Some(origin)) =
            (&rule, steers_loader(name), resolved.and_then(|resolved| resolved.origins.first()))
        {
            let diagnostic =
                Diagnostic::error(Code::SBC0303, format!("`{name}` steers the dynamic loader and is no secret"));
            out.push(diagnostic.at(origin.location, "this").help(format!("write `pass \"{name}\"`")));
        }
        if rule.is_none() && gathered.is_empty() {
            continue;
        }
        let own = resolved.map(|resolved| resolved.origins.clone()).unwrap_or_default();
        let origins = own.into_iter().chain(gathered.iter().map(|(_, origin)| origin.clone())).collect();
        env.insert(
            name.clone(),
            EnvValue { prepend: gathered.iter().map(|(text, _)| text.clone()).collect(), rule, origins },
        );
    }
    env
}

fn extends_secret(name: &str, origin: &Origin, out: &mut Diagnostics) {
    let diagnostic =
        Diagnostic::error(Code::SBC0303, format!("`{name}` is a secret, and nothing can be put before it"));
    out.push(
        diagnostic
            .at(origin.location, "this")
            .help(format!("write `pass \"{name}\"` if it is a list that may be shown")),
    );
}
