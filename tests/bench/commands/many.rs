//! Memory, and many sandboxes at once: a checkout for each, and an agent that waits in it.

use crate::results::{Many, Supervisor};
use crate::start::{direct, exec, invocation, keep};
use crate::world::{World, files, policy, sbc};
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, Signal, kill_process};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// How many sandboxes run side by side.
const SANDBOXES: usize = 50;

/// Longer than any start takes.
const DEADLINE: Duration = Duration::from_secs(120);

/// What waits inside.
const AGENT: [&str; 3] = ["sh", "-c", "echo > running; exec sleep 1000"];

/// One process: its parent, its program, its memory.
struct Process {
    parent: u32,
    program: PathBuf,
    share: u64,
}

/// The memory of the process of sbc that waits.
pub fn supervisor(world: &World) -> Supervisor {
    let project = world.repository("waits", &policy("claude-node").replace("claude-node", "waits"));
    let (first_peak, _) = waiting(world, &project);
    let (peak, share) = waiting(world, &project);
    Supervisor { first_peak, peak, share }
}

/// The most that one process of sbc has used until it waits, and its share of what it has then.
fn waiting(world: &World, project: &Path) -> (u64, u64) {
    let (children, _) = start(world, vec![(exec("", project, &AGENT), project.to_owned())]);
    let id = children.first().map(Child::id).expect("a child");
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let memory = (number(&status, "VmHWM:"), share(id));
    stop(children);
    memory
}

/// What sbc says of the second of two worktrees, where it refuses that one. Not every bubblewrap can have both
/// at once, and the page says so.
pub fn worktrees(world: &World) -> Option<String> {
    let root = repository(world, "worktrees");
    let [first, second] = ["one", "two"].map(|name| {
        let tree = world.home.join(name);
        world.run(&["git", "worktree", "add", "--quiet", "--detach", &tree.display().to_string()], &root);
        world.run(&[sbc(), "trust", "--yes"], &tree);
        tree
    });
    let (children, _) = start(world, vec![(exec("", &first, &AGENT), first)]);
    let message = exec("", &second, &["true"]).fails(world);
    stop(children);
    message
}

/// A repository with a policy in it.
fn repository(world: &World, name: &str) -> PathBuf {
    let root = world.home.join(name);
    files(&root, 100);
    fs::write(root.join(".agent-sandbox.kdl"), policy("claude-node")).expect("a policy");
    world.commit(&root);
    root
}

/// A checkout for each, by sbc and by bubblewrap alone.
pub fn many(world: &World) -> Vec<Many> {
    let root = repository(world, "many").display().to_string();
    let trees: Vec<PathBuf> = (0..SANDBOXES).map(|number| world.home.join(format!("tree-{number}"))).collect();
    for tree in &trees {
        world.run(&["git", "clone", "--quiet", &root, &tree.display().to_string()], &world.home);
        world.run(&[sbc(), "trust", "--yes"], tree);
    }
    let with_sbc = trees.iter().map(|tree| (exec("", tree, &AGENT), tree.clone())).collect();
    let with_sbc = measure(world, "sbc exec", with_sbc);
    trees.iter().for_each(|tree| keep(&invocation(world, tree)));
    let alone = trees.iter().map(|tree| (direct(world, "", tree, &AGENT), tree.clone())).collect();
    vec![with_sbc, measure(world, "bwrap", alone)]
}

fn measure(world: &World, name: &str, cases: Vec<(crate::case::Case, PathBuf)>) -> Many {
    eprintln!("\n{SANDBOXES} sandboxes by {name}");
    let (children, time) = start(world, cases);
    let processes = below(&children.iter().map(Child::id).collect::<Vec<_>>());
    let own = processes.iter().filter(|process| process.program == Path::new(sbc()));
    let many = Many {
        name: name.to_owned(),
        sandboxes: children.len(),
        milliseconds: (time.as_secs_f64() * 1e3).round(),
        supervisors: own.map(|process| process.share).sum(),
        all: processes.iter().map(|process| process.share).sum(),
        processes: processes.len(),
    };
    eprintln!("  {many:?}");
    stop(children);
    many
}

/// Starts all, and waits until the command of each runs.
fn start(world: &World, cases: Vec<(crate::case::Case, PathBuf)>) -> (Vec<Child>, Duration) {
    cases.iter().for_each(|(_, project)| drop(fs::remove_file(project.join("running"))));
    let begin = Instant::now();
    let mut children = Vec::new();
    for (case, _) in &cases {
        let (program, arguments) = case.words.split_first().expect("a program");
        let mut command = world.command(program, &case.directory);
        case.held.iter().for_each(|fd| fcntl_setfd(fd, FdFlags::empty()).expect("a flag"));
        command.args(arguments).stdout(Stdio::null()).stderr(Stdio::inherit());
        children.push(command.spawn().expect("a sandbox"));
        case.held.iter().for_each(|fd| fcntl_setfd(fd, FdFlags::CLOEXEC).expect("a flag"));
    }
    let mut waiting: Vec<PathBuf> = cases.into_iter().map(|(_, project)| project.join("running")).collect();
    while !waiting.is_empty() && begin.elapsed() < DEADLINE {
        waiting.retain(|file| !file.exists());
        std::thread::sleep(Duration::from_millis(1));
    }
    let time = begin.elapsed();
    if !waiting.is_empty() {
        let count = waiting.len();
        stop(children);
        panic!("{count} sandboxes have not started within {DEADLINE:?}");
    }
    // What is only needed at the start is gone by then.
    std::thread::sleep(Duration::from_millis(500));
    (children, time)
}

/// Ends what [`start`] has started.
fn stop(mut children: Vec<Child>) {
    for child in &children {
        let _ = Pid::from_raw(child.id().cast_signed()).map(|id| kill_process(id, Signal::TERM));
    }
    children.iter_mut().for_each(|child| drop(child.wait()));
}

/// Processes and all that they have started, however far below.
fn below(roots: &[u32]) -> Vec<Process> {
    let ids = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let mut all: HashMap<u32, Process> = ids.filter_map(|id| Some((id, look(id)?))).collect();
    let mut found: Vec<u32> = roots.to_vec();
    let mut at = 0;
    while let Some(parent) = found.get(at).copied() {
        found.extend(all.iter().filter(|(_, process)| process.parent == parent).map(|(id, _)| *id));
        at += 1;
    }
    for id in &found {
        if let Some(process) = all.get_mut(id) {
            process.share = share(*id);
        }
    }
    found.iter().filter_map(|id| all.remove(id)).collect()
}

fn look(id: u32) -> Option<Process> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let program = fs::read_link(format!("/proc/{id}/exe")).unwrap_or_default();
    Some(Process { parent: u32::try_from(number(&status, "PPid:")).ok()?, program, share: 0 })
}

/// A process's memory in KiB, what it shares with others counted in part.
fn share(id: u32) -> u64 {
    let path = format!("/proc/{id}/smaps_rollup");
    let rollup = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    number(&rollup, "Pss:")
}

/// The number behind a name in a file of `/proc`.
fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
