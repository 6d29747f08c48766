//! How many instructions sbc takes for the examples, against the numbers in `tests/instructions.txt`: whoever makes
//! sbc slower is told by how much, on a machine that is busy as well.
//!
//! valgrind counts, and it counts the build for tests: that takes about seven times what a release takes, and not
//! the same multiple everywhere, so these numbers are to be compared with each other only. For `exec` they are those
//! of sbc itself from a warm cache, up to and after bubblewrap; what it starts is not counted.
//! `SBC_UPDATE=1 cargo test --test tests instructions` writes the numbers anew.

use crate::support::{Project, run, skip};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const EXAMPLES: [&str; 3] = ["claude-classic", "minimal", "web-shop"];

/// What is counted, with how much it may differ from its number, in percent. From run to run and with another
/// environment the first two differ by 0.03 % at the most, by where memory lies and by the random keys of tables; the C
/// library picks its routines by the processor, and releases of valgrind offer it different ones. A start differs by
/// 0.3 % from run to run, and by much more between hosts: by what they have of a policy's files, by the length of paths,
/// and by whether valgrind knows openat2, without which sbc goes down each path by itself.
const WORK: [(&str, &[&str], u64); 3] = [
    ("check", &["check", "--no-host"], 10),
    ("build", &["build", "--check"], 10),
    ("exec", &["exec", "--", "/bin/true"], 40),
];

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/instructions.txt")
}

/// The instructions of a run of `sbc` in a project.
fn count(project: &Project, sbc: &Path, arguments: &[&str]) -> u64 {
    let mut valgrind = project.command("valgrind");
    valgrind.args(["--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]);
    let output = run(valgrind.arg(sbc).args(arguments)).code(0);
    let line = output.stderr.lines().find(|line| line.contains("I ") && line.contains("refs:")).unwrap();
    line.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
}

/// All that is counted of an example.
fn count_all(name: &str, sbc: &Path) -> Vec<(String, u64)> {
    let project = Project::example(name);
    project.trust();
    // It fills the cache: to sbc, which valgrind runs, valgrind's own program is another sbc.
    count(&project, sbc, &["exec", "--", "/bin/true"]);
    WORK.iter().map(|(work, arguments, _)| (format!("{work} {name}"), count(&project, sbc, arguments))).collect()
}

/// Counts are what they were. More is a regression, or has a reason; a much smaller one is worth a new number, or the
/// next regression would go unnoticed.
#[test]
fn as_before() {
    let project = Project::empty();
    if run(project.command("valgrind").arg("--version")).code != 0 {
        skip!("there is no valgrind");
    }
    // Without symbols, which valgrind would read at every start for longer than all the rest takes.
    let sbc = project.home.join("sbc");
    run(project.command("strip").arg("-o").arg(&sbc).arg(env!("CARGO_BIN_EXE_sbc"))).code(0);
    // Side by side, because valgrind takes two seconds for each run.
    let counts: BTreeMap<String, u64> = std::thread::scope(|scope| {
        let sbc = &sbc;
        let running = EXAMPLES.map(|name| scope.spawn(move || count_all(name, sbc)));
        running.into_iter().flat_map(|counts| counts.join().unwrap()).collect()
    });
    if std::env::var_os("SBC_UPDATE").is_some() {
        let lines: String = counts.iter().map(|(name, count)| format!("{name} {count}\n")).collect();
        return fs::write(committed(), lines).unwrap();
    }
    let text = fs::read_to_string(committed()).unwrap();
    let known: BTreeMap<&str, u64> = text
        .lines()
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, count)| (name, count.parse().unwrap()))
        .collect();
    let mut other = Vec::new();
    for (name, count) in &counts {
        let (_, _, percent) = WORK.iter().find(|(work, ..)| name.starts_with(work)).unwrap();
        let before = known.get(name.as_str()).copied().unwrap_or_default();
        if count.abs_diff(before) * 100 > before * percent {
            let change = (*count as f64 / before as f64 - 1.0) * 100.0;
            other.push(format!(
                "{name}: {before} instructions before, {count} now ({change:+.1} %, and {percent} % are agreed)"
            ));
        }
    }
    assert!(
        other.is_empty(),
        "{}\nif that is as it must be: SBC_UPDATE=1 cargo test --test tests instructions",
        other.join("\n")
    );
}
