//! What another sandbox in the same project could do while one starts: swap what sbc has looked at.
//!
//! The swapping is real, and as fast as the kernel exchanges two names. Each attack is also made where
//! nothing protects, and must get through there.

use crate::support::{Output, Project, refusing, run};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use sbc::abilities::follows_links;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long an attack goes on.
const ATTACK: Duration = Duration::from_secs(1);

/// How long it goes on where a busy machine lets too little happen.
const LONGEST: Duration = Duration::from_secs(60);

/// Exchanges two paths again and again until it is dropped.
struct Swapping {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Swapping {
    fn start(one: PathBuf, other: PathBuf) -> Swapping {
        let stop = Arc::new(AtomicBool::new(false));
        let is_over = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            while !is_over.load(Ordering::Relaxed) {
                renameat_with(CWD, &one, CWD, &other, RenameFlags::EXCHANGE).unwrap();
            }
        });
        Swapping { stop, thread: Some(thread) }
    }
}

impl Drop for Swapping {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

/// A project of which `./data` is shown elsewhere, and a link to a secret beside it.
fn project(rule: &str) -> Project {
    let project = Project::new(&format!(
        "sandbox \"app\" {{\nfilesystem {{\nro \"/usr\" \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"\nproc \"/proc\"\nrw \".\"\n{rule}\n}}\n\
         run {{ command \"/bin/cat\" \"/srv/data/file\"; }}\n}}\n"
    ));
    project.write_home("secret/file", "SECRET\n");
    project.write("data/file", "mine\n");
    symlink("../secret", project.root.join("link")).unwrap();
    project.trust();
    project
}

/// What becomes of starts while two paths of the project are swapped, until there are `enough`.
fn attacked(
    project: &Project,
    names: [&str; 2],
    mut start: impl FnMut() -> Output,
    enough: impl Fn(&[Output]) -> bool,
) -> Vec<Output> {
    let [one, other] = names.map(|name| project.root.join(name));
    let _swapping = Swapping::start(one, other);
    let begin = Instant::now();
    let mut outputs = Vec::new();
    while begin.elapsed() < ATTACK || !enough(&outputs) && begin.elapsed() < LONGEST {
        outputs.push(start());
    }
    outputs
}

/// Whether some starts were refused and some were not.
fn mixed(outputs: &[Output]) -> bool {
    outputs.iter().any(|output| output.code == 0) && outputs.iter().any(|output| output.code == 125)
}

fn secrets(outputs: &[Output]) -> usize {
    outputs.iter().filter(|output| output.stdout.contains("SECRET")).count()
}

/// The sandbox that was started shows what sbc has looked at, or nothing is started: whether the source
/// itself is swapped or a directory above it, and whether it is mounted or copied.
#[test]
fn swapped_sources() {
    let rules = [
        (r#"ro "./data" at="/srv/data""#, ["data", "link"]),
        (r#"rw "./data" at="/srv/data""#, ["data", "link"]),
        (r#"ro "./data/file" at="/srv/data/file""#, ["data", "link"]),
        (r#"copy "./data/file" at="/srv/data/file""#, ["data", "link"]),
    ];
    for (rule, names) in rules {
        let project = project(rule);
        let exec = || run(&mut project.plain_command(&["exec"]));
        let outputs = attacked(&project, names, exec, mixed);
        let refused = outputs.iter().filter(|output| output.code == 125).count();
        let shown = outputs.iter().filter(|output| output.stdout == "mine\n").count();
        assert_eq!(secrets(&outputs), 0, "{rule}");
        assert_eq!(refused + shown, outputs.len(), "{rule}: {outputs:?}");
        assert!(refused > 0 && shown > 0, "{rule}: {refused} refused, {shown} shown");
        for output in outputs.iter().filter(|output| output.code == 125) {
            let codes = ["SBC0713", "SBC0408", "SBC0705"];
            assert!(codes.iter().any(|code| output.stderr.contains(code)), "{rule}: {}", output.stderr);
        }
    }
}

/// The same swapping shows the secret to bubblewrap with the same arguments and plain paths.
#[test]
fn swapped_sources_without_descriptors() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    let argv = run(&mut project.plain_command(&["build", "--emit", "argv"])).code(0).stdout;
    assert!(argv.contains("--ro-bind") && !argv.contains("bind-fd"), "{argv}");
    let outputs = attacked(
        &project,
        ["data", "link"],
        || run(project.command("bash").args(["-c", &argv])),
        |outputs| secrets(outputs) > 0,
    );
    assert!(secrets(&outputs) > 0, "{} runs", outputs.len());
}

/// Starts a sandbox that runs until it is dropped, and waits until it does.
struct Running(Child);

impl Running {
    fn start(project: &Project, sandbox: &str) -> Running {
        let mut command = project.plain_command(&["exec", sandbox, "--", "/bin/sh", "-c", "echo up; read line"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "up\n", "{sandbox}");
        Running(child)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }
}

/// A project with a sandbox that protects a file, one that protects nothing, and one that does not write.
fn side_by_side() -> Project {
    let system = "ro \"/usr\" \"/bin\" \"/lib\" \"/lib64\" missing=\"skip\"; proc \"/proc\";";
    let project = Project::new(&format!(
        "sandbox \"strict\" {{ filesystem {{ {system} rw \".\"; ro \"./data/file\"; }}; }}\n\
         sandbox \"loose\" {{ filesystem {{ {system} rw \".\"; }}; }}\n\
         sandbox \"reader\" {{ filesystem {{ {system} ro \".\"; }}; }}\n"
    ));
    project.write("data/file", "mine\n");
    for sandbox in ["strict", "loose", "reader"] {
        run(&mut project.plain_command(&["trust", "--yes", sandbox])).code(0);
    }
    project
}

/// Where bubblewrap follows planted links, a sandbox does not start beside one that could replace what it
/// mounts on, nor beside one whose mounts it could replace. With the same rules it does: there the swapping
/// fails. What does not write hinders nobody, and neither does what has ended.
#[test]
fn sandboxes_side_by_side() {
    let project = side_by_side();
    let bwrap = std::env::var_os("SBC_BWRAP").map_or("/usr/bin/bwrap".into(), PathBuf::from);
    let vulnerable = follows_links(&bwrap, &project.home).expect("an answer");
    let exec = |sandbox| run(&mut project.plain_command(&["exec", sandbox, "--", "/bin/true"]));
    for (running, sandbox) in [("loose", "strict"), ("strict", "loose")] {
        let _running = Running::start(&project, running);
        let output = exec(sandbox);
        if vulnerable {
            output.code(125).says(&["SBC0715", "CVE-2026-87766", "data` is a mount", "sbc doctor"]);
        } else {
            output.code(0);
        }
    }
    for (running, sandbox) in [("strict", "strict"), ("loose", "loose"), ("strict", "reader"), ("reader", "strict")] {
        let _running = Running::start(&project, running);
        exec(sandbox).code(0);
    }
    exec("strict").code(0);
    let swap = "mv data moved || mv data/file moved || ln -sfn /oldroot/etc data/file";
    let output = run(&mut project.plain_command(&["exec", "strict", "--", "/bin/sh", "-c", swap]));
    assert!(output.code == 1 && output.stderr.contains("busy"), "{}", output.stderr);
}

/// A bubblewrap that takes no descriptors is given paths, which works alone; beside a sandbox that could
/// swap one of them nothing starts.
#[test]
fn bubblewrap_without_descriptors() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    let real = std::env::var("SBC_BWRAP").unwrap_or("/usr/bin/bwrap".into());
    let old =
        format!("#!/bin/sh\ncase \"$*\" in --help) {real} --help | grep -v bind-fd; exit;; esac\nexec {real} \"$@\"\n");
    let old = project.program("bwrap", old);
    let exec = || run(project.plain_command(&["exec"]).env("SBC_BWRAP", &old));
    assert_eq!(exec().code(0).stdout, "mine\n");
    let _running = Running::start(&project, "app");
    exec().code(125).says(&["SBC0715", "finds it by its path"]);
}

/// What a bubblewrap can do is asked once, and again when another takes its place.
#[test]
fn abilities_are_remembered() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    let real = std::env::var("SBC_BWRAP").unwrap_or("/usr/bin/bwrap".into());
    let asked = project.home.join("asked");
    let text = format!("#!/bin/sh\n[ \"$1\" != --help ] || echo x >> {}\nexec {real} \"$@\"\n", asked.display());
    let bwrap = project.program("bwrap", &text);
    let times = || std::fs::read_to_string(&asked).unwrap_or_default().lines().count();
    let exec = || run(project.plain_command(&["exec"]).env("SBC_BWRAP", &bwrap)).code(0);
    exec();
    exec();
    assert_eq!(times(), 1);
    project.program("bwrap", text + "\n");
    exec();
    assert_eq!(times(), 2);
}

/// No descriptor of a source stays open inside, in the command or in what started it; also where the command
/// is started by bubblewrap itself.
#[test]
fn descriptors_are_closed_inside() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    let list = "for d in /proc/1/fd /proc/self/fd; do for f in $d/*; do readlink $f; done; done; :";
    let output = run(&mut project.plain_command(&["exec", "--", "/bin/sh", "-c", list])).code(0);
    let is_own =
        |line: &str| ["pipe:", "anon_inode:", "/dev/null", "/proc/"].iter().any(|start| line.starts_with(start));
    let lock = |line: &str| line.contains("/sbc/runs/") && line.ends_with(".lock");
    let others: Vec<&str> = output.stdout.lines().filter(|line| !is_own(line) && !lock(line)).collect();
    assert!(others.is_empty() && output.stdout.lines().count() > 2, "{others:?}");
    let text = project.read(".agent-sandbox.kdl").replace("proc \"/proc\"", "");
    project.write(".agent-sandbox.kdl", text);
    project.trust();
    let probe = "for n in $(seq 3 200); do { : <&$n; } 2>/dev/null && echo open $n; done; :";
    let output = run(&mut project.plain_command(&["exec", "--", "/bin/bash", "-c", probe])).code(0);
    assert_eq!(output.stdout, "");
}

/// More mounts than the caller may open files: the limit is raised for bubblewrap, and the command has the
/// caller's own. Where it cannot be raised, nothing is started.
#[test]
fn more_mounts_than_open_files() {
    let rules: String = (0..150).map(|number| format!("ro \"./data\" at=\"/srv/{number}\"\n")).collect();
    let project = project(&rules);
    let with_limit = |limit: &str| {
        let script = format!("ulimit {limit}; exec \"$0\" exec -- /bin/sh -c 'ulimit -Sn; cat /srv/149/file'");
        run(project.command("sh").args(["-c", &script, env!("CARGO_BIN_EXE_sbc")]))
    };
    assert_eq!(with_limit("-Sn 100").code(0).stdout, "100\nmine\n");
    with_limit("-n 100").code(125).says(&["SBC0708", "open files", "ulimit -n"]);
}

/// Without openat2, as before Linux 5.6, sources are opened all the same, and no link is followed.
#[test]
fn without_openat2() {
    let project = project(r#"ro "./data" at="/srv/data""#);
    std::fs::write(project.home.join("filter"), refusing(libc::SYS_openat2, libc::ENOSYS)).unwrap();
    let script = "exec bwrap --dev-bind / / --seccomp 5 -- \"$0\" exec 5< ~/filter";
    let exec = || run(project.command("sh").args(["-c", script, env!("CARGO_BIN_EXE_sbc")]));
    let outputs = attacked(&project, ["data", "link"], exec, mixed);
    assert_eq!(secrets(&outputs), 0);
    assert!(mixed(&outputs), "{outputs:?}");
}
