//! What the benchmarks stand on. Nothing here is timed: `sh tests/bench/run.sh` measures.

use crate::generated::compare;
use crate::support::{Output, Project, run};
use std::collections::BTreeSet;
use std::path::Path;

#[path = "bench/commands/page.rs"]
mod page;
#[path = "bench/commands/results.rs"]
mod results;

/// Everything outside of `/proc`, `/sys` and `/dev`, as deep as the project lies, whether it is a link or not.
const FIND: &str = "find -L / -maxdepth 6 \\( -path /proc -o -path /sys -o -path /dev \\) -prune -o -printf '%y %p\\n'";

/// The two rules that the policy has and the script has not.
const MORE: [&str; 2] = ["/.claude/settings.json", "/.claude/plugins"];

/// The page about the benchmarks is what the kept results say.
#[test]
fn page_of_the_results() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/results.json");
    let data = std::fs::read_to_string(data).unwrap();
    compare("book/src/benchmarks.md", &page::page(&serde_json::from_str(&data).unwrap()));
}

/// The classic script shows what the policy of that name shows, so that their times can be compared.
#[test]
fn classic_script_is_the_classic_policy() {
    let project = Project::new(include_str!("../examples/claude-classic/.agent-sandbox.kdl"));
    for name in [".bashrc", ".profile", ".gitconfig", ".claude.json", ".local/bin/tool", ".cache/kept", ".claude/kept"]
    {
        project.write_home(name, "");
    }
    // First: sbc's own records lie below `~/.local`, which both show.
    let by_policy = project.exec(FIND);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/classic.sh");
    let by_hand = run(project.command("bash").arg(script).args(["/bin/sh", "-c", FIND]));
    let (by_hand, by_policy) = (paths(&by_hand), paths(&by_policy));
    let different: Vec<&&str> = by_hand.symmetric_difference(&by_policy).collect();
    assert!(different.is_empty(), "{different:#?}");
}

/// The lines of what was found.
fn paths(output: &Output) -> BTreeSet<&str> {
    let found: BTreeSet<&str> =
        output.stdout.lines().filter(|line| !MORE.iter().any(|more| line.contains(more))).collect();
    assert!(found.len() > 1_000, "{}", output.stderr);
    found
}
