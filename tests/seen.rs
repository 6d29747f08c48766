//! What is remembered of the directories of a large project: those that are as they were are not read again, and
//! nothing that is planted in one passes for that.

use crate::kills::{Random, number};
use crate::planted::{PROGRAM, host, inside, project, quarantined};
use crate::support::{Project, run, skip};
use crate::traps::{Running, soon};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sbc::search::search;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// How many directories there are, besides those inside of them, and how many files in each.
const DIRECTORIES: usize = 300;
const FILES: usize = 8;

/// A project that is large enough to be remembered, and has been, with all that `shell` makes in it.
fn large(shell: &str) -> Project {
    let project = project();
    for directory in 0..DIRECTORIES {
        let directory = project.root.join(format!("many/{directory}/in"));
        fs::create_dir_all(&directory).unwrap();
        (0..FILES).for_each(|file| drop(fs::File::create(directory.join(file.to_string())).unwrap()));
    }
    host(&project, shell).code(0);
    // Times go in steps.
    std::thread::sleep(Duration::from_millis(50));
    assert_eq!(inside(&project, "true").stderr, "");
    project
}

/// The files in which something is remembered.
fn remembered(project: &Project) -> Vec<PathBuf> {
    let files = fs::read_dir(project.home.join(".local/state/sbc/seen")).into_iter().flatten();
    files.map(|file| file.unwrap().path()).collect()
}

