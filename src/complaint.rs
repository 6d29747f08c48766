//! What bubblewrap's complaints mean, and their cures.
//!
//! The texts differ by version and distribution, so each is known by a part of it. Where one text has
//! several causes, what surrounds sbc tells which it is.

use crate::diagnostic::{Code, Diagnostic};
use crate::source::Location;
use crate::surroundings::{Container, Surroundings};
use std::path::{Path, PathBuf};

/// What bubblewrap complains about, why, and the cure.
pub fn explain(complaint: &str, here: &Surroundings) -> Diagnostic {
    let text = complaint.trim().trim_start_matches("bwrap: ");
    if text.is_empty() {
        let title = "bubblewrap ended before the command ran; what it said stands above";
        return Diagnostic::error(Code::SBC0705, title).help("with `proc \"/proc\"` in the policy sbc can tell more");
    }
    let cause = CAUSES.iter().find(|cause| complaint.contains(cause.text) && (cause.when)(here));
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
    /// Whether it can be this one here. The last of several with one text always can.
    when: fn(&Surroundings) -> bool,
    code: Code,
    title: &'static str,
    help: &'static str,
}

const fn cause(text: &'static str, code: Code, title: &'static str, help: &'static str) -> Cause {
    Cause { text, when: |_| true, code, title, help }
}

impl Cause {
    const fn when(self, when: fn(&Surroundings) -> bool) -> Cause {
        Cause { when, ..self }
    }
}

/// The cure where something swaps paths during a start.
pub const SWAPPED: &str = "start again; if it stays, end what changes it, such as another sandbox that may write there";

/// The cure where AppArmor forbids user namespaces.
pub const APPARMOR: &str = "load the AppArmor profile `bwrap-userns-restrict` (Ubuntu 24.04: from the package apparmor-profiles), or `sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0`";

