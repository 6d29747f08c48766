//! `sbc show --plan`: what a sandbox mounts and makes on this host, rule by rule, and what it need not.
//!
//! Lines with `-` are not done, lines with `+` are done in their place; all others stand as written. Looks at
//! nothing: requests come in as they are resolved.

use crate::check::startup::milliseconds;
use crate::diagnostic::printable;
use crate::operation::{Operation, Request};
use crate::optimise::{Change, Why};
use crate::plan::{Action, Step};
use crate::policy::Grant;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Both forms of one sandbox.
#[allow(missing_debug_implementations, reason = "it holds a function")]
pub struct Comparison<'a> {
    pub name: &'a str,
    pub written: &'a [Request<'a>],
    pub optimised: &'a [Request<'a>],
    pub changes: &'a [Change],
    /// Where nothing is hidden, because nothing is there.
    pub absent: &'a [(PathBuf, &'a Step)],
    /// The mounts of each form.
    pub mounts: [usize; 2],
    /// How many mounts the host has.
    pub on_host: usize,
    /// A path as a policy writes it.
    pub spell: &'a dyn Fn(&Path) -> String,
}

/// One line of the list.
struct Line<'a> {
    sign: char,
    request: &'a Request<'a>,
    note: String,
}

/// The text, in mount order.
pub fn emit(comparison: &Comparison<'_>) -> String {
    let lines = lines(comparison);
    let shown: Vec<(char, String, &str)> =
        lines.iter().map(|line| (line.sign, what(line.request, comparison.spell), line.note.as_str())).collect();
    let width = shown.iter().map(|(_, what, _)| what.chars().count()).max().unwrap_or_default().min(64);
    let mut out = heading(comparison);
    for (sign, what, note) in shown {
        let line = format!("{sign} {what:<width$}  {note}");
        let _ = writeln!(out, "{}", printable(line.trim_end()));
    }
    out
}

fn heading(comparison: &Comparison<'_>) -> String {
    let [written, optimised] = comparison.mounts;
    let time = |mounts| milliseconds(mounts, comparison.on_host);
    let name = printable(comparison.name);
    let mounts = |count: usize| if count == 1 { "1 mount".to_owned() } else { format!("{count} mounts") };
    let written_time = time(written);
    match comparison.changes.is_empty() {
        true => format!("sandbox {name}: {}, about {written_time:.1} ms of every start\n\n", mounts(written)),
        false => format!(
            "sandbox {name}: {} as written, {optimised} as started; about {written_time:.1} ms and {:.1} ms of every start\n\n",
            mounts(written),
            time(optimised)
        ),
    }
}

fn lines<'a>(comparison: &Comparison<'a>) -> Vec<Line<'a>> {
    let changes: BTreeMap<&Path, &Change> =
        comparison.changes.iter().map(|change| (change.at.as_path(), change)).collect();
    let places: BTreeSet<&Path> = comparison.written.iter().map(|request| request.at.as_path()).collect();
    let asked = comparison.written.iter().map(|request| match changes.get(request.at.as_path()) {
        Some(change) => Line { sign: '-', request, note: reason(&change.why, comparison.spell) },
        None => Line { sign: ' ', request, note: remark(request, comparison.absent).to_owned() },
    });
    let is_new =
        |request: &&Request<'_>| !places.contains(request.at.as_path()) || changes.contains_key(request.at.as_path());
    let done = comparison.optimised.iter().filter(is_new);
    let mut lines: Vec<Line<'a>> =
        asked.chain(done.map(|request| Line { sign: '+', request, note: String::new() })).collect();
    lines.sort_by(|one, other| one.request.at.cmp(&other.request.at));
    lines
}

fn reason(why: &Why, spell: &dyn Fn(&Path) -> String) -> String {
    match why {
        Why::Covered(by) => format!("`{}` shows it already, with the same access", spell(by)),
        Why::Unpinned => "nothing below it is protected, so that it may be renamed".to_owned(),
        Why::Linked => "the host has a link here, and what it leads to is shown".to_owned(),
        Why::Whole(directory) => format!("all of `{}` is shown, part by part", spell(directory)),
    }
}

/// Why something that stands as written is not simply a mount of what the rule names.
fn remark(request: &Request<'_>, absent: &[(PathBuf, &Step)]) -> &'static str {
    let step = request.step;
    match (&step.action, &request.operation) {
        (Action::Deny { .. }, _) if absent.iter().any(|(_, absent)| absent.at == step.at) => {
            "nothing is there to hide: no mount"
        }
        (Action::Host { grant: Grant::Copy, .. } | Action::File { .. }, Operation::Data { option: "--file", .. }) => {
            "written where it stands: no mount"
        }
        (Action::Host { .. }, Operation::Symlink { .. }) => "a link, as on the host: no mount",
        (Action::Host { source, .. }, Operation::Bind { .. }) if *source == step.at => "",
        (Action::Pin { .. }, _) => "kept from being renamed: something below it is protected",
        _ => "",
    }
}

/// A request in the words of bubblewrap.
fn what(request: &Request<'_>, spell: &dyn Fn(&Path) -> String) -> String {
    let at = spell(&request.at);
    let from = |option: &str, source: &Path| match source == request.at {
        true => format!("{:<9} {at}", option.trim_start_matches('-')),
        false => format!("{:<9} {at} ← {}", option.trim_start_matches('-'), spell(source)),
    };
    match &request.operation {
        Operation::Bind { option, source, .. } => from(option, &source.path),
        Operation::Overlay { source } => from("overlay", &source.path),
        Operation::Data { option, .. } => from(option, &request.at),
        Operation::Tmpfs { .. } => from("tmpfs", &request.at),
        Operation::Directory => from("dir", &request.at),
        Operation::Symlink { to } => format!("{:<9} {at} → {}", "symlink", to.display()),
        Operation::Deny { .. } => from("deny", &request.at),
        Operation::Proc => from("proc", &request.at),
        Operation::Dev => from("dev", &request.at),
    }
}
