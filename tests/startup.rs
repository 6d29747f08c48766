//! What a start from a warm cache asks of the kernel. Milliseconds differ between machines, these numbers hardly.

use crate::support::{Project, run, skip};
use std::collections::BTreeMap;
use std::fs;

/// The most system calls of sbc itself, from its first to its last, in a home that holds nothing: what the sandbox
/// needs there is made and removed again. What bubblewrap and the command do is not counted. Each limit is a third
/// above what was measured, because hosts have more or less of what the policies show.
const CALLS: [(&str, usize); 3] = [("minimal", 930), ("claude-classic", 730), ("web-shop", 1450)];

/// How often one call may look at one path: before the run, when it is noted what is there, when the run is over,
/// and when what was made is removed.
const LOOKS: usize = 12;

/// The calls that a start makes, by strace, after another has filled the cache; `None` where strace may not trace.
/// `options` say which.
fn traced(project: &Project, options: &[&str]) -> Option<Vec<String>> {
    if run(project.command("strace").arg("true")).code != 0 {
        return None;
    }
    project.sbc(&["exec", "--", "/bin/true"]).code(0);
    let log = project.home.with_file_name("trace");
    let mut strace = project.command("strace");
    strace.arg("-o").arg(&log).args(["-s", "4096"]).args(options);
    run(strace.arg(env!("CARGO_BIN_EXE_sbc")).args(["exec", "--", "/bin/true"])).code(0);
    let text = fs::read_to_string(log).unwrap();
    // A build for tests asks of every descriptor that it closes whether it is one; and signals are no calls.
    let is_call = |line: &&str| !line.contains("F_GETFD") && !line.starts_with("---") && !line.starts_with("+++");
    Some(text.lines().filter(is_call).map(str::to_owned).collect())
}

/// A start makes no more system calls than it did.
#[test]
fn system_calls() {
    for (name, most) in CALLS {
        let Some(calls) = traced(&Project::example(name), &[]) else {
            skip!("there is no strace that may trace");
        };
        assert!(calls.len() <= most, "{name}: {} system calls, and no more than {most} are agreed", calls.len());
    }
}

/// No path is looked at again and again.
#[test]
fn looks_at_a_path() {
    for (name, _) in CALLS {
        let project = Project::example(name);
        let Some(calls) = traced(&project, &["-e", "trace=statx,readlink,access,newfstatat"]) else {
            skip!("there is no strace that may trace");
        };
        let mut looks: BTreeMap<String, usize> = BTreeMap::new();
        for call in &calls {
            let mut parts = call.split('"');
            let (kind, path) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
            if path.starts_with('/') {
                *looks.entry(format!("{kind}{path}")).or_default() += 1;
            }
        }
        let often: Vec<_> = looks.iter().filter(|(_, times)| **times > LOOKS).collect();
        assert!(often.is_empty(), "{name}: {often:#?}");
    }
}

/// A start from the cache makes no thread, and starts four programs and no shell: the janitor, bubblewrap, the first
/// step inside, and the command.
#[test]
fn threads_and_programs() {
    for (name, _) in CALLS {
        let project = Project::example(name);
        let options = ["-f", "-e", "trace=execve,clone,clone3,fork,vfork", "-e", "signal=none"];
        let Some(calls) = traced(&project, &options) else {
            skip!("there is no strace that may trace");
        };
        let threads: Vec<&String> = calls.iter().filter(|call| call.contains("CLONE_THREAD")).collect();
        assert!(threads.is_empty(), "{name}: {threads:#?}");
        let programs = calls.iter().filter(|call| call.contains("execve(")).filter_map(|call| call.split('"').nth(1));
        // Which comes first of what runs side by side, and which number a descriptor has, is left to chance.
        let mut programs: Vec<String> =
            programs.map(|path| path.trim_end_matches(|letter: char| letter.is_ascii_digit()).to_owned()).collect();
        programs.sort();
        let bwrap = std::env::var("SBC_BWRAP").unwrap_or_else(|_| "/usr/bin/bwrap".to_owned());
        let mut expected =
            ["/bin/true", "/proc/self/exe", "/proc/self/fd/", &bwrap, env!("CARGO_BIN_EXE_sbc")].map(str::to_owned);
        expected.sort();
        assert_eq!(programs, expected, "{name}");
    }
}
