//! The part of a script that says what bubblewrap mounts and makes, step by step.
//!
//! Reads a plan; whatever depends on the host becomes a call of one of the script's functions.

use super::calls::{guards, wrapped};
use super::script::{Script, borrows, carries};
use super::shell::{self, comment, literal};
use crate::isolation;
use crate::origin::Origin;
use crate::path::{Root, SymbolicPath};
use crate::plan::{self, Action, Place, Step};
use crate::policy::Grant;
use crate::rule;
use crate::text::{Piece, Text};
use crate::words::Missing;
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Script<'_> {
    /// The host must not turn the order of the mounts around.
    pub(super) fn checks(&self) -> String {
        let (mut out, mut git) = (String::new(), String::new());
        let steps = &self.content.steps;
        let words = |steps: Vec<&Step>| steps.iter().map(|step| shell::path(&step.at)).collect::<Vec<_>>().join(" ");
        for step in steps {
            let root = step.at.root();
            let out = if root == Root::GitCommonDir { &mut git } else { &mut out };
            let is_top = root != Root::Absolute
                && !steps.iter().any(|other| other.at != step.at && step.at.is_within(&other.at));
            let earlier: Vec<&Step> = steps.iter().filter(|other| other.at.root() < root).collect();
            if is_top && !earlier.is_empty() {
                out.push_str(&apart(&step.at, &earlier));
            }
            let writable = |step: &&Step| matches!(step.action, Action::Host { grant: Grant::ReadWrite, .. });
            let trees: Vec<&Step> = earlier.into_iter().filter(writable).collect();
            if root != Root::Absolute && step.place == Place::Root && !trees.is_empty() {
                let check = if writable(&step) { "nested" } else { "protected" };
                let _ = writeln!(out, "{check} {} {}", shell::path(&step.at), words(trees));
            }
        }
        out.push_str(&where_git(&git));
        if out.is_empty() { out } else { format!("{out}\n") }
    }

    /// Creates what has to exist, and gathers what is copied.
    pub(super) fn prepare(&self) -> String {
        let created = self.created();
        let (mut places, mut needs) = (String::new(), String::new());
        let mut git = String::new();
        for step in &self.content.steps {
            match &step.action {
                Action::Host { source, missing, text, .. }
                    if !creates(*missing) && step.guards_name().is_some_and(|word| word != Missing::Watch) =>
                {
                    let out = if source.root() == Root::GitCommonDir { &mut git } else { &mut places };
                    out.push_str(&made("hold", source, *missing, text.as_ref()));
                }
                Action::Tmpfs { .. } | Action::Proc | Action::Dev if step.place == Place::Writable => {
                    let _ = writeln!(places, "make dir {}", self.host(step));
                }
                Action::File { .. } if step.place == Place::Writable => {
                    let _ = writeln!(places, "make file {}", self.host(step));
                }
                Action::Tmpfs { .. } | Action::Proc | Action::Dev | Action::File { .. } if is_fixed(step.place) => {
                    let _ = writeln!(needs, "needs {}", self.host(step));
                }
                _ => {}
            }
            if let Action::Host { source, .. } = &step.action
                && *source != step.at
            {
                let (source, host) = (shell::path(source), self.host(step));
                if step.place == Place::Writable {
                    let _ = writeln!(
                        places,
                        "if [ -d {source} ]; then make dir {host}; elif [ -e {source} ]; then make file {host}; fi"
                    );
                } else if is_fixed(step.place) {
                    let _ = writeln!(needs, "[ ! -e {source} ] || needs {host}");
                }
            }
        }
        if !needs.is_empty() {
            needs = format!("# What cannot be created must be there.\n{needs}\n");
        }
        places.push_str(&where_git(&git));
        let mut makes: String = [created, places]
            .iter()
            .filter(|lines| !lines.is_empty())
            .map(|lines| format!("{lines}create\n"))
            .collect();
        if !makes.is_empty() || self.content.steps.iter().any(|step| step.guards_name().is_some()) {
            makes = format!("{CLEANING}{makes}\n");
        }
        needs + &makes + &self.gather()
    }

    /// What the policy wants created. All of it comes first: what is mounted on, and what is held, may lie in it.
    fn created(&self) -> String {
        let create = |step: &Step| match &step.action {
            Action::Host { source, missing, text, .. } if creates(*missing) => {
                Some(made("make", source, *missing, text.as_ref()))
            }
            _ => None,
        };
        self.content.steps.iter().filter_map(create).collect()
    }

    /// Puts contents, or the files that hold them, into shell variables.
    pub(super) fn gather(&self) -> String {
        let mut data = String::new();
        for step in &self.content.steps {
            let Some(fd) = self.data.get(&step.at) else { continue };
            match &step.action {
                Action::Host { source, .. } => {
                    let source = shell::path(source);
                    let _ = writeln!(
                        data,
                        "data_{fd}=/dev/null\nif [ -f {source} ]; then\n    unlinked {source}\n    real {source}\n    data_{fd}=$real\nfi"
                    );
                }
                Action::File { text } if !text.as_str().is_empty() => {
                    let _ = writeln!(
                        data,
                        "# {}\ndata_{fd}={}",
                        comment(&step.at.to_string()),
                        shell::text(&without_newline(text))
                    );
                    if let Some(Piece::Variable(_)) = text.pieces().last() {
                        let _ = writeln!(data, "data_{fd}=${{data_{fd}%'\n'}}");
                    }
                }
                _ => {}
            }
        }
        let spare: Vec<usize> = self.spare().collect();
        if !spare.is_empty() {
            data.push_str("# Descriptors that are left, each with a space, and what is read by them.\n");
            let numbers: String = spare.iter().map(|fd| format!("{fd} ")).collect();
            let nothing: String = spare.iter().map(|fd| format!(" data_{fd}=/dev/null")).collect();
            let _ = writeln!(data, "spare='{numbers}'{nothing}");
        }
        if !data.is_empty() {
            data.push('\n');
        }
        data
    }

    /// The host path behind the place of a step, where another step shows a host path there.
    pub(super) fn host(&self, step: &Step) -> String {
        let above = |other: &&Step| step.at != other.at && step.at.is_within(&other.at);
        let tree = self.content.steps.iter().filter(above).max_by_key(|other| other.at.components().len());
        match tree.map(|tree| (tree, &tree.action)) {
            Some((tree, Action::Host { source, .. } | Action::Pin { source })) => {
                shell::path(&source.join(step.at.below(&tree.at).unwrap_or_default()))
            }
            _ => shell::path(&step.at),
        }
    }

    /// The options of bubblewrap, in order.
    pub(super) fn options(&self) -> String {
        let mut out = String::from(
            "# What bubblewrap is told, as words of the shell.\noptions() {\n    options='' words='' count='' targets='' sealed=''\n",
        );
        for setting in rule::settings(self.content) {
            let _ = writeln!(out, "    # {} [settings]", comment(&rule::setting(&setting)));
        }
        let isolation: Vec<String> = isolation::options(self.content).into_iter().map(str::to_owned).collect();
        let _ = writeln!(out, "    arg {}", isolation.join(" "));
        if let Some(hostname) = &self.content.hostname {
            let _ = writeln!(out, "    arg --hostname {}", literal(hostname));
        }
        out.push_str(&self.guard());
        if !self.content.env.is_empty() {
            let _ = write!(out, "\n    # ---- the environment ----\n\n{}", self.environment());
        }
        let mut group = "";
        let steps: Vec<&Step> = self.content.steps.iter().filter(|step| !self.step(step).is_empty()).collect();
        for run in steps.chunk_by(|one, next| self.are_siblings(one, next)) {
            let Some(first) = run.first() else { continue };
            if group != title(first.at.root()) {
                group = title(first.at.root());
                let _ = write!(out, "\n    # ---- {group} ----\n");
                if first.at.root() == Root::GitCommonDir {
                    out.push_str("    [ -d \"$git_common_dir\" ] || return 0\n");
                }
            }
            out.push('\n');
            for step in run {
                out.push_str(&annotation(&step.rule(), &step.origins));
            }
            let line = if run.len() == 1 { self.step(first) } else { self.siblings(run) };
            let _ = writeln!(out, "    {line}");
        }
        out.push_str("}\n\n");
        out.push_str(&self.endings());
        self.with_plain_words(&out)
    }

    /// The call that a step becomes; empty where nothing has to be done.
    pub(super) fn step(&self, step: &Step) -> String {
        let at = shell::path(&step.at);
        match &step.action {
            Action::Host { grant, source, missing, merged_usr, .. } => {
                let word = if missing.may_be_left_out() { Missing::Skip.word() } else { missing.word() };
                let (option, source_word) = (bind_option(*grant), shell::path(source));
                let in_place = *source == step.at;
                match (grant, merged_usr) {
                    (Grant::Copy, _) if carries(step) => {
                        let option = if step.is_plain_file() { "--file" } else { "--bind-data" };
                        format!("copy {option} {} {source_word} {word} {at}", self.descriptor(step))
                    }
                    (Grant::Device, _) => format!("device {word} {source_word} {at}"),
                    (Grant::Overlay, _) => format!("overlay {word} {source_word} {at}"),
                    (Grant::Copy, _) if self.spare().next().is_some() && borrows(step) => {
                        format!("private {option} {word} {at}")
                    }
                    _ if let Some(tree) = self.covered.get(&step.at) => {
                        format!("covered {option} {word} {at} {}", shell::directory(tree))
                    }
                    (_, Some(link)) => format!("merged {option} {word} {at} {link}"),
                    _ if step.guards_name().is_some() => {
                        guards(step).map_or_else(String::new, |(start, name)| format!("{start} {name}"))
                    }
                    _ if in_place && matches!(step.place, Place::Root | Place::Memory) => {
                        format!("show {option} {word} {at}")
                    }
                    _ if in_place => format!("bind {option} {word} {at}"),
                    _ => format!("bind {option} {word} {source_word} {at}"),
                }
            }
            Action::Pin { .. } if self.covered.contains_key(&step.at) => String::new(),
            Action::Pin { source } => wrapped(&format!("pin {} {at}", shell::path(source)), self.held_by(step)),
            Action::File { .. } => {
                let option = if step.is_plain_file() { "--file" } else { "--ro-bind-data" };
                format!("arg --perms 0444 {option} {} {at}", self.descriptor(step))
            }
            Action::Tmpfs { size, mode } => {
                let size = size.map(|size| format!("--size {size} ")).unwrap_or_default();
                format!("arg {size}--perms {:04o} --tmpfs {at}", mode.unwrap_or(0o755))
            }
            Action::Directory => format!("arg --perms 0755 --dir {at}"),
            Action::Symlink { to } => format!("arg --symlink {} {at}", shell::text(to)),
            Action::Deny { .. } if nothing_there(step) => String::new(),
            Action::Deny { open } => format!("deny {} {} {at}", if *open { "0555" } else { "0000" }, self.host(step)),
            Action::Proc => format!("arg --proc {at}"),
            Action::Dev => format!("arg --dev {at}"),
        }
    }

    /// The host paths for which a directory is pinned: without one of them nothing is mounted below it. None where
    /// something is in any case, or is hidden.
    fn held_by(&self, pin: &Step) -> impl Iterator<Item = String> {
        let below = self.content.steps.iter().filter(|step| step.at != pin.at && step.at.is_within(&pin.at));
        let is_mount =
            |step: &&Step| !matches!(step.action, Action::Pin { .. }) && !self.covered.contains_key(&step.at);
        let source = |step: &Step| match &step.action {
            Action::Host { source, .. } => Some(shell::path(source)),
            _ => None,
        };
        let sources: Option<Vec<String>> = below.filter(is_mount).map(source).collect();
        sources.into_iter().flatten()
    }

    pub(super) fn descriptor(&self, step: &Step) -> usize {
        self.data.get(&step.at).copied().unwrap_or_default()
    }

    /// What comes after all steps: the targets of links, what gets read-only, the directory.
    pub(super) fn endings(&self) -> String {
        let mut out = String::from(
            "# The end of it: files behind links; and nothing is added to the sandbox's own directories.\nendings() {\n    options=$options$words$targets$sealed words=''\n",
        );
        for step in &self.content.steps {
            if step.action == Action::Dev {
                let _ = writeln!(out, "    arg --remount-ro {}", shell::path(&step.at));
            }
        }
        let root = SymbolicPath::of_root(Root::Absolute);
        if !self.content.steps.iter().any(|step| step.at == root) {
            out.push_str("    arg --remount-ro /\n");
        }
        out.push_str("    arg --chdir \"$directory\"\n    options=$options$words\n}\n\n");
        out
    }
}

