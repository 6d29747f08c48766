//! Many rules, many mounts on the host, many sandboxes at once, many files. Never timed: what is counted are mounts,
//! system calls, bytes and memory.

use crate::support::{Output, Project, run};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const SBC: &str = env!("CARGO_BIN_EXE_sbc");

/// A project with so many rules about files of its own.
fn with_rules(count: usize) -> Project {
    let names: Vec<String> = (0..count).map(|one| format!("f/{one:04}")).collect();
    let rules: String = names.iter().map(|name| format!("ro \"./{name}\"\n")).collect();
    let project = Project::with_body(&format!("    filesystem {{\n{rules}    }}"));
    names.iter().for_each(|name| project.write(name, ""));
    project
}

/// The system calls of sbc itself, without its children, that a run of it makes; and what the run printed.
fn counted(project: &Project, arguments: &[&str]) -> (usize, Output) {
    let log = project.home.join("calls");
    let mut command = project.command("strace");
    let output = run(command.arg("-o").arg(&log).arg(SBC).args(arguments));
    (fs::read_to_string(&log).unwrap().lines().count(), output)
}

/// Asserts that a quantity at 10, 100 and 1,000 rules grows no faster than the rules.
#[track_caller]
fn assert_linear(what: &str, sizes: [usize; 3]) {
    let [small, middle, large] = sizes;
    assert!(small < middle && (large - middle) as f64 <= 11.0 * (middle - small) as f64, "{what}: {sizes:?}");
}

/// Policies of 10, 100 and 1,000 rules are checked, built and started with every mount; the script and sbc's own system
/// calls grow with the rules and no faster.
#[test]
fn rules() {
    let (mut bytes, mut calls) = ([0; 3], [0; 3]);
    for (at, count) in [10, 100, 1_000].into_iter().enumerate() {
        let project = with_rules(count);
        project.sbc(&["check"]).code(0);
        project.sbc(&["build"]).code(0);
        bytes[at] = project.read(".agent-sandbox/app.sh").len();
        project.trust();
        let shell = "grep -c /work/f/ /proc/self/mountinfo";
        let (made, output) = counted(&project, &["exec", "--", "/bin/sh", "-c", shell]);
        assert_eq!(output.code(0).stdout, format!("{count}\n"));
        calls[at] = made;
        if count < 1_000 {
            assert_eq!(project.script("dash", shell).code(0).stdout, format!("{count}\n"));
        }
    }
    assert_linear("bytes of the script", bytes);
    assert_linear("system calls of `sbc exec`", calls);
}

/// Makes a host with some 2,000 mounts, in a namespace of its own: a file system in memory that is mounted into itself
/// again and again. Then goes on as the caller.
const CROWD: &str = r#"set -e
mount -t tmpfs none "$CROWD"
for one in 0 1 2 3 4 5 6 7 8 9 10; do
    mkdir "$CROWD/$one"
    mount --rbind "$CROWD" "$CROWD/$one"
done
[ "$(wc -l < /proc/self/mountinfo)" -gt 2000 ]
exec unshare --user --map-user="$ID" --map-group="$ID" -- "$@""#;

/// On a host with 2,000 mounts `check`, `exec` and the script work, and rules that cost little elsewhere are warned of.
#[test]
fn mounts_of_the_host() {
    let project = with_rules(70);
    let crowd = project.home.join("crowd");
    fs::create_dir(&crowd).unwrap();
    project.sbc(&["build"]).code(0);
    project.trust();
    let quiet = project.sbc(&["check"]).code(0);
    assert!(!quiet.stderr.contains("SBC0810"), "{}", quiet.stderr);
    let inside = |words: &[&str]| {
        let id = rustix::process::getuid().as_raw().to_string();
        let mut command = project.command("unshare");
        command.args(["-Urm", "sh", "-c", CROWD, "sh"]).args(words).env("CROWD", &crowd).env("ID", id);
        run(&mut command)
    };
    inside(&[SBC, "check"]).code(0).says(&["SBC0810", "the first of 70 in `./f`"]);
    let count = ["/bin/sh", "-c", "grep -c /work/f/ /proc/self/mountinfo; id -u >/dev/null"];
    assert_eq!(inside(&[&[SBC, "exec", "--"], &count[..]].concat()).code(0).stdout, "70\n");
    assert_eq!(inside(&[&["dash", ".agent-sandbox/app.sh", "--"], &count[..]].concat()).code(0).stdout, "70\n");
}

/// How many sandboxes run at the same time.
const AT_ONCE: usize = 50;

/// The project's rules: where all tell that they have come; and that no worktree is another one's to change, which lets
/// sandboxes go side by side with any bubblewrap.
const SIDE_BY_SIDE: &str = r#"    filesystem {
        rw "~/barrier"
        ro "${GIT_COMMON_DIR}/worktrees" missing="skip"
        rw "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}" missing="skip"
    }"#;

/// What an agent does in its worktree when all have come.
const AGENT: &str = "touch ~/barrier/$0; until test -e ~/barrier/go; do sleep 0.1; done; \
                     echo \"by $0\" > made-by-$0 && git add made-by-$0 && git commit --quiet -m \"by $0\"";

/// Waits until something is so; says what was not after a minute.
#[track_caller]
fn wait(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        sleep(Duration::from_millis(20));
    }
}

