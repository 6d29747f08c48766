//! `sbc init`: a first policy for this project.
//!
//! Looks for the programs and files that tell what is used here. Never overwrites.

use super::{print, report_one};
use crate::diagnostic::{Code, Diagnostic};
use crate::project::{POLICY, find};
use crate::{builtin, write};
use std::path::{Path, PathBuf};

/// A sign that a profile is wanted.
struct Sign {
    profile: &'static str,
    /// Programs, looked for on the caller's PATH and in `~/.local/bin`.
    programs: &'static [&'static str],
    /// Files of the project.
    files: &'static [&'static str],
}

const SIGNS: &[Sign] = &[
    Sign { profile: "claude", programs: &["claude"], files: &[".claude", "CLAUDE.md"] },
    Sign {
        profile: "node",
        programs: &[],
        files: &["package.json", "package-lock.json", "pnpm-lock.yaml", "yarn.lock", ".nvmrc"],
    },
];

/// Files that usually hold secrets.
const SECRETS: &[&str] =
    &[".env", ".env.local", ".env.production", ".npmrc", ".netrc", "credentials.json", "secrets.yaml"];

/// 0 when the policy was written or printed.
pub fn run(profiles: &[String], dry_run: bool) -> i32 {
    let project = match std::env::current_dir() {
        Ok(directory) => directory,
        Err(error) => {
            return refuse(Diagnostic::error(Code::SBC0006, format!("this directory cannot be read: {error}")));
        }
    };
    if let Some(unknown) = profiles.iter().find(|name| !builtin::TEXTS.iter().any(|(known, _)| known == name)) {
        return super::profiles::run(Some(unknown));
    }
    let found = if profiles.is_empty() {
        detect(&project)
    } else {
        profiles.iter().map(|name| (name.clone(), "you asked for it".to_owned())).collect()
    };
    let policy = policy(&project, &found);
    if dry_run {
        return print(&policy);
    }
    if let Err(diagnostic) = crate::host::Host::read(&project) {
        return refuse(diagnostic);
    }
    if let Err(diagnostic) = write::create(&project.join(POLICY), policy.as_bytes()) {
        return refuse(diagnostic);
    }
    for (profile, why) in &found {
        eprintln!("inherits {profile}: {why}");
    }
    eprintln!("wrote {POLICY}; now read it, then `sbc check` and `sbc exec`, which asks first");
    if let Some(above) = project.parent().and_then(|parent| find(parent).ok()) {
        eprintln!("note: there is another policy in {}; here, the new one counts", above.display());
    }
    0
}

fn refuse(diagnostic: Diagnostic) -> i32 {
    report_one(diagnostic);
    1
}

/// The profiles that fit, with the reason for each.
fn detect(project: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for sign in SIGNS {
        let program = sign.programs.iter().find_map(|name| on_path(name));
        let file = sign.files.iter().find(|name| project.join(name).exists());
        let why = program
            .map(|path| format!("{} is installed", path.display()))
            .or(file.map(|name| format!("{name} is here")));
        found.extend(why.map(|why| (sign.profile.to_owned(), why)));
    }
    if found.is_empty() {
        found.push(("base-dev".to_owned(), "no agent and no toolchain that sbc knows was found".to_owned()));
    }
    found
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let home = std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/bin"));
    std::env::split_paths(&path).chain(home).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The text of the policy.
fn policy(project: &Path, found: &[(String, String)]) -> String {
    let inherit: Vec<String> = found.iter().map(|(profile, _)| format!("\"{profile}\"")).collect();
    let secrets: Vec<String> =
        SECRETS.iter().filter(|name| project.join(name).is_file()).map(|name| format!("\"./{name}\"")).collect();
    let deny = match secrets.as_slice() {
        [] => "        // Hidden:                     deny \"./.env\"\n".to_owned(),
        names => format!("\n        // Probably holds secrets.\n        deny {}\n", names.join(" ")),
    };
    format!(
        "// What the agent in this project may see and do. `sbc check` explains mistakes,\n\
         // `sbc show` what is inherited, `sbc profiles` what there is to inherit.\n\
         sandbox \"{}\" {{\n    inherit {}\n\n    filesystem {{\n\
         \x20       // Shown read-only, in place:  ro \"~/some/path\"\n\
         \x20       // Writable, in place:         rw \"~/some/path\"\n\
         \x20       // A copy to be thrown away:   copy \"~/some/file\"\n\
         {deny}    }}\n\n    assert {{\n        // What must stay true, whatever else changes.\n        denied \"~/.ssh\"\n    }}\n}}\n",
        name(project),
        inherit.join(" "),
    )
}

/// The name of the project's directory as a name of the language.
pub(super) fn name(project: &Path) -> String {
    let directory = project.file_name().map(|name| name.to_string_lossy().to_lowercase()).unwrap_or_default();
    let legal = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' };
    let name: String = directory.chars().map(legal).take(64).collect();
    let name = name.trim_matches('-');
    if name.is_empty() { "project".to_owned() } else { name.to_owned() }
}
