//! The options of bubblewrap: how many arguments each has, and which have no meaning for a policy.

use super::value::Field;
use std::collections::BTreeSet;

/// Options without a meaning for access, with the number of their arguments, and what sbc does about it.
pub const SILENT: &[(&str, usize)] = &[
    ("--json-status-fd", 1),
    ("--info-fd", 1),
    ("--sync-fd", 1),
    ("--block-fd", 1),
    ("--lock-file", 1),
    ("--level-prefix", 0),
    ("--unshare-user", 0),
    ("--unshare-user-try", 0),
    ("--assert-userns-disabled", 0),
    ("--cap-drop", 1),
    ("--disable-userns", 0),
];

/// Options that a policy cannot say, with the number of their arguments, and why.
pub const UNSAYABLE: &[(&str, usize, &str)] = &[
    ("--uid", 1, "in a sandbox of sbc the user keeps the number"),
    ("--gid", 1, "in a sandbox of sbc the group keeps the number"),
    ("--cap-add", 1, "a sandbox of sbc has no capabilities"),
    ("--seccomp", 1, "sbc has a filter of system calls of its own"),
    ("--add-seccomp-fd", 1, "sbc has a filter of system calls of its own"),
    ("--userns", 1, "sbc always makes a user namespace of its own"),
    ("--userns2", 1, "sbc always makes a user namespace of its own"),
    ("--userns-block-fd", 1, "sbc always makes a user namespace of its own"),
    ("--pidns", 1, "sbc joins no namespace of another process"),
    ("--exec-label", 1, "sbc sets no labels of SELinux"),
    ("--file-label", 1, "sbc sets no labels of SELinux"),
    ("--mqueue", 1, "a policy has no queues of messages"),
    ("--chmod", 2, "a policy sets no permissions of what is there; `tmpfs` has `mode=`"),
    ("--as-pid-1", 0, "the first process of a sandbox is always a reaper"),
    ("--argv0", 1, "a command starts with its own name"),
    ("--not-a-security-boundary", 0, "a sandbox of sbc is one"),
    ("--overlay", 3, "an overlay of sbc keeps no changes"),
    ("--ro-overlay", 1, "an overlay of sbc can be written, and keeps no changes"),
    ("--bind-fd", 2, "what the descriptor is, is known only when it runs"),
    ("--ro-bind-fd", 2, "what the descriptor is, is known only when it runs"),
];

/// The number of an option's arguments.
pub fn arity(name: &str) -> Option<usize> {
    let silent = SILENT.iter().find(|(silent, _)| *silent == name).map(|(_, count)| *count);
    let unsayable = || UNSAYABLE.iter().find(|(unsayable, _, _)| *unsayable == name).map(|(_, count, _)| *count);
    let known: BTreeSet<&str> = BTreeSet::from([
        "--unshare-all",
        "--unshare-pid",
        "--unshare-ipc",
        "--unshare-uts",
        "--unshare-cgroup",
        "--unshare-cgroup-try",
        "--unshare-net",
        "--share-net",
        "--new-session",
        "--die-with-parent",
        "--clearenv",
    ]);
    silent.or_else(unsayable).or_else(|| {
        Some(match name {
            _ if known.contains(name) => 0,
            "--size" | "--perms" | "--args" | "--unsetenv" | "--hostname" | "--overlay-src" | "--chdir" | "--tmpfs"
            | "--dir" | "--proc" | "--dev" | "--remount-ro" | "--tmp-overlay" => 1,
            "--setenv" | "--bind" | "--bind-try" | "--ro-bind" | "--ro-bind-try" | "--dev-bind" | "--dev-bind-try"
            | "--symlink" | "--file" | "--bind-data" | "--ro-bind-data" => 2,
            _ => return None,
        })
    })
}

/// Whether an option takes something away that was visible or writable.
pub fn hides(name: &str, arguments: &[Field]) -> bool {
    let is_null = || arguments.first().is_some_and(|source| source.value.plain() == Some("/dev/null"));
    matches!(name, "--tmpfs" | "--remount-ro") || name.contains("bind") && is_null()
}
