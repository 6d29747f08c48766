//! Compares the view with the truth: random host trees and random policies, the real bubblewrap, and a
//! probe inside that looks at every interesting path, reads it and writes to it.
//!
//! `cargo test --test view` runs 300 policies. `SBC_VIEW_CASES` and `SBC_VIEW_SEED` choose others; a
//! seed that is printed makes the same policies again. What disagreed once stands in `tests/view/kept`.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests look at the machine, and fail by panicking"
)]

mod probe;
mod random;
mod truth;
mod world;

use random::Random;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{SystemTime, UNIX_EPOCH};
use world::World;

/// How many policies one run compares.
const CASES: u64 = 300;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["--probe"] => probe::run(),
        ["--worker", first, count] => worker(number(first), number(count)),
        ["--kept"] => kept(),
        // What test runners ask of every test program.
        ["--list", ..] => println!("view_agrees_with_bubblewrap: test"),
        filters if filters.iter().any(|filter| !filter.starts_with('-') && !"view_agrees".contains(filter)) => {}
        _ => return drive(),
    }
    ExitCode::SUCCESS
}

fn number(text: &str) -> u64 {
    text.parse().expect("a number")
}

fn set(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| number(&value))
}

/// Starts workers, each in a home of its own, and adds up what they say.
fn drive() -> ExitCode {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock");
    let seed = set("SBC_VIEW_SEED").unwrap_or(now.as_secs() << 20);
    let cases = set("SBC_VIEW_CASES").unwrap_or(CASES);
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    println!("view: {cases} policies from seed {seed} (SBC_VIEW_SEED={seed} makes them again)");
    let directory = tempfile::Builder::new().prefix("sbc-view-").tempdir().expect("a directory");
    let base = fs::canonicalize(directory.path()).expect("its real path");
    let start = |name: &str, arguments: &[String]| {
        let home = base.join(format!("{name}/home"));
        fs::create_dir_all(&home).expect("a home");
        let mut command = Command::new(std::env::current_exe().expect("this program"));
        command.args(arguments).env("HOME", home).stdout(Stdio::piped());
        command.spawn().expect("a worker")
    };
    let random = |worker: u64| {
        let count = cases / workers + u64::from(worker < cases % workers);
        let first = seed + worker * (cases / workers + 1);
        start(&worker.to_string(), &["--worker".to_owned(), first.to_string(), count.to_string()])
    };
    let children: Vec<_> =
        std::iter::once(start("kept", &["--kept".to_owned()])).chain((0..workers).map(random)).collect();
    let mut total = Count::default();
    for child in children {
        let output = child.wait_with_output().expect("a worker's end");
        let text = String::from_utf8_lossy(&output.stdout);
        print!("{text}");
        total.add(&text, output.status.success());
    }
    println!(
        "view: {} policies agree on {} paths, {} were refused before bubblewrap",
        total.agreed, total.paths, total.refused
    );
    println!("{} passed, {} failed", total.agreed, total.failed);
    if total.failed == 0 && total.agreed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Count {
    agreed: u64,
    refused: u64,
    paths: u64,
    failed: u64,
}

impl Count {
    /// A worker's last line.
    fn print(&self) {
        println!("worker: {} {} {} {}", self.agreed, self.refused, self.paths, self.failed);
    }

    /// Reads a worker's last line.
    fn add(&mut self, text: &str, succeeded: bool) {
        let numbers: Vec<u64> = text
            .lines()
            .last()
            .and_then(|line| line.strip_prefix("worker: "))
            .map(|line| line.split(' ').filter_map(|word| word.parse().ok()).collect())
            .unwrap_or_default();
        match (numbers.as_slice(), succeeded) {
            ([agreed, refused, paths, failed], true) => {
                self.agreed += agreed;
                self.refused += refused;
                self.paths += paths;
                self.failed += failed;
            }
            _ => self.failed += 1,
        }
    }
}

/// Compares policies in this process's home until so many have run.
fn worker(first: u64, count: u64) {
    let ground = Ground::new();
    let mut total = Count::default();
    let mut seed = first;
    while total.agreed + total.failed < count {
        let world = World::random(&mut Random::new(seed));
        let found = ground.compare(&world, &mut total);
        if !found.is_empty() {
            let small = ground.shrink(world);
            let found = ground.compare(&small, &mut Count::default());
            total.failed += ground.report(&format!("seed {seed}"), &small, found);
        }
        seed = seed.wrapping_add(1_000_003);
    }
    total.print();
}

/// Compares what differed once.
fn kept() {
    let ground = Ground::new();
    let mut total = Count::default();
    for (name, world) in world::kept() {
        total.failed += ground.report(&name, &world, ground.compare(&world, &mut total));
    }
    total.print();
}

/// Where a worker makes its worlds.
struct Ground {
    home: PathBuf,
}

impl Ground {
    fn new() -> Ground {
        Ground { home: PathBuf::from(std::env::var_os("HOME").expect("a home")) }
    }

    fn base(&self) -> &Path {
        self.home.parent().expect("a parent")
    }

    /// Makes a world and says where view and truth differ.
    fn compare(&self, world: &World, total: &mut Count) -> Vec<String> {
        truth::clear(self.base());
        fs::create_dir_all(&self.home).expect("a home");
        world.make(&self.home);
        match truth::compare(world, &self.home) {
            truth::Outcome::Refused => total.refused += 1,
            truth::Outcome::Compared { paths, differences } if differences.is_empty() => {
                total.agreed += 1;
                total.paths += paths;
            }
            truth::Outcome::Compared { differences, .. } => return differences,
        }
        Vec::new()
    }

    /// Takes away whatever is not needed for a difference.
    fn shrink(&self, mut world: World) -> World {
        loop {
            let smaller =
                world.smaller().into_iter().find(|world| !self.compare(world, &mut Count::default()).is_empty());
            match smaller {
                Some(smaller) => world = smaller,
                None => return world,
            }
        }
    }

    /// Prints differences; 1 if there are any.
    fn report(&self, name: &str, world: &World, differences: Vec<String>) -> u64 {
        if differences.is_empty() {
            return 0;
        }
        println!("view: {name} disagrees:\n{world}");
        differences.iter().for_each(|difference| println!("  {difference}"));
        1
    }
}
