//! The book's pages about the built-in profiles, from their texts.

use crate::builtin::{Group, Profile};
use crate::card::{self, Card};
use crate::diff;
use std::fmt::Write as _;

/// `book/src/profile-list.md`.
pub fn list() -> String {
    let mut out = String::from(
        "# All built-in profiles\n\nGenerated from their texts. A test keeps it so. `sbc profiles` prints the same list, and \
         `sbc profiles --search WORD` looks into it.\nThe mounts are the most that a sandbox makes which inherits the one profile, if every path were there; `sbc profiles` counts\n\
         those of your machine.\n",
    );
    for group in Group::ALL.into_iter().filter(|group| card::group(*group).next().is_some()) {
        let _ = write!(out, "\n## {}\n\n| profile | what it opens | mounts |\n| --- | --- | --- |\n", group.title());
        for profile in card::group(group) {
            let (name, mounts) = (profile.name, card::mounts(&[profile.name]));
            let _ = writeln!(out, "| [{name}](profiles/{name}.md) | {} | {mounts} |", card::about(profile));
        }
    }
    out
}

/// `book/src/profiles/NAME.md`.
pub fn page(profile: &Profile) -> String {
    let (name, card) = (profile.name, Card::of(profile));
    let mut out = format!("# {name}\n\nGenerated from the text of the profile. A test keeps it so.\n\n{}\n", card.what);
    if !card.facts.is_empty() {
        out.push('\n');
    }
    for (label, text) in &card.facts {
        let _ = writeln!(out, "- **{label}**: {text}");
    }
    let parents: Vec<String> = card::parents(profile).iter().map(|parent| format!("[{parent}]({parent}.md)")).collect();
    match parents.as_slice() {
        [] => out.push_str("\n## What it allows\n\n"),
        parents => {
            let _ = write!(out, "\n## What it allows beyond {}\n\n", parents.join(" and "));
        }
    }
    out.push_str(&diff::items(&card::effect(profile)));
    let mounts = card::mounts(&[name]);
    let _ = write!(out, "\nA sandbox that inherits it makes at most {mounts} mounts.\n\n## Its text\n\n");
    let refused = card::refusals(&[name]).into_iter().map(|code| format!(",must-fail={}", code.name()));
    let _ = write!(out, "```kdl,profile{}\n{}```\n", refused.collect::<String>(), profile.text);
    out
}
