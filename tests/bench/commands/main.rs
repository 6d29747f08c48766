//! What whole commands cost, side by side in one run: `sh tests/bench/run.sh`, or `cargo bench --bench commands`.
//!
//! Runs as a normal user (tests/as-user). hyperfine takes the times. The results and the page of the book
//! that is made of them go to `~/.cache/sbc-bench`; run.sh puts them into the tree. Words choose parts, of which
//! nothing is kept: `cargo bench --bench commands -- many`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::expect_used,
    clippy::panic,
    reason = "a benchmark looks at the machine"
)]

mod case;
mod floor;
mod inside;
mod machine;
mod many;
mod page;
mod peers;
mod results;
mod scale;
mod start;
mod world;

use results::Results;
use world::World;

fn main() {
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench").peekable();
    if words.next_if(|word| word == "rewind").is_some() {
        return case::rewind(words);
    }
    if words.next_if(|word| word == "parts").is_some() {
        return floor::one_start();
    }
    if words.next_if(|word| word == floor::NOTHING).is_some() {
        return;
    }
    let world = World::new();
    let parts: Vec<String> = words.collect();
    let results = measure(&world, &|part| parts.is_empty() || parts.iter().any(|wanted| wanted == part));
    if parts.is_empty() {
        keep(&results);
    }
    println!("{}", page::page(&results));
}

/// All parts that are wanted.
fn measure(world: &World, wanted: &dyn Fn(&str) -> bool) -> Results {
    let mut results = Results {
        date: machine::date(world),
        machine: machine::facts(world),
        versions: machine::versions(world),
        peers: peers::describe(world),
        absent: peers::absent(world),
        ..Results::default()
    };
    if wanted("start") {
        (results.groups, results.sandboxes) = start::start_ups(world);
    }
    if wanted("floor") {
        results.groups.extend([floor::floor(world), floor::parts(world)]);
    }
    if wanted("inside") {
        results.groups.push(inside::inside(world));
    }
    if wanted("scale") {
        results.groups.extend([scale::projects(world), scale::mounts(world)]);
    }
    if wanted("check") {
        results.groups.push(scale::checks(world));
    }
    if wanted("many") {
        results.supervisor = Some(many::supervisor(world));
        results.worktrees = many::worktrees(world);
        results.many = many::many(world);
    }
    results
}

/// Writes a whole run's results, and the page that is made of them.
fn keep(results: &Results) {
    let data = serde_json::to_string_pretty(results).expect("results") + "\n";
    let page = page::page(results);
    std::fs::write(world::cache().join("results.json"), data).expect("the results");
    std::fs::write(world::cache().join("benchmarks.md"), page).expect("the page");
}
