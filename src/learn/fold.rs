//! What of all that a program looked for is worth a line: what the host has and the sandbox does not
//! show, what it may not change, and whom it could not reach.
//!
//! Looks at the host through the view, and changes nothing. What neither side has is noise: a program
//! that probes ten places misses nine of them anywhere.

use super::events::{Evidence, Seen, Table};
use super::places::{Loss, Places};
use crate::compile::Compiled;
use crate::host::Host;
use crate::path::{Root, SymbolicPath};
use crate::plan::layers;
use crate::remedy::{on_host, whole};
use crate::secrets::{SECRETS, Secret};
use crate::space::{Node, Space, is_within};
use crate::verdict;
use crate::view::{Kind, View};
use crate::words::Network;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// Trees in which the kernel answers, and no file of the host is missed.
const KERNEL: [&str; 3] = ["/proc", "/sys", "/dev"];

/// What every C library and shell looks at, and does without.
const USUAL: [&str; 10] = [
    "/etc/locale.alias",
    "/etc/ld.so.preload",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/shells",
    "/etc/inputrc",
    "/etc/profile",
    "/etc/bash.bashrc",
    "/run/nscd/socket",
    "/var/run/nscd/socket",
];

/// What was missed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A path that the host has and the sandbox does not.
    Missing(PathBuf),
    /// A path that may not be changed.
    Unwritable(PathBuf),
    /// A path that a rule hides.
    Hidden(PathBuf),
    /// A socket that is not inside.
    Socket(PathBuf),
    /// A program that is on no directory of the sandbox's PATH.
    Program(OsString),
    /// Addresses on a network that is not there.
    Network(Vec<String>),
    /// Servers that know the addresses of names.
    Names(Vec<String>),
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Finding {
    pub subject: Subject,
    pub evidence: Evidence,
    /// How often it was tried.
    pub count: u32,
    /// Whether it was to be run.
    pub runs: bool,
    pub secret: Option<&'static Secret>,
    /// The rule that decided, with its layers.
    pub rule: Option<String>,
}

/// The sandbox that the program ran in, or is to run in.
pub struct Situation<'a> {
    pub compiled: &'a Compiled,
    pub host: &'a Host,
    pub view: &'a View<'a>,
    /// The directories of PATH inside.
    pub path: &'a [PathBuf],
    /// Whether the log is of a run outside: then what was found counts, too.
    pub is_outside: bool,
    /// Whether the command as a whole failed.
    pub failed: bool,
}

/// All findings, the surest first.
pub fn findings(situation: &Situation<'_>, table: &Table) -> Vec<Finding> {
    let mut found: BTreeMap<Subject, Finding> = BTreeMap::new();
    let mut add = |finding: Finding| {
        let known = found.entry(finding.subject.clone()).or_insert(Finding { count: 0, ..finding.clone() });
        known.count = known.count.saturating_add(finding.count);
        known.evidence = known.evidence.max(finding.evidence);
        known.runs |= finding.runs;
    };
    let (host, secrets) = (whole(situation.host), Secrets::new(situation.host));
    let mut places = Places::new(situation.host, situation.view);
    for (path, seen) in table.paths().filter(|(path, seen)| situation.counts(path, seen)) {
        // What could not be written or opened is asked for by itself.
        let is_lookup = seen.refused == 0 && seen.unmade == 0 && seen.denied == 0 && !seen.written;
        let found = match if is_lookup { places.loss(path) } else { Loss::Unknown } {
            Loss::No => None,
            Loss::Yes => situation.of_hidden(&secrets, path, seen),
            Loss::Unknown => situation.of_path(&host, &secrets, path, seen),
        };
        found.into_iter().for_each(&mut add);
    }
    for (name, program) in &table.programs {
        // One place can be a path of its own, and be a finding by itself.
        let is_search = program.is_search || situation.path.len() == 1;
        // What this host does not have at all is worth a line where somebody complained of it.
        if !is_search {
            continue;
        }
        if program.evidence == Evidence::Named || on_host(situation.host, name).is_some() {
            add(Finding::new(Subject::Program(name.clone()), program.evidence, program.count));
        }
    }
    situation.of_network(table).into_iter().for_each(&mut add);
    let mut out: Vec<Finding> = found.into_values().collect();
    out.sort_by(|a, b| b.evidence.cmp(&a.evidence).then_with(|| a.subject.cmp(&b.subject)));
    out
}

impl Finding {
    fn new(subject: Subject, evidence: Evidence, count: u32) -> Finding {
        Finding { subject, evidence, count, runs: false, secret: None, rule: None }
    }

    /// Whether something tells that the miss mattered.
    pub fn is_sure(&self) -> bool {
        self.evidence >= Evidence::Failed
    }

    /// Whether it is worth no line.
    pub fn is_noise(&self) -> bool {
        self.evidence == Evidence::Elsewhere
    }
}

