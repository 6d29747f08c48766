//! The same policy gives the same bytes: in any order, from any file, on any machine.

use crate::random::{Node, compiled, config, policy, print, right, shuffled};
use crate::support::{Project, run};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sbc::compile::Compilation;
use sbc::diagnostic::Code;
use sbc::emit::{lock, script};
use sbc::guard;
use sbc::plan::Plan;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;

/// Everything that is made from a policy: the lock, and each sandbox's hash and script.
#[derive(Debug, PartialEq, Eq)]
enum Made {
    Artefacts(String, BTreeMap<String, (String, Result<String, Code>)>),
    /// What is wrong, as a set.
    Wrong(BTreeSet<Code>),
}

fn made(compilation: &Compilation) -> Made {
    if compilation.diagnostics.has_errors() {
        return Made::Wrong(compilation.diagnostics.sorted().iter().map(|diagnostic| diagnostic.code).collect());
    }
    let script = |plan: &Plan| script::emit(plan).map_err(|diagnostic| diagnostic.code);
    let mut plans: Vec<&Plan> = compilation.sandboxes.iter().map(|compiled| &compiled.plan).collect();
    plans.sort_by(|one, other| one.name.cmp(&other.name));
    let built: Vec<(&Plan, String)> = plans.iter().map(|plan| (*plan, script(plan).unwrap_or_default())).collect();
    let each = plans.iter().map(|plan| (plan.name.clone(), (plan.hash(), script(plan)))).collect();
    Made::Artefacts(lock::emit(&built, &[]), each)
}

/// The profiles as files of their own, and what is left of the policy.
fn moved(nodes: &[Node]) -> (String, Vec<(String, String)>) {
    let (profiles, rest): (Vec<&Node>, Vec<&Node>) = nodes.iter().partition(|node| node.name == "profile");
    let name = |node: &Node| node.words[0].trim_matches('"').to_owned();
    let text = |node: &Node| print(std::slice::from_ref(node));
    let files = profiles.into_iter().map(|node| (name(node), text(node))).collect();
    (rest.into_iter().map(text).collect(), files)
}

/// The order of layers, statements and inherited names has no influence on any byte.
#[test]
fn any_order() {
    let check = |(nodes, mut seed): (Vec<Node>, u64)| {
        let first = made(&compiled(&print(&nodes), &[]));
        for _ in 0..3 {
            let other = print(&shuffled(&nodes, &mut seed));
            prop_assert_eq!(&first, &made(&compiled(&other, &[])), "{}", other);
        }
        Ok(())
    };
    TestRunner::new(config(96)).run(&(policy(), any::<u64>()), check).unwrap();
}

/// A profile may stand in the policy or in a file of its own; the artefacts are the same.
#[test]
fn any_file() {
    let check = |nodes: Vec<Node>| {
        let (policy, files) = moved(&nodes);
        let backwards: Vec<(String, String)> = files.iter().rev().cloned().collect();
        let first = made(&compiled(&print(&nodes), &[]));
        prop_assert_eq!(&first, &made(&compiled(&policy, &files)));
        prop_assert_eq!(&first, &made(&compiled(&policy, &backwards)));
        Ok(())
    };
    TestRunner::new(config(96)).run(&policy(), check).unwrap();
}

/// The random policies are worth something: many are right, some are wrong, and they differ.
#[test]
fn policies_are_mixed() {
    let mut runner = TestRunner::new(config(1));
    let all: Vec<Made> =
        (0..100).map(|_| made(&compiled(&print(&policy().new_tree(&mut runner).unwrap().current()), &[]))).collect();
    let hashes = |made: &Made| match made {
        Made::Artefacts(lock, _) => Some(lock.clone()),
        Made::Wrong(_) => None,
    };
    let right: BTreeSet<String> = all.iter().filter_map(hashes).collect();
    let codes: BTreeSet<Code> = all
        .iter()
        .filter_map(|made| if let Made::Wrong(codes) = made { Some(codes) } else { None })
        .flatten()
        .copied()
        .collect();
    assert!(right.len() >= 25 && codes.len() >= 4, "{} right, {codes:?}", right.len());
}

/// One random change of a text.
#[derive(Clone, Debug)]
struct Mutation {
    at: prop::sample::Index,
    length: usize,
    token: String,
}

fn mutation() -> impl Strategy<Value = Mutation> {
    let tokens = [
        "",
        "{",
        "}",
        "\"",
        "#\"",
        "/-",
        "/*",
        "*/",
        "//",
        "\\",
        ";",
        "\n",
        "=",
        "(",
        ")",
        "${",
        "$",
        "~",
        "..",
        "\u{0}",
        "\u{feff}",
        "r#",
        "\"\"\"",
        "#true",
        "-1",
        "inherit \"s0\"",
        "remove",
        "é",
        "profile \"p0\" {}",
        "\u{2028}",
    ];
    (any::<prop::sample::Index>(), 0..6usize, prop::sample::select(tokens.to_vec()))
        .prop_map(|(at, length, token)| Mutation { at, length, token: token.to_owned() })
}

