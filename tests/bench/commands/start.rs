//! The start of one command in a sandbox: by hand, by bubblewrap alone, by sbc, by its script, by others.

use crate::case::{Case, measure};
use crate::peers;
use crate::results::{Group, Sandbox};
use crate::world::{SANDBOXES, World, policy, sbc};
use sbc::arguments::{Argument, Data};
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::host::Host;
use sbc::invocation::{Form, Invocation, resolve_as};
use sbc::project::load;
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};

/// The commands that are started.
const COMMANDS: [(&str, &[&str]); 3] =
    [("true", &["true"]), ("git status", &["git", "status", "--short"]), ("node", &["node", "-e", "0"])];

/// Measures each command in each sandbox, and says what the sandboxes are.
pub fn start_ups(world: &World) -> (Vec<Group>, Vec<Sandbox>) {
    let classic = world.repository("classic", &policy("claude-classic"));
    let mut projects: Vec<(&str, PathBuf, PathBuf)> = Vec::new();
    let mut sandboxes = Vec::new();
    for name in SANDBOXES {
        let project = world.repository(name, &policy(name));
        // As in a project that agents and editors have been in: bubblewrap alone needs the names there that sbc
        // otherwise makes for as long as a sandbox runs.
        let used = world.repository(&format!("{name}-used"), &policy(name));
        let invocation = invocation(world, &used);
        keep(&invocation);
        sandboxes.push(Sandbox { name: name.to_owned(), mounts: invocation.mounts, words: invocation.options.len() });
        projects.push((name, project, used));
    }
    let groups = COMMANDS.map(|(title, command)| {
        let mut cases = vec![Case::new("without a sandbox", command, &classic)];
        let script = world.home.join("classic.sh").display().to_string();
        cases.push(Case::new("the classic script", &[&["bash", script.as_str()], command].concat(), &classic));
        for (name, fresh, used) in &projects {
            cases.push(direct(world, format!("bwrap, {name}"), used, command));
            cases.push(exec(format!("sbc exec, {name}"), used, command));
            let script = format!(".agent-sandbox/{name}.sh");
            let words = [&["dash", script.as_str(), "--"], command].concat();
            cases.push(Case::new(format!("script, {name}"), &words, used));
            if *name == "claude-node" {
                cases.push(exec(format!("sbc exec, {name}, project without settings"), fresh, command));
            }
        }
        cases.extend(peers::cases(world, &classic, command));
        measure(world, title, cases)
    });
    (groups.into(), sandboxes)
}

/// `sbc exec` in a project.
pub fn exec(name: impl Into<String>, project: &Path, command: &[&str]) -> Case {
    Case::new(name, &[&[sbc(), "exec", "--"], command].concat(), project)
}

/// What sbc would give bubblewrap in a project.
pub fn invocation(world: &World, project: &Path) -> Invocation {
    let mut out = Diagnostics::default();
    let loaded = load(project, &mut out);
    let compiled = compile(&loaded.sources, &Wanted::Only).sandboxes.pop().expect("a sandbox");
    let host = Host::read(project).expect("a host");
    let host = Host { home: world.home.clone(), cwd: project.to_owned(), ..host };
    resolve_as(Form::Optimised, &compiled, &host, &mut out).0
}

/// Makes what the invocation expects, for good.
pub fn keep(invocation: &Invocation) {
    for placeholder in &invocation.placeholders {
        let path = &placeholder.path;
        let directory = if placeholder.directory { path } else { path.parent().expect("a directory") };
        fs::create_dir_all(directory).expect("a directory");
        if !placeholder.directory {
            fs::write(path, &placeholder.text).expect("a file");
        }
    }
}

/// bubblewrap with what sbc would give it, as a person would start it.
pub fn direct(world: &World, name: impl Into<String>, project: &Path, command: &[&str]) -> Case {
    let invocation = invocation(world, project);
    let mut held: Vec<OwnedFd> = Vec::new();
    let mut words = vec![bwrap()];
    for argument in &invocation.options {
        match argument {
            Argument::Word(word) => words.push(word.to_string_lossy().into_owned()),
            Argument::Source { option, source } => {
                words.extend([(*option).to_owned(), source.path.display().to_string()]);
            }
            Argument::Data(data) => {
                let fd: OwnedFd = match data {
                    Data::File(file) => File::open(&file.path).expect("contents").into(),
                    Data::Bytes(bytes) => sbc::exec::in_memory(bytes).expect("contents"),
                };
                words.push(fd.as_raw_fd().to_string());
                held.push(fd);
            }
        }
    }
    words.push("--".to_owned());
    words.extend(command.iter().map(|word| (*word).to_owned()));
    Case { held, words, ..Case::new(name, &[], project) }
}

/// The bubblewrap of this run.
pub fn bwrap() -> String {
    std::env::var("SBC_BWRAP").unwrap_or_else(|_| "/usr/bin/bwrap".to_owned())
}
