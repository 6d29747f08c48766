//! What holds for the profile of every agent, whether its program can be had or not.

use crate::support::Project;
use sbc::builtin::{self, Group, Profile};
use sbc::policy::{Access, EnvRule, Grant};
use std::collections::BTreeMap;
use std::fs;

/// Claude Code shares named files of its state with the host; `claude.rs` is about them.
const SHARES: &str = "claude";

fn agents() -> impl Iterator<Item = &'static Profile> {
    builtin::PROFILES.iter().filter(|profile| profile.group == Group::Agent && profile.name != SHARES)
}

/// Where an agent writes: the place inside, and what is there of the host.
fn writable(profile: &Profile) -> Vec<(String, String)> {
    let rules = builtin::layer(profile.name).unwrap().filesystem.iter();
    let rules = rules.filter_map(|(at, entry)| match &entry.value {
        Some(Access::Host { grant: Grant::ReadWrite, source, .. }) => Some((at.to_string(), source.to_string())),
        _ => None,
    });
    rules.collect()
}

/// What an agent writes in the home is the sandboxes' own, and named after it.
#[test]
fn states_are_the_sandboxes_own() {
    for profile in agents() {
        let writable = writable(profile);
        assert!(!writable.is_empty(), "{} keeps nothing", profile.name);
        for (at, source) in writable {
            let own = ["~/.local/share/sbc", "~/.cache/sbc"].map(|above| format!("{above}/{}", profile.name));
            assert!(own.iter().any(|own| source.starts_with(own)), "{}: {source} at {at}", profile.name);
        }
    }
}

/// What is written where the agent keeps its state stays, and the host's agent never sees it; what the host's
/// agent keeps is not seen inside.
#[test]
fn plants_nothing_for_the_host() {
    for profile in agents() {
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{}\"; }}\n", profile.name));
        for (at, source) in writable(profile) {
            let (inside, kept) = (at.trim_start_matches("~/"), source.trim_start_matches("~/"));
            project.write_home(&format!("{inside}/of-the-host"), "login");
            let shell = format!("cat {at}/of-the-host; echo planted > {at}/hooks; cat {at}/hooks");
            let output = project.exec(&shell).code(0).says(&["of-the-host: No such file"]);
            assert_eq!(output.stdout, "planted\n", "{}", profile.name);
            let names = fs::read_dir(project.home.join(inside)).unwrap().map(|entry| entry.unwrap().file_name());
            assert_eq!(names.collect::<Vec<_>>(), ["of-the-host"], "{}: {at}", profile.name);
            assert_eq!(fs::read_to_string(project.home.join(kept).join("hooks")).unwrap(), "planted\n");
        }
    }
}

/// No key is passed to two agents. Qwen Code has no other name for its key than that of the language it speaks.
#[test]
fn no_agent_gets_the_key_of_another() {
    let mut owners: BTreeMap<&str, &str> = BTreeMap::new();
    for profile in builtin::PROFILES.iter().filter(|profile| profile.group == Group::Agent) {
        let rules = &builtin::layer(profile.name).unwrap().env;
        for (name, _) in rules.iter().filter(|(_, entry)| matches!(entry.value, Some(EnvRule::Secret))) {
            let shared = name.to_ascii_uppercase().ends_with("_PROXY")
                || (profile.name, name.as_str()) == ("qwen", "OPENAI_API_KEY");
            let owner = if shared { None } else { owners.insert(name, profile.name) };
            assert!(owner.is_none(), "{name} is passed to {owner:?} and {}", profile.name);
        }
    }
}

/// An agent and whatever else comes with sbc, bases aside, agree about every path and variable.
#[test]
fn agents_agree_with_toolchains_and_tools() {
    let others = builtin::PROFILES.iter().filter(|other| matches!(other.group, Group::Toolchain | Group::Tool));
    let others: String = others.map(|other| format!(" \"{}\"", other.name)).collect();
    for profile in agents() {
        let project = Project::new(&format!("sandbox \"app\" {{ inherit \"{}\"{others}; }}\n", profile.name));
        let output = project.sbc(&["check", "--no-host"]);
        // Some need a waiver. None may disagree.
        assert!(!output.stderr.contains("SBC0301"), "{}: {}", profile.name, output.stderr);
    }
}
