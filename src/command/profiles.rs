//! `sbc profiles`: lists the built-in profiles, prints one, or says what one adds.

use super::{is_colored, print, report_one};
use crate::builtin::{self, Group, Profile};
use crate::card;
use crate::cli::Profiles;
use crate::diagnostic::{Code, Diagnostic, nearest, printable};
use crate::diff;
use crate::host::Host;
use std::fmt::Write as _;
use std::io::IsTerminal;
use std::path::Path;

/// Prints to standard output; 1 when there is no such profile.
pub fn run(arguments: &Profiles) -> i32 {
    let Some(name) = &arguments.name else { return listing(arguments.search.as_deref()) };
    let Some(profile) = builtin::find(name) else {
        report_one(unknown(name));
        return 1;
    };
    print(if arguments.effect {
        let mut text = match card::parents(profile).as_slice() {
            [] => format!("What `{name}` allows:\n\n"),
            parents => format!("What `{name}` allows beyond `{}`:\n\n", parents.join("`, `")),
        };
        text.push_str(&diff::human(&card::effect(profile), is_colored(std::io::stdout().is_terminal())));
        text
    } else {
        profile.text.to_owned()
    })
}

/// Prints a line for each profile that has a text in its name, its line about itself or its card, with the mounts
/// that a sandbox makes here which inherits it alone.
fn listing(search: Option<&str>) -> i32 {
    let word = search.unwrap_or_default().to_lowercase();
    let found = |profile: &&Profile| {
        let head = profile.text.lines().take_while(|line| line.starts_with("//")).collect::<String>();
        format!("{} {} {head}", profile.name, card::about(profile)).to_lowercase().contains(&word)
    };
    // As if this were a project. Where it cannot be one, the most that can be.
    let host = Host::read(Path::new("."));
    let mut text = String::new();
    for group in Group::ALL {
        let profiles: Vec<&Profile> = card::group(group).filter(found).collect();
        if !profiles.is_empty() {
            let gap = if text.is_empty() { "" } else { "\n" };
            let _ = writeln!(text, "{gap}{}:", group.title());
        }
        for profile in profiles {
            let name = profile.name;
            let mounts = host.as_ref().map_or_else(|_| card::mounts(&[name]), |host| mounts(name, host));
            let _ = writeln!(text, "  {name:<16}{mounts:>3} mounts  {}", card::about(profile));
        }
    }
    if text.is_empty() {
        let title = format!("no built-in profile speaks of `{}`", printable(&word));
        report_one(Diagnostic::error(Code::SBC0201, title).help("`sbc profiles` lists them all"));
        return 1;
    }
    print(text)
}

/// How many mounts a sandbox makes on a host that inherits this profile alone, for what of its paths is there.
fn mounts(name: &str, host: &Host) -> usize {
    card::sandbox(&[name]).1.sandboxes.first().map_or(0, |compiled| super::mounts(compiled, host))
}

/// Says that there is no such profile.
pub fn unknown(name: &str) -> Diagnostic {
    let help = match nearest(name, builtin::names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`sbc profiles` lists them; `sbc profiles --search {}` looks into them", printable(name)),
    };
    Diagnostic::error(Code::SBC0201, format!("there is no built-in profile `{}`", printable(name))).help(help)
}
