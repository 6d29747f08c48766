//! Work inside of a sandbox, beside the same work outside.

use crate::case::{row, runs, times, turns};
use crate::results::Group;
use crate::world::{World, files, policy, sbc};
use std::path::Path;

/// How many files the repository has.
const FILES: usize = 10_000;

const WORK: [(&str, &str); 4] = [
    ("git status", "git status --short"),
    ("find", "find . -name nothing"),
    ("grep", "grep -r nothing src"),
    ("node", "node -e 0"),
];

/// Measures all of it, in one sandbox that goes on as long as the work of a turn.
pub fn inside(world: &World) -> Group {
    let project = world.home.join("work");
    files(&project, FILES);
    world.commit(&project);
    world.project("work", &policy("claude-node").replace("claude-node", "work"));
    eprintln!("\nwork inside");
    let mut all: Vec<(String, Vec<f64>)> = Vec::new();
    for _ in 0..turns() {
        for (place, around) in [("outside", vec![]), ("inside", vec![sbc(), "exec", "--"])] {
            let measured = turn(world, &project, &around);
            for ((what, _), times) in WORK.iter().zip(measured) {
                let name = format!("{what}, {place}");
                match all.iter_mut().find(|(known, _)| *known == name) {
                    Some((_, known)) => known.extend(times),
                    None => all.push((name, times)),
                }
            }
        }
    }
    let rows = all.into_iter().map(|(name, times)| row(name, times)).collect();
    Group::new("inside", rows, Vec::new())
}

/// The times of all the work by one hyperfine.
fn turn(world: &World, project: &Path, around: &[&str]) -> Vec<Vec<f64>> {
    let export = project.join("hyperfine.json");
    let runs = format!("--runs={}", runs().div_ceil(turns()));
    let mut words = around.to_vec();
    words.extend(["hyperfine", "--shell=none", "--style=none", "--warmup=2", "--ignore-failure", &runs]);
    let path = export.display().to_string();
    words.extend(["--export-json", &path]);
    words.extend(WORK.iter().map(|(_, line)| *line));
    world.run(&words, project);
    times(&export).expect("the times")
}
