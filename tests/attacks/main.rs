//! Attacks: real programs in real sandboxes of `claude` and `node`, as a normal user. None may get through.
//!
//! Each attack is a file, `tests/attacks/FAMILY/NAME.sh`, that says what it tries and what stops it. It is
//! run three times, each time in a fresh home: without its protection, where it *must* get through
//! (`control`); by `sbc exec`; and by the script. `cargo test --test attacks NAME` runs one.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests look at the machine, and fail by panicking"
)]

mod attack;
mod page;
mod world;

use attack::{Attack, Way};
use libtest_mimic::{Arguments, Failed, Trial};
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use world::World;

/// So many there are at least; fewer are a mistake of this file.
const LEAST: usize = 134;

fn main() {
    let attacks: Vec<Arc<Attack>> =
        attack::all(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/attacks")).into_iter().map(Arc::new).collect();
    let count = attacks.len();
    let mut trials = vec![Trial::test("there_are_enough", move || {
        if count >= LEAST { Ok(()) } else { Err(format!("{count} attacks, and {LEAST} are promised").into()) }
    })];
    let all = attacks.clone();
    trials.push(Trial::test("book_page", move || Ok(page::compare(&all)?)));
    for attack in attacks {
        for way in attack.ways() {
            let attack = attack.clone();
            trials.push(Trial::test(format!("{}::{}", attack.name, way.word()), move || run(&attack, way)));
        }
    }
    let mut arguments = Arguments::from_args();
    // An attack that swaps files in a loop needs a processor of its own.
    arguments.test_threads = arguments.test_threads.or(std::thread::available_parallelism().ok().map(usize::from));
    libtest_mimic::run(&arguments, trials).exit();
}

/// Makes one attack in a fresh home, and looks whether it got through.
fn run(attack: &Attack, way: Way) -> Result<(), Failed> {
    let world = World::new(attack, way);
    if let Some(reason) = attack.needs.as_ref().filter(|condition| world.section("needs", condition).is_err()) {
        // CI's machine can make every attack.
        if std::env::var("CI").is_ok_and(|ci| ci == "true") {
            return Err(format!("skipped in CI: {reason}").into());
        }
        writeln!(std::io::stderr(), "skipped: {}: {reason}", attack.name).expect("standard error");
        return Ok(());
    }
    if way == Way::Control && world.section("control needs", &attack.control_needs).is_err() {
        writeln!(std::io::stderr(), "no control: {}: {}", attack.name, attack.control_needs).expect("standard error");
        return Ok(());
    }
    world.section("prepare", &attack.prepare).map_err(|said| format!("it could not be prepared:\n{said}"))?;
    world.trust(attack)?;
    world.launch(&attack.launch);
    let succeeded = world.section("succeeded", &attack.succeeded).is_ok();
    let expected = way == Way::Control;
    if succeeded != expected {
        let verdict = if succeeded { "it got through" } else { "it does not get through without its protection" };
        return Err(format!("{verdict}: {}\n{}", attack.tries, world.said()).into());
    }
    if way != Way::Control {
        let stopped = world.section("stopped", &attack.stopped);
        stopped.map_err(|said| format!("it failed, but not as it should ({said}):\n{}", world.said()))?;
    }
    Ok(())
}
