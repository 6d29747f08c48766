//! A rule that is called pointless is so: without it the sandbox is the same.

use crate::random::{compiled, config, policy, print};
use crate::support::Project;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use sbc::check::{Scope, redundant};
use sbc::compile::Compiled;
use sbc::diagnostic::Diagnostics;
use sbc::env;
use sbc::host::Host;
use sbc::invocation::resolve;
use sbc::lower::lower;
use sbc::path::SymbolicPath;
use sbc::plan::Plan;
use sbc::view::{Kind, View};
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// The same sandbox without the rules about some paths and variables.
fn without(compiled: &Compiled, path: Option<&SymbolicPath>, name: Option<&str>) -> Compiled {
    let mut merged = compiled.merged.clone();
    merged.filesystem.retain(|at, _| Some(at) != path);
    merged.env.retain(|variable, _| Some(variable.as_str()) != name);
    let plan = lower(&merged, &mut Diagnostics::default());
    Compiled { merged, plan }
}

/// A sandbox with what another says and it does not; `None` where that cannot be.
fn with_more(one: &Compiled, more: &Compiled) -> Option<Compiled> {
    let (mut merged, mut out) = (one.merged.clone(), Diagnostics::default());
    for (at, rule) in &more.merged.filesystem {
        merged.filesystem.entry(at.clone()).or_insert(rule.clone());
    }
    for (name, rule) in &more.merged.env {
        merged.env.entry(name.clone()).or_insert(rule.clone());
    }
    let plan = lower(&merged, &mut out);
    out.is_empty().then_some(Compiled { merged, plan })
}

fn split<'a>(key: &redundant::Key<'a>) -> (Option<&'a SymbolicPath>, Option<&'a str>) {
    match key {
        redundant::Key::Path(path) => (Some(*path), None),
        redundant::Key::Variable(name) => (None, Some(*name)),
    }
}

/// Asserts that two views show the same at each path.
#[track_caller]
fn assert_same(one: &View<'_>, other: &View<'_>, paths: &[PathBuf], about: &str) {
    for path in paths {
        let (one, other) = (one.look(path), other.look(path));
        let seen = |seen: &sbc::view::Seen<'_, '_>| {
            // What is hidden could as well not be there.
            let kind =
                if matches!(seen.kind, Kind::Masked | Kind::Unreachable) { Kind::Absent } else { seen.kind.clone() };
            (seen.path.clone(), seen.links.clone(), kind, seen.access, seen.effect.clone())
        };
        assert_eq!(seen(&one), seen(&other), "{about}\nat {}", path.display());
    }
}

/// Every path that a plan names, what lies above it, and something below.
fn sampled(plan: &Plan, space: &dyn sbc::space::Space) -> Vec<PathBuf> {
    let places = plan.content.steps.iter().filter_map(|step| space.inside(&step.at));
    let around = |path: PathBuf| path.ancestors().map(Path::to_owned).chain([path.join("x")]).collect::<Vec<_>>();
    places.flat_map(around).collect()
}

fn same_variables(one: &Plan, other: &Plan) {
    let names = one.content.env.keys().chain(["LC_ALL".to_owned()].iter()).cloned().collect::<Vec<_>>();
    let caller = || names.iter().map(|name| (OsString::from(name), OsString::from("value")));
    let resolved = |plan: &Plan| env::resolve(&plan.content.env, caller(), &|_| OsString::from("/"));
    assert_eq!(resolved(one), resolved(other));
}

/// Random policies without a host: what is called pointless changes nothing that symbols can tell.
#[test]
fn pointless_by_symbols() {
    let mut runner = TestRunner::new(config(1));
    let strategy = policy();
    // Sandboxes say a little more, so that there is something to find.
    let more = "filesystem { ro \"/usr\" \"/usr/share\"; dir \"/srv/a\" \"/srv/a/b\"; deny \"~/data\" \"~/data/in\" \"~/data/more\"; }; \
                env { pass \"LC_ALL\" \"LC_*\" \"P_1\"; }";
    let more = &compiled(&format!("sandbox \"more\" {{ {more}; }}"), &[]).sandboxes[0];
    let mut count = 0;
    for _ in 0..300 {
        let nodes = strategy.new_tree(&mut runner).expect("a policy").current();
        let text = print(&nodes);
        let compilation = compiled(&text, &[]);
        for one in compilation.sandboxes.iter().filter(|_| !compilation.diagnostics.has_errors()) {
            let Some(one) = &with_more(one, more) else { continue };
            let view = View::symbolic(&one.plan);
            for found in redundant::find(&one.plan, &view) {
                count += 1;
                let (path, name) = split(&found.key);
                let other = without(one, path, name);
                let paths = sampled(&one.plan, view.space());
                assert_same(&view, &View::symbolic(&other.plan), &paths, &format!("{}\n{text}", found.rule));
                same_variables(&one.plan, &other.plan);
            }
        }
    }
    assert!(count > 100, "only {count} pointless rules");
}

