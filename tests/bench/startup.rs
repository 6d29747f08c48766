//! What sbc costs, as ratios measured side by side in one run: `cargo bench`.
//!
//! Runs as a normal user (tests/as-user). Times are wall time of whole processes; ratios travel
//! between machines, milliseconds do not.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark looks at the machine"
)]

use rustix::io::{FdFlags, fcntl_setfd};
use sbc::arguments::{Argument, Data};
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::host::Host;
use sbc::invocation::{Invocation, resolve};
use sbc::project::load;
use std::fs::{self, File};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often each command runs.
const RUNS: usize = 60;

fn main() {
    let home = TempDir::new().expect("a home");
    println!("medians of {RUNS} runs each, taken in turn\n");
    println!("{:<44}{:>9}{:>9}", "command", "ms", "ratio");
    for example in ["minimal", "claude-classic", "web-shop"] {
        let project = copy_example(example, home.path());
        start_up(example, &project, home.path());
    }
    checks(home.path());
    diffs(home.path());
    memory(&home.path().join("minimal"), home.path());
}

/// sbc exec and the script against bubblewrap with the same arguments.
fn start_up(example: &str, project: &Path, home: &Path) {
    let invocation = invocation(project);
    for placeholder in &invocation.placeholders {
        let directory =
            if placeholder.directory { Some(placeholder.path.as_path()) } else { placeholder.path.parent() };
        fs::create_dir_all(directory.expect("a directory")).expect("a directory");
        if !placeholder.directory {
            fs::write(&placeholder.path, "not empty").expect("a file");
        }
    }
    run(sbc(project, home).args(["trust", "--yes"]));
    let mut direct = || run(&mut raw(&invocation, project));
    let mut exec = || run(sbc(project, home).args(["exec", "--", "/usr/bin/true"]));
    let script = project.join(format!(".agent-sandbox/{example}.sh"));
    let mut script = || run(command("dash", project, home).arg(&script).args(["--", "/usr/bin/true"]));
    let mut bare = || run(&mut command("true", project, home));
    let times = medians(&mut [&mut direct, &mut exec, &mut script, &mut bare]);
    let base = times.first().copied().unwrap_or_default();
    let names = [
        format!("bwrap, the arguments of {example} ({} mounts)", invocation.mounts),
        "  sbc exec".into(),
        "  the script, under dash".into(),
        "  true without a sandbox".into(),
    ];
    for (name, time) in names.iter().zip(times) {
        row(name, time, base);
    }
}

/// sbc check on the team's example, and on policies that grow.
fn checks(home: &Path) {
    let web_shop = home.join("web-shop");
    let sizes = [10, 100, 500, 1500];
    let grown: Vec<PathBuf> = sizes.iter().map(|rules| grow(*rules, home)).collect();
    let mut with_host = || run(sbc(&web_shop, home).arg("check"));
    let mut without = || run(sbc(&web_shop, home).args(["check", "--no-host"]));
    let mut growing: Vec<Box<dyn FnMut()>> = grown
        .iter()
        .map(|project| Box::new(|| run(sbc(project, home).args(["check", "--no-host"]))) as Box<dyn FnMut()>)
        .collect();
    let mut all: Vec<&mut dyn FnMut()> = vec![&mut with_host, &mut without];
    all.extend(growing.iter_mut().map(|run| run.as_mut() as &mut dyn FnMut()));
    let times = medians(&mut all);
    let mut times = times.into_iter();
    let (host, pure) = (times.next().unwrap_or_default(), times.next().unwrap_or_default());
    println!();
    row("sbc check on web-shop, without the host", pure, pure);
    row("  with the host, bubblewrap tried", host, pure);
    let grown: Vec<Duration> = times.collect();
    let base = grown.first().copied().unwrap_or_default();
    for (rules, time) in sizes.iter().zip(grown) {
        row(&format!("sbc check --no-host, {rules} rules"), time, base);
    }
}

/// sbc diff of policies that differ in every rule, beside checking one of them.
fn diffs(home: &Path) {
    let sizes = [200, 1000];
    let project = |rules: usize, verb: &str| {
        let project = home.join(format!("{}-{rules}", verb.replace(' ', "-")));
        fs::create_dir_all(&project).expect("a directory");
        let rule = |rule: usize| {
            let path = format!("\"./directory-{}/file-{rule}\"", rule % 20);
            if verb == "deny" { format!("deny {path}\n") } else { format!("{verb} {path} missing=\"skip\"\n") }
        };
        let body: String = (0..rules).map(rule).collect();
        let policy = format!("sandbox \"grown\" {{\nfilesystem {{\nrw \".\"\n{body}}}\n}}\n");
        fs::write(project.join(".agent-sandbox.kdl"), policy).expect("a policy");
        project
    };
    let pairs: Vec<[PathBuf; 2]> = sizes.iter().map(|rules| [project(*rules, "deny"), project(*rules, "ro")]).collect();
    let mut all: Vec<Box<dyn FnMut()>> = Vec::new();
    for [before, after] in &pairs {
        all.push(Box::new(|| run(sbc(before, home).args(["check", "--no-host"]))));
        all.push(Box::new(move || run(sbc(before, home).arg("diff").arg(before).arg(after))));
    }
    let times = medians(&mut all.iter_mut().map(|run| run.as_mut() as &mut dyn FnMut()).collect::<Vec<_>>());
    println!();
    for (rules, times) in sizes.iter().zip(times.chunks(2)) {
        let [check, diff] = times else { continue };
        row(&format!("sbc check --no-host, {rules} rules"), *check, *check);
        row(&format!("  sbc diff, {rules} rules that all differ"), *diff, *check);
    }
}

