//! What this host can do for a sandbox, and the cure for what it cannot.
//!
//! [`Facts::gather`] looks at the machine and tries bubblewrap; [`rows`] judges and reads nothing.
//! Nothing stays changed: the one attempt that makes files makes them in a directory of its own,
//! which is gone afterwards.

#![allow(clippy::disallowed_methods, reason = "this module looks at the machine")]

use crate::abilities::{binds_descriptors, follows_links};
use crate::bwrap::{self, OVERLAY, attempt, install_help};
use crate::complaint::APPARMOR;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::host;
use crate::isolation;
use crate::lower::lower;
use crate::merge::Merged;
use crate::seccomp;
use crate::surroundings::{Container, Surroundings};
use crate::sys::{self, LANDLOCK_WITH_SCOPES};
use crate::trust;
use rustix::fs::{Access, access};
use serde::Serialize;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How well the host does in one matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    Ok,
    /// Sandboxes run, but protect less or lack something.
    Weak,
    /// A sandbox of the built-in profiles does not run.
    Missing,
}

/// One matter.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    pub what: &'static str,
    pub state: State,
    pub found: String,
    /// What to do about it.
    pub cure: Option<String>,
}

/// What was found on this host.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The distribution and the kernel.
    pub system: String,
    pub surroundings: Surroundings,
    pub is_root: bool,
    pub bubblewrap: Result<Bubblewrap, Diagnostic>,
    /// How many sandboxes are trusted; why no approval counts.
    pub approvals: Result<usize, String>,
    /// Whether a process can type into its terminal.
    pub injection: bool,
    /// The version of Landlock's interface.
    pub landlock: Option<i32>,
}

/// The bubblewrap that sbc would run.
#[derive(Clone, Debug)]
pub struct Bubblewrap {
    pub path: PathBuf,
    /// What it says of itself: for people, nothing is decided by it.
    pub version: String,
    pub owner: u32,
    /// Whether this user, and so a sandbox that may write there, can put another in its place.
    pub replaceable: bool,
    /// What was tried, in the order of [`ABILITIES`]. Without user namespaces nothing else is.
    pub abilities: Vec<Result<(), Diagnostic>>,
    /// Whether it takes the filter of system calls; `None` where there is none for this machine.
    pub filter: Option<Result<(), Diagnostic>>,
    /// Whether it takes the sources of mounts by descriptor.
    pub binds_descriptors: bool,
    /// Whether it makes files through a planted link; `None` where that could not be tried.
    pub follows_links: Option<bool>,
}

/// Something that bubblewrap must be able to do.
struct Ability {
    what: &'static str,
    options: &'static [&'static str],
    /// What it means when it cannot.
    otherwise: State,
}

const ABILITIES: &[Ability] = &[
    Ability { what: "user namespaces", options: &[], otherwise: State::Missing },
    Ability { what: "own processes", options: &["--unshare-pid", "--proc", "/proc"], otherwise: State::Missing },
    Ability {
        what: "own devices and memory",
        options: &["--dev", "/dev", "--perms", "0755", "--size", "65536", "--tmpfs", "/tmp"],
        otherwise: State::Missing,
    },
    Ability { what: "own network", options: &["--unshare-net"], otherwise: State::Missing },
    Ability {
        what: "own names and IPC",
        options: &["--unshare-uts", "--hostname", "sandbox", "--unshare-ipc", "--unshare-cgroup-try"],
        otherwise: State::Missing,
    },
    Ability { what: "no nested sandboxes", options: &["--disable-userns"], otherwise: State::Missing },
    Ability { what: "overlays", options: &OVERLAY, otherwise: State::Weak },
];

impl Facts {
    /// Looks at this machine. `state` is sbc's own directory, which need not exist.
    pub fn gather(state: &Path) -> Facts {
        Facts {
            system: system(),
            surroundings: Surroundings::read(),
            is_root: rustix::process::geteuid().is_root(),
            bubblewrap: bwrap::find().map(|path| Bubblewrap::examine(path, state)),
            approvals: trust::list(state).map(|(approvals, _)| approvals.len()),
            injection: isolation::injection_possible(),
            landlock: sys::landlock_version(),
        }
    }

    /// Whether bubblewrap made everything that the built-in profiles need.
    fn makes_sandboxes(&self) -> bool {
        let needed = ABILITIES.iter().filter(|ability| ability.otherwise == State::Missing).count();
        let tried = self.bubblewrap.as_ref().map(|bubblewrap| bubblewrap.abilities.as_slice()).unwrap_or_default();
        tried.iter().take(needed).filter(|result| result.is_ok()).count() == needed
    }
}

