//! What surrounds sbc on this host and can forbid a sandbox: a container, a chroot, a switch of the kernel.
//!
//! Read only to explain a failure. Nothing is decided by it.

#![allow(clippy::disallowed_methods, reason = "this module looks at the host")]

use std::fs;
use std::path::Path;

/// The runtime of a container, as far as it matters for what to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Container {
    /// Docker, Podman, and others that take `--security-opt`.
    Engine,
    Kubernetes,
    /// LXC, systemd-nspawn and others.
    Other,
}

/// What can be the cause of a failure. The default is a plain machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    pub container: Option<Container>,
    /// AppArmor takes the rights in a user namespace from programs without a profile for that.
    pub apparmor: bool,
    /// `kernel.unprivileged_userns_clone` is 0: Debian's switch.
    pub switched_off: bool,
    /// `user.max_user_namespaces`. bubblewrap sets 1 for a sandbox that may not hold another.
    pub most: Option<u64>,
    pub chroot: bool,
}

impl Surroundings {
    /// Looks at this host.
    pub fn read() -> Surroundings {
        let is = |path: &str, value: &str| fs::read_to_string(path).is_ok_and(|text| text.trim() == value);
        Surroundings {
            container: container(),
            apparmor: is("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", "1")
                && is("/sys/module/apparmor/parameters/enabled", "Y"),
            switched_off: is("/proc/sys/kernel/unprivileged_userns_clone", "0"),
            most: fs::read_to_string("/proc/sys/user/max_user_namespaces")
                .ok()
                .and_then(|text| text.trim().parse().ok()),
            chroot: fs::read_to_string("/proc/self/mountinfo").is_ok_and(|mounts| lacks_root(&mounts)),
        }
    }

    /// Whether sbc runs in a sandbox that may not hold another.
    pub fn is_sandbox(&self) -> bool {
        self.most == Some(1)
    }
}

fn container() -> Option<Container> {
    let exists = |path: &str| Path::new(path).exists();
    // Kubernetes runs containers of engines, so it is asked first.
    if std::env::var_os("KUBERNETES_SERVICE_HOST").is_some() || exists("/run/secrets/kubernetes.io") {
        return Some(Container::Kubernetes);
    }
    if exists("/.dockerenv") || exists("/run/.containerenv") {
        return Some(Container::Engine);
    }
    if let Ok(manager) = fs::read_to_string("/run/systemd/container") {
        return Some(named(manager.trim()));
    }
    let environment = fs::read("/proc/1/environ").unwrap_or_default();
    let variable = environment.split(|byte| *byte == 0).find_map(|variable| variable.strip_prefix(b"container="));
    if let Some(manager) = variable {
        return Some(named(&String::from_utf8_lossy(manager)));
    }
    let groups = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    match groups.as_str() {
        groups if groups.contains("kubepods") => Some(Container::Kubernetes),
        groups if groups.contains("docker") || groups.contains("libpod") => Some(Container::Engine),
        groups if groups.contains("/lxc") => Some(Container::Other),
        _ => None,
    }
}

/// A container by what its manager calls itself.
fn named(manager: &str) -> Container {
    match manager {
        "docker" | "podman" | "oci" => Container::Engine,
        _ => Container::Other,
    }
}

/// Whether no file system is mounted at `/`. So it is after a chroot into a plain directory.
fn lacks_root(mounts: &str) -> bool {
    !mounts.is_empty() && !mounts.lines().any(|line| line.split(' ').nth(4) == Some("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root that is no mount point is one of a chroot.
    #[test]
    fn chroots_are_known() {
        assert!(!lacks_root("22 1 8:1 / / rw - ext4 /dev/sda1 rw\n23 22 0:5 / /proc rw - proc proc rw\n"));
        assert!(lacks_root("23 22 0:5 / /proc rw - proc proc rw\n"));
    }
}