/// What is missing is created before the start. These variables tell what has to be done in the end.
pub(super) const CLEANING: &str = "# What is missing is created, and removed again when it is untouched.\n\
    missing='' files='' made='' written='' watched=''\n\
    trap finish EXIT\ntrap 'exit 129' HUP\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n";

/// A rule with its layers and its reason, as the comment that stands before what it becomes.
pub(super) fn annotation(rule: &str, origins: &[Origin]) -> String {
    let reason = plan::reason(origins).map(|reason| format!(" {}", comment(reason))).unwrap_or_default();
    format!("    # {} [{}]{reason}\n", comment(rule), plan::layers(origins))
}

/// Refuses a host on which a path is one of the earlier ones, or lies above one, and would hide it.
fn apart(path: &SymbolicPath, earlier: &[&Step]) -> String {
    let (mut roots, mut places) = (BTreeSet::new(), BTreeSet::new());
    for at in earlier.iter().map(|step| &step.at) {
        let root = SymbolicPath::of_root(at.root());
        places.extend(at.between(&root));
        if *at != root {
            places.insert(at.clone());
        }
        roots.insert(root);
    }
    let own = shell::path(path);
    let above: Vec<&SymbolicPath> = roots.iter().filter(|root| root.root() != Root::Absolute).collect();
    if above.len() < roots.len() {
        places.insert(SymbolicPath::of_root(Root::Absolute));
    }
    let places: Vec<String> = places.iter().map(shell::path).collect();
    let mut out = format!("case {own} in {}) hides {own} ;; esac\n", places.join(" | "));
    for root in above {
        let _ = writeln!(out, "case {}/ in {}) hides {own} ;; esac", shell::path(root), shell::below(path));
    }
    out
}

