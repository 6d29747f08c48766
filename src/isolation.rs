//! What separates a sandbox from its host besides the file system: namespaces, capabilities, the terminal.
//!
//! Says which options; mounts nothing.

#![allow(clippy::disallowed_methods, reason = "the kernel is asked what it refuses by itself")]

use crate::diagnostic::{self, Code, Diagnostic};
use crate::host::Host;
use crate::plan::Content;
use crate::seccomp::Architecture;
use crate::words::{Lifetime, Namespace, NestedSandboxes, Network};
use std::fs;

/// Namespaces, capabilities and lifetime as options; an explicit list, because `--unshare-all`
/// changes with bubblewrap's version and only tries the user namespace.
pub fn options(content: &Content) -> Vec<&'static str> {
    let own = |namespace| !content.shared.contains(&namespace);
    let options = [
        (own(Namespace::User), "--unshare-user"),
        (content.nested_sandboxes == NestedSandboxes::Deny, "--disable-userns"),
        (own(Namespace::Pid), "--unshare-pid"),
        (own(Namespace::Ipc), "--unshare-ipc"),
        (own(Namespace::Uts), "--unshare-uts"),
        // Old kernels have none, and nothing can be reached through it.
        (own(Namespace::Cgroup), "--unshare-cgroup-try"),
        (content.network == Network::None, "--unshare-net"),
        (content.lifetime == Lifetime::WithParent, "--die-with-parent"),
    ];
    options.into_iter().filter_map(|(wanted, option)| wanted.then_some(option)).chain(["--cap-drop", "ALL"]).collect()
}

/// What to say where the filter of system calls is not made for the machine.
pub fn unfiltered(host: &Host) -> Option<Diagnostic> {
    let title = format!("there is no filter of system calls for {}", std::env::consts::ARCH);
    let help = format!(
        "sandboxes run without it; for what it refuses see the threat model. There is one for {}",
        diagnostic::list(Architecture::ALL.map(Architecture::name), "and")
    );
    host.architecture.is_none().then(|| Diagnostic::warning(Code::SBC0710, title).help(help))
}

/// Whether the kernel lets a process type into its terminal (TIOCSTI). Linux 6.2 can refuse it; it is
/// asked only where there is no filter that does.
pub fn injection_possible() -> bool {
    fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti").map_or(true, |value| value.trim() != "0")
}
