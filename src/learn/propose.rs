//! The smallest rules that show what was missed. Nothing is guessed: each is written into the policy in
//! memory, which must compile and resolve, and its view must show the path.
//!
//! What reaches further than reading is only drafted, and somebody has to say yes to it. What a guard or
//! an assertion forbids is never in force.

use super::attempt::{Attempt, Draft};
use super::events::Evidence;
use super::fold::{Finding, Secrets, Situation, Subject};
use super::share::share;
use crate::builtin::Group;
use crate::check::reach::{Sandbox, lacks};
use crate::diagnostic::Diagnostics;
use crate::host::Host;
use crate::path::SymbolicPath;
use crate::plan::Plan;
use crate::policy::Access;
use crate::remedy::{self, system_tree};
use crate::rule::quote;
use crate::schema::Section;
use crate::space::{Node, Space, is_within};
use crate::view::{Kind, View};
use crate::wholesale::WHOLESALE;
use crate::{builtin, card, invocation};
use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// More rules than this nobody reads.
const MOST: usize = 10;

/// So many misses are worth a profile's rules.
const WORTH_A_PROFILE: usize = 2;

/// So many misses tell whether a profile is worth it.
const SAMPLE: usize = 500;

/// Directories of the home that hold what belongs to many programs, besides the guarded ones.
const SHARED: [&str; 8] = [".cache", ".local", ".local/bin", ".local/lib", ".local/state", "bin", "go", ".cargo"];

/// A rule, and what it is for.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub section: Section,
    pub rule: String,
    /// What it lets the program find, as people write it.
    pub shows: String,
    pub hold: Hold,
}

impl Proposal {
    /// The rule as it is written where it is not in force, with why.
    pub fn comment(&self) -> String {
        match &self.hold {
            Hold::Refused(why) if self.section == Section::Filesystem => format!("{} reason={}", self.rule, quote(why)),
            _ => self.rule.clone(),
        }
    }
}

/// Why a rule is not simply proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    No,
    /// It opens more than reading; the question that has to be answered.
    Ask(String),
    /// A guard or an assertion forbids it, which this says. Only the author of a policy lifts those.
    Refused(String),
}

/// What came of all findings.
pub struct Proposed {
    /// The policy with every rule that is not held back.
    pub draft: Draft,
    pub proposals: Vec<Proposal>,
    /// How many findings got no rule because there were too many.
    pub left: usize,
}

/// Proposes rules for findings: all of them, or those that something tells to matter.
pub fn propose(draft: Draft, situation: &Situation<'_>, findings: &[Finding], all: bool) -> Proposed {
    let is_wanted = |finding: &&Finding| !finding.is_noise() && (all || finding.is_sure());
    let wanted: Vec<&Finding> = findings.iter().filter(is_wanted).collect();
    let secrets = Secrets::new(situation.host);
    let mut work = Work { host: situation.host, secrets, draft, proposals: Vec::new(), left: 0 };
    for finding in &wanted {
        match &finding.subject {
            Subject::Program(name) => work.program(name),
            Subject::Missing(path) if finding.runs && finding.secret.is_none() => work.program_at(path),
            _ => {}
        }
    }
    let missing: Vec<&Path> = wanted.iter().filter_map(|finding| finding.missing()).collect();
    work.profiles(missing.get(..SAMPLE).unwrap_or(&missing));
    work.paths(&missing);
    for finding in &wanted {
        match &finding.subject {
            Subject::Unwritable(path) => work.writable(path),
            Subject::Socket(path) => work.socket(path),
            _ => {}
        }
    }
    let is_network = |finding: &&&Finding| matches!(finding.subject, Subject::Network(_) | Subject::Names(_));
    if wanted.iter().any(|finding| is_network(&finding)) {
        work.network();
    }
    Proposed { draft: work.draft, proposals: work.proposals, left: work.left }
}

impl Finding {
    fn missing(&self) -> Option<&Path> {
        match &self.subject {
            Subject::Missing(path) if self.evidence != Evidence::Elsewhere => Some(path),
            _ => None,
        }
    }
}

struct Work<'a> {
    host: &'a Host,
    secrets: Secrets,
    draft: Draft,
    proposals: Vec<Proposal>,
    left: usize,
}

