//! What a project and its host use: agents that are installed, toolchains by their files, and what else
//! one should know before a policy is written.
//!
//! Looks at names, and reads no more than small files in which version managers are told what to take.

#![allow(clippy::disallowed_methods, reason = "this module looks at a project and its host")]

use crate::git::GitDirectory;
use crate::host::Host;
use crate::remedy::on_host;
use crate::sensitive::{self, Found};
use crate::signs::{AGENTS, Agent, TOOLCHAINS, Toolchain, VERSION_FILES, fits};
use crate::small::small;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// So many names of the project's root are compared with patterns.
const MAX_NAMES: usize = 10_000;

/// Files for version managers are not larger.
const MAX_VERSIONS: u64 = 64 * 1024;

/// An agent that this host has.
#[derive(Clone, Debug)]
pub struct Installed {
    pub agent: &'static Agent,
    pub program: PathBuf,
    /// What the project has for it.
    pub file: Option<&'static str>,
}

/// A toolchain that the project asks for.
#[derive(Clone, Debug)]
pub struct Used {
    pub toolchain: &'static Toolchain,
    /// The file that tells.
    pub file: String,
    pub programs: Vec<&'static str>,
}

/// Everything that was seen.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// Those that the project has files for come first.
    pub agents: Vec<Installed>,
    /// What the project has for agents that are not installed.
    pub absent_agents: Vec<(&'static Agent, &'static str)>,
    pub toolchains: Vec<Used>,
    pub sensitive: Found,
    /// What needs no rule, as sentences.
    pub notes: Vec<String>,
}

/// Looks around.
pub fn survey(host: &Host) -> Survey {
    let project = &host.project;
    let mut seen = Survey { sensitive: sensitive::find(project), notes: notes(host), ..Survey::default() };
    for agent in AGENTS {
        let file = agent.files.iter().copied().find(|name| is_there(&project.join(name)));
        match (on_host(host, OsStr::new(agent.program)), file) {
            (Some(program), file) => seen.agents.push(Installed { agent, program, file }),
            (None, Some(file)) => seen.absent_agents.push((agent, file)),
            (None, None) => {}
        }
    }
    // Stable: otherwise in the order of the table.
    seen.agents.sort_by_key(|installed| installed.file.is_none());
    let names = names(project);
    let versions = versions(project);
    seen.toolchains = TOOLCHAINS.iter().filter_map(|toolchain| used(toolchain, project, &names, &versions)).collect();
    seen
}

/// Whether a toolchain is asked for: by a file of its own, or by one for version managers.
fn used(
    toolchain: &'static Toolchain,
    project: &Path,
    names: &[String],
    versions: &[(&'static str, String)],
) -> Option<Used> {
    let present = |pattern: &str| match pattern.contains('*') {
        true => names.iter().find(|name| fits(pattern, name) && is_there(&project.join(name))).cloned(),
        false => is_there(&project.join(pattern)).then(|| pattern.to_owned()),
    };
    let files = || toolchain.files.iter().filter_map(|file| Some((present(file.name)?, file.program)));
    let by_version = || versions.iter().find(|(_, name)| toolchain.names.contains(&name.as_str()));
    let (file, _) = files().next().or_else(|| Some((by_version()?.0.to_owned(), None)))?;
    let mut programs = toolchain.programs.to_vec();
    for program in files().filter_map(|(_, program)| program) {
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    Some(Used { toolchain, file, programs })
}

/// Whether a path is a file or a directory, which is found out without opening it.
fn is_there(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| metadata.is_file() || metadata.is_dir())
}

/// Names in the project's root, sorted.
fn names(project: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(project).into_iter().flatten().take(MAX_NAMES).flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// What version managers are told to take, each with the file that says so.
fn versions(project: &Path) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    for file in VERSION_FILES {
        let Some(bytes) = small(&project.join(file), MAX_VERSIONS) else { continue };
        let text = String::from_utf8_lossy(&bytes);
        let tools: Vec<String> = match file.ends_with(".toml") {
            true => tools_of_mise(&text),
            false => text.lines().filter_map(|line| line.split_whitespace().next().map(str::to_owned)).collect(),
        };
        found.extend(tools.into_iter().map(|tool| (file, tool)));
    }
    found
}

/// The names in the table `[tools]`, without what says where they come from.
fn tools_of_mise(text: &str) -> Vec<String> {
    let inside = text.lines().map(str::trim).skip_while(|line| *line != "[tools]").skip(1);
    let lines = inside.take_while(|line| !line.starts_with('[')).filter(|line| !line.starts_with('#'));
    let name = |line: &str| {
        let name = line.split_once('=')?.0.trim().trim_matches(['"', '\'']);
        Some(name.rsplit(':').next().unwrap_or(name).to_owned())
    };
    lines.filter_map(name).collect()
}

/// What was seen and needs no rule.
fn notes(host: &Host) -> Vec<String> {
    let project = &host.project;
    let mut notes = Vec::new();
    match host.git() {
        GitDirectory::Elsewhere(elsewhere) => {
            let kind = if elsewhere.worktree.is_some() { "a linked worktree" } else { "a git directory elsewhere" };
            let common = host.spell(&elsewhere.common);
            notes.push(format!("{kind} of `{common}`: base-dev shows what git needs of it"));
        }
        GitDirectory::Refused(_) => {}
        GitDirectory::Ordinary if is_there(&project.join(".gitmodules")) => {
            notes.push("submodules: to commit in one, start sbc in it".to_owned());
        }
        GitDirectory::Ordinary => {}
    }
    if [".devcontainer", ".devcontainer.json"].iter().any(|name| is_there(&project.join(name))) {
        notes.push("a dev container: not used; the sandbox runs the programs of this machine".to_owned());
    }
    if ["flake.nix", "shell.nix", "devenv.nix"].iter().any(|name| is_there(&project.join(name))) {
        notes.push("Nix: /nix/store is readable inside; start sbc in the shell whose programs you want".to_owned());
    }
    notes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Tools are named in one table, with quotes or without, and with where they come from or without.
    #[test]
    fn tools_are_read() {
        let text =
            "[env]\nX = \"1\"\n[tools]\nnode = \"22\"\n\"core:go\" = \"1\"\n# python = \"3\"\n[tasks]\nrust = 1\n";
        assert_eq!(tools_of_mise(text), ["node", "go"]);
    }
}