impl Bubblewrap {
    fn examine(path: PathBuf, state: &Path) -> Bubblewrap {
        let said = Command::new(&path).arg("--version").env_clear().stdin(Stdio::null()).output();
        let said = said.map(|output| output.stdout).unwrap_or_default();
        let version = String::from_utf8_lossy(&said).lines().next().unwrap_or_default().to_owned();
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        let mut abilities: Vec<Result<(), Diagnostic>> = Vec::new();
        for ability in ABILITIES {
            abilities.push(attempt(&path, &options(ability.options), None));
            if abilities.first().is_some_and(Result::is_err) {
                break;
            }
        }
        Bubblewrap {
            version,
            owner: fs::metadata(&real).map(|metadata| metadata.uid()).unwrap_or_default(),
            replaceable: is_replaceable(&path) || is_replaceable(&real),
            filter: host::architecture().map(|architecture| {
                // That of a sandbox that says nothing.
                let content = lower(&Merged::default(), &mut Diagnostics::default()).content;
                attempt(&path, &options(&[]), Some(&seccomp::program(architecture, &content)))
            }),
            binds_descriptors: binds_descriptors(&path),
            follows_links: follows_links(&path, state).filter(|_| abilities.first().is_some_and(Result::is_ok)),
            abilities,
            path,
        }
    }
}

/// Whether this user may change a program, or put another in its place.
fn is_replaceable(program: &Path) -> bool {
    [Some(program), program.parent()].into_iter().flatten().any(|place| access(place, Access::WRITE_OK).is_ok())
}

fn options(words: &[&str]) -> Vec<OsString> {
    ["--unshare-user"].iter().chain(words).map(OsString::from).collect()
}

/// The distribution and the kernel, for people.
fn system() -> String {
    let release = read("/etc/os-release").unwrap_or_default();
    let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME=")).unwrap_or("an unknown distribution");
    let kernel = read("/proc/sys/kernel/osrelease").unwrap_or_else(|| "of an unknown version".to_owned());
    format!("{}, Linux {kernel}", name.trim_matches('"'))
}