impl Work<'_> {
    fn is_full(&mut self) -> bool {
        let full = self.proposals.len() >= MOST;
        self.left += usize::from(full);
        full
    }

    fn take(&mut self, draft: Draft, section: Section, rule: String, shows: &str) {
        self.draft = draft;
        self.proposals.push(Proposal { section, rule, shows: shows.to_owned(), hold: Hold::No });
    }

    /// Holds a rule back until the question is answered, or for good. What could not be written is not
    /// worth a question.
    fn hold(&mut self, section: Section, rule: String, shows: String, question: String) {
        match self.draft.add(section, &rule, self.host) {
            Attempt::Holds(_) => self.push(Proposal { section, rule, shows, hold: Hold::Ask(question) }),
            Attempt::Refused(why) => self.refuse(section, rule, shows, why),
            Attempt::Unfit => {}
        }
    }

    /// Keeps a rule as a comment that says why it is none.
    fn refuse(&mut self, section: Section, rule: String, shows: String, why: String) {
        // It stands beside the rule.
        let why = why.strip_prefix(&format!("`{rule}` ")).unwrap_or(&why);
        let why = why.strip_suffix(&format!(", and `{rule}` makes it so")).unwrap_or(why).to_owned();
        self.push(Proposal { section, rule, shows, hold: Hold::Refused(why) });
    }

    fn push(&mut self, proposal: Proposal) {
        // A comment of an earlier run stays one.
        let is_written = |text: &str| text.contains(&format!("/- {}", proposal.rule));
        let is_known = self.proposals.iter().any(|known| known.rule == proposal.rule)
            || self.draft.sources.iter().any(|(_, source)| is_written(&source.text));
        self.proposals.extend((!is_known).then_some(proposal));
    }

    /// What starts a program that was not found, as `sbc check` finds it.
    fn program(&mut self, name: &OsStr) {
        let host = self.host;
        let compiled = self.draft.compiled.clone();
        let sandbox = Sandbox { compiled: &compiled, host };
        let (invocation, view) = invocation::resolve(&compiled, host, &mut Diagnostics::default());
        let lacks = lacks(&sandbox, name, &invocation, view, false);
        for rule in lacks.into_iter().flat_map(|(_, one)| one.rules) {
            let compiled = self.draft.compiled.clone();
            let changes = Sandbox { compiled: &compiled, host }.amendments(std::slice::from_ref(&rule));
            let Some((text, changes)) = rule.text(host).zip(changes) else { return };
            if self.is_full() {
                return;
            }
            let shows = name.to_string_lossy();
            match self.draft.attempt(changes, host) {
                Attempt::Holds(next) => self.take(*next, rule.section(), text, &shows),
                // What is behind it cannot be seen then.
                Attempt::Refused(why) => return self.refuse(rule.section(), text, shows.into_owned(), why),
                Attempt::Unfit => return,
            }
        }
    }

    /// The same for a program by its path, or by its name where the caller's PATH has it.
    fn program_at(&mut self, path: &Path) {
        let by_name = path.file_name().filter(|name| remedy::on_host(self.host, name).as_deref() == Some(path));
        self.program(by_name.unwrap_or(path.as_os_str()));
    }

    /// Profiles that bring several of the paths.
    fn profiles(&mut self, missing: &[&Path]) {
        while let Some((name, draft, covered)) = self.best_profile(missing) {
            if self.is_full() {
                return;
            }
            let shows = format!("{covered} paths that were missed");
            self.take(draft, Section::Body, format!("inherit {}", quote(name)), &shows);
        }
    }

    /// The profile that brings the most of them, of equals the one that opens the least. An agent's is for
    /// who runs the agent.
    fn best_profile(&self, missing: &[&Path]) -> Option<(&'static str, Draft, usize)> {
        let network = self.draft.compiled.plan.content.network;
        let left = self.uncovered(&self.draft, missing);
        if left.len() < WORTH_A_PROFILE {
            return None;
        }
        let inherited = &self.draft.compiled.merged.inherited;
        // Which agent runs, and on which floor, is for people to say.
        let profiles = [Group::Toolchain, Group::Tool].into_iter().flat_map(card::group).map(|profile| profile.name);
        let drafts = profiles
            .filter(|name| !inherited.iter().any(|own| own == name) && self.brings(name, &left))
            .filter_map(|name| Some((name, self.draft.inherit(name, self.host).held()?)));
        let drafts = drafts.filter(|(_, draft)| draft.compiled.plan.content.network == network);
        let counted = drafts.map(|(name, draft)| {
            let covered = left.len() - self.uncovered(&draft, &left).len();
            (name, draft, covered)
        });
        counted.filter(|(_, _, covered)| *covered >= WORTH_A_PROFILE).max_by_key(|(_, draft, covered)| {
            let Plan { content, inherited, .. } = &draft.compiled.plan;
            // Of those that bring as much, the one that opens least.
            (*covered, Reverse((content.steps.len(), inherited.len())))
        })
    }

    /// Whether a profile, or one that it inherits, has a rule about one of the paths or a directory above. Cheap, where
    /// compiling is not.
    fn brings(&self, name: &str, paths: &[&Path]) -> bool {
        let Some(layer) = builtin::layer(name) else { return false };
        let mut sources = layer.filesystem.values().filter_map(|entry| match entry.value.as_ref()? {
            Access::Host { source, .. } => self.host.expand(source).ok(),
            _ => None,
        });
        sources.any(|source| paths.iter().any(|path| path.starts_with(&source)))
            || layer.inherits.iter().any(|parent| parent.value != "base-dev" && self.brings(&parent.value, paths))
    }

    /// The paths that a policy does not show, and that it has no rule for.
    fn uncovered<'p>(&self, draft: &Draft, paths: &[&'p Path]) -> Vec<&'p Path> {
        let steps = draft.compiled.plan.content.steps.iter();
        let ruled: HashSet<PathBuf> = steps.filter_map(|step| self.host.expand(&step.at).ok()).collect();
        let left = |view: &View<'_>| {
            let mut gone: HashMap<&Path, bool> = HashMap::new();
            let mut is_shown = |path: &'p Path| {
                let above = path.parent().unwrap_or(path);
                let is_gone = *gone.entry(above).or_insert_with(|| view.look(above).kind == Kind::Absent);
                !is_gone && view.look(path).access.read
            };
            paths.iter().copied().filter(|path| !ruled.contains(*path) && !is_shown(path)).collect()
        };
        draft.look(self.host, |_, view| left(view)).unwrap_or_else(|| paths.to_vec())
    }

    /// Rules for single paths, and for directories that many of them share; secrets last, one by one.
    fn paths(&mut self, missing: &[&Path]) {
        let places = self.uncovered(&self.draft, missing);
        let places = places.into_iter().map(|path| system_tree(path).unwrap_or_else(|| path.to_owned()));
        let (secret, plain): (BTreeSet<PathBuf>, BTreeSet<PathBuf>) =
            places.partition(|place| self.secrets.around(place).is_some());
        let plain = share(plain, &|directory| self.may_show(directory));
        for path in plain.into_iter().filter(|path| self.may_show(path)).collect::<Vec<_>>() {
            let Some((text, shows)) = self.shown(&path) else { continue };
            match self.draft.add(Section::Filesystem, &text, self.host) {
                Attempt::Holds(next) if self.uncovered(&next, &[&path]).is_empty() => {
                    self.take(*next, Section::Filesystem, text, &shows);
                }
                Attempt::Refused(why) => self.refuse(Section::Filesystem, text, shows, why),
                Attempt::Holds(_) | Attempt::Unfit => {}
            }
        }
        for path in secret {
            let about = self.secrets.around(&path).map(|secret| secret.about).unwrap_or_default();
            let Some((text, shows)) = self.shown(&path) else { continue };
            let question = format!("May programs inside read `{shows}` ({about})?");
            self.hold(Section::Filesystem, text, shows, question);
        }
    }

    /// The rule that shows a path, and the path as people write it, as long as there is room for one.
    fn shown(&mut self, path: &Path) -> Option<(String, String)> {
        if self.is_full() {
            return None;
        }
        Some((format!("ro {}", remedy::path(self.host, path)?), self.host.spell(path)))
    }

    /// Whether a path may be shown as a whole. A directory may not, where it holds what belongs to many.
    fn may_show(&self, path: &Path) -> bool {
        let host = self.host;
        if system_tree(path).is_some() {
            return true;
        }
        let is_above = |base: &Path| is_within(base, path);
        let is_shared = SHARED.iter().any(|name| path == host.home.join(name));
        let is_directory = host.node(path) == Node::Directory;
        let is_top = path.components().count() <= 2 && is_directory;
        let whole = WHOLESALE.iter().filter_map(|whole| host.expand(&SymbolicPath::parse(whole.path).ok()?).ok());
        let is_guarded = whole.into_iter().any(|whole| whole == path);
        !(is_above(&host.home)
            || is_above(&host.project)
            || is_shared
            || is_top
            || is_guarded
            || self.secrets.of(path).is_some())
    }

    fn writable(&mut self, path: &Path) {
        let host = self.host;
        if is_within(path, &host.project) || system_tree(path).is_some() || self.is_full() {
            return;
        }
        let is_there = host.node(path) != Node::Absent;
        let place = if is_there { path } else { path.parent().unwrap_or(path) };
        if !self.may_show(place) {
            return;
        }
        let Some(spelled) = remedy::path(host, place) else { return };
        let shows = host.spell(place);
        let question = format!("May programs inside change `{shows}` on this host?");
        self.hold(Section::Filesystem, format!("rw {spelled}"), shows, question);
    }

    fn socket(&mut self, path: &Path) {
        if self.is_full() {
            return;
        }
        let Some(spelled) = remedy::path(self.host, path) else { return };
        let shows = self.host.spell(path);
        let question = format!("May programs inside speak to who listens at `{shows}`?");
        self.hold(Section::Filesystem, format!("ro {spelled}"), shows, question);
    }

    fn network(&mut self) {
        if !self.is_full() {
            let question = "May programs inside use the network of this host, all of it?".to_owned();
            self.hold(Section::Body, "network \"host\"".to_owned(), "the network".to_owned(), question);
        }
    }
}
