//! What a start is made of: bubblewrap without and with what sbc gives it, the shell without and with the script,
//! and sbc's own work part by part.

use crate::case::{Case, measure, own_path, row, runs};
use crate::page::{DIRECT, EXEC, INSIDE, LOADED};
use crate::results::Group;
use crate::start::{direct, exec, invocation, keep};
use crate::world::{World, policy, sbc};
use rustix::fs::{Mode, OFlags, open};
use sbc::abilities::Abilities;
use sbc::aftermath::{self, Needs, Run};
use sbc::cache::Cache;
use sbc::compile::{Wanted, compile};
use sbc::diagnostic::Diagnostics;
use sbc::enter::Entry;
use sbc::exec::in_memory;
use sbc::handover::{self, Handover};
use sbc::host::Host;
use sbc::invocation::{Form, Invocation, check, draw};
use sbc::trust::{Standing, Subject, standing};
use sbc::{bwrap, project};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::Instant;

/// The sandbox that is taken apart.
pub const NAME: &str = "claude-node";

/// The word by which this program does nothing.
pub const NOTHING: &str = "nothing";

/// Measures the parts.
pub fn floor(world: &World) -> Group {
    let project = world.repository("floor", &policy(NAME));
    keep(&invocation(world, &project));
    let bwrap = crate::start::bwrap();
    let namespaces = ["--unshare-user", "--disable-userns", "--unshare-pid", "--unshare-ipc", "--unshare-uts"];
    let shown = [bwrap.as_str(), "--bind", "/", "/"];
    let own = [shown.as_slice(), &namespaces, &["--cap-drop", "ALL", "--proc", "/proc", "--dev", "/dev"]].concat();
    let script = format!(".agent-sandbox/{NAME}.sh");
    let cases = vec![
        Case::new("no sandbox", &["true"], &project),
        Case::new(LOADED, &[&own_path(), NOTHING], &project),
        first_step("sbc, only to become the command", sbc(), &project, Case::new("", &[], &project)),
        Case::new("bubblewrap, with all of the host", &[shown.as_slice(), &["true"]].concat(), &project),
        Case::new("the same with namespaces, /proc and /dev", &[own.as_slice(), &["true"]].concat(), &project),
        direct(world, DIRECT, &project, &["true"]),
        inside(world, INSIDE, &project),
        exec(EXEC, &project, &["true"]),
        Case::new("dash, an empty script", &["dash", "-c", ":"], &project),
        Case::new("dash, the script read and not run", &["dash", "-n", &script], &project),
        Case::new("dash, the script", &["dash", &script, "--", "true"], &project),
    ];
    measure(world, "floor", cases)
}

/// What sbc does in a start, part by part, as often as all else is measured.
pub fn parts(world: &World) -> Group {
    let project = world.home.join("floor");
    let mut all: Vec<(String, Vec<f64>)> = Vec::new();
    // The first run finds nothing in the cache.
    for run in 0..=runs() {
        let printed = world.run(&[&own_path(), "parts"], &project);
        let parts = printed.lines().filter_map(|line| line.split_once(' ')).filter(|_| run > 0);
        for (time, name) in parts {
            let time = time.parse().expect("a time");
            match all.iter_mut().find(|(known, _)| known == name) {
                Some((_, times)) => times.push(time),
                None => all.push((name.to_owned(), vec![time])),
            }
        }
    }
    eprintln!("\nparts");
    Group::new("parts", all.into_iter().map(|(name, times)| row(name, times)).collect(), Vec::new())
}

/// Does once what `sbc exec` does in the project of the current directory, but for bubblewrap, in the same order
/// and in a process of its own: what is done for the first time takes longer. Prints the milliseconds of each part.
pub fn one_start() {
    let mut clock = Instant::now();
    let mut done = |part: &str| {
        println!("{:.4} {part}", clock.elapsed().as_secs_f64() * 1e3);
        clock = Instant::now();
    };
    let mut out = Diagnostics::default();
    let root = project::find(Path::new(".")).expect("a project");
    let loaded = project::load_with_local(&root, &mut out);
    done("the policy's texts are read");
    let host = Host::read(&root).expect("a host");
    let state = host.records();
    aftermath::settle(&state);
    done("the host and what other runs have left");
    let cache = Cache::new(&state, &loaded.sources, &Wanted::Only).expect("a cache");
    let Some((compiled, hash)) = cache.get() else {
        return cache.put(&compile(&loaded.sources, &Wanted::Only).sandboxes.pop().expect("a sandbox"));
    };
    done("the plan is taken from the cache");
    let (mut invocation, view) = draw(Form::Optimised, &compiled, &host, &mut out);
    done("every path of the plan is looked at on this host");
    let subject = Subject { project: &host.project, plan: &compiled.plan, hash: &hash };
    assert!(matches!(standing(&state, subject), Standing::Trusted), "it is trusted");
    done("the approval is compared");
    let abilities = Abilities::of(&bwrap::find().expect("bubblewrap"), &state);
    invocation.footprint.named = handover::named(&invocation.options, abilities.binds_descriptors());
    let Invocation { placeholders, guarded, footprint, .. } = &invocation;
    let needs = Needs { placeholders, guarded, footprint, lifetime: compiled.plan.content.lifetime, host: &host };
    let run = Run::begin(needs, &state, &|| abilities.follows_links()).expect("a record");
    done("the run is noted, and what is missing is made");
    drop(Handover::new(&invocation.options, abilities.binds_descriptors()).expect("what is handed over"));
    done("files are opened for bubblewrap");
    check(&compiled, &host, &view, &mut out);
    done("guards and assertions, while bubblewrap mounts");
    assert!(!out.has_errors(), "nothing stands against it");
    run.end(true, false);
    done("what is looked at and removed afterwards");
}

/// bubblewrap by hand, which starts sbc inside as `exec` does.
fn inside(world: &World, name: &str, project: &Path) -> Case {
    let program = open(sbc(), OFlags::PATH, Mode::empty()).expect("sbc");
    let path = format!("/proc/self/fd/{}", program.as_raw_fd());
    let mut case = direct(world, name, project, &[]);
    case.opened.push(program);
    first_step(name, &path, project, case)
}

/// Adds the first step, by this path, with a gate that is open.
fn first_step(name: &str, path: &str, project: &Path, case: Case) -> Case {
    let (stderr, gate): (OwnedFd, OwnedFd) = (in_memory(&[]).expect("a file"), in_memory(&[1]).expect("a file"));
    let entry = Entry { stderr: stderr.as_raw_fd(), gate: gate.as_raw_fd(), ..Entry::default() };
    let mut words = case.words;
    words.push(path.to_owned());
    words.extend(entry.arguments().into_iter().map(|word| word.to_string_lossy().into_owned()));
    words.push("true".to_owned());
    let mut held = case.held;
    held.extend([stderr, gate]);
    Case { words, held, opened: case.opened, ..Case::new(name, &[], project) }
}
