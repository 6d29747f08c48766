//! The built-in profiles together: any of them beside any others.

use crate::random::compiled;
use crate::support::{Project, run};
use sbc::builtin::{self, Group};
use sbc::card;
use sbc::compile::{Compilation, Compiled, read};
use sbc::diagnostic::{Diagnostics, Severity};
use sbc::inherit::{Library, inherit};
use sbc::lower::lower;
use sbc::merge::merge;
use sbc::source::{SourceId, SourceKind};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;

/// What a profile leaves to its user to waive, because it hands over the machine or the desktop.
const WAIVERS: &[(&str, &[&str])] = &[
    ("audio", &["${XDG_RUNTIME_DIR}/pipewire-0", "${XDG_RUNTIME_DIR}/pulse"]),
    ("docker-client", &["/run/docker.sock"]),
    ("wayland", &["${XDG_RUNTIME_DIR}/wayland-0"]),
];

/// How many sandboxes are compiled at once.
const AT_ONCE: usize = 100;

/// Of an agent with two toolchains, their floor included. Each mount costs more than the one before.
const MOST_MOUNTS: usize = 30;

/// The options of bubblewrap that mount.
const MOUNTING: [&str; 5] = ["bind ", "bind-data ", "--tmpfs ", "--proc ", "--dev "];

fn names() -> Vec<&'static str> {
    builtin::names().collect()
}

/// A sandbox that inherits these profiles in this order, with the waivers that they ask for. It has a command, because
/// two agents do not agree about theirs.
fn sandbox(name: &str, inherited: &[&str]) -> String {
    let mut text = format!("sandbox \"{name}\" {{\n    inherit");
    inherited.iter().for_each(|name| write!(text, " \"{name}\"").unwrap());
    text.push_str("\n    run { command \"true\"; }\n");
    for (_, paths) in WAIVERS.iter().filter(|(name, _)| inherited.contains(name)) {
        for path in *paths {
            writeln!(text, "    waive denied \"{path}\" reason=\"a test\"").unwrap();
        }
    }
    text + "}\n"
}

fn texts(sets: &[Vec<&str>]) -> impl Iterator<Item = String> {
    sets.chunks(AT_ONCE).map(|sets| {
        sets.iter().enumerate().map(|(at, set)| sandbox(&format!("s{at:04}"), set)).collect::<Vec<_>>().concat()
    })
}

/// Compiles one sandbox for each set with all checks, and gives them in the order of the sets.
fn compile_all(sets: &[Vec<&str>]) -> Vec<Compiled> {
    let compile = |text: String| {
        let Compilation { mut sandboxes, diagnostics } = compiled(&text, &[]);
        no_errors(&diagnostics);
        sandboxes.sort_by(|one, other| one.plan.name.cmp(&other.plan.name));
        sandboxes
    };
    texts(sets).flat_map(compile).collect()
}

/// As [`compile_all`], as far as the plan.
fn merge_all(sets: &[Vec<&str>]) -> Vec<Compiled> {
    let merge_one = |text: String| {
        let mut out = Diagnostics::default();
        let id = SourceId(u32::try_from(builtin::PROFILES.len()).unwrap());
        let policy = read(id, &text, SourceKind::Policy, &mut out);
        let library = Library::new(&policy.layers, None);
        let made: Vec<Compiled> = policy
            .layers
            .iter()
            .map(|layer| {
                let merged = merge(&inherit(layer, None, &library, &mut out).unwrap(), &mut out).unwrap();
                let plan = lower(&merged, &mut out);
                Compiled { merged, plan }
            })
            .collect();
        no_errors(&out);
        made
    };
    texts(sets).flat_map(merge_one).collect()
}

fn no_errors(diagnostics: &Diagnostics) {
    let errors = diagnostics.sorted().into_iter().filter(|one| one.severity == Severity::Error);
    let errors: Vec<String> = errors.map(|one| format!("{one:?}")).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

/// A small generator of random numbers: the same ones on every machine.
fn random(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*seed >> 33).unwrap() % below
}

fn shuffled<'a>(mut names: Vec<&'a str>, seed: &mut u64) -> Vec<&'a str> {
    (1..names.len()).rev().for_each(|at| names.swap(at, random(seed, at + 1)));
    names
}

