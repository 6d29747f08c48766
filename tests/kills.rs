//! Runs that are killed: two sandboxes in one project, at any moment, whichever process it is.

use crate::support::{Project, run};
use crate::traps::{janitors, quarantine, records, snapshot, soon};
use std::fs;
use std::io::{Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// What is tried all the time, and must never succeed.
const PROTECTED: &str =
    ".git/config .git/hooks/pre-commit .git/commondir .agent-sandbox.kdl .agent-sandbox/x .vscode/x .claude/x .envrc";

/// Who is killed.
#[derive(Clone, Copy, Debug)]
enum Victim {
    Sbc,
    Bubblewrap,
    /// sbc goes on, and is asked to end.
    Janitor,
    /// Nobody is left to clean up but the next start.
    SbcAndJanitor,
    /// What a terminal would kill.
    Group,
    /// The command, by a process outside.
    Command,
}

const VICTIMS: [Victim; 6] =
    [Victim::Sbc, Victim::Bubblewrap, Victim::Janitor, Victim::SbcAndJanitor, Victim::Group, Victim::Command];

/// Numbers that look random, the same for the same seed.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// A number of the environment.
pub fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Two sandboxes in one project, each killed at a random moment, 200 times: nothing goes on, nothing is left
/// behind, nothing is lost, no protection gives way, and the next start works.
#[test]
fn at_any_moment() {
    let seed = number("SBC_KILLS_SEED").unwrap_or_else(|| u64::from(std::process::id()) * 2_654_435_761 + 1);
    let kills = number("SBC_KILLS").unwrap_or(200);
    writeln!(std::io::stderr(), "SBC_KILLS={kills} SBC_KILLS_SEED={seed}").unwrap();
    let mut random = Random(seed);
    let project = project();
    let before = snapshot(&project.root);
    let began = Instant::now();
    for wave in 0..kills.div_ceil(2) {
        let mut pair: Vec<Child> = (0..2).map(|_| start(&project)).collect();
        let plan = pair.iter().map(|_| (random.below(120), VICTIMS[random.below(6) as usize])).collect::<Vec<_>>();
        // Where nobody is left who sees to it, the next start does.
        let mut is_left = false;
        for (child, (delay, victim)) in pair.iter_mut().zip(&plan) {
            std::thread::sleep(Duration::from_millis(*delay));
            is_left |= kill(child, *victim);
        }
        pair.iter_mut().for_each(|child| assert!(!child.wait().unwrap().success()));
        let when = format!("wave {wave} {plan:?} of seed {seed}");
        soon(&format!("the end of all, {when}"), || is_left || processes(&project).is_empty());
        assert_eq!(project.exec("true").code, 0, "{when}");
        soon(&format!("the end of all, {when}"), || processes(&project).is_empty());
        assert_eq!((records(&project), janitors(&project).len()), (0, 0), "{when}");
        assert!(!project.home.join("work/breached").exists(), "{}, {when}", project.read("breached"));
        let other: Vec<_> = snapshot(&project.root).into_iter().filter(|entry| !before.contains(entry)).collect();
        assert!(other.is_empty() && snapshot(&project.root).len() == before.len(), "{other:#?}, {when}");
    }
    // Killed between opening and writing, it is empty.
    for (origin, thing) in quarantine(&project) {
        assert!([".mcp.json", "src/.agent-sandbox.kdl"].iter().any(|name| origin.ends_with(name)), "{origin}");
        assert!(["", "evil\n"].contains(&fs::read_to_string(thing).unwrap().as_str()), "{origin}");
    }
    let (took, moved) = (began.elapsed().as_secs_f64(), quarantine(&project).len());
    writeln!(std::io::stderr(), "{kills} kills in {took:.1} s, {moved} things in the quarantine").unwrap();
}

/// What is settled after a kill is settled when the last process inside has ended, and not when the first has:
/// of hundreds that write what nobody may write, none comes too late to be noticed.
#[test]
fn the_last_process_counts() {
    let project = project();
    let shell = ": 300; i=0; while [ $i -lt 300 ]; do i=$((i + 1)); \
                 while :; do echo evil >.mcp.json; done 2>/dev/null & done; echo up >&2; wait";
    for victim in [Victim::Bubblewrap, Victim::Sbc].repeat(2) {
        let mut command = project.plain_command(&["exec", "--", "/bin/sh", "-c", shell]);
        let mut sbc = command.process_group(0).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut up = [0; 3];
        sbc.stderr.take().unwrap().read_exact(&mut up).unwrap();
        kill(&sbc, victim);
        sbc.wait().unwrap();
        soon(&format!("the janitor, {victim:?}"), || records(&project) == 0 && janitors(&project).is_empty());
        soon(&format!("the end of all, {victim:?}"), || processes(&project).is_empty());
        assert!(!project.root.join(".mcp.json").exists(), "{victim:?}");
    }
}

fn project() -> Project {
    let project = Project::with_body("");
    run(project.command("git").args(["init", "--quiet", "."])).code(0);
    fs::remove_dir_all(project.root.join(".git/hooks")).unwrap();
    project.write(".envrc", "mine\n");
    project.write("src/file", "mine\n");
    project.trust();
    project
}

/// A sandbox that tries what it can, for ever. Its processes can be told by the path of the home.
fn start(project: &Project) -> Child {
    let shell = format!(
        ": {}; while :; do for f in {PROTECTED}; do {{ echo evil >>$f; }} 2>/dev/null && echo $f >>breached; done; \
         echo evil >.mcp.json; echo evil >src/.agent-sandbox.kdl; mv .git .g 2>/dev/null && echo mv >>breached; done",
        project.home.display()
    );
    let mut command = project.plain_command(&["exec", "--", "/bin/sh", "-c", &shell]);
    command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Tells whether that may leave nobody to clean up: both who do it are killed, or sbc before it has a janitor.
fn kill(sbc: &Child, victim: Victim) -> bool {
    let own = |name: &str| descendants(sbc.id()).into_iter().filter(|pid| command_line(*pid).contains(name)).collect();
    let janitor: Vec<u32> = own("--sbc-janitor");
    let is_left = match victim {
        Victim::Sbc => janitor.is_empty(),
        victim => matches!(victim, Victim::SbcAndJanitor),
    };
    match victim {
        Victim::Sbc => signal("KILL", &[sbc.id()]),
        Victim::Bubblewrap => signal("KILL", &own("bwrap\0--args")),
        Victim::Janitor => signal("KILL", &janitor),
        Victim::SbcAndJanitor => signal("KILL", &[janitor, vec![sbc.id()]].concat()),
        Victim::Group => drop(run(Command::new("kill").args(["-KILL", "--", &format!("-{}", sbc.id())]))),
        Victim::Command => signal("KILL", &descendants(sbc.id()).last().copied().into_iter().collect::<Vec<_>>()),
    }
    // What was not there yet, or was killed beside it, leaves sbc running.
    signal("TERM", &[sbc.id()]);
    is_left
}

fn signal(name: &str, pids: &[u32]) {
    if !pids.is_empty() {
        run(Command::new("kill").arg(format!("-{name}")).args(pids.iter().map(u32::to_string)));
    }
}

/// The processes that a process has started, and those that these have, from above to below.
fn descendants(pid: u32) -> Vec<u32> {
    let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    let children: Vec<u32> = children.split_whitespace().filter_map(|pid| pid.parse().ok()).collect();
    children.iter().copied().chain(children.iter().flat_map(|child| descendants(*child))).collect()
}

fn command_line(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}

/// Whatever still runs for the project.
fn processes(project: &Project) -> Vec<String> {
    let home = project.home.display().to_string();
    run(Command::new("pgrep").args(["-f", &home])).stdout.lines().map(str::to_owned).collect()
}