/// Rules about a small tree with links in it, of which every policy takes some.
const RULES: [&[&str]; 12] = [
    &["ro \"~/a\"", "rw \"~/a\"", "deny \"~/a\""],
    &["ro \"~/a/b\"", "rw \"~/a/b\"", "deny \"~/a/b\"", "ro \"~/a/b\" missing=\"skip\""],
    &["ro \"~/a/b/c\"", "rw \"~/a/b/c\"", "deny \"~/a/b/c\"", "tmpfs \"~/a/b/c\""],
    &["ro \"~/a/file\"", "rw \"~/a/file\"", "copy \"~/a/file\""],
    &["ro \"~/a/out\"", "rw \"~/a/out\"", "deny \"~/a/out\""],
    &["ro \"~/a/in\"", "rw \"~/a/in\""],
    &["ro \"~/d\"", "rw \"~/d\"", "ro \"~/a\" at=\"~/d\"", "dir \"~/d\"", "tmpfs \"~/d\""],
    &["ro \"~/d/b\"", "ro \"~/a/b\" at=\"~/d/b\"", "rw \"~/a/b\" at=\"~/d/b\"", "dir \"~/d/b\""],
    &["rw \".\"", "ro \".\""],
    &["ro \"./x\"", "rw \"./x\"", "deny \"./x\""],
    &["ro \"./x/y\"", "rw \"./x/y\"", "deny \"./x/y\"", "rw \"./x/y\" missing=\"create-dir\""],
    &["ro \"/usr\"", "ro \"/usr\"; ro \"/usr/share\"; ro \"/usr/lib\""],
];

/// Random policies on a host: what is called pointless changes nothing in the exact view.
#[test]
fn pointless_on_a_host() {
    let project = Project::empty();
    for directory in ["a/b/c", "d/b", "work/x/y"] {
        fs::create_dir_all(project.home.join(directory)).unwrap();
    }
    project.write_home("a/file", "");
    symlink("../d", project.home.join("a/out")).unwrap();
    symlink("b", project.home.join("a/in")).unwrap();
    let host = Host::read(&project.root).map(|host| Host { home: project.home.clone(), ..host });
    let host = host.map(|host| Host { cwd: project.root.clone(), ..host }).expect("a host");
    let (mut seed, mut count, mut right) = (20_240_229_u64, 0, 0);
    let mut next = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for _ in 0..1_000 {
        let mut rules = String::new();
        for choices in RULES {
            if next(2) == 0 {
                rules += &format!("        {}\n", choices[next(choices.len())]);
            }
        }
        let text = format!("sandbox \"app\" {{\n    filesystem {{\n{rules}    }}\n}}\n");
        let compilation = compiled(&text, &[]);
        let Some(one) = compilation.sandboxes.first().filter(|_| !compilation.diagnostics.has_errors()) else {
            continue;
        };
        let mut out = Diagnostics::default();
        let (_, view) = resolve(one, &host, &mut out);
        if !out.is_empty() {
            continue;
        }
        right += 1;
        for found in redundant::find(&one.plan, &view) {
            count += 1;
            let (path, name) = split(&found.key);
            let other = without(one, path, name);
            let mut out = Diagnostics::default();
            let (_, without) = resolve(&other, &host, &mut out);
            assert!(out.is_empty(), "{}\n{text}\n{out:?}", found.rule);
            let mut paths = sampled(&one.plan, view.space());
            let deep = ["a/b/c/x", "a/file", "a/out/b", "a/in/c", "d/b/c", "work/x/y/z"];
            paths.extend(deep.map(|path| project.home.join(path)));
            assert_same(&view, &without, &paths, &format!("{}\n{text}", found.rule));
        }
    }
    assert!(right > 150 && count > 60, "{count} pointless rules in {right} policies");
}

/// The built-in profiles say nothing in vain beside each other, in any combination.
#[test]
fn built_in_profiles_are_silent() {
    for names in ["\"base-dev\"", "\"claude\"", "\"node\"", "\"claude\" \"node\""] {
        let compilation = compiled(&format!("sandbox \"app\" {{ inherit {names}; }}"), &[]);
        let one = &compilation.sandboxes[0];
        let view = View::symbolic(&one.plan);
        let mut out = Diagnostics::default();
        redundant::check(&Scope { compiled: one, view: &view, caller: None, is_own: &|_| true }, &mut out);
        assert!(out.is_empty(), "{names}: {:?}", out.sorted());
        assert!(!matches!(view.look(Path::new("/usr")).kind, Kind::Absent));
    }
}
