//! bubblewrap on this host: where it is, what it can do, and what its complaints mean.
//!
//! Abilities come from `--help` and from trying, never from the version: Debian's 0.8.0 has
//! `--bind-fd`, and Ubuntu's 0.9.0 resolves paths like 0.12.

#![allow(clippy::disallowed_methods, reason = "this module looks for bubblewrap and tries it")]

use crate::diagnostic::{Code, Diagnostic};
use crate::invocation::isolation_options;
use crate::plan::{Action, Content};
use crate::policy::Grant;
use crate::source::Location;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names another bubblewrap, by its absolute path.
pub const VARIABLE: &str = "SBC_BWRAP";

/// Where distributions install it. `PATH` is not asked: a project or an agent may write there.
const PLACES: [&str; 4] = ["/usr/bin/bwrap", "/usr/local/bin/bwrap", "/run/current-system/sw/bin/bwrap", "/bin/bwrap"];

/// Finds bubblewrap, and refuses one that is set-user-ID (CVE-2020-5291, CVE-2026-41163).
pub fn find() -> Result<PathBuf, Diagnostic> {
    let named = std::env::var_os(VARIABLE).map(PathBuf::from);
    let is_program = |path: &&Path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
    };
    let found = match &named {
        Some(path) => Some(path.as_path()).filter(|path| path.is_absolute()).filter(is_program),
        None => PLACES.iter().map(Path::new).find(is_program),
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
    let metadata = fs::metadata(path)
        .map_err(|error| Diagnostic::error(Code::SBC0701, format!("`{}`: {error}", path.display())))?;
    if metadata.permissions().mode() & 0o4000 != 0 {
        let owner = if metadata.uid() == 0 { "root".to_owned() } else { format!("user {}", metadata.uid()) };
        let title = format!("`{}` is set-user-ID for {owner}, which sbc does not use", path.display());
        return Err(Diagnostic::error(Code::SBC0701, title).help(format!("`sudo chmod u-s {}`", path.display())));
    }
    Ok(path.to_owned())
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
    let mut options: Vec<OsString> = isolation_options(content).into_iter().map(OsString::from).collect();
    options.extend(
        ["--proc", "/proc", "--dev", "/dev", "--perms", "0755", "--size", "65536", "--tmpfs", "/tmp"]
            .map(OsString::from),
    );
    if content.steps.iter().any(|step| matches!(&step.action, Action::Host { grant: Grant::Overlay, .. })) {
        options.extend(OVERLAY.map(OsString::from));
    }
    attempt(bwrap, &options)
}

/// Options that need an overlay.
pub const OVERLAY: [&str; 4] = ["--overlay-src", "/usr", "--tmp-overlay", "/usr"];

/// Tries whether bubblewrap can make a sandbox with these options. It is empty but for what they put there.
pub fn attempt(bwrap: &Path, options: &[OsString]) -> Result<(), Diagnostic> {
    let mut command = Command::new(bwrap);
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    // There is no such program inside; reaching that point is all that is wanted.
    let output = command.args(options).args(["--json-status-fd", "1", "--", "/nothing"]).output();
    let output = output
        .map_err(|error| Diagnostic::error(Code::SBC0703, format!("`{}` cannot be run: {error}", bwrap.display())))?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    match complaint.as_ref() {
        said if said.contains("execvp /nothing") => Ok(()),
        said if said.trim().is_empty() => {
            let title = format!("`{}` made no sandbox and did not say why; is it bubblewrap?", bwrap.display());
            Err(Diagnostic::error(Code::SBC0703, title).help(format!("install bubblewrap: `{}`", install_help())))
        }
        said => Err(explain(said)),
    }
}

/// What bubblewrap complains about, why, and the cure. The texts differ by version and
/// distribution, so each is known by a part of it.
pub fn explain(complaint: &str) -> Diagnostic {
    let text = complaint.trim().trim_start_matches("bwrap: ");
    if text.is_empty() {
        let title = "bubblewrap ended before the command ran; what it said stands above";
        return Diagnostic::error(Code::SBC0705, title).help("with `proc \"/proc\"` in the policy sbc can tell more");
    }
    let cause = CAUSES.iter().find(|cause| complaint.contains(cause.text));
    match cause {
        Some(cause) => Diagnostic::error(cause.code, format!("{}: {text}", cause.title)).help(cause.help),
        None => Diagnostic::error(Code::SBC0705, format!("bubblewrap could not set up the sandbox: {text}"))
            .help("`sbc check` looks for the cause"),
    }
}

