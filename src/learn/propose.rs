//! The smallest rules that show what was missed. Nothing is guessed: each is written into the policy in
//! memory, which must compile and resolve, and its view must show the path.
//!
//! What reaches further than reading is only drafted: somebody has to say yes to it, and nobody does for
//! a secret.

use super::events::Evidence;
use super::fold::{Finding, Secrets, Situation, Subject};
use crate::amend::{self, Amendment};
use crate::builtin;
use crate::check::reach::{Sandbox, lacks};
use crate::compile::{Compiled, Wanted, compile};
use crate::diagnostic::{Code, Diagnostic, Diagnostics, Severity};
use crate::fix::apply_fixes;
use crate::host::Host;
use crate::invocation::{self, Invocation};
use crate::remedy::{self, Rule, system_tree};
use crate::rule::quote;
use crate::schema::Section;
use crate::source::{Location, Sources};
use crate::space::{Node, Space, is_within};
use crate::view::{Kind, View};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// More rules than this nobody reads.
const MOST: usize = 10;

/// So many files of one directory stand for the directory, and so many misses for a profile's rules.
const MANY: usize = 3;
const WORTH_A_PROFILE: usize = 2;

/// So many misses tell whether a profile is worth it.
const SAMPLE: usize = 500;

/// Directories of the home that hold what belongs to many programs.
const SHARED: [&str; 10] =
    [".config", ".cache", ".local", ".local/bin", ".local/lib", ".local/share", ".local/state", "bin", "go", ".cargo"];

/// A policy as it would be.
#[derive(Clone)]
pub struct Draft {
    pub sources: Sources,
    pub compiled: Compiled,
    /// Whether rules go into the local layer, and not into what all share.
    pub is_local: bool,
}

/// A rule, and what it is for.
#[derive(Clone, Debug)]
pub struct Proposal {
    pub section: Section,
    pub rule: String,
    /// What it lets the program find, as people write it.
    pub shows: String,
    pub hold: Hold,
}

