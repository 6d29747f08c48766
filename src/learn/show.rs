//! Says what was learned: few lines, a diff of the policy, or JSON.

use super::events::Evidence;
use super::fold::{Finding, Subject};
use super::propose::{Hold, Proposal};
use super::unused::Unused;
use crate::diagnostic::printable;
use crate::host::Host;
use crate::proposal::draw;
use crate::remedy::on_host;
use crate::report::Style;
use crate::source::{SourceKind, Sources};
use serde::Serialize;
use std::fmt::Write as _;

/// So many lines of one sort are shown; the rest is counted.
const SHOWN: usize = 12;

/// Everything that is to be said.
pub struct Lesson<'a> {
    pub host: &'a Host,
    pub findings: &'a [Finding],
    /// Findings that got no rule because there were too many.
    pub left: usize,
    /// Lookups whose directory the log does not tell.
    pub unplaced: usize,
}

const RED: &str = "31";
const BOLD: &str = "1";

fn paint(style: Style, color: &str, text: &str) -> String {
    if style.color { format!("\u{1b}[{color}m{text}\u{1b}[0m") } else { text.to_owned() }
}

impl Finding {
    /// One line, without a full stop.
    pub fn sentence(&self, host: &Host) -> String {
        let spell = |path: &std::path::Path| printable(&host.spell(path));
        let rule = self.rule.as_ref().map(|rule| format!(": {}", printable(rule))).unwrap_or_default();
        match &self.subject {
            Subject::Missing(path) => format!("{} is on this host and not inside", spell(path)),
            Subject::Unwritable(path) => format!("{} cannot be changed inside{rule}", spell(path)),
            Subject::Hidden(path) => format!("{} is hidden by a rule{rule}", spell(path)),
            Subject::Socket(path) => format!("{} is a socket that is not inside", spell(path)),
            Subject::Program(name) => {
                let name_of = printable(&name.to_string_lossy());
                let place = if on_host(host, name).is_none() { ", and this host does not have it" } else { "" };
                format!("the program {name_of} is in no directory of PATH inside{place}")
            }
            Subject::Network(list) => format!("no network for {}", printable(&few(list))),
            Subject::Names(list) => format!("no name could be looked up: no network for {}", printable(&few(list))),
        }
    }

    const fn kind(&self) -> &'static str {
        match &self.subject {
            Subject::Missing(_) => "missing",
            Subject::Unwritable(_) => "unwritable",
            Subject::Hidden(_) => "hidden",
            Subject::Socket(_) => "socket",
            Subject::Program(_) => "program",
            Subject::Network(_) => "network",
            Subject::Names(_) => "names",
        }
    }

    fn subject(&self, host: &Host) -> String {
        match &self.subject {
            Subject::Missing(path) | Subject::Unwritable(path) | Subject::Hidden(path) | Subject::Socket(path) => {
                printable(&host.spell(path))
            }
            Subject::Program(name) => printable(&name.to_string_lossy()),
            Subject::Network(list) | Subject::Names(list) => printable(&list.join(", ")),
        }
    }
}

fn few(list: &[String]) -> String {
    match list {
        [one, two, three, rest @ ..] if !rest.is_empty() => format!("{one}, {two}, {three} and {} more", rest.len()),
        _ => list.join(", "),
    }
}

/// Why a line stands where it stands.
const fn reason(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Named => "this broke something",
        Evidence::Used => "used by the command, and not inside",
        Evidence::Failed => "missed by a process that failed",
        Evidence::None => "looked for, and nothing shows that it mattered",
        Evidence::Elsewhere => "found at another place",
    }
}

/// What was found, for people. It comes before any question.
pub fn report(lesson: &Lesson<'_>, style: Style) -> String {
    let mut out = String::new();
    for evidence in [Evidence::Named, Evidence::Used, Evidence::Failed, Evidence::None] {
        let of_kind: Vec<&Finding> = lesson.findings.iter().filter(|one| one.evidence == evidence).collect();
        if of_kind.is_empty() {
            continue;
        }
        let _ = writeln!(out, "{}", paint(style, BOLD, reason(evidence)));
        for finding in of_kind.iter().take(SHOWN) {
            let _ = writeln!(out, "  {}", sentence(lesson, finding, style));
        }
        if of_kind.len() > SHOWN {
            let _ = writeln!(out, "  and {} more", of_kind.len() - SHOWN);
        }
    }
    let folded = lesson.findings.iter().filter(|one| one.is_noise()).count();
    if folded > 0 {
        let _ = writeln!(out, "{folded} paths were found at another place");
    }
    if lesson.unplaced > 0 {
        let _ = writeln!(
            out,
            "{} lookups start at descriptors whose paths the log does not tell: trace with `-y`",
            lesson.unplaced
        );
    }
    if lesson.left > 0 {
        let _ = writeln!(out, "{} more would need rules, which are too many: learn again after these", lesson.left);
    }
    out
}