/// The one such file.
fn memory(project: &Project) -> PathBuf {
    let files = remembered(project);
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// What stands in it about directories, without when it was written.
fn nodes(file: &Path) -> Vec<u8> {
    let bytes = fs::read(file).unwrap();
    bytes.splitn(3, |byte| *byte == b'\n').nth(2).unwrap_or_default().to_vec()
}

/// The directories of the project whose names a run reads; `None` where strace may not trace.
fn read_by_a_run(project: &Project, shell: &str) -> Option<Vec<String>> {
    if run(project.command("strace").arg("true")).code != 0 {
        return None;
    }
    let log = project.home.join("log");
    let mut traced: Command = project.command("strace");
    traced.args(["-f", "-y", "-e", "trace=getdents64,getdents", "-o"]).arg(&log);
    run(traced.args([env!("CARGO_BIN_EXE_sbc"), "exec", "--", "/bin/sh", "-c", shell])).code(0);
    let root = format!("<{}", project.root.display());
    let log = fs::read_to_string(log).unwrap();
    let read = log.lines().filter_map(|line| line.split_once(&root)?.1.split('>').next());
    let mut read: Vec<String> = read.map(str::to_owned).collect();
    read.sort();
    read.dedup();
    Some(read)
}

/// Of 600 directories that have not changed the names are not read again; where few would be spared nothing is written
/// down.
#[test]
fn names_are_read_once() {
    let project = large("");
    let is_below = |path: &&String| path.starts_with("/many");
    let Some(read) = read_by_a_run(&project, "true") else {
        skip!("there is no strace that may trace");
    };
    assert_eq!(read.iter().filter(is_below).count(), 0, "{read:?}");
    assert!(read.iter().any(String::is_empty) && read.len() < 15, "{read:?}");
    // Few are read again each time, until there are so many that it is worth while to remember them.
    let change = "touch many/7/new; mkdir -p many/8/in/a/b";
    let few = ["/many/7", "/many/8/in", "/many/8/in/a", "/many/8/in/a/b"];
    for change in [change, "true", "cd many/9; seq 2500 | xargs touch"] {
        let read = read_by_a_run(&project, change).unwrap();
        let read: Vec<&String> = read.iter().filter(is_below).filter(|path| *path != "/many/9").collect();
        assert_eq!(read, few, "{change}");
        std::thread::sleep(Duration::from_millis(50));
    }
    inside(&project, "true");
    let read = read_by_a_run(&project, "true").unwrap();
    assert_eq!(read.iter().filter(is_below).count(), 0, "{read:?}");

    let small = crate::planted::project();
    inside(&small, "mkdir a; touch a/b");
    inside(&small, "true");
    assert_eq!(remembered(&small), [] as [PathBuf; 0]);
}

/// A way to hide in a directory that is known: what is done inside, and what is moved away.
const ATTACKS: [(&str, &str); 9] = [
    ("echo x >many/3/in/.agent-sandbox.kdl", "many/3/in/.agent-sandbox.kdl"),
    // All times that can be set are as they were.
    (
        "touch -r many/3 old; echo x >many/3/.agent-sandbox.kdl; touch -r old many/3 many/3/.agent-sandbox.kdl; rm old",
        "many/3/.agent-sandbox.kdl",
    ),
    ("git init -q many/3/in/sub; git -C many/3/in/sub config core.pager $evil", "many/3/in/sub/.git/config"),
    // Made of a directory that is known, part by part.
    (
        "git init -q --bare b; git -C b config core.pager $evil; mv b/config b/objects b/refs many/3; mv b/HEAD many/3; rm -r b",
        "many/3/config",
    ),
    // Another directory of that name, by several ways.
    (
        "mv many/3 many/x; mkdir -p many/3/in; echo x >many/3/in/.agent-sandbox.kdl; rm -r many/x",
        "many/3/in/.agent-sandbox.kdl",
    ),
    ("rm -r many/3; mkdir -p many/3/in; echo x >many/3/in/.agent-sandbox.kdl", "many/3/in/.agent-sandbox.kdl"),
    (
        "echo x >many/4/in/.agent-sandbox.kdl; mv many/3 x; mv many/4 many/3; mv x many/4",
        "many/3/in/.agent-sandbox.kdl",
    ),
    // A link to where it is now.
    ("mv many/3 moved; ln -s ../moved many/3; echo x >moved/in/.agent-sandbox.kdl", "moved/in/.agent-sandbox.kdl"),
    // An old file gets a name in a directory around which nothing changes.
    ("mv many/5/in/kept many/5/in/.agent-sandbox.kdl", "many/5/in/.agent-sandbox.kdl"),
];

/// What is planted in a directory that is known to hold nothing is found, however it is done.
#[test]
fn plants_in_known_directories() {
    let project = large("echo x >many/5/in/kept; cp -r many/3 many/4 ~");
    for (attack, moved) in ATTACKS {
        let output = inside(&project, &format!("{PROGRAM}{attack}"));
        assert_eq!(quarantined(&project), [moved], "{attack}\n{}", output.stderr);
        // As before, and known.
        let again = "rm -rf many/3 many/4 moved evil.sh; cp -r ~/3 ~/4 many; rm -rf ~/.local/state/sbc/quarantine";
        host(&project, again).code(0);
        std::thread::sleep(Duration::from_millis(50));
        assert_eq!(inside(&project, "true").stderr, "", "{attack}");
    }
}

/// A directory that is closed inside is told of, though its names are known.
#[test]
fn closed_directories() {
    let project = large("");
    inside(&project, "chmod 000 many/3; chmod 600 many/4").says(&["SBC0904", "many/3`", "many/4/in`"]);
    inside(&project, "chmod 700 many/3 many/4; echo x >many/3/in/.agent-sandbox.kdl");
    assert_eq!(quarantined(&project), ["many/3/in/.agent-sandbox.kdl"]);
}

/// What means something is looked at again in each run, in a directory that has not changed: its content says
/// whether it has changed.
#[test]
fn directories_that_mean_something() {
    let make = "mkdir -p many/3/.vscode/deep many/4/.agent-sandbox/in; echo 1 >many/3/.vscode/deep/file; \
                echo 1 >many/4/.agent-sandbox/in/file; echo 1 >many/5/.envrc; git init -q many/6/in";
    let project = large(make);
    let change = "echo 2 >many/3/.vscode/deep/file; echo 2 >many/4/.agent-sandbox/in/file; echo 2 >many/5/.envrc; \
                  echo '[core]\n\tpager = x' >>many/6/in/.git/config";
    inside(&project, change).says(&["many/3/.vscode`", "many/5/.envrc`"]);
    assert_eq!(quarantined(&project), ["many/4/.agent-sandbox", "many/6/in/.git/config"]);
}

/// A directory that comes from elsewhere, with old times below it, is read; and so is one that gets a name in which all
/// counts.
#[test]
fn moved_directories() {
    let project = large("mkdir -p ~/from/deep/in; echo 1 >~/from/deep/in/.agent-sandbox.kdl");
    host(&project, "mv ~/from many/3/in").code(0);
    assert_eq!(inside(&project, "true").stderr, "");
    inside(&project, "echo 2 >many/3/in/from/deep/in/.agent-sandbox.kdl").says(&["has changed"]);
    inside(&project, "mv many/4 many/.vscode").says(&["SBC0903", "many/.vscode`"]);
    assert_eq!(inside(&project, "true").stderr, "");
    inside(&project, "echo 2 >many/.vscode/in/3").says(&["SBC0903", "many/.vscode`"]);
    assert_eq!(quarantined(&project), ["many/3/in/from/deep/in/.agent-sandbox.kdl"]);
}

/// What meant nothing when it was seen is found when the policy guards its name, also in a directory that has not
/// changed since.
#[test]
fn names_that_come_later() {
    let project = large("echo 1 >many/3/in/Justfile");
    assert_eq!(inside(&project, "echo 2 >many/3/in/Justfile").stderr, "");
    let body = "inherit \"base-dev\"; filesystem { ro \"./Justfile\" missing=\"watch\"; }";
    project.write(".agent-sandbox.kdl", format!("sandbox \"app\" {{ {body}; }}\n"));
    project.trust();
    assert_eq!(inside(&project, "true").stderr, "");
    assert_eq!(remembered(&project).len(), 2);
    inside(&project, "echo 3 >many/3/in/Justfile").says(&["SBC0903", "many/3/in/Justfile`"]);
}

/// A memory that is gone, damaged, of another project or a link is made anew; nobody else can read it, and nothing
/// inside can write it.
#[test]
fn damaged_memory() {
    use std::os::unix::fs::PermissionsExt;
    let project = large("");
    let file = memory(&project);
    let good = fs::read(&file).unwrap();
    let kept = nodes(&file).len();
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::metadata(file.parent().unwrap()).unwrap().permissions().mode() & 0o777, 0o700);
    project.exec(&format!("echo x >{}", file.display())).says(&["nonexistent"]);
    let mut changed = good.clone();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let other = fs::read(memory(&large(""))).unwrap();
    for bytes in [b"".as_slice(), b"\n", b"\n\n", &good[..good.len() - 3], &good[1..], &changed, &other] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(inside(&project, "true").stderr, "");
        // Beside what was there before the first run, what it made.
        assert!(nodes(&file).len() >= kept, "{} bytes", bytes.len());
    }
    fs::rename(&file, project.home.join("kept")).unwrap();
    symlink(project.home.join("kept"), &file).unwrap();
    inside(&project, "echo x >many/3/.agent-sandbox.kdl");
    assert!(fs::symlink_metadata(&file).unwrap().is_file());
    assert_eq!(quarantined(&project), ["many/3/.agent-sandbox.kdl"]);
}

