//! The mounts of the script: those of `sbc exec` for the same plan, but for what a shell cannot do.

use crate::script::{SHELLS, build, script_command};
use crate::support::{Output, Project, run};
use std::collections::BTreeSet;
use std::fs;

/// Where something is mounted inside.
fn mounted(output: Output) -> BTreeSet<String> {
    let output = output.code(0);
    let places = output.stdout.lines().filter_map(|line| line.split(' ').nth(4));
    places.map(str::to_owned).collect()
}

/// What the script mounts and exec does not, and the other way round.
fn differences(project: &Project) -> BTreeSet<String> {
    let command = ["--", "/bin/sh", "-c", "exec cat /proc/self/mountinfo"];
    let exec = mounted(project.exec("exec cat /proc/self/mountinfo"));
    let scripts = SHELLS.map(|shell| mounted(run(&mut script_command(project, shell, &command))));
    assert!(scripts.iter().all(|script| *script == scripts[0]), "{scripts:?}");
    exec.symmetric_difference(&scripts[0]).cloned().collect()
}

#[track_caller]
fn differ(project: &Project, places: &[&str]) {
    build(project);
    let places: BTreeSet<String> = places.iter().map(|place| (*place).to_owned()).collect();
    assert_eq!(differences(project), places);
}

/// dash knows the descriptors up to 9: with the words and the filter, and what must be a copy or is text of the policy,
/// there are few left for files of the system. Those that come last by their names are mounted. Nothing else differs.
#[test]
fn copies_take_what_descriptors_are_left() {
    // `/etc/passwd` and `/etc/group` are text of the policy.
    differ(&Project::with_body(""), &["/etc/resolv.conf"]);
    let project = Project::with_body("    filesystem { copy \"~/.tool.json\"; }");
    project.write_home(".tool.json", "{}");
    differ(&project, &["/etc/nsswitch.conf", "/etc/resolv.conf"]);
    differ(&Project::with_body("    filesystem { remove \"/etc/passwd\" \"/etc/group\"; }"), &[]);
    differ(
        &Project::with_body("    filesystem { remove \"/etc/hosts\"; copy \"/etc/debian_version\"; }"),
        &["/etc/resolv.conf"],
    );
}

/// A directory is pinned by both where something in it is mounted, and by neither where that is missing; what is hidden
/// pins in any case.
#[test]
fn pins_are_the_same() {
    let body = "    filesystem { ro \"./a/b/skipped\" missing=\"skip\"; ro \"./a/c/watched\" missing=\"watch\"; \
        ro \"./a/d/held\" missing=\"hold-dir\"; deny \"./e/f/hidden\"; ro \"~/data\" at=\"./g/h/data\" missing=\"skip\"; }";
    let project = Project::with_body(body);
    let pinned = |project: &Project| {
        let root = project.root.to_str().unwrap();
        let places = mounted(project.exec("exec cat /proc/self/mountinfo"));
        let own = places.iter().filter_map(|place| place.strip_prefix(root)?.strip_prefix('/'));
        own.filter(|place| !place.starts_with('.')).map(str::to_owned).collect::<Vec<_>>()
    };
    differ(&project, &["/etc/resolv.conf"]);
    assert!(pinned(&project).is_empty(), "{:?}", pinned(&project));
    ["a/b", "a/c", "a/d", "e/f", "g/h"].iter().for_each(|name| fs::create_dir_all(project.root.join(name)).unwrap());
    differ(&project, &["/etc/resolv.conf"]);
    assert_eq!(pinned(&project), ["a", "a/d", "a/d/held", "e", "e/f"]);
    ["a/b/skipped", "a/c/watched", "e/f/hidden"].iter().for_each(|name| project.write(name, "text"));
    project.write_home("data/x", "text");
    differ(&project, &["/etc/resolv.conf"]);
    let all =
        ["a", "a/b", "a/b/skipped", "a/c", "a/c/watched", "a/d", "a/d/held", "e", "e/f", "e/f/hidden", "g", "g/h"];
    assert_eq!(pinned(&project)[..12], all);
    for shell in SHELLS {
        let text = "mv a x || mv e x || mv g x || mv .git/info y; true";
        let output = run(&mut script_command(&project, shell, &["--", "/bin/sh", "-c", text])).code(0);
        assert_eq!(output.stderr.matches("busy").count(), 3, "{output:?}");
    }
}

/// What a mount above shows with the same access is mounted by neither, and no directory is pinned for it. What a link of
/// the host leads elsewhere is mounted by both, and so is what has another access or holds something.
#[test]
fn covered_mounts_are_the_same() {
    let body = "    filesystem { ro \"~/kept\" \"~/kept/one\" \"~/kept/one/two\" \"~/kept/link\" \"~/kept/none\" missing=\"skip\"; \
        rw \"~/kept/open\" \"~/kept/open/in\"; rw \"./a/b\" \"./a/b/c/d\" \"./e/f\"; ro \"./e/f/g/h\"; rw \"./e/x/y\"; \
        ro \"./e/x/z\" missing=\"watch\"; }";
    let project = Project::with_body(body);
    ["kept/one/two/file", "kept/open/in/file", "else/file"].iter().for_each(|name| project.write_home(name, "text"));
    std::os::unix::fs::symlink("../else", project.home.join("kept/link")).unwrap();
    ["a/b/c/d/x", "e/f/g/h/x", "e/x/y/x"].iter().for_each(|name| project.write(name, "text"));
    differ(&project, &["/etc/resolv.conf"]);
    let home = project.home.to_str().unwrap();
    let places = mounted(project.exec("exec cat /proc/self/mountinfo"));
    let own: Vec<&str> = places.iter().filter_map(|place| place.strip_prefix(home)?.strip_prefix('/')).collect();
    let own: Vec<&str> = own.into_iter().filter(|place| !place.starts_with("work/.")).collect();
    let expected = ["else", "kept", "kept/open", "work", "work/e", "work/e/f", "work/e/f/g", "work/e/f/g/h"];
    assert_eq!(own, expected);
    let text = "cat ~/kept/one/two/file ~/kept/link/file ~/kept/open/in/file; touch ~/kept/one/x || touch ~/kept/open/in/x && ls ~/kept/open/in";
    crate::script::same(&project, text).code(0);
}
