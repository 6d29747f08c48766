//! What was measured on: the machine, and the programs with their versions.

use crate::peers;
use crate::start::bwrap;
use crate::world::World;
use std::fs;

/// The day of the run.
pub fn date(world: &World) -> String {
    world.run(&["date", "-u", "+%Y-%m-%d"], &world.home).trim().to_owned()
}

/// Facts of the machine.
pub fn facts(world: &World) -> Vec<(String, String)> {
    let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let system = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let field = |text: &str, name: &str, mark: char| {
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(mark)).map(|(_, value)| value.trim().trim_matches('"').to_owned())
    };
    let kib = field(&memory, "MemTotal", ':').and_then(|total| total.split(' ').next()?.parse::<u64>().ok());
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default().lines().count();
    let facts = [
        ("processor", field(&cpus, "model name", ':').unwrap_or_default()),
        ("processors", cpus.lines().filter(|line| line.starts_with("processor")).count().to_string()),
        ("memory", format!("{} GiB", kib.unwrap_or_default() >> 20)),
        ("system", field(&system, "PRETTY_NAME", '=').unwrap_or_default()),
        ("kernel", world.run(&["uname", "-srm"], &world.home).trim().to_owned()),
        ("mounts of the host", mounts.to_string()),
    ];
    facts.map(|(name, value)| (name.to_owned(), value)).into()
}

/// The programs that took part, with their versions.
pub fn versions(world: &World) -> Vec<(String, String)> {
    let own = [("sbc", env!("CARGO_PKG_VERSION").to_owned())].into_iter();
    let bwrap = bwrap();
    let asked: [(&str, &[&str]); 5] = [
        ("bubblewrap", &[&bwrap, "--version"]),
        ("hyperfine", &["hyperfine", "--version"]),
        ("bash", &["bash", "-c", "echo $BASH_VERSION"]),
        ("git", &["git", "--version"]),
        ("node", &["node", "--version"]),
    ];
    let last = |words: &[&str]| world.run(words, &world.home).split_whitespace().last().unwrap_or_default().to_owned();
    let all =
        own.chain(asked.map(|(name, words)| (name, last(words)))).map(|(name, version)| (name.to_owned(), version));
    all.chain(peers::versions(world)).collect()
}
