//! What each stage of the compiler costs: `cargo bench --bench stages`.
//!
//! The subjects are the three examples, and policies of 10, 100 and 1,000 rules.

#![allow(clippy::disallowed_methods, clippy::expect_used, reason = "a benchmark looks at the machine")]

use divan::{Bencher, black_box};
use sbc::builtin;
use sbc::cache::Cache;
use sbc::compile::{self, Compiled, Wanted};
use sbc::diagnostic::Diagnostics;
use sbc::diff::{self, Policy};
use sbc::emit::script;
use sbc::host::Host;
use sbc::inherit::{Library, inherit};
use sbc::invocation;
use sbc::lower::lower;
use sbc::merge::merge;
use sbc::parse;
use sbc::policy::Layer;
use sbc::project;
use sbc::source::{Source, SourceId, SourceKind, Sources};
use sbc::view::View;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Examples by their names, grown policies by their numbers of rules.
const SUBJECTS: [&str; 6] = ["minimal", "claude-classic", "web-shop", "10", "100", "1000"];

/// What people ask a view.
const QUESTIONS: [&str; 4] = ["/usr/bin/env", "/etc/shadow", "/proc/self", "/nowhere/at/all"];

fn main() {
    divan::main();
}

/// The root of a subject that is an example.
fn example(subject: &str) -> Option<PathBuf> {
    subject.parse::<usize>().is_err().then(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(subject))
}

/// A policy with so many rules of one verb.
fn grown(rules: &str, verb: &str) -> Sources {
    let rules: usize = rules.parse().expect("a number");
    let body: String = (0..rules).map(|rule| format!("        {verb} \"./{}/file-{rule}\"\n", rule % 20)).collect();
    let text = format!("sandbox \"grown\" {{\n    filesystem {{\n        rw \".\"\n{body}    }}\n}}\n");
    let mut sources = builtin::sources();
    sources.add(Source { kind: SourceKind::Policy, name: project::POLICY.to_owned(), text: text.into() });
    sources
}

fn sources(subject: &str) -> Sources {
    let mut out = Diagnostics::default();
    example(subject).map_or_else(|| grown(subject, "deny"), |root| project::load(&root, &mut out).sources)
}

fn compiled(sources: &Sources) -> Compiled {
    compile::compile(sources, &Wanted::Only).sandboxes.pop().expect("a sandbox")
}

/// The policy itself.
fn own(sources: &Sources) -> (SourceId, &Source) {
    sources.iter().find(|(_, source)| source.kind == SourceKind::Policy).expect("a policy")
}

/// The text, to KDL.
#[divan::bench(args = SUBJECTS)]
fn a_parse(bencher: Bencher<'_, '_>, subject: &str) {
    let sources = sources(subject);
    bencher.bench(|| parse::parse(&own(&sources).1.text));
}

/// The text, to rules.
#[divan::bench(args = SUBJECTS)]
fn b_parse_and_decode(bencher: Bencher<'_, '_>, subject: &str) {
    let sources = sources(subject);
    let (id, source) = own(&sources);
    bencher.bench(|| compile::read(id, &source.text, source.kind, &mut Diagnostics::default()));
}

/// From rules to a plan: what compiling is beside reading and checks.
#[divan::bench(args = SUBJECTS)]
fn c_inherit_merge_lower(bencher: Bencher<'_, '_>, subject: &str) {
    let sources = sources(subject);
    let mut out = Diagnostics::default();
    let texts = sources.iter().filter(|(_, source)| source.kind != SourceKind::BuiltIn);
    let layers: Vec<Layer> =
        texts.flat_map(|(id, source)| compile::read(id, &source.text, source.kind, &mut out).layers).collect();
    let sandbox = layers.last().expect("a sandbox");
    bencher.bench(|| {
        let library = Library::new(&layers, None);
        let mut out = Diagnostics::default();
        let lineage = inherit(sandbox, None, &library, &mut out).expect("a lineage");
        lower(&merge(&lineage, &mut out).expect("a merged policy"), &mut out)
    });
}

/// Everything that `sbc check --no-host` does with texts that are read.
#[divan::bench(args = SUBJECTS)]
fn d_compile(bencher: Bencher<'_, '_>, subject: &str) {
    let sources = sources(subject);
    bencher.bench(|| compile::compile(&sources, &Wanted::Only));
}

/// The hash of a plan.
#[divan::bench(args = SUBJECTS)]
fn e_hash(bencher: Bencher<'_, '_>, subject: &str) {
    let compiled = compiled(&sources(subject));
    bencher.bench(|| compiled.plan.hash());
}

/// The script of a plan.
#[divan::bench(args = SUBJECTS)]
fn f_emit_script(bencher: Bencher<'_, '_>, subject: &str) {
    let compiled = compiled(&sources(subject));
    bencher.bench(|| script::emit(&compiled.plan));
}

/// A plan that was compiled before, as `sbc exec` takes it: the key of the texts is worked out, too.
#[divan::bench(args = SUBJECTS)]
fn g_cache(bencher: Bencher<'_, '_>, subject: &str) {
    let state = TempDir::new().expect("a directory");
    let sources = sources(subject);
    let cache = Cache::new(state.path(), &sources, &Wanted::Only).expect("a cache");
    cache.put(&compiled(&sources));
    assert!(cache.get().is_some(), "the cache keeps plans");
    bencher.bench(|| Cache::new(state.path(), &sources, &Wanted::Only).and_then(|cache| cache.get()));
}

/// The options of bubblewrap: the plan, and this host looked at anew.
#[divan::bench(args = SUBJECTS)]
fn h_resolve(bencher: Bencher<'_, '_>, subject: &str) {
    let compiled = compiled(&sources(subject));
    let project = TempDir::new().expect("a project");
    let root = example(subject).unwrap_or_else(|| project.path().to_owned());
    bencher.bench(|| {
        let host = Host::read(&root).expect("a host");
        invocation::resolve(&compiled, &host, &mut Diagnostics::default()).0
    });
}

/// The view of a plan, on any machine.
#[divan::bench(args = SUBJECTS)]
fn i_view(bencher: Bencher<'_, '_>, subject: &str) {
    let compiled = compiled(&sources(subject));
    bencher.bench(|| drop(black_box(View::symbolic(&compiled.plan))));
}

/// Four questions to a view.
#[divan::bench(args = SUBJECTS)]
fn j_view_answers(bencher: Bencher<'_, '_>, subject: &str) {
    let compiled = compiled(&sources(subject));
    let view = View::symbolic(&compiled.plan);
    bencher.bench_local(|| QUESTIONS.iter().for_each(|path| drop(black_box(view.look(Path::new(path))))));
}

/// The differences of two policies, in every rule.
#[divan::bench(args = ["10", "100", "1000"])]
fn k_diff(bencher: Bencher<'_, '_>, rules: &str) {
    let (old, new) = (grown(rules, "deny"), grown(rules, "tmpfs"));
    let (before, after) = (compiled(&old), compiled(&new));
    bencher.bench(|| {
        let before = Policy { sandboxes: std::slice::from_ref(&before), sources: &old };
        let after = Policy { sandboxes: std::slice::from_ref(&after), sources: &new };
        diff::diff(before, after)
    });
}