/// A run that changes a directory again and again, while others beside it end and remember what they see, plants in the
/// same step of the clock, and is found out; and so is one that is killed.
#[test]
fn changes_beside_a_search() {
    let project = large("");
    for round in 0..10 {
        let churn = format!(
            "echo; i=0; until test -e stop{round}; do i=$((i+1)); : >many/{round}/in/$i; done; echo x >many/{round}/in/.agent-sandbox.kdl"
        );
        let first = Running::start(&project, &churn);
        assert_eq!(inside(&project, "true").stderr, "");
        project.write(&format!("stop{round}"), "");
        first.finish();
        assert_eq!(quarantined(&project).len(), round + 1);
    }
    let mut running = Running::start(&project, "echo x >many/20/in/.agent-sandbox.kdl");
    running.kill();
    soon("the janitor", || !project.root.join("many/20/in/.agent-sandbox.kdl").exists());
}

/// A linked worktree has a memory of its own, and so has the git directory of all of them.
#[test]
fn worktrees() {
    let project = project();
    let make = "cd ~; git init -q main; cd main; git commit -q --allow-empty -m x; git worktree add -q ../linked; \
                cp ~/work/.agent-sandbox.kdl ~/linked; cd ~/linked; mkdir -p many/deep; cd many/deep; \
                seq 2500 | xargs touch; mkdir -p ~/main/.git/objects/many; cd ~/main/.git/objects/many; seq 2500 | xargs touch";
    host(&project, make).code(0);
    std::thread::sleep(Duration::from_millis(50));
    let linked = project.home.join("linked");
    let exec = |shell: &str| {
        run(project.plain_command(&["trust", "--yes"]).current_dir(&linked)).code(0);
        run(project.plain_command(&["exec", "--", "sh", "-c", shell]).current_dir(&linked)).code(0).stderr
    };
    assert_eq!((exec("true"), exec("true")), (String::new(), String::new()));
    assert_eq!(remembered(&project).len(), 2);
    let said = exec(
        "echo x >many/deep/.agent-sandbox.kdl; m=$(git rev-parse --git-common-dir)/objects/many; \
                     git init -q lib; cp -r lib/.git $m/lib; git config --file $m/lib/config core.pager evil",
    );
    assert!(
        said.contains("many/deep/.agent-sandbox.kdl` has appeared") && said.contains("many/lib/config` has"),
        "{said}"
    );
}