/// Whether bubblewrap cannot make a mount point there.
fn is_fixed(place: Place) -> bool {
    matches!(place, Place::ReadOnly | Place::Overlay)
}

/// Whether a missing path is created.
fn creates(missing: Missing) -> bool {
    matches!(missing, Missing::CreateDir | Missing::CreateFile)
}

/// The call by a verb that makes a missing path.
fn made(verb: &str, source: &SymbolicPath, missing: Missing, text: Option<&Text>) -> String {
    let kind = if missing.makes_directory() == Some(true) { "dir" } else { "file" };
    let text = text.filter(|text| !text.as_str().is_empty());
    let text = text.map(|text| format!(" {}", shell::text(&without_newline(text)))).unwrap_or_default();
    format!("{verb} {kind} {}{text}\n", shell::path(source))
}

/// The heading of the steps with this root.
fn title(root: Root) -> &'static str {
    match root {
        Root::Absolute | Root::RuntimeDir => "the system",
        Root::Home | Root::CacheHome | Root::ConfigHome | Root::DataHome | Root::StateHome => "home",
        Root::AboveProject(_) | Root::Project => "the project",
        Root::GitCommonDir => "git",
    }
}

pub(super) fn bind_option(grant: Grant) -> &'static str {
    if grant == Grant::ReadWrite { "--bind" } else { "--ro-bind" }
}

/// Lines that have nothing to do where the project has no git directory but its own.
fn where_git(lines: &str) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.lines().map(|line| format!("    {line}\n")).collect();
    format!("if [ -d \"$git_common_dir\" ]; then\n{lines}fi\n")
}

/// Whether a `deny` stands where nothing is shown anyway.
fn nothing_there(step: &Step) -> bool {
    let known = matches!(step.place, Place::Memory | Place::Denied)
        || step.place == Place::Root && step.at.root() == Root::Absolute;
    known && matches!(step.action, Action::Deny { .. })
}

/// A here-document adds the newline at its end.
fn without_newline(text: &Text) -> Text {
    let shortened = text.as_str().strip_suffix('\n').unwrap_or(text.as_str());
    Text::parse(shortened).unwrap_or_else(|_| text.clone())
}
