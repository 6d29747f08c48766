//! What is large: a project of many files, a host of many mounts, policies of many rules.

use crate::case::{Case, measure, row, runs};
use crate::results::{Group, Row};
use crate::start::{direct, exec, invocation, keep};
use crate::world::{TREE, World, files, policy, sbc, write};
use rustix::process::{getgid, getuid};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

/// How many files the large project has.
const FILES: usize = 200_000;

/// Doubles a mount eleven times: 2,048 more. Then the caller's own ids again, in a namespace of their own.
const MOUNTS: &str = "mount -t tmpfs none \"$1\" && for i in 1 2 3 4 5 6 7 8 9 10 11; do \
                      mkdir \"$1/$i\" && mount --rbind \"$1\" \"$1/$i\" || exit; done; \
                      user=$2 group=$3; shift 3; \
                      exec unshare --user --map-user=\"$user\" --map-group=\"$group\" -- \"$@\"";

/// `sbc exec` in an empty project and in a large one.
pub fn projects(world: &World) -> Group {
    let empty = world.project("empty", &policy("claude-node").replace("claude-node", "empty"));
    let large = world.home.join("large");
    files(&large, FILES);
    world.project("large", &policy("claude-node").replace("claude-node", "large"));
    let cases =
        vec![exec("an empty project", &empty, &["true"]), exec("a project of 200,000 files", &large, &["true"])];
    let mut group = measure(world, "large project", cases);
    let started = [("an empty project, until it runs", &empty), ("200,000 files, until it runs", &large)];
    group.rows.extend(until_it_runs(world, started));
    std::fs::remove_dir_all(large).expect("a large project");
    group
}

/// The time until the command itself runs, which says when that is.
fn until_it_runs<const N: usize>(world: &World, projects: [(&str, &PathBuf); N]) -> [Row; N] {
    let mut all = [const { Vec::new() }; N];
    for _ in 0..runs() {
        for ((_, project), times) in projects.iter().zip(&mut all) {
            let before = SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
            let said = world.run(&[sbc(), "exec", "--", "date", "+%s%N"], project);
            let then: f64 = said.trim().parse().expect("nanoseconds");
            times.push(then / 1e6 - before.as_secs_f64() * 1e3);
        }
    }
    let mut all = all.into_iter();
    projects.map(|(name, _)| row(name.to_owned(), all.next().unwrap_or_default()))
}

/// bubblewrap and sbc on a host with 2,048 more mounts, and without.
pub fn mounts(world: &World) -> Group {
    let name = "many-mounts";
    let project = world.repository(name, &policy("claude-node").replace("claude-node", name));
    let twin = world.repository("many-mounts-direct", &policy("claude-node").replace("claude-node", name));
    keep(&invocation(world, &twin));
    let here = world.home.join("mounts");
    std::fs::create_dir_all(&here).expect("a directory");
    let (user, group) = (getuid().as_raw().to_string(), getgid().as_raw().to_string());
    let place = here.display().to_string();
    let around = ["unshare", "--map-root-user", "--mount", "sh", "-c", MOUNTS, "sh", &place, &user, &group];
    let mut cases = Vec::new();
    for (title, around) in [("as it is", &[][..]), ("2,048 more", &around[..])] {
        let around: Vec<String> = around.iter().map(|word| (*word).to_owned()).collect();
        let direct = direct(world, format!("bwrap, {title}"), &twin, &["true"]);
        cases.push(Case { around: around.clone(), ..direct });
        cases.push(Case { around, ..exec(format!("sbc exec, {title}"), &project, &["true"]) });
    }
    measure(world, "many mounts", cases)
}

/// `sbc check` of the team's example and of policies that grow.
pub fn checks(world: &World) -> Group {
    let shop = PathBuf::from(TREE).join("examples/web-shop");
    let mut cases = vec![
        Case::new("check --no-host, web-shop", &[sbc(), "check", "--no-host"], &shop),
        Case::new("check --no-host, minimal", &[sbc(), "check", "--no-host"], shop.with_file_name("minimal")),
    ];
    for rules in [10, 100, 1000] {
        let project = grown(world, rules, "deny");
        cases.push(Case::new(format!("check --no-host, {rules} rules"), &[sbc(), "check", "--no-host"], project));
    }
    let (before, after) = (grown(world, 1000, "deny"), grown(world, 1000, "tmpfs"));
    let words = [sbc().to_owned(), "diff".to_owned(), before.display().to_string(), after.display().to_string()];
    cases.push(Case { words: words.into(), ..Case::new("diff, 1000 rules that all differ", &[], &world.home) });
    measure(world, "check", cases)
}

/// A policy with so many rules of one verb.
fn grown(world: &World, rules: usize, verb: &str) -> PathBuf {
    let project = world.home.join(format!("{verb}-{rules}"));
    let body: String = (0..rules).map(|rule| format!("        {verb} \"./{}/file-{rule}\"\n", rule % 20)).collect();
    let policy = format!("sandbox \"grown\" {{\n    filesystem {{\n        rw \".\"\n{body}    }}\n}}\n");
    write(&project.join(".agent-sandbox.kdl"), &policy);
    project
}
