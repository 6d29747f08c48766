//! Hosts of other kinds, made by an outer bubblewrap: where programs live, how `/etc` is linked.

use crate::support::{Output, Project, run};
use std::process::Command;

/// Where sbc is there: its own place may be in a home, and tests put other homes there.
const TESTED: &str = "/tested/sbc";

/// A command on a host with its own root: the system's `/usr`, the project's home, and what
/// `arguments` add.
pub fn on_host(project: &Project, arguments: &[&str], command: &[&str]) -> Output {
    let home = project.home.to_str().unwrap();
    let sbc = env!("CARGO_BIN_EXE_sbc");
    let bwrap = std::env::var("SBC_BWRAP").unwrap_or("/usr/bin/bwrap".into());
    let mut outer = Command::new(&bwrap);
    outer.args([
        "--unshare-user",
        "--unshare-pid",
        "--die-with-parent",
        "--ro-bind",
        "/usr",
        "/usr",
        "--proc",
        "/proc",
        "--dev",
        "/dev",
        "--tmpfs",
        "/tmp",
        "--ro-bind",
        "/etc/alternatives",
        "/etc/alternatives",
    ]);
    outer.args(["--bind", home, home, "--ro-bind", sbc, TESTED, "--ro-bind", &bwrap, &bwrap]);
    outer.args(arguments).args(["--chdir", project.root.to_str().unwrap(), "--"]);
    outer.args(command.iter().map(|word| word.replace(sbc, TESTED)));
    outer.env_clear().env("HOME", home).env("USER", "tester").env("PATH", "/usr/bin:/bin").env("SBC_BWRAP", &bwrap);
    run(&mut outer)
}

/// Starts `sbc exec` where the policy has been trusted, on that very host.
pub const TRUSTED: [&str; 4] =
    ["sh", "-c", "\"$0\" trust --yes 2>/dev/null && exec \"$0\" exec \"$@\"", env!("CARGO_BIN_EXE_sbc")];

/// Links where `/usr` is merged.
pub const MERGED: [&str; 12] = [
    "--symlink",
    "usr/bin",
    "/bin",
    "--symlink",
    "usr/sbin",
    "/sbin",
    "--symlink",
    "usr/lib",
    "/lib",
    "--symlink",
    "usr/lib64",
    "/lib64",
];

/// Directories where it is not.
const SPLIT: [&str; 12] = [
    "--ro-bind",
    "/usr/bin",
    "/bin",
    "--ro-bind",
    "/usr/sbin",
    "/sbin",
    "--ro-bind",
    "/usr/lib",
    "/lib",
    "--ro-bind",
    "/usr/lib64",
    "/lib64",
];

/// `base-dev` runs where `/usr` is merged and where it is not, by sbc and by the script, and shows
/// links only where the host has links.
#[test]
fn merged_and_split_usr() {
    let project = Project::with_body("");
    project.sbc(&["build"]).code(0);
    let shell = "test -L /bin && echo link || echo directory; ls /lib64 >/dev/null && /bin/true";
    for (usr, kind) in [(&MERGED, "link\n"), (&SPLIT, "directory\n")] {
        let sbc = on_host(&project, usr, &[&TRUSTED[..], &["--", "/bin/sh", "-c", shell]].concat()).code(0);
        let script = on_host(&project, usr, &["dash", ".agent-sandbox/app.sh", "--", "/bin/sh", "-c", shell]).code(0);
        assert_eq!((sbc.stdout.as_str(), script.stdout.as_str()), (kind, kind));
    }
}

/// `/etc/resolv.conf` and `/etc/localtime` can be read whatever they are: files, or links that are
/// absolute, relative, or lead into a directory that is not shown otherwise.
#[test]
fn linked_files_of_etc() {
    let project = Project::with_body("");
    project.sbc(&["build"]).code(0);
    project.write_home("resolv", "nameserver 192.0.2.1\n");
    let file = project.home.join("resolv");
    let file = file.to_str().unwrap();
    let shapes: [&[&str]; 4] = [
        &["--ro-bind", file, "/etc/resolv.conf"],
        &[
            "--ro-bind",
            file,
            "/run/systemd/resolve/stub-resolv.conf",
            "--symlink",
            "../run/systemd/resolve/stub-resolv.conf",
            "/etc/resolv.conf",
        ],
        &[
            "--ro-bind",
            file,
            "/run/resolvconf/resolv.conf",
            "--symlink",
            "/run/resolvconf/resolv.conf",
            "/etc/resolv.conf",
        ],
        &["--ro-bind", file, "/mnt/wsl/resolv.conf", "--symlink", "/mnt/wsl/resolv.conf", "/etc/resolv.conf"],
    ];
    for shape in shapes {
        let host = [&MERGED, shape, &["--symlink", "/usr/share/zoneinfo/UTC", "/etc/localtime"]].concat();
        for command in [&TRUSTED as &[&str], &["dash", ".agent-sandbox/app.sh"]] {
            let command =
                [command, &["--", "/bin/sh", "-c", "cat /etc/resolv.conf && test -s /etc/localtime && ! touch /etc/x"]]
                    .concat();
            let output = on_host(&project, &host, &command).code(0);
            assert_eq!(output.stdout, "nameserver 192.0.2.1\n", "{shape:?}");
        }
    }
}

/// Where bubblewrap is not installed nothing runs, and the message has the command that installs
/// it on this distribution.
#[test]
fn without_bubblewrap() {
    let project = Project::with_body("");
    for (release, help) in [
        ("ID=debian", "sudo apt-get install bubblewrap"),
        ("ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"", "sudo dnf install bubblewrap"),
        ("ID=arch", "sudo pacman -S bubblewrap"),
    ] {
        project.write_home("os-release", release);
        let release = project.home.join("os-release");
        let host = [&MERGED as &[&str], &["--ro-bind", release.to_str().unwrap(), "/etc/os-release"]].concat();
        let output = on_host(
            &project,
            &host,
            &["env", "-u", "SBC_BWRAP", "SBC_BWRAP=/nowhere/bwrap", env!("CARGO_BIN_EXE_sbc"), "exec"],
        );
        output.code(125).says(&["SBC0701", help]);
    }
}

/// Where a kernel or a container forbids namespaces, the check says so and nothing runs.
#[test]
fn without_namespaces() {
    let project = Project::with_body("");
    let host = [&MERGED as &[&str], &["--disable-userns"]].concat();
    on_host(&project, &host, &[env!("CARGO_BIN_EXE_sbc"), "check"]).code(1).says(&["SBC0703"]);
    on_host(&project, &host, &[&TRUSTED[..], &["--", "true"]].concat()).code(125).says(&["SBC0703"]);
}
