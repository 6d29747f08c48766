//! What is known of a project before a run without a search: nothing that a run plants passes for known or old.

use crate::planted::{PROGRAM, host, inside, project, quarantined};
use crate::support::{Project, run, skip};
use crate::traps::{Running, quarantine};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What is harmless where it is, with a setting or a script in it that git or sbc would obey.
const OLD: &str = "git init -q fixture; git -C fixture config core.fsmonitor $evil; mv fixture/.git fixture/dot-git; rm fixture/dot-git/HEAD; \
    cp -r fixture half; mv half/dot-git/* half; cp -r half filled; echo nothing >filled/HEAD; cp -r half led; echo nothing >led/HEAD; \
    git init -q sub; mkdir sub/.git/other; cp evil.sh sub/.git/other/post-commit; rm -rf sub/.git/hooks; \
    git init -q hooked; mkdir -p hooked/.git/hooks; cp evil.sh hooked/.git/hooks/x.sample; \
    mkdir tpl linked scripts; echo 'sandbox \"x\" { }' >tpl/policy; cp tpl/policy linked; echo true >scripts/app.sh";

/// What makes it dangerous, and what is moved away then.
const RENAMES: [(&str, &str); 8] = [
    ("mv fixture/dot-git fixture/.git; echo 'ref: refs/heads/x' >fixture/.git/HEAD", "fixture/.git/config"),
    ("echo 'ref: refs/heads/x' >half/HEAD", "half/config"),
    ("echo 'ref: refs/heads/x' >filled/HEAD", "filled/config"),
    (
        "mkdir to; echo 'gitdir: ../led' >to/.git; mv led/HEAD o; echo 'ref: refs/heads/x' >o; mv o led/HEAD",
        "led/config",
    ),
    ("mv sub/.git/other sub/.git/hooks", "sub/.git/hooks/post-commit"),
    ("mv hooked/.git/hooks/x.sample hooked/.git/hooks/post-commit", "hooked/.git/hooks/post-commit"),
    ("mv tpl/policy tpl/.agent-sandbox.kdl; ln linked/policy linked/.agent-sandbox.kdl", "tpl/.agent-sandbox.kdl"),
    ("mv scripts .agent; mkdir in; mv .agent in/.agent-sandbox", "in/.agent-sandbox"),
];

/// Old files that a run brings to where they count are moved away, whoever has made them: a repository before
/// its first run, the user between two runs, or an earlier run.
#[test]
fn old_files_in_new_places() {
    for maker in ["repository", "user", "run"] {
        let project = project();
        if maker != "repository" {
            inside(&project, "true");
        }
        match maker {
            "run" => assert_eq!(inside(&project, &format!("{PROGRAM}{OLD}")).stderr, ""),
            _ => drop(host(&project, &format!("{PROGRAM}{OLD}")).code(0)),
        }
        // Times go in steps.
        std::thread::sleep(Duration::from_millis(50));
        let shell: Vec<&str> = RENAMES.iter().map(|(shell, _)| *shell).collect();
        let output = inside(&project, &shell.join("; "));
        let mut expected: Vec<&str> = RENAMES.iter().map(|(_, moved)| *moved).collect();
        expected.push("linked/.agent-sandbox.kdl");
        expected.sort_unstable();
        assert_eq!(quarantined(&project), expected, "{maker}: {}", output.stderr);
    }
}

/// A repository that is known is another one where a new `.git` leads to it.
#[test]
fn known_repositories_by_another_way() {
    let project = project();
    host(&project, &format!("{PROGRAM} git init -q --bare bare; git -C bare config core.fsmonitor $evil")).code(0);
    assert_eq!(inside(&project, "mkdir a; git -C bare gc -q").stderr, "");
    inside(&project, "echo 'gitdir: ../bare' >a/.git").says(&["bare/config` has changed"]);
    assert_eq!(quarantined(&project), ["bare/config"]);
}