/// Points at the rule behind the path that a complaint of bubblewrap names, if it names one.
pub fn blame(complaint: Diagnostic, rules: &[(PathBuf, Location)]) -> Diagnostic {
    let names = |path: &Path| {
        let shown = path.display().to_string();
        let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || matches!(c, '/' | '-' | '_' | '.'));
        complaint.title.match_indices(&shown).any(|(at, _)| complaint.title.get(at + shown.len()..).is_some_and(ends))
    };
    let named = rules.iter().filter(|(path, _)| path.parent().is_some() && names(path));
    match named.max_by_key(|(path, _)| path.as_os_str().len()) {
        Some((_, location)) => complaint.at(*location, "for this rule"),
        None => complaint,
    }
}

struct Cause {
    text: &'static str,
    code: Code,
    title: &'static str,
    help: &'static str,
}

/// The cure where AppArmor forbids user namespaces.
pub const APPARMOR: &str = "load the AppArmor profile `bwrap-userns-restrict` (Ubuntu 24.04: from the package apparmor-profiles), or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`";

const CAUSES: &[Cause] = &[
    Cause {
        text: "Unknown option",
        code: Code::SBC0702,
        title: "this bubblewrap is too old for the policy",
        help: "install a newer one: `overlay` needs 0.11, everything else 0.8",
    },
    Cause {
        text: "setting up uid map: Permission denied",
        code: Code::SBC0703,
        title: "AppArmor forbids user namespaces",
        help: APPARMOR,
    },
    Cause {
        text: "loopback: Failed RTM_NEWADDR: Operation not permitted",
        code: Code::SBC0703,
        title: "AppArmor or a container forbids network namespaces",
        help: APPARMOR,
    },
    Cause {
        text: "loopback: Failed RTM_NEWADDR",
        code: Code::SBC0703,
        title: "this kernel gives a sandbox no loopback interface, as gVisor does not",
        help: "use a runtime with a Linux kernel, or write `network \"host\"`",
    },
    Cause {
        text: "No permissions to creat",
        code: Code::SBC0703,
        title: "user namespaces are forbidden here",
        help: "`sudo sysctl kernel.unprivileged_userns_clone=1`; in a container run it with `--security-opt seccomp=unconfined`; in a chroot they cannot be had",
    },
    Cause {
        text: "setting up uid map: Read-only file system",
        code: Code::SBC0703,
        title: "an outer sandbox shows `/proc` read-only",
        help: "give the outer sandbox a `/proc` of its own: `proc \"/proc\"`",
    },
    Cause {
        text: "/proc/sys/kernel/overflowuid",
        code: Code::SBC0703,
        title: "there is no `/proc` here",
        help: "`sudo mount -t proc proc /proc`",
    },
    Cause {
        text: "Failed to mount tmpfs: No such file or directory",
        code: Code::SBC0703,
        title: "there is no `/tmp` here, which bubblewrap starts from",
        help: "`sudo mkdir -m 1777 /tmp`",
    },
    Cause {
        text: "Failed to mount tmpfs: Permission denied",
        code: Code::SBC0703,
        title: "SELinux forbids mounting in this container",
        help: "run the container with `--security-opt label=disable`",
    },
    Cause {
        text: "Failed to mount tmpfs: ",
        code: Code::SBC0703,
        title: "no more file systems may be mounted here",
        help: "raise `sudo sysctl fs.mount-max=100000`",
    },
    Cause {
        text: "Unable to apply mount flags",
        code: Code::SBC0705,
        title: "a file system below one that is shown does not answer, such as a network share that is gone",
        help: "unmount it, or show only the directories beside it",
    },
    Cause {
        text: "openat2",
        code: Code::SBC0703,
        title: "this kernel lacks a system call that this bubblewrap needs, as gVisor does",
        help: "use a runtime with Linux 5.6 or newer",
    },
    Cause {
        text: "does not support user namespaces",
        code: Code::SBC0703,
        title: "the kernel has no user namespaces",
        help: "use a kernel with CONFIG_USER_NS; on Windows, WSL 2",
    },
    Cause {
        text: "exceeded (ENOSPC)",
        code: Code::SBC0703,
        title: "no more namespaces may be made here: a limit is reached, or this is a sandbox already",
        help: "raise `/proc/sys/user/max_*_namespaces`; inside a sandbox write `nested-sandboxes \"allow\"` in the outer one",
    },
    Cause {
        text: "Can't mount proc",
        code: Code::SBC0703,
        title: "a container hides parts of `/proc`",
        help: "run the container with `--security-opt systempaths=unconfined`",
    },
    Cause {
        text: "cannot open /proc/sys/user/max_user_namespaces",
        code: Code::SBC0703,
        title: "a container makes `/proc/sys` read-only",
        help: "run the container with `--security-opt systempaths=unconfined`",
    },
    Cause {
        text: "Exceeded maximum number of arguments",
        code: Code::SBC0705,
        title: "bubblewrap takes no more than 9,000 arguments",
        help: "write rules about directories instead of many about files",
    },
];