fn sentence(lesson: &Lesson<'_>, finding: &Finding, style: Style) -> String {
    let text = finding.sentence(lesson.host);
    match finding.secret {
        Some(secret) => paint(style, RED, &format!("{text} (SECRET: {})", secret.about)),
        None => text,
    }
}

/// What is written as a comment, and why. Of each proposal is told whether it is in force.
pub fn held(proposals: &[Proposal], accepted: &[bool], style: Style) -> String {
    let mut out = String::new();
    for (proposal, _) in proposals.iter().zip(accepted).filter(|(_, accepted)| !**accepted) {
        let rule = printable(&proposal.rule);
        let _ = match &proposal.hold {
            Hold::Refused(why) => {
                let text = format!("REFUSED, so only a comment: {rule}\n  {}", printable(why));
                writeln!(out, "{}", paint(style, RED, &text))
            }
            _ => writeln!(out, "nobody said yes, so only a comment: {rule}"),
        };
    }
    out
}

/// What changes in the project's texts. With `is_new`, there was no policy.
pub fn diff(before: &Sources, after: &Sources, is_new: bool, style: Style) -> String {
    let pairs = before.iter().zip(after.iter()).map(|((_, old), (_, new))| (old, new));
    let own = pairs.filter(|(_, new)| match is_new {
        true => new.kind == SourceKind::Policy,
        false => new.kind != SourceKind::BuiltIn,
    });
    own.map(|(old, new)| draw(if is_new { "" } else { &old.text }, &new.text, &new.name, style.color)).collect()
}

/// The rules that were not touched, for people.
pub fn unused(rules: &[Unused]) -> String {
    let mut out = String::new();
    for unused in rules {
        let place = unused.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        let _ = writeln!(out, "{}", printable(&format!("{place}{}", unused.rule)));
    }
    out
}

/// The answer for programs.
#[derive(Serialize)]
pub struct Answer<'a> {
    pub sandbox: &'a str,
    /// The command's own; nothing where a log was read.
    pub status: Option<i32>,
    pub findings: Vec<FindingAnswer>,
    pub proposals: Vec<ProposalAnswer<'a>>,
    pub left: usize,
    pub unused: Vec<Unused>,
    pub diff: String,
    /// Whether the policy was written.
    pub applied: bool,
}

#[derive(Serialize)]
pub struct FindingAnswer {
    kind: &'static str,
    subject: String,
    evidence: Evidence,
    count: u32,
    secret: Option<&'static str>,
    rule: Option<String>,
}

#[derive(Serialize)]
pub struct ProposalAnswer<'a> {
    section: Option<&'static str>,
    rule: &'a str,
    shows: &'a str,
    hold: &'static str,
    /// What forbids it.
    why: Option<&'a str>,
    /// Whether it is in force in the diff; if not, it stands there as a comment.
    accepted: bool,
}

/// Findings for programs.
pub fn findings(lesson: &Lesson<'_>) -> Vec<FindingAnswer> {
    let answer = |finding: &Finding| FindingAnswer {
        kind: finding.kind(),
        subject: finding.subject(lesson.host),
        evidence: finding.evidence,
        count: finding.count,
        secret: finding.secret.map(|secret| secret.about),
        rule: finding.rule.as_deref().map(printable),
    };
    lesson.findings.iter().map(answer).collect()
}

/// Proposals for programs.
pub fn proposals<'a>(proposals: &'a [Proposal], accepted: &[bool]) -> Vec<ProposalAnswer<'a>> {
    let answer = |(proposal, accepted): (&'a Proposal, &bool)| ProposalAnswer {
        section: proposal.section.block(),
        rule: &proposal.rule,
        shows: &proposal.shows,
        hold: match proposal.hold {
            Hold::No => "no",
            Hold::Ask(_) => "ask",
            Hold::Refused(_) => "refused",
        },
        why: match &proposal.hold {
            Hold::Refused(why) => Some(why),
            _ => None,
        },
        accepted: *accepted,
    };
    proposals.iter().zip(accepted).map(answer).collect()
}
