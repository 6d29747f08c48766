//! bubblewrap on this host: where it is and what it can do. What its complaints mean is in `complaint.rs`.
//!
//! Abilities come from `--help` and from trying, never from the version: Debian's 0.8.0 has
//! `--bind-fd`, and Ubuntu's 0.9.0 resolves paths like 0.12.

#![allow(clippy::disallowed_methods, reason = "this module looks for bubblewrap and tries it")]

use crate::complaint::explain;
use crate::diagnostic::{Code, Diagnostic};
use crate::exec;
use crate::host::{self, Host};
use crate::isolation;
use crate::plan::{Action, Content};
use crate::policy::Grant;
use crate::seccomp;
use crate::surroundings::Surroundings;
use crate::tool::{self, Owner, is_program, trusted};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names another bubblewrap, by its absolute path.
pub const VARIABLE: &str = "SBC_BWRAP";

/// Where distributions install it. `PATH` is not asked: a project or an agent may write there.
const PLACES: [&str; 4] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap", "/bin/bwrap"];

/// The bubblewrap that runs a sandbox.
#[derive(Clone, Debug)]
pub struct Bubblewrap {
    /// Words in front of its path, such as those of a tracer.
    pub tracer: Vec<OsString>,
    /// Its real path.
    pub path: PathBuf,
    /// Whether it takes the sources of mounts by descriptor.
    pub binds_descriptors: bool,
}

/// Finds bubblewrap as it is named. Refuses one that has rights of its own (CVE-2020-5291, CVE-2026-41163),
/// and one that somebody else can change.
pub fn find() -> Result<PathBuf, Diagnostic> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let found = match &named {
        Some(path) => Some(path.as_path()).filter(|path| path.is_absolute() && is_program(path)),
        None => PLACES.iter().map(Path::new).find(|path| is_program(path)),
    };
    let Some(path) = found else {
        let title = match &named {
            Some(path) => {
                format!("`{VARIABLE}` names `{}`, which is not an absolute path to a program", path.display())
            }
            None => "bubblewrap is not installed".to_owned(),
        };
        let help = match named {
            Some(_) => format!("unset `{VARIABLE}`; if bubblewrap is missing: {}", install_help()),
            None => install_help(),
        };
        return Err(Diagnostic::error(Code::SBC0701, title).help(help));
    };
    let real = trusted(path, if named.is_some() { Owner::RootOrUser } else { Owner::Root })?;
    without_rights(&real)?;
    Ok(path.to_owned())
}

/// Refuses a program that runs with more rights than its caller.
fn without_rights(path: &Path) -> Result<(), Diagnostic> {
    let shown = path.display();
    let metadata =
        fs::metadata(path).map_err(|error| Diagnostic::error(Code::SBC0701, format!("`{shown}`: {error}")))?;
    let mode = metadata.permissions().mode();
    let owner = if metadata.uid() == 0 { "root".to_owned() } else { format!("user {}", metadata.uid()) };
    let (right, cure) = match () {
        () if mode & 0o4000 != 0 => (format!("is set-user-ID for {owner}"), "chmod u-s"),
        () if mode & 0o2000 != 0 => (format!("is set-group-ID for group {}", metadata.gid()), "chmod g-s"),
        () if has_capabilities(path) => ("has capabilities of its own".to_owned(), "setcap -r"),
        () => return Ok(()),
    };
    let title = format!("`{shown}` {right}, which sbc does not use");
    Err(Diagnostic::error(Code::SBC0701, title).help(format!("`sudo {cure} {shown}`")))
}

fn has_capabilities(path: &Path) -> bool {
    rustix::fs::getxattr(path, "security.capability", &mut [0_u8; 0]).is_ok()
}

/// Refuses a bubblewrap, as it is named, that the sandbox which it is to make could replace.
pub fn out_of_reach(path: &Path, writable: &[PathBuf], host: &Host) -> Result<(), Diagnostic> {
    let trees: Vec<PathBuf> = writable.iter().chain([&host.project]).cloned().collect();
    tool::out_of_reach(path, &trees, host)
}

/// The distribution's command that installs it.
pub fn install_help() -> String {
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let ids: Vec<&str> =
        release.lines().filter_map(|line| line.strip_prefix("ID=").or(line.strip_prefix("ID_LIKE="))).collect();
    let is = |name: &str| ids.iter().any(|id| id.trim_matches('"').split(' ').any(|word| word == name));
    let command = match () {
        () if is("debian") || is("ubuntu") => "sudo apt-get install bubblewrap",
        () if is("fedora") || is("rhel") => "sudo dnf install bubblewrap",
        () if is("arch") => "sudo pacman -S bubblewrap",
        () if is("alpine") => "doas apk add bubblewrap",
        () if is("suse") || is("opensuse") => "sudo zypper install bubblewrap",
        () if is("nixos") => "nix-env -iA nixos.bubblewrap",
        () => "install the package `bubblewrap`",
    };
    command.to_owned()
}

/// Tries whether bubblewrap can do what a plan needs: its options, and its namespaces with the
/// kernel of this host. Runs no program of the host but bubblewrap and sbc itself.
pub fn probe(bwrap: &Path, content: &Content) -> Result<(), Diagnostic> {
    let mut options: Vec<OsString> = isolation::options(content).into_iter().map(OsString::from).collect();
    options.extend(
        ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--size", "65536", "--tmpfs", "/tmp"]
            .map(OsString::from),
    );
    if content.steps.iter().any(|step| matches!(&step.action, Action::Host { grant: Grant::Overlay, .. })) {
        options.extend(OVERLAY.map(OsString::from));
    }
    let filter = host::architecture().map(|architecture| seccomp::program(architecture, content));
    attempt(bwrap, &options, filter.as_deref())
}

/// Options that need an overlay.
pub const OVERLAY: [&str; 4] = ["--overlay-src", "/usr", "--tmp-overlay", "/usr"];

/// Tries whether bubblewrap can make a sandbox with these options and this filter of system calls. It is
/// empty but for what they put there.
pub fn attempt(bwrap: &Path, options: &[OsString], filter: Option<&[u8]>) -> Result<(), Diagnostic> {
    let failed = |error| Diagnostic::error(Code::SBC0703, format!("`{}` cannot be run: {error}", bwrap.display()));
    let mut command = Command::new(bwrap);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(filter) = filter {
        command.stdin(exec::in_memory(filter).map_err(failed)?);
        command.args(["--seccomp", "0"]);
    }
    // There is no such program inside; reaching that point is all that is wanted.
    let output = command.args(options).args(["--json-status-fd", "1", "--", "/nothing"]).output().map_err(failed)?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    match complaint.as_ref() {
        said if said.contains("execvp /nothing") => Ok(()),
        said if said.trim().is_empty() => {
            let title = format!("`{}` made no sandbox and did not say why; is it bubblewrap?", bwrap.display());
            Err(Diagnostic::error(Code::SBC0703, title).help(format!("install bubblewrap: `{}`", install_help())))
        }
        said => Err(explain(said, &Surroundings::read())),
    }
}