impl Situation<'_> {
    /// Whether what happened at a path may be a finding.
    fn counts(&self, path: &Path, seen: &Seen) -> bool {
        let is_missed = seen.missed > 0 && !seen.found || seen.denied > 0 || seen.refused > 0;
        (is_missed || self.is_outside) && !KERNEL.iter().any(|tree| path.starts_with(tree))
    }

    fn of_path(&self, host: &View<'_>, secrets: &Secrets, path: &Path, seen: &Seen) -> Option<Finding> {
        let looked = self.view.look(path);
        let there = looked.path.clone();
        let is_unmade = seen.unmade > 0 && !seen.found;
        let wants_write = seen.refused > 0 || is_unmade || self.is_outside && seen.written;
        if there == Path::new("/") || looked.access.read && !wants_write {
            return None;
        }
        if is_usual(&there, seen) {
            return None;
        }
        let evidence = self.evidence(seen);
        let finding = |subject, count| {
            // What is not there is not there by no rule.
            let is_ruled =
                matches!(subject, Subject::Unwritable(_) | Subject::Hidden(_)) && looked.kind != Kind::Absent;
            let decision = is_ruled.then(|| verdict::decide(self.view, &looked)).and_then(|decision| decision.rule);
            let rule = decision.map(|step| format!("{} ({})", step.rule(), layers(&step.origins)));
            Finding { secret: secrets.of(&there), rule, runs: seen.run, ..Finding::new(subject, evidence, count) }
        };
        if wants_write && !looked.access.write && self.may_write(&there) {
            return Some(finding(Subject::Unwritable(there.clone()), (seen.refused + seen.unmade).max(1)));
        }
        let on_host = host.look(&there);
        let Kind::Host { node, .. } = on_host.kind else { return None };
        if !on_host.access.read && node != Node::Channel {
            return None;
        }
        match looked.kind {
            Kind::Absent if node == Node::Channel => Some(finding(Subject::Socket(there.clone()), seen.missed.max(1))),
            // Where a program makes its own, it does not miss the host's.
            Kind::Absent if seen.found && !self.is_outside => None,
            Kind::Absent if seen.missed > 0 || seen.found => {
                Some(finding(Subject::Missing(there.clone()), seen.missed.max(1)))
            }
            Kind::Masked | Kind::Unreachable if seen.denied > 0 || self.is_outside && seen.found => {
                Some(finding(Subject::Hidden(there.clone()), seen.denied.max(1)))
            }
            _ => None,
        }
    }

    /// A file of a tree that is not inside at all.
    fn of_hidden(&self, secrets: &Secrets, path: &Path, seen: &Seen) -> Option<Finding> {
        // Where a program makes its own, it does not miss the host's.
        if seen.found && !self.is_outside || is_usual(path, seen) {
            return None;
        }
        let finding = Finding::new(Subject::Missing(path.to_owned()), self.evidence(seen), seen.missed.max(1));
        Some(Finding { secret: secrets.of(path), runs: seen.run, ..finding })
    }

    fn evidence(&self, seen: &Seen) -> Evidence {
        if self.is_outside && seen.found { Evidence::Used } else { seen.evidence }
    }

    /// Whether the user may change a path of the host, or make it.
    fn may_write(&self, path: &Path) -> bool {
        let is_there = self.host.node(path) != Node::Absent;
        self.host.rights(if is_there { path } else { path.parent().unwrap_or(path) }).write
    }

    fn of_network(&self, table: &Table) -> Vec<Finding> {
        if self.compiled.plan.content.network != Network::None {
            return Vec::new();
        }
        let (mut addresses, mut names, mut count) = (Vec::new(), Vec::new(), 0);
        for address in table.addresses.keys() {
            let is_own = address.host.starts_with("127.") || address.host == "::1" || address.host == "0.0.0.0";
            if is_own && !(self.is_outside && address.port != 53) {
                continue;
            }
            count += 1;
            let list = if address.port == 53 { &mut names } else { &mut addresses };
            list.push(format!("{} port {}", address.host, address.port));
        }
        let evidence = if self.failed || self.is_outside { Evidence::Failed } else { Evidence::None };
        let kinds = [(Subject::Network as fn(_) -> _, addresses), (Subject::Names, names)];
        let found = kinds.into_iter().filter(|(_, list)| !list.is_empty());
        found.map(|(subject, list)| Finding::new(subject(list), evidence, count)).collect()
    }
}

/// Whether a path is looked at by nearly everything, and nobody complained of it.
fn is_usual(path: &Path, seen: &Seen) -> bool {
    let is_known = USUAL.iter().any(|usual| path == Path::new(usual));
    (is_known || path.components().any(|part| part.as_os_str() == "__pycache__")) && seen.evidence != Evidence::Named
}

/// Where this host has the known secrets.
pub struct Secrets {
    places: Vec<(PathBuf, bool, &'static Secret)>,
}

impl Secrets {
    pub fn new(host: &Host) -> Secrets {
        let place = |secret: &'static Secret| {
            let symbolic = SymbolicPath::parse(secret.path).ok()?;
            let place = host.expand(&symbolic).ok()?;
            // What is secret in the system's directories only root can read.
            let is_roots = symbolic.root() == Root::Absolute && place.starts_with("/etc");
            let is_there = !is_roots && !matches!(host.node(&place), Node::Absent | Node::Unreachable);
            Some((place, is_there, secret))
        };
        Secrets { places: SECRETS.iter().filter_map(place).collect() }
    }

    /// The secret that a host path is, lies in, or shows.
    pub fn of(&self, path: &Path) -> Option<&'static Secret> {
        let shows = |place: &Path, is_there: bool| is_within(path, place) || is_there && is_within(place, path);
        self.places.iter().find(|(place, is_there, _)| shows(place, *is_there)).map(|(_, _, secret)| *secret)
    }

    /// The secret that a host path is or lies in.
    pub fn around(&self, path: &Path) -> Option<&'static Secret> {
        self.places.iter().find(|(place, _, _)| is_within(path, place)).map(|(_, _, secret)| *secret)
    }
}