/// Where files can change without a new time, everything is searched before each run, as at the first.
#[test]
fn times_that_prove_nothing() {
    let project = Project::below(Path::new("/dev/shm"), "work");
    project.write(".agent-sandbox.kdl", "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n");
    let make =
        "git init -q .; git init -q sub; printf '[user]\\n\\tname = aaaaaaaaaaaaaaaaaaaaaaaaaaa\\n' >sub/.git/config";
    host(&project, make).code(0);
    if !run(project.command("python3").args(["-c", "import mmap"])).stderr.is_empty() {
        skip!("there is no python3");
    }
    project.exec("true").code(0);
    std::thread::sleep(Duration::from_millis(50));
    // Reads first: what is read through a shared mapping can then be written without another fault.
    let map = "import mmap; f = open('sub/.git/config', 'r+b'); m = mmap.mmap(f.fileno(), 0); m[0]; \
               m[:] = b'[core]\\n\\tfsmonitor = evil\\n'.ljust(len(m), b'\\n')";
    let time = || fs::metadata(project.root.join("sub/.git/config")).map(|there| there.modified().unwrap()).unwrap();
    let before = time();
    project.exec(&format!("python3 -c \"{map}\"")).says(&["sub/.git/config` has appeared"]);
    assert!(time_is_kept(&project, before), "is no attack");
    // What the user makes is known from the start.
    host(&project, "git init -q own; git -C own config core.pager less").code(0);
    assert_eq!(project.exec("git -C own tag 2>/dev/null; touch own/.git/x").code(0).stderr, "");
}

/// Whether the file in the quarantine was written without a new time.
fn time_is_kept(project: &Project, before: std::time::SystemTime) -> bool {
    quarantine(project).iter().any(|(_, thing)| fs::metadata(thing).unwrap().modified().unwrap() == before)
}

/// The one file of knowledge.
fn knowledge(project: &Project) -> PathBuf {
    let mut files = fs::read_dir(project.home.join(".local/state/sbc/known")).unwrap();
    let file = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none());
    file
}

/// What the user makes between two runs is known from then on. Only what a run works in before it has been
/// left in place once is moved, and that only once.
#[test]
fn what_the_user_makes_between_runs() {
    let project = project();
    inside(&project, "true");
    let make = |name: &str| {
        host(&project, &format!("git init -q {name}; git -C {name} config core.hooksPath .husky/_")).code(0)
    };
    make("one");
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(inside(&project, "touch one/file").stderr, "");
    assert_eq!(inside(&project, "git -C one commit -q --allow-empty -m x").stderr, "");
    make("two");
    std::thread::sleep(Duration::from_millis(50));
    let output = inside(&project, "git -C two commit -q --allow-empty -m x");
    assert_eq!(quarantined(&project), ["two/.git/config"]);
    let back = output.stderr.lines().find(|line| line.contains("mv -n")).unwrap().split('`').nth(1).unwrap();
    host(&project, back).code(0);
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(inside(&project, "true").stderr, "");
    assert_eq!(inside(&project, "git -C two commit -q --allow-empty -m x").stderr, "");
}

/// Knowledge that is gone, damaged, of another project or a link is made anew, as at the first run; nobody else
/// can read it, and nothing inside can write it.
#[test]
fn damaged_knowledge() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let project = project();
    host(&project, "git init -q sub; git -C sub config core.hooksPath .husky/_").code(0);
    inside(&project, "true");
    let file = knowledge(&project);
    let good = fs::read(&file).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    project.exec(&format!("echo x >{}", file.display())).says(&["nonexistent"]);
    assert_eq!(fs::read(&file).unwrap(), good);
    let other = String::from_utf8_lossy(&good).replace("/work/", "/wrok/").into_bytes();
    let texts: [&[u8]; 5] = [b"", b"\n", &good[..good.len() - 3], &good[1..], &other];
    for text in texts {
        fs::write(&file, text).unwrap();
        assert_eq!(inside(&project, "git -C sub commit -q --allow-empty -m x").stderr, "", "{}", text.len());
        assert_eq!(fs::read(&file).unwrap(), good);
    }
    fs::rename(&file, project.home.join("kept")).unwrap();
    symlink(project.home.join("kept"), &file).unwrap();
    assert_eq!(inside(&project, "git -C sub commit -q --allow-empty -m x").stderr, "");
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
}