/// Why a rule is not simply proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Hold {
    No,
    /// It opens more than reading; the question that has to be answered.
    Ask(String),
    /// It shows a secret, which this is.
    Secret(&'static str),
    /// A guard or an assertion forbids it. Only a person lifts those.
    Refused,
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
            Subject::Socket(path) => work.socket(path, finding),
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

impl Draft {
    /// The policy with changes made, where it holds then. Paths get a line each, if there is room for lines.
    pub fn with(&self, amendments: Vec<Amendment>) -> Option<Draft> {
        let is_path = |amendment: &Amendment| match amendment {
            Amendment::Add { rules, .. } => rules.iter().any(|(section, _)| *section == Section::Filesystem),
            _ => false,
        };
        let (body, section) = (self.body(), Section::Filesystem);
        // The block is the body's last, so that no other place moves.
        let opened = amendments.iter().any(is_path).then(|| self.changed(vec![Amendment::Open { body, section }]));
        opened.flatten().as_ref().unwrap_or(self).changed(amendments)
    }

    /// The body that rules go into.
    fn body(&self) -> Location {
        let merged = &self.compiled.merged;
        if self.is_local { merged.location } else { merged.policy }
    }

    fn changed(&self, amendments: Vec<Amendment>) -> Option<Draft> {
        Draft::compile(self.edited(amendments)?, &self.compiled.plan.name, self.is_local)
    }

    /// Whether nothing but guards and assertions keeps a rule out of the policy.
    fn refuses(&self, section: Section, rule: &str) -> bool {
        let body = self.body();
        let edited = self.edited(vec![Amendment::Add { body, rules: vec![(section, rule.to_owned())] }]);
        let problems = edited.map(|sources| compile(&sources, &Wanted::All).diagnostics).unwrap_or_default();
        let is_guard = |one: &Diagnostic| matches!(one.code, Code::SBC0501 | Code::SBC0506 | Code::SBC0507);
        let is_error = |one: &&&Diagnostic| one.severity == Severity::Error;
        problems.has_errors() && problems.sorted().iter().filter(is_error).all(|one| is_guard(one))
    }

    fn edited(&self, amendments: Vec<Amendment>) -> Option<Sources> {
        let mut problems = Diagnostics::default();
        problems.push(amendments.into_iter().fold(Diagnostic::error(Code::SBC0412, ""), Diagnostic::amend));
        let resolved = amend::resolve(&self.sources, problems);
        let change = *resolved.sorted().first()?;
        if change.fix.as_ref().is_none_or(|fix| fix.edits.is_empty()) {
            return None;
        }
        Some(apply_fixes(&self.sources, &[change]).0)
    }

    /// Compiles one sandbox.
    pub fn compile(sources: Sources, name: &str, is_local: bool) -> Option<Draft> {
        let mut compilation = compile(&sources, &Wanted::Named(vec![name.to_owned()]));
        let compiled = compilation.sandboxes.pop().filter(|_| !compilation.diagnostics.has_errors())?;
        Some(Draft { sources, compiled, is_local })
    }

    /// The policy with one rule more.
    pub fn add(&self, section: Section, rule: &str) -> Option<Draft> {
        let body = self.body();
        self.with(vec![Amendment::Add { body, rules: vec![(section, rule.to_owned())] }])
    }

    /// The policy with a rule that does not count: KDL leaves out what stands behind `/-`.
    pub fn comment(&self, section: Section, rule: &str) -> Option<Draft> {
        self.add(section, &format!("/- {rule}"))
    }

    fn inherit(&self, name: &'static str) -> Option<Draft> {
        let body = self.body();
        self.with(vec![Amendment::Inherit { body, name: name.to_owned(), instead_of: "base-dev" }])
            .or_else(|| self.add(Section::Body, &format!("inherit {}", quote(name))))
    }

    /// Looks inside on a host; nothing where the policy cannot be run there.
    pub fn look<T>(&self, host: &Host, answer: impl FnOnce(&Invocation, &View<'_>) -> T) -> Option<T> {
        let mut problems = Diagnostics::default();
        let (invocation, view) = invocation::resolve(&self.compiled, host, &mut problems);
        (!problems.has_errors()).then(|| answer(&invocation, &view))
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

    /// Takes a draft, if the program finds something by it.
    fn take(&mut self, draft: Draft, section: Section, rule: String, shows: &str) {
        self.draft = draft;
        self.proposals.push(Proposal { section, rule, shows: shows.to_owned(), hold: Hold::No });
    }

    fn hold(&mut self, section: Section, rule: String, shows: String, hold: Hold) {
        // A comment of an earlier run stays one.
        let is_written = |text: &str| text.contains(&format!("/- {rule}"));
        let is_known = self.proposals.iter().any(|known| known.rule == rule)
            || self.draft.sources.iter().any(|(_, source)| is_written(&source.text));
        if is_known {
            return;
        }
        let fits = self.draft.add(section, &rule).is_some_and(|draft| draft.look(self.host, |_, _| ()).is_some());
        let hold = match hold {
            Hold::Ask(_) if !fits && self.draft.refuses(section, &rule) => Hold::Refused,
            // What could not be written is not worth a question.
            Hold::Ask(_) if !fits => return,
            hold => hold,
        };
        self.proposals.push(Proposal { section, rule, shows, hold });
    }

    /// What starts a program that was not found, as `sbc check` finds it.
    fn program(&mut self, name: &OsStr) {
        if self.is_full() {
            return;
        }
        let host = self.host;
        let compiled = self.draft.compiled.clone();
        let sandbox = Sandbox { compiled: &compiled, host };
        let mut problems = Diagnostics::default();
        let (invocation, view) = invocation::resolve(&compiled, host, &mut problems);
        let rules: Vec<Rule> =
            lacks(&sandbox, name, &invocation, view, false).into_iter().flat_map(|(_, one)| one.rules).collect();
        for rule in rules {
            let sandbox = Sandbox { compiled: &self.draft.compiled.clone(), host };
            let Some(text) = rule.text(host).filter(|_| !self.is_full()) else { return };
            let next = sandbox.amendments(std::slice::from_ref(&rule)).and_then(|changes| self.draft.with(changes));
            // A program of a directory that holds a secret has to be shown by hand.
            let shown: Vec<PathBuf> = rule.shown(host).into_iter().map(|(_, source)| source).collect();
            let is_profile = matches!(rule, Rule::Inherit(_));
            if !is_profile && shown.iter().any(|path| self.secrets.of(path).is_some()) {
                return;
            }
            let Some(next) = next.filter(|next| next.look(host, |_, _| ()).is_some()) else { return };
            self.take(next, rule.section(), text, &name.to_string_lossy());
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

    fn best_profile(&self, missing: &[&Path]) -> Option<(&'static str, Draft, usize)> {
        let network = self.draft.compiled.plan.content.network;
        let left = self.uncovered(&self.draft, missing);
        if left.len() < WORTH_A_PROFILE {
            return None;
        }
        let inherited = &self.draft.compiled.merged.inherited;
        let names = builtin::names().filter(|name| !inherited.iter().any(|own| own == name));
        let drafts = names.filter_map(|name| Some((name, self.draft.inherit(name)?)));
        let drafts = drafts.filter(|(_, draft)| draft.compiled.plan.content.network == network);
        let counted = drafts.map(|(name, draft)| {
            let covered = left.len() - self.uncovered(&draft, &left).len();
            (name, draft, covered)
        });
        counted.filter(|(_, _, covered)| *covered >= WORTH_A_PROFILE).max_by_key(|(_, _, covered)| *covered)
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

    /// Rules for single paths, and for directories that many of them share.
    fn paths(&mut self, missing: &[&Path]) {
        let (mut plain, mut held) = (BTreeSet::new(), BTreeMap::new());
        for path in self.uncovered(&self.draft, missing) {
            let place = system_tree(path).unwrap_or_else(|| path.to_owned());
            match self.secrets.around(&place) {
                Some(secret) => _ = held.insert(place, secret.about),
                None => _ = plain.insert(place),
            }
        }
        for path in share(plain, &|directory| self.may_show(directory)) {
            if self.is_full() || !self.may_show(&path) {
                continue;
            }
            let rule = Rule::Show { source: path.clone(), at: path.clone() };
            let Some(text) = rule.text(self.host) else { continue };
            let next = self.draft.add(Section::Filesystem, &text);
            if let Some(next) = next.filter(|next| self.uncovered(next, &[&path]).is_empty()) {
                let shows = self.host.spell(&path);
                self.take(next, Section::Filesystem, text, &shows);
            }
        }
        for (path, about) in held {
            if self.is_full() {
                return;
            }
            let Some(spelled) = remedy::path(self.host, &path) else { continue };
            let rule = format!("ro {spelled} reason={}", quote(about));
            self.hold(Section::Filesystem, rule, self.host.spell(&path), Hold::Secret(about));
        }
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
        !(is_above(&host.home) || is_above(&host.project) || is_shared || is_top || self.secrets.of(path).is_some())
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
        self.hold(Section::Filesystem, format!("rw {spelled}"), shows, Hold::Ask(question));
    }

    fn socket(&mut self, path: &Path, finding: &Finding) {
        if self.is_full() {
            return;
        }
        let Some(spelled) = remedy::path(self.host, path) else { return };
        let shows = self.host.spell(path);
        let hold = match finding.secret {
            Some(secret) => Hold::Secret(secret.about),
            None => Hold::Ask(format!("May programs inside speak to who listens at `{shows}`?")),
        };
        self.hold(Section::Filesystem, format!("ro {spelled}"), shows, hold);
    }

    fn network(&mut self) {
        if !self.is_full() {
            let question = "May programs inside use the network of this host, all of it?".to_owned();
            let rule = "network \"host\"".to_owned();
            self.hold(Section::Body, rule, "the network".to_owned(), Hold::Ask(question));
        }
    }
}

/// The fewest paths that stand for all: a directory for what lies in it, if it was missed itself or holds
/// many of them.
fn share(paths: BTreeSet<PathBuf>, may: &dyn Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut paths = outermost(paths, may);
    loop {
        let mut counts: BTreeMap<PathBuf, usize> = BTreeMap::new();
        for above in paths.iter().filter_map(|path| path.parent()) {
            *counts.entry(above.to_owned()).or_default() += 1;
        }
        let many = counts.into_iter().filter(|(above, count)| *count >= MANY && may(above));
        let many: Vec<(usize, PathBuf)> = many.map(|(above, _)| (above.components().count(), above)).collect();
        // The deepest first, all of one depth at once.
        let Some(depth) = many.iter().map(|(depth, _)| *depth).max() else { return paths };
        let chosen: HashSet<PathBuf> =
            many.into_iter().filter(|(own, _)| *own == depth).map(|(_, above)| above).collect();
        paths.retain(|path| !path.ancestors().any(|above| chosen.contains(above)));
        paths.extend(chosen);
    }
}

/// Leaves out what lies in another that may be shown.
fn outermost(paths: BTreeSet<PathBuf>, may: &dyn Fn(&Path) -> bool) -> BTreeSet<PathBuf> {
    let mut out: BTreeSet<PathBuf> = BTreeSet::new();
    let mut rest = paths.into_iter().peekable();
    while let Some(path) = rest.next() {
        // What lies in a path comes right behind it.
        let is_above = rest.peek().is_some_and(|next| next.starts_with(&path));
        if is_above && !may(&path) {
            continue;
        }
        while is_above && rest.next_if(|next| next.starts_with(&path)).is_some() {}
        out.insert(path);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory stands for what lies in it when it was missed, or for three of its files; never one that
    /// may not.
    #[test]
    fn directories_stand_for_files() {
        let shared = |paths: &[&str], not: &str| {
            let out = share(paths.iter().map(PathBuf::from).collect(), &|path| path != Path::new(not));
            out.into_iter().map(|path| path.display().to_string()).collect::<Vec<_>>()
        };
        assert_eq!(shared(&["/a/x", "/a/y"], ""), ["/a/x", "/a/y"]);
        assert_eq!(shared(&["/a/x", "/a/y", "/a/z", "/b"], ""), ["/a", "/b"]);
        assert_eq!(shared(&["/a/x", "/a/y", "/a/z"], "/a"), ["/a/x", "/a/y", "/a/z"]);
        assert_eq!(shared(&["/a", "/a/x", "/a/b/c"], ""), ["/a"]);
        assert_eq!(shared(&["/a", "/a/x", "/a/b/c"], "/a"), ["/a/b/c", "/a/x"]);
    }
}