/// The KiB that a line of a file in `/proc` names.
fn kibibytes(process: u32, file: &str, line: &str) -> usize {
    let text = fs::read_to_string(format!("/proc/{process}/{file}")).expect("a process that runs");
    let found = text.lines().find_map(|text| text.strip_prefix(line)?.split_whitespace().nth(1)?.parse().ok());
    found.unwrap_or_else(|| panic!("no {line} in {file}"))
}

/// The names in a directory, in order; none if it is not there.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Fifty sandboxes in fifty worktrees of one repository run at the same time, each commits in its own, none disturbs
/// another, nothing of them is left, and the fifty that watch over them take little memory.
#[test]
fn worktrees() {
    let project = Project::with_body(SIDE_BY_SIDE);
    let barrier = project.home.join("barrier");
    fs::create_dir(&barrier).unwrap();
    let git = |directory: &Path, words: &[&str]| {
        let who = ["-c", "user.name=tester", "-c", "user.email=tester@example.test"];
        run(project.command("git").current_dir(directory).args(who).args(words)).code(0).stdout
    };
    git(&project.root, &["init", "--quiet"]);
    for (name, value) in [("user.name", "agent"), ("user.email", "agent@example.test")] {
        git(&project.root, &["config", name, value]);
    }
    git(&project.root, &["add", "."]);
    git(&project.root, &["commit", "--quiet", "-m", "policy"]);
    let built = project.sbc(&["build"]).code(0).stderr;
    let hash = built.split("(plan ").nth(1).and_then(|text| text.split(';').next()).expect("a hash").to_owned();
    let trees: Vec<PathBuf> = (0..AT_ONCE).map(|one| project.home.join(format!("tree-{one}"))).collect();
    for tree in &trees {
        git(&project.root, &["worktree", "add", "--quiet", tree.to_str().unwrap()]);
    }
    let start = |(one, tree): (usize, &PathBuf)| -> Child {
        let mut command = project.command(SBC);
        command.current_dir(tree).args(["exec", "--trust", &hash, "--", "/bin/sh", "-c", AGENT, &one.to_string()]);
        command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("sbc")
    };
    let children: Vec<Child> = trees.iter().enumerate().map(start).collect();
    // One that fails stays away.
    wait("not all sandboxes have come", || names(&barrier).len() == AT_ONCE);
    let shared: usize = children.iter().map(|child| kibibytes(child.id(), "smaps_rollup", "Pss")).sum();
    let largest = children.iter().map(|child| kibibytes(child.id(), "status", "RssAnon")).max();
    fs::write(barrier.join("go"), "").unwrap();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
    // A build for tests is ten times as large as a release, and its pages count once for all.
    assert!(shared <= 150 << 10, "{shared} KiB in sum");
    assert!(largest <= Some(6 << 10), "{largest:?} KiB of its own");
    for (one, tree) in trees.iter().enumerate() {
        assert_eq!(names(tree), [".agent-sandbox.kdl", ".git", &format!("made-by-{one}")]);
        assert_eq!(git(tree, &["log", "--format=%s"]), format!("by {one}\npolicy\n"));
        assert_eq!(git(tree, &["status", "--porcelain"]), "");
    }
    git(&project.root, &["fsck", "--strict"]);
    assert_eq!(names(&project.home.join(".local/state/sbc/runs")), [] as [&str; 0]);
    for held in ["commondir", "config.worktree"] {
        assert!(!project.root.join(".git").join(held).exists(), "{held} is left");
    }
}

/// How many directories a large project has, and how many files in each. 200,000 files take half a minute to make.
const DIRECTORIES: usize = 200;
const FILES: usize = 100;

/// Of a project with many files none is looked at: nothing below the root before the command starts, and after the run
/// each directory is asked once whether it has changed since its names were read, for repositories and policies that
/// appeared, with one call for each and none for a file.
#[test]
fn files() {
    let project = Project::with_body("");
    run(project.command("git").args(["init", "--quiet"])).code(0);
    for directory in 0..DIRECTORIES {
        let above = project.root.join(format!("many/{directory}"));
        fs::create_dir_all(&above).unwrap();
        for file in 0..FILES {
            fs::File::create(above.join(format!("leaf-{file}"))).unwrap();
        }
    }
    // Times go in steps.
    sleep(Duration::from_millis(50));
    // The first run in a project learns what is there.
    project.exec("true").code(0);
    let log = project.home.join("calls");
    let mut command: Command = project.command("strace");
    command.args(["-f", "-y", "-e", "trace=file,getdents64,getdents,fchdir"]).arg("-o").arg(&log);
    run(command.args([SBC, "exec", "--", "true"])).code(0);
    let log = fs::read_to_string(&log).unwrap();
    let started =
        log.find("execve(\"/usr/bin/true\"").or_else(|| log.find("execve(\"/bin/true\"")).expect("the command");
    let below = |text: &str| text.lines().filter(|line| line.contains("many")).count();
    assert_eq!(below(&log[..started]), 0, "calls below the root before the command");
    assert!(!log.contains("leaf-"), "a call about a file");
    let after = below(&log[started..]);
    assert!(after <= DIRECTORIES + 4, "{after} calls for {DIRECTORIES} directories");
}