fn mutate(text: &str, mutations: &[Mutation]) -> String {
    let mut bytes = text.as_bytes().to_vec();
    for mutation in mutations {
        let start = mutation.at.index(bytes.len() + 1);
        let end = (start + mutation.length).min(bytes.len());
        bytes.splice(start..end, mutation.token.bytes());
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A damaged policy neither crashes the compiler nor keeps it busy.
#[test]
fn damaged_texts() {
    let check = |(nodes, mutations): (Vec<Node>, Vec<Mutation>)| {
        let text = mutate(&print(&nodes), &mutations);
        let work = text.clone();
        let result = guard::run(guard::DEADLINE, move || made(&compiled(&work, &[])));
        prop_assert!(result.is_ok(), "{:?}: {}", result, text);
        Ok(())
    };
    let strategy = (policy(), prop::collection::vec(mutation(), 1..5));
    TestRunner::new(config(300)).run(&strategy, check).unwrap();
}

/// The artefacts of a project, by name.
fn artefacts(project: &Project) -> BTreeMap<OsString, (u32, Vec<u8>)> {
    use std::os::unix::fs::PermissionsExt;
    let entries = fs::read_dir(project.root.join(".agent-sandbox")).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: &Path| (fs::metadata(path).unwrap().permissions().mode(), fs::read(path).unwrap());
    entries.filter(|path| path.is_file()).map(|path| (path.file_name().unwrap().to_owned(), read(&path))).collect()
}

/// The files of a project's policy.
type Files = Vec<(String, String)>;

/// Builds in a project of this name, under this environment.
fn built(
    files: &Files,
    name: impl AsRef<OsStr>,
    umask: &str,
    env: &[(&str, &str)],
) -> BTreeMap<OsString, (u32, Vec<u8>)> {
    let project = Project::named(name);
    for (name, text) in files {
        project.write(name, text);
    }
    let mut command = project.command("sh");
    command.args(["-c", "umask \"$1\"; exec \"$2\" build", "sh", umask, env!("CARGO_BIN_EXE_sbc")]);
    run(command.envs(env.iter().copied())).code(0);
    artefacts(&project)
}

fn example(name: &str) -> Files {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
    let files = walkdir::WalkDir::new(&root).sort_by_file_name().into_iter().map(|entry| entry.unwrap().into_path());
    let kdl = files.filter(|path| {
        path.extension().is_some_and(|extension| extension == "kdl") || path.ends_with(".agent-sandbox.kdl")
    });
    let relative = |path: &Path| path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
    kdl.map(|path| (relative(&path), fs::read_to_string(&path).unwrap())).collect()
}

/// Another home, user, project path, language, time zone and umask change no byte of an artefact.
#[test]
fn any_machine() {
    let split = |nodes: Vec<Node>| -> Files {
        let (policy, files) = moved(&nodes);
        let files = files.into_iter().map(|(name, text)| (format!(".agent-sandbox/profiles/{name}.kdl"), text));
        files.chain([(".agent-sandbox.kdl".to_owned(), policy)]).collect()
    };
    let mut all: Vec<Files> = right(12).into_iter().map(split).collect();
    all.extend(["claude-classic", "minimal", "web-shop"].map(example));
    for files in &all {
        let first = built(files, "work", "022", &[]);
        assert!(first.len() >= 2, "{:?}", first.keys());
        let env = [
            ("USER", "other"),
            ("LANG", "tr_TR.UTF-8"),
            ("LC_ALL", "C"),
            ("TZ", "Asia/Kathmandu"),
            ("HOME", "/nowhere/at all"),
        ];
        assert_eq!(first, built(files, "ein Größerer Name/x y", "077", &env));
        let name = OsString::from_vec(b"not \xff utf8\n".to_vec());
        assert_eq!(
            first,
            built(files, name, "000", &[("XDG_CONFIG_HOME", "/x"), ("COLUMNS", "20"), ("CLICOLOR_FORCE", "1")])
        );
    }
}

/// What is committed of the examples is what they say.
#[test]
fn examples_are_built() {
    for name in ["claude-classic", "minimal", "web-shop"] {
        for (file, (_, bytes)) in built(&example(name), "work", "022", &[]) {
            let path =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name).join(".agent-sandbox").join(&file);
            assert!(fs::read(&path).unwrap() == bytes, "{}: run `sbc build` there", path.display());
        }
    }
}