/// The most memory that the waiting supervisor has used.
fn memory(project: &Path, home: &Path) {
    let mut child = sbc(project, home).args(["exec", "--", "/usr/bin/sleep", "1"]).spawn().expect("sbc");
    std::thread::sleep(Duration::from_millis(500));
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or("VmHWM: unknown");
    println!("\nsupervisor's peak memory: {}", peak.trim_start_matches("VmHWM:").trim());
    child.wait().expect("its end");
}

fn row(name: &str, time: Duration, base: Duration) {
    println!("{name:<44}{:>9.2}{:>9.2}", time.as_secs_f64() * 1e3, time.as_secs_f64() / base.as_secs_f64());
}

/// Runs the commands in turn, so that noise meets all of them, and gives the median of each.
fn medians(commands: &mut [&mut dyn FnMut()]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(RUNS); commands.len()];
    for round in 0..RUNS + 3 {
        for (command, times) in commands.iter_mut().zip(&mut times) {
            let start = Instant::now();
            command();
            if round >= 3 {
                times.push(start.elapsed());
            }
        }
    }
    times
        .iter_mut()
        .map(|times| {
            times.sort();
            times.get(RUNS / 2).copied().unwrap_or_default()
        })
        .collect()
}

fn command(program: &str, project: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(project).env_clear().env("HOME", home).env("USER", "bench").env("PATH", "/usr/bin:/bin");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn sbc(project: &Path, home: &Path) -> Command {
    command(env!("CARGO_BIN_EXE_sbc"), project, home)
}

fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

/// The example as a project in the home, with its neighbour.
fn copy_example(name: &str, home: &Path) -> PathBuf {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    for folder in [name, "design-system"] {
        let source = examples.join(folder);
        for entry in walkdir::WalkDir::new(&source).into_iter().filter_map(Result::ok) {
            let target = home.join(folder).join(entry.path().strip_prefix(&source).expect("below"));
            if entry.file_type().is_dir() {
                fs::create_dir_all(target).expect("a directory");
            } else {
                fs::copy(entry.path(), target).expect("a copy");
            }
        }
    }
    home.join(name)
}

/// A policy with so many rules.
fn grow(rules: usize, home: &Path) -> PathBuf {
    let project = home.join(format!("rules-{rules}"));
    fs::create_dir_all(&project).expect("a directory");
    let body: String = (0..rules).map(|rule| format!("        deny \"./file-{rule}\"\n")).collect();
    fs::write(
        project.join(".agent-sandbox.kdl"),
        format!("sandbox \"grown\" {{\n    filesystem {{\n        rw \".\"\n{body}    }}\n}}\n"),
    )
    .expect("a policy");
    project
}

fn invocation(project: &Path) -> Invocation {
    let mut out = Diagnostics::default();
    let loaded = load(project, &mut out);
    let compiled = compile(&loaded.sources, &Wanted::Only).sandboxes.pop().expect("a sandbox");
    let host = Host::read(project).expect("a host");
    let host = Host { home: project.parent().expect("a home").to_owned(), cwd: project.to_owned(), ..host };
    resolve(&compiled, &host, &mut out).0
}

/// bubblewrap with an invocation's options, as a person would start it.
fn raw(invocation: &Invocation, project: &Path) -> Command {
    let mut command = Command::new("/usr/bin/bwrap");
    let mut kept: Vec<OwnedFd> = Vec::new();
    for argument in &invocation.options {
        match argument {
            Argument::Word(word) => drop(command.arg(word)),
            Argument::Source { option, source } => drop(command.arg(option).arg(&source.path)),
            Argument::Data(data) => {
                let fd: OwnedFd = match data {
                    Data::File(file) => File::open(&file.path).expect("contents").into(),
                    Data::Bytes(bytes) => sbc::exec::in_memory(bytes).expect("contents"),
                };
                fcntl_setfd(&fd, FdFlags::empty()).expect("inherited");
                command.arg(fd.as_raw_fd().to_string());
                kept.push(fd);
            }
        }
    }
    command.args(["--", "/usr/bin/true"]).current_dir(project).env_clear().envs(&invocation.env);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // They close when the process ends; a benchmark may keep a few.
    kept.into_iter().for_each(std::mem::forget);
    command
}