/// What a sandbox asserts, and what of it is waived.
fn asserted(compiled: &Compiled) -> (BTreeSet<String>, BTreeSet<String>) {
    let guarantees = compiled.merged.guarantees.iter().filter(|guarantee| !guarantee.is_guard);
    let text = |guarantee: &sbc::merge::Guarantee| format!("{}: {:?}", guarantee.layer, guarantee.assertion);
    let (held, waived): (Vec<_>, Vec<_>) = guarantees.partition(|guarantee| guarantee.waived.is_none());
    (held.into_iter().map(text).collect(), waived.into_iter().map(text).collect())
}

/// Every pair of profiles compiles, whatever one asserts and the other opens, and means the same in both orders.
#[test]
fn every_pair() {
    let names = names();
    let pairs =
        names.iter().enumerate().flat_map(|(at, one)| names.iter().skip(at + 1).map(|other| vec![*one, *other]));
    let sets: Vec<Vec<&str>> = pairs.collect();
    let turned: Vec<Vec<&str>> = sets.iter().map(|set| set.iter().rev().copied().collect()).collect();
    for ((set, one), other) in sets.iter().zip(compile_all(&sets)).zip(merge_all(&turned)) {
        assert_eq!(one.plan.canonical(), other.plan.canonical(), "{set:?}");
    }
}

/// Random sets of profiles merge, and mean the same in any order. None of them loses what one of its profiles asserts,
/// unless another of them says with a reason that it does.
#[test]
fn random_sets() {
    let names = names();
    let alone = compile_all(&names.iter().map(|name| vec![*name]).collect::<Vec<_>>());
    let alone: Vec<_> = alone.iter().map(asserted).collect();
    let mut seed = 20_261_126;
    let mut sets = Vec::new();
    for _ in 0..2_000 {
        let size = 2 + random(&mut seed, 9);
        let mut set = shuffled(names.clone(), &mut seed);
        set.truncate(size);
        sets.push(set.clone());
        sets.push(shuffled(set, &mut seed));
    }
    for (sets, both) in sets.chunks(2).zip(merge_all(&sets).chunks(2)) {
        assert_eq!(both[0].plan.canonical(), both[1].plan.canonical(), "{sets:?}");
        let (held, _) = asserted(&both[0]);
        let members: Vec<_> = names.iter().zip(&alone).filter(|(name, _)| sets[0].contains(name)).collect();
        let waived = |one: &String| members.iter().any(|(_, (_, waived))| waived.contains(one));
        for (name, (asserts, _)) in &members {
            let lost: Vec<&String> = asserts.iter().filter(|one| !held.contains(*one) && !waived(one)).collect();
            assert!(lost.is_empty(), "{sets:?} lose what {name} asserts: {lost:?}");
        }
    }
}

/// An agent with two toolchains in a repository, with what a home usually has of them, starts with few mounts.
#[test]
fn few_mounts() {
    let project = Project::new("sandbox \"app\" { inherit \"base-dev\"; }\n");
    run(project.command("git").args(["init", "--quiet"])).code(0);
    for name in [".gitconfig", ".codex/config.toml", ".cargo/bin/cargo", ".rustup/settings.toml", ".nvm/alias/x"] {
        project.write_home(name, "");
    }
    for name in [".claude/settings.json", ".claude/CLAUDE.md", ".local/share/claude/versions/2"] {
        project.write_home(name, "");
    }
    // As its own installer and npm put it there.
    fs::create_dir_all(project.home.join(".local/bin")).unwrap();
    symlink("../share/claude/versions/2", project.home.join(".local/bin/claude")).unwrap();
    let agents = card::group(Group::Agent).map(|profile| profile.name);
    let sets = agents.flat_map(|agent| [[agent, "node", "rust"], [agent, "python", "go"]]);
    for set in sets {
        let inherited: Vec<String> = set.iter().map(|name| format!("\"{name}\"")).collect();
        let policy = format!("sandbox \"app\" {{ inherit {}; run {{ command \"true\"; }}; }}\n", inherited.join(" "));
        project.write(".agent-sandbox.kdl", &policy);
        let argv = project.sbc(&["build", "--emit", "argv"]).code(0).stdout;
        let is_mount = |line: &&str| MOUNTING.iter().any(|option| line.contains(option));
        let count = argv.lines().filter(is_mount).count();
        assert!(count <= MOST_MOUNTS, "{set:?}: {count} mounts:\n{argv}");
    }
}