/// What a name can mean, and one that means nothing.
const NAMES: [&str; 8] =
    ["plain", ".agent-sandbox.kdl", ".agent-sandbox", ".envrc", ".vscode", "HEAD", "commondir", "objects"];

/// All directories below one.
fn directories(root: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(root).min_depth(1).into_iter().flatten();
    entries.filter(|entry| entry.file_type().is_dir()).map(walkdir::DirEntry::into_path).collect()
}

/// Changes something; what cannot be done is left.
fn change(root: &Path, random: &mut Random) {
    let all = directories(root);
    let mut one = || all[random.below(all.len() as u64) as usize].clone();
    let (directory, other) = (one(), one());
    let name = NAMES[random.below(NAMES.len() as u64) as usize];
    let _ = match random.below(9) {
        0 => fs::create_dir(directory.join(format!("new{}", random.below(5)))),
        1 => fs::create_dir(directory.join(name)),
        2 | 3 => fs::write(directory.join(name), format!("ref: {}", random.below(1_000))),
        4 => fs::remove_file(directory.join(name)),
        5 => fs::rename(&directory, other.join(name)),
        6 => renameat_with(CWD, &directory, CWD, &other, RenameFlags::EXCHANGE).map_err(Into::into),
        7 if all.len() > 60 => fs::remove_dir_all(&directory).and_then(|()| symlink(&other, &directory)),
        _ => fs::create_dir_all(directory.join(".git/refs")).and_then(|()| {
            fs::create_dir_all(directory.join(".git/objects"))?;
            fs::write(directory.join(".git/HEAD"), "ref: x")?;
            fs::write(directory.join(".git/config"), "[core]\n\tpager = x\n")
        }),
    };
}

/// After any changes, one right after the other, a search that remembers finds what one does that reads everything.
#[test]
fn random_changes() {
    let seed = number("SBC_SEEN_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1);
    let mut random = Random(seed);
    let project = Project::empty();
    let root = project.root.join("all");
    let state = project.home.join("state");
    let names = [".envrc", ".vscode"].map(OsString::from);
    let mut remembered = 0;
    for round in 0..number("SBC_SEEN").unwrap_or(100) {
        if round % 20 == 0 {
            // So many new names that they are remembered.
            let new = root.join(format!("round{round}"));
            for directory in 0..20 {
                let directory = new.join(format!("{directory}/deep"));
                fs::create_dir_all(&directory).unwrap();
                (0..120).for_each(|file| drop(fs::File::create(directory.join(file.to_string())).unwrap()));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let known = search(&root, &names, &state);
        assert!(known == search(&root, &names, Path::new("/proc/none")), "round {round}, SBC_SEEN_SEED={seed}");
        remembered = fs::read_dir(state.join("seen")).into_iter().flatten().count().max(remembered);
        (0..=random.below(3)).for_each(|_| change(&root, &mut random));
    }
    assert_eq!(remembered, 1);
}