/// A small file of the system, without the blanks around it.
fn read(path: &str) -> Option<String> {
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Judges what was found.
pub fn rows(facts: &Facts) -> Vec<Row> {
    let mut rows = vec![system_row(facts), user_row(facts)];
    rows.extend(bubblewrap_rows(facts));
    rows.extend([
        limit_row(facts),
        switch_row(facts),
        apparmor_row(facts),
        terminal_row(facts),
        landlock_row(facts),
        approvals_row(facts),
    ]);
    rows
}

fn ok(what: &'static str, found: impl Into<String>) -> Row {
    Row { what, state: State::Ok, found: found.into(), cure: None }
}

impl Row {
    fn but(self, state: State, cure: impl Into<String>) -> Row {
        Row { state, cure: Some(cure.into()), ..self }
    }
}

fn system_row(facts: &Facts) -> Row {
    let Surroundings { container, chroot, .. } = facts.surroundings;
    let inside = match container {
        Some(Container::Engine) => ", in a container of Docker or Podman",
        Some(Container::Kubernetes) => ", in a container of Kubernetes",
        Some(Container::Other) => ", in a container",
        None if chroot => ", in a chroot",
        None if facts.system.contains("WSL2") => ", the Windows Subsystem for Linux 2",
        None => "",
    };
    let row = ok("system", format!("{}{inside}", facts.system));
    // The kernel of version 1 says `-Microsoft`, that of version 2 `-microsoft-standard-WSL2`.
    match facts.system.contains("-Microsoft") {
        true => row.but(State::Missing, "it has no namespaces: `wsl --set-version DISTRIBUTION 2`, in Windows"),
        false => row,
    }
}

fn user_row(facts: &Facts) -> Row {
    match facts.is_root {
        false => ok("user", "not root"),
        true => ok("user", "root, to whom nothing would be denied")
            .but(State::Missing, "run it as a normal user: `runuser -u NAME -- sbc doctor`"),
    }
}

fn bubblewrap_rows(facts: &Facts) -> Vec<Row> {
    let bubblewrap = match &facts.bubblewrap {
        Ok(bubblewrap) => bubblewrap,
        Err(problem) => return vec![failed("bubblewrap", State::Missing, problem)],
    };
    let Bubblewrap { path, version, owner, replaceable, .. } = bubblewrap;
    let whose = if *owner == 0 { "root".to_owned() } else { format!("user {owner}") };
    let row = ok("bubblewrap", format!("{}, of {whose}: {version}", path.display()));
    let row = if *replaceable && !facts.is_root {
        let found = format!("{}; you can replace it, and so can a sandbox that may write there", row.found);
        let cure = format!("use one that only root can change: `unset {}`, `{}`", bwrap::VARIABLE, install_help());
        Row { found, ..row }.but(State::Weak, cure)
    } else {
        row
    };
    let tried = ABILITIES.iter().zip(&bubblewrap.abilities).map(|(ability, result)| match result {
        Ok(()) => ok(ability.what, "tried, and works"),
        Err(problem) => failed(ability.what, ability.otherwise, problem),
    });
    let filter = bubblewrap.abilities.first().is_some_and(Result::is_ok).then(|| filter_row(bubblewrap));
    let works = bubblewrap.abilities.first().is_some_and(Result::is_ok);
    let sources = works.then(|| sources_row(bubblewrap.binds_descriptors));
    [row].into_iter().chain(tried).chain(filter).chain(sources).chain(bubblewrap.follows_links.map(links_row)).collect()
}

/// What a failed attempt comes to.
fn failed(what: &'static str, state: State, problem: &Diagnostic) -> Row {
    Row { what, state, found: problem.title.clone(), cure: problem.help.clone() }
}

fn filter_row(bubblewrap: &Bubblewrap) -> Row {
    const WHAT: &str = "filter of system calls";
    match &bubblewrap.filter {
        Some(Ok(())) => ok(WHAT, "tried, and works"),
        Some(Err(problem)) => failed(WHAT, State::Missing, problem),
        None => ok(WHAT, format!("sbc has none for {}", std::env::consts::ARCH))
            .but(State::Weak, "use a machine with x86_64 or aarch64 where that matters"),
    }
}

fn sources_row(by_descriptor: bool) -> Row {
    const WHAT: &str = "swapped sources";
    if by_descriptor {
        return ok(WHAT, "bubblewrap takes what it shows by descriptor, so that nothing can be put in its place");
    }
    let cure = format!("update bubblewrap to 0.10 or newer, `{}`", install_help());
    ok(WHAT, "bubblewrap finds what it shows by paths; beside a sandbox that could swap one, nothing starts")
        .but(State::Weak, cure)
}

fn links_row(follows: bool) -> Row {
    const WHAT: &str = "planted links";
    if !follows {
        return ok(WHAT, "bubblewrap refuses to make mount points through them");
    }
    let found = "bubblewrap follows them while it makes mount points (CVE-2026-87766); beside a sandbox that could plant one, \
                 nothing starts";
    let cure = format!(
        "update bubblewrap to 0.12 or to a package with the fix, `{}`; until then sandboxes of one repository start \
         side by side only where they have the same rules",
        install_help()
    );
    ok(WHAT, found).but(State::Weak, cure)
}

fn limit_row(facts: &Facts) -> Row {
    const WHAT: &str = "limit of user namespaces";
    match facts.surroundings.most {
        Some(0) => ok(WHAT, "user.max_user_namespaces is 0: none may be made")
            .but(State::Missing, "`sudo sysctl user.max_user_namespaces=10000`"),
        Some(most) => ok(WHAT, format!("user.max_user_namespaces is {most}")),
        None => ok(WHAT, "this kernel tells none"),
    }
}

fn switch_row(facts: &Facts) -> Row {
    const WHAT: &str = "switch of user namespaces";
    match facts.surroundings.switched_off {
        true => ok(WHAT, "kernel.unprivileged_userns_clone is 0: only root may make them")
            .but(State::Missing, "`sudo sysctl kernel.unprivileged_userns_clone=1`"),
        false => ok(WHAT, "on, or this kernel has none"),
    }
}

fn apparmor_row(facts: &Facts) -> Row {
    const WHAT: &str = "AppArmor";
    match facts.surroundings.apparmor {
        true if facts.makes_sandboxes() => ok(WHAT, "it restricts user namespaces, and lets bubblewrap make them"),
        true => ok(WHAT, "it restricts user namespaces (kernel.apparmor_restrict_unprivileged_userns is 1)")
            .but(State::Missing, APPARMOR),
        false => ok(WHAT, "it does not restrict user namespaces"),
    }
}

fn terminal_row(facts: &Facts) -> Row {
    const WHAT: &str = "typing into the terminal";
    let filter = facts.bubblewrap.as_ref().is_ok_and(|bubblewrap| matches!(bubblewrap.filter, Some(Ok(()))));
    match (facts.injection, filter) {
        (false, _) => ok(WHAT, "the kernel forbids it"),
        (true, true) => ok(WHAT, "the kernel allows it (TIOCSTI), and the filter refuses it"),
        (true, false) => ok(WHAT, "the kernel allows it (TIOCSTI), so `terminal \"guarded\"` has no job control")
            .but(State::Weak, "`sudo sysctl dev.tty.legacy_tiocsti=0`, from Linux 6.2 on"),
    }
}

/// No sandbox needs it, so it is never a fault.
fn landlock_row(facts: &Facts) -> Row {
    const WHAT: &str = "Landlock";
    match facts.landlock {
        Some(version) if version >= LANDLOCK_WITH_SCOPES => {
            ok(WHAT, format!("version {version} of its interface: signals stay inside"))
        }
        Some(version) => ok(WHAT, format!("version {version} of its interface: a command can signal its caller")),
        None => ok(WHAT, "not in this kernel: a command can signal its caller"),
    }
}

fn approvals_row(facts: &Facts) -> Row {
    const WHAT: &str = "approvals";
    match &facts.approvals {
        Ok(count) => ok(WHAT, format!("{count} trusted (`sbc trust --list`)")),
        Err(why) => ok(WHAT, format!("none counts: {why}"))
            .but(State::Weak, "put that in order: until then each start asks, or fails where nobody can be asked"),
    }
}