const CAUSES: &[Cause] = &[
    cause(
        "strace: ",
        Code::SBC0721,
        "strace cannot watch programs here",
        "allow it: `sudo sysctl kernel.yama.ptrace_scope=1`; in a container `--cap-add SYS_PTRACE`",
    ),
    cause(
        "Unknown option",
        Code::SBC0702,
        "this bubblewrap is too old for the policy",
        "install a newer one: `overlay` needs 0.11, everything else 0.8",
    ),
    cause(
        "setting up uid map: Permission denied",
        Code::SBC0703,
        "AppArmor forbids user namespaces",
        APPARMOR,
    )
    .when(|here| here.apparmor),
    cause(
        "setting up uid map: Permission denied",
        Code::SBC0703,
        "the container forbids user namespaces",
        "run the container with `--security-opt apparmor=unconfined`",
    )
    .when(|here| here.container.is_some()),
    cause(
        "setting up uid map: Permission denied",
        Code::SBC0703,
        "AppArmor or another security module forbids user namespaces",
        APPARMOR,
    ),
    cause(
        "loopback: Failed RTM_NEWADDR: Operation not permitted",
        Code::SBC0703,
        "AppArmor forbids network namespaces",
        APPARMOR,
    )
    .when(|here| here.apparmor),
    cause(
        "loopback: Failed RTM_NEWADDR: Operation not permitted",
        Code::SBC0703,
        "the container forbids network namespaces",
        "run the container with `--security-opt apparmor=unconfined --security-opt seccomp=unconfined`, or write `network \"host\"`",
    )
    .when(|here| here.container.is_some()),
    cause(
        "loopback: Failed RTM_NEWADDR: Operation not permitted",
        Code::SBC0703,
        "AppArmor or a container forbids network namespaces",
        APPARMOR,
    ),
    cause(
        "loopback: Failed RTM_NEWADDR",
        Code::SBC0703,
        "this kernel gives a sandbox no loopback interface, as gVisor does not",
        "use a runtime with a Linux kernel, or write `network \"host\"`",
    ),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "user namespaces are switched off on this machine",
        "`sudo sysctl kernel.unprivileged_userns_clone=1`",
    )
    .when(|here| here.switched_off),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "Kubernetes forbids user namespaces in this container",
        "write `securityContext: { seccompProfile: { type: Unconfined } }` for the container",
    )
    .when(|here| here.container == Some(Container::Kubernetes)),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "the container forbids user namespaces",
        "run the container with `--security-opt seccomp=unconfined`",
    )
    .when(|here| here.container.is_some()),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "user namespaces cannot be had in a chroot",
        "run sbc outside of the chroot, or use a container instead of it",
    )
    .when(|here| here.chroot),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "AppArmor forbids user namespaces",
        APPARMOR,
    )
    .when(|here| here.apparmor),
    cause(
        "No permissions to creat",
        Code::SBC0703,
        "user namespaces are forbidden here",
        "`sudo sysctl kernel.unprivileged_userns_clone=1`; in a container run it with `--security-opt seccomp=unconfined`; in a chroot they cannot be had",
    ),
    cause(
        "setting up uid map: Read-only file system",
        Code::SBC0703,
        "an outer sandbox shows `/proc` read-only",
        "give the outer sandbox a `/proc` of its own: `proc \"/proc\"`",
    ),
    cause(
        "does not support user namespaces",
        Code::SBC0703,
        "the kernel has no user namespaces",
        "use a kernel with CONFIG_USER_NS; on Windows, WSL 2",
    ),
    cause(
        "exceeded (ENOSPC)",
        Code::SBC0703,
        "this is a sandbox already, and it may not hold another",
        "run sbc outside of it, or write `nested-sandboxes \"allow\"` in the policy of the outer one",
    )
    .when(|here| here.is_sandbox()),
    cause(
        "exceeded (ENOSPC)",
        Code::SBC0703,
        "this machine allows no user namespaces",
        "`sudo sysctl user.max_user_namespaces=15000`",
    )
    .when(|here| here.most == Some(0)),
    cause(
        "exceeded (ENOSPC)",
        Code::SBC0703,
        "no more namespaces may be made here: a limit is reached, or this is a sandbox already",
        "raise `/proc/sys/user/max_*_namespaces`; inside a sandbox write `nested-sandboxes \"allow\"` in the outer one",
    ),
    cause(
        "/proc/sys/kernel/overflowuid",
        Code::SBC0703,
        "there is no `/proc` here",
        "`sudo mount -t proc proc /proc`",
    ),
    cause(
        "Failed to mount tmpfs: No such file or directory",
        Code::SBC0703,
        "there is no `/tmp` here, which bubblewrap starts from",
        "`sudo mkdir -m 1777 /tmp`",
    ),
    cause(
        "Failed to mount tmpfs: Permission denied",
        Code::SBC0703,
        "SELinux forbids mounting in this container",
        "run the container with `--security-opt label=disable`",
    ),
    cause(
        "Failed to mount tmpfs: ",
        Code::SBC0703,
        "no more file systems may be mounted here",
        "`sudo sysctl fs.mount-max=100000`",
    ),
    cause(
        "Can't mount proc",
        Code::SBC0703,
        "Kubernetes hides parts of `/proc` from this container",
        "write `securityContext: { procMount: Unmasked }` for the container",
    )
    .when(|here| here.container == Some(Container::Kubernetes)),
    cause(
        "Can't mount proc",
        Code::SBC0703,
        "the container hides parts of `/proc`",
        "run the container with `--security-opt systempaths=unconfined`; Podman calls it `--security-opt unmask=ALL`",
    )
    .when(|here| here.container == Some(Container::Engine)),
    cause(
        "Can't mount proc",
        Code::SBC0703,
        "a container or an outer sandbox hides parts of `/proc`",
        "run the container with `--security-opt systempaths=unconfined`; give an outer sandbox `proc \"/proc\"`",
    ),
    cause(
        "cannot open /proc/sys/user/max_user_namespaces",
        Code::SBC0703,
        "a container makes `/proc/sys` read-only",
        "run the container with `--security-opt systempaths=unconfined`; Podman calls it `--security-opt unmask=ALL`",
    ),
    cause(
        "openat2",
        Code::SBC0703,
        "this kernel lacks a system call that this bubblewrap needs, as gVisor does",
        "use a runtime with Linux 5.6 or newer",
    ),
    cause(
        "Unable to apply mount flags",
        Code::SBC0705,
        "a file system below one that is shown does not answer, such as a network share that is gone",
        "unmount it, or show only the directories beside it",
    ),
    cause(
        "Race condition binding dirfd",
        Code::SBC0713,
        "a path that is shown has changed while it was mounted",
        SWAPPED,
    ),
    cause(
        "Can't find source path",
        Code::SBC0705,
        "a path that is shown has vanished since it was looked at, or is of a file system that only its user may enter",
        "start again; if it stays, write `missing=\"skip\"` at the rule, or remove the rule",
    ),
    cause(
        "Can't get type of source",
        Code::SBC0705,
        "a path that is shown cannot be looked at",
        "remove the rule, or show the directory above it",
    ),
    cause(
        "Can't mount on symlink destination",
        Code::SBC0705,
        "a symbolic link has come to stand where something is mounted",
        "start again; if it stays, write the path that the link leads to",
    ),
    cause(
        "Too many levels of symbolic links",
        Code::SBC0705,
        "this bubblewrap follows no links on the way to a mount",
        "write the path that the links lead to",
    ),
    cause(
        "Can't mkdir parents",
        Code::SBC0705,
        "a directory on the way to a mount cannot be entered or read",
        "`chmod u+rx` the directories above it",
    ),
    cause(
        "Can't make overlay mount",
        Code::SBC0705,
        "the kernel lays no overlay over this: it takes directories of ordinary file systems, none inside another",
        "write `copy` for a file, or `ro` where nothing is to be written",
    ),
    cause(
        "Exceeded maximum number of arguments",
        Code::SBC0705,
        "bubblewrap takes no more than 9,000 arguments",
        "write rules about directories instead of many about files",
    ),
];