/// A second run does not vouch for what the first has planted, also where nothing was known when it began.
#[test]
fn two_runs() {
    let project = project();
    let plant = "git init -q one; git -C one config core.pager evil; mkdir n; echo evil >n/.envrc";
    let first = Running::start(&project, plant);
    std::thread::sleep(Duration::from_millis(50));
    fs::remove_file(knowledge(&project)).unwrap();
    // For this one it is old, and stays.
    assert_eq!(inside(&project, "touch new").stderr, "");
    assert_eq!(quarantined(&project), [""; 0]);
    let said = first.finish();
    assert!(said.contains("/one/.git/config` has appeared") && said.contains("n/.envrc"), "{said}");
    assert_eq!(quarantined(&project), ["one/.git/config"]);
}

/// What a run has planted, and its search has missed because another run moved it about meanwhile, is found when that
/// one ends.
#[test]
fn missed_beside_another_run() {
    let project = project();
    let plant = "mkdir -p top/n; git init -q top/one; git -C top/one config core.pager evil; echo evil >top/n/.envrc";
    let first = Running::start(&project, plant);
    std::thread::sleep(Duration::from_millis(50));
    let second = Running::start(&project, ":");
    // As the second can, in the moment in which the first one's search comes by.
    let (top, aside) = (project.root.join("top"), project.home.join("aside"));
    fs::rename(&top, &aside).unwrap();
    assert_eq!(first.finish(), "");
    fs::rename(&aside, &top).unwrap();
    let said = second.finish();
    assert!(said.contains("/one/.git/config` has appeared") && said.contains("n/.envrc"), "{said}");
    assert_eq!(quarantined(&project), ["top/one/.git/config"]);
    assert_eq!(inside(&project, "true").stderr, "");
}

/// A run in an inner project does not vouch for what the outer one's has planted there.
#[test]
fn nested_projects() {
    let project = project();
    project.write("inner/.agent-sandbox.kdl", "sandbox \"app\" {\n    inherit \"base-dev\"\n}\n");
    host(&project, "git init -q inner").code(0);
    let outer = Running::start(&project, "cd inner; git init -q deep; git -C deep config core.pager evil");
    std::thread::sleep(Duration::from_millis(50));
    let inner = |arguments: &[&str]| run(project.plain_command(arguments).current_dir(project.root.join("inner")));
    inner(&["trust", "--yes"]);
    let output = inner(&["exec", "--", "true"]);
    // A bubblewrap that follows links: there can be no such second run.
    if !output.stderr.contains("SBC0715") {
        assert_eq!((output.code, output.stderr.as_str()), (0, ""));
    }
    assert!(outer.finish().contains("deep/.git/config` has appeared"));
}

/// Nothing of the project is opened before bubblewrap is started, but what lies in its root and its git directory.
#[test]
fn nothing_is_searched_before_a_run() {
    if run(project().command("strace").arg("true")).code != 0 {
        skip!("there is no strace that may trace");
    }
    let project = project();
    for number in 0..20 {
        project.write(&format!("walked{number}/deep/file"), "");
    }
    inside(&project, "true");
    let log = project.home.join("log");
    let sbc = env!("CARGO_BIN_EXE_sbc");
    let mut traced = project.command("strace");
    traced.args(["-f", "-e", "trace=%file,getdents64", "-o"]).arg(&log).args([sbc, "exec", "--", "true"]);
    run(&mut traced).code(0);
    let log = fs::read_to_string(&log).unwrap();
    let is_start = |line: &&str| line.contains("execve(") && line.contains("bwrap\"") && line.contains("--args");
    let start = log.lines().position(|line| is_start(&line)).expect("a start of bubblewrap");
    let walked: Vec<usize> =
        (0..).zip(log.lines()).filter(|(_, line)| line.contains("walked")).map(|(at, _)| at).collect();
    assert!(walked.len() >= 20 && walked.iter().all(|at| *at > start), "{start}: {walked:?}\n{log}");
}
