//! What bubblewrap says on hosts that forbid it something, and what sbc makes of it.

use sbc::complaint::explain;
use sbc::surroundings::{Container, Surroundings};

/// bubblewrap's words on hosts that cannot be made here, with a part of the cause and of the cure.
const COMPLAINTS: &[(&str, &str, &str)] = &[
    ("bwrap: setting up uid map: Permission denied", "AppArmor", "bwrap-userns-restrict"),
    (
        "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted",
        "AppArmor or a container",
        "bwrap-userns-restrict",
    ),
    ("bwrap: loopback: Failed RTM_NEWADDR: Function not implemented", "gVisor", "network \"host\""),
    (
        "bwrap: No permissions to create a new namespace, likely because the kernel does not allow it",
        "forbidden",
        "unprivileged_userns_clone=1",
    ),
    ("bwrap: No permissions to create new namespace", "forbidden", "seccomp=unconfined"),
    (
        "bwrap: Creating new namespace failed, likely because the kernel does not support user namespaces.",
        "no user namespaces",
        "WSL 2",
    ),
    (
        "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)",
        "a limit is reached",
        "nested-sandboxes",
    ),
    ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "hides parts", "systempaths=unconfined"),
    ("bwrap: Can't mount proc on /proc: Operation not permitted", "hides parts", "systempaths=unconfined"),
    ("bwrap: Can't find source path /mnt/u: No such file or directory", "vanished", "missing=\"skip\""),
    ("bwrap: Can't get type of source /mnt/u: Permission denied", "cannot be looked at", "remove the rule"),
    ("bwrap: Can't mount on symlink destination /tmp/a", "symbolic link", "that the link leads to"),
    ("bwrap: Can't mkdir parents for /home/u/a/b: Permission denied", "on the way", "chmod u+rx"),
    (
        "bwrap: Can't resolve /var/run/a: Too many levels of symbolic links",
        "follows no links",
        "that the links lead to",
    ),
    ("bwrap: Can't make overlay mount on (null) with options …: Invalid argument", "no overlay", "`copy`"),
    ("bwrap: setting up uid map: Read-only file system", "outer sandbox", "proc \"/proc\""),
    (
        "bwrap: cannot open /proc/sys/user/max_user_namespaces: Read-only file system",
        "read-only",
        "systempaths=unconfined",
    ),
    ("bwrap: Can't read /proc/sys/kernel/overflowuid: No such file or directory", "no `/proc`", "mount -t proc"),
    ("bwrap: Failed to mount tmpfs: No such file or directory", "no `/tmp`", "mkdir -m 1777 /tmp"),
    ("bwrap: Failed to mount tmpfs: Permission denied", "SELinux", "label=disable"),
    ("bwrap: Failed to mount tmpfs: No space left on device", "no more file systems", "fs.mount-max"),
    ("bwrap: Unknown option --overlay-src", "too old", "0.11"),
    ("bwrap: Unable to apply mount flags: remount \"/newroot/net\": No such device", "does not answer", "unmount it"),
    ("bwrap: Exceeded maximum number of arguments 9000", "9,000 arguments", "directories"),
    ("bwrap: openat2 failed: Function not implemented", "gVisor", "Linux 5.6"),
];

/// Each complaint is given its cause and its cure, and bubblewrap's own words are kept.
#[test]
fn complaints_are_explained() {
    for (complaint, cause, cure) in COMPLAINTS {
        let diagnostic = explain(complaint, &Surroundings::default());
        let help = diagnostic.help.clone().unwrap_or_default();
        assert!(diagnostic.title.contains(cause), "{complaint}: {}", diagnostic.title);
        assert!(help.contains(cure), "{complaint}: {help}");
        assert!(diagnostic.title.ends_with(complaint.trim_start_matches("bwrap: ")), "{}", diagnostic.title);
    }
}

/// Where one complaint has several causes, the host tells which it is.
#[test]
fn causes_depend_on_the_host() {
    let plain = Surroundings::default();
    let apparmor = Surroundings { apparmor: true, ..plain };
    let inside = |container| Surroundings { container: Some(container), ..plain };
    let (engine, pod) = (inside(Container::Engine), inside(Container::Kubernetes));
    let cases = [
        (
            "loopback: Failed RTM_NEWADDR: Operation not permitted",
            apparmor,
            "AppArmor forbids",
            "bwrap-userns-restrict",
        ),
        (
            "loopback: Failed RTM_NEWADDR: Operation not permitted",
            engine,
            "the container forbids",
            "apparmor=unconfined",
        ),
        ("setting up uid map: Permission denied", apparmor, "AppArmor forbids", "bwrap-userns-restrict"),
        ("setting up uid map: Permission denied", engine, "the container forbids", "apparmor=unconfined"),
        (
            "No permissions to create a new namespace",
            Surroundings { switched_off: true, ..plain },
            "switched off",
            "sysctl kernel.unprivileged",
        ),
        ("No permissions to create a new namespace", engine, "the container forbids", "seccomp=unconfined"),
        ("No permissions to create a new namespace", pod, "Kubernetes", "seccompProfile"),
        (
            "No permissions to create a new namespace",
            Surroundings { chroot: true, ..plain },
            "in a chroot",
            "outside of the chroot",
        ),
        (
            "namespaces exceeded (ENOSPC)",
            Surroundings { most: Some(1), ..plain },
            "a sandbox already",
            "nested-sandboxes",
        ),
        (
            "namespaces exceeded (ENOSPC)",
            Surroundings { most: Some(0), ..plain },
            "allows no user",
            "user.max_user_namespaces",
        ),
        ("Can't mount proc on /proc: Operation not permitted", engine, "the container hides", "unmask=ALL"),
        ("Can't mount proc on /proc: Operation not permitted", pod, "Kubernetes hides", "procMount"),
    ];
    for (complaint, here, cause, cure) in cases {
        let diagnostic = explain(&format!("bwrap: {complaint}"), &here);
        assert!(diagnostic.title.contains(cause), "{complaint}: {}", diagnostic.title);
        assert!(diagnostic.help.as_ref().unwrap().contains(cure), "{complaint}: {diagnostic:?}");
    }
}
