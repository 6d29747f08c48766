//! `sbc diff` is true, complete, the same in both directions, and safe to print.

use crate::formats::valid;
use crate::random::{Node, compiled, config, print, right, shuffled};
use crate::support::Project;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use sbc::builtin;
use sbc::compile::{Compilation, Compiled};
use sbc::diff::{Change, Class, Kind, Policy, SandboxDiff, diff, human, markdown, summary};
use sbc::path::SymbolicPath;
use sbc::plan::Action;
use sbc::source::Sources;
use sbc::space::{Space, Symbols};
use sbc::view::View;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The places in texts are not looked at here.
fn compare<'a>(before: &'a Compilation, after: &'a Compilation) -> Vec<SandboxDiff> {
    let sources: Sources = builtin::sources();
    let policy = |compilation: &'a Compilation| Policy { sandboxes: &compilation.sandboxes, sources: &sources };
    diff(policy(before), policy(after))
}

fn of(nodes: &[Node]) -> Compilation {
    compiled(&print(nodes), &[])
}

/// Another order of everything is no change.
#[test]
fn shuffles_change_nothing() {
    for (index, nodes) in right(20).iter().enumerate() {
        let other = shuffled(nodes, &mut (index as u64));
        let diffs = compare(&of(nodes), &of(&other));
        assert_eq!(human(&diffs, false), "no change\n", "{}", print(nodes));
    }
}

/// A body that moves into a profile, as a whole, is no change.
#[test]
fn refactoring_changes_nothing() {
    for nodes in right(20) {
        let mut moved = Vec::new();
        for node in &nodes {
            let Some(name) = node.words.first().filter(|_| node.name == "sandbox") else {
                moved.push(node.clone());
                continue;
            };
            let profile = name.replace("\"s", "\"of-s");
            moved.push(Node { name: "profile".into(), words: vec![profile.clone()], ..node.clone() });
            let inherit = Node { name: "inherit".into(), words: vec![profile], children: None, ..node.clone() };
            moved.push(Node { children: Some(vec![inherit]), ..node.clone() });
        }
        let diffs = compare(&of(&nodes), &of(&moved));
        assert_eq!(human(&diffs, false), "no change\n", "{}", print(&moved));
    }
}

/// What identifies a change, with what was and what is.
type Row = (Class, Kind, String, String, String, Vec<String>, Vec<String>, Vec<String>);

fn row(change: &Change) -> Row {
    let Change { class, kind, subject, before, after, before_at, after_at, except, .. } = change.clone();
    (class, kind, subject, before, after, before_at, after_at, except)
}

fn turned((class, kind, subject, before, after, before_at, after_at, except): Row) -> Row {
    let class = match class {
        Class::Widening => Class::Narrowing,
        Class::Narrowing => Class::Widening,
        Class::Neutral => Class::Neutral,
    };
    (class, kind, subject, after, before, after_at, before_at, except)
}

/// Pairs of policies that are right: wide ones of all kinds of rules, and deep ones of a few paths.
fn pairs() -> impl Iterator<Item = (&'static Compilation, &'static Compilation)> {
    static RIGHT: LazyLock<[Vec<Compilation>; 2]> =
        LazyLock::new(|| [right(40).iter().map(|nodes| of(nodes)).collect(), deep(config(250).cases as usize)]);
    RIGHT.iter().flat_map(|all| all.windows(2).map(|two| (&two[0], &two[1])))
}

/// Policies whose rules lie inside, behind and over each other.
fn deep(count: usize) -> Vec<Compilation> {
    let path = prop_oneof![Just("~"), Just("."), Just("/x"), Just("./.."), Just("${XDG_DATA_HOME}")]
        .prop_flat_map(|root| (Just(root), proptest::collection::vec(prop_oneof![Just("a"), Just("b")], 0..4)))
        .prop_map(|(root, parts)| [&[root], parts.as_slice()].concat().join("/"));
    let missing = prop_oneof![Just(""), Just(" missing=\"skip\""), Just(" missing=\"create-dir\"")];
    let at = prop_oneof![2 => Just(None), 1 => path.clone().prop_map(Some)];
    let shown = (prop_oneof![2 => Just("ro"), 2 => Just("rw"), 1 => Just("overlay")], path.clone(), at, missing);
    let shown = shown.prop_map(|(verb, path, at, missing)| {
        let at = at.map(|at| format!(" at=\"{at}\"")).unwrap_or_default();
        format!("{verb} \"{path}\"{at}{missing}")
    });
    let own = prop_oneof![
        Just("deny \"{}\""),
        Just("tmpfs \"{}\""),
        Just("file \"{}\" \"x\""),
        Just("copy \"{}\""),
        Just("device \"{}\""),
        Just("dir \"{}\""),
    ];
    let own = (own, path).prop_map(|(rule, path)| rule.replace("{}", &path));
    let rules = proptest::collection::vec(prop_oneof![3 => shown, 1 => own], 1..7);
    let mut runner = TestRunner::new(config(1));
    let mut found = Vec::new();
    for _ in 0..count * 40 {
        let rules = rules.new_tree(&mut runner).expect("rules").current();
        let text = format!("sandbox \"app\" {{ filesystem {{\n{}\n}} }}\n", rules.join("\n"));
        let compilation = compiled(&text, &[]);
        if !compilation.diagnostics.has_errors() {
            found.push(compilation);
        }
        if found.len() == count {
            return found;
        }
    }
    panic!("only {} of {count} policies are right", found.len());
}

/// What widens in one direction narrows in the other, and nothing else is different.
#[test]
fn directions_agree() {
    for (before, after) in pairs() {
        let rows = |diffs: Vec<SandboxDiff>| -> BTreeSet<Row> {
            diffs.iter().flat_map(|diff| &diff.changes).map(row).collect()
        };
        let (forth, back) = (rows(compare(before, after)), rows(compare(after, before)));
        assert_eq!(forth, back.into_iter().map(turned).collect());
    }
}

/// Plans with different hashes have a change, and plans with equal ones have none.
#[test]
fn nothing_is_silent() {
    let mut changed = 0;
    for (before, after) in pairs() {
        for diff in compare(before, after) {
            let silent = diff.changes.iter().all(|change| change.kind == Kind::Assertion);
            assert_eq!(silent, diff.before == diff.after, "{}", human(&[diff], false));
            changed += usize::from(!silent);
        }
    }
    assert!(changed > 200, "only {changed} pairs differ");
}

/// Whether any part of what could lie below a host path can be read, and whether it can be written.
/// Found in another way than by the places at which a path is shown.
fn can(view: &View<'_>, path: &Path) -> (bool, bool) {
    let leaf = path.join("something");
    (view.exposes(&leaf, false).is_some(), view.exposes(&leaf, true).is_some())
}

fn means(word: &str) -> (bool, bool) {
    match word {
        "nothing" => (false, false),
        "copy" | "overlay" | "read" => (true, false),
        "write" | "device" => (true, true),
        _ => panic!("{word}"),
    }
}

fn real(text: &str) -> PathBuf {
    Symbols.inside(&SymbolicPath::parse(text).expect("a path")).expect("a place")
}

/// The host paths that a sandbox has to do with, those above, and some below.
fn sample(compiled: &Compiled, out: &mut BTreeSet<PathBuf>) {
    for step in &compiled.plan.content.steps {
        let mut paths = vec![Symbols.inside(&step.at).unwrap()];
        if let Action::Host { source, .. } = &step.action {
            paths.push(Symbols.inside(source).unwrap());
        }
        for path in paths {
            out.extend(path.ancestors().map(Path::to_owned));
            out.extend(["a", "b", "a/a", "a/b", "b/a", "other"].map(|below| path.join(below)));
        }
    }
}

/// Every claim about a file holds in both views, every path whose access differs is covered by a claim, and
/// what a claim excepts does not change.
#[test]
fn claims_are_true_and_complete() {
    let (mut claims, mut covered) = (0, 0);
    for (before, after) in pairs() {
        let diffs = compare(before, after);
        for old in &before.sandboxes {
            let Some(new) = after.sandboxes.iter().find(|new| new.plan.name == old.plan.name) else { continue };
            let changes = &diffs.iter().find(|diff| diff.name == old.plan.name).unwrap().changes;
            let files: Vec<&Change> = changes.iter().filter(|change| change.kind == Kind::File).collect();
            let (old_view, new_view) = (View::symbolic(&old.plan), View::symbolic(&new.plan));
            let truth = |path: &Path| (can(&old_view, path), can(&new_view, path));
            let mut said: Vec<(PathBuf, Option<&Change>)> = Vec::new();
            for change in &files {
                let claim = (means(&change.before), means(&change.after));
                assert_eq!(truth(&real(&change.subject)), claim, "{change:?}");
                said.push((real(&change.subject), Some(change)));
                said.extend(change.except.iter().map(|path| (real(path), None)));
                claims += 1;
            }
            let mut paths = BTreeSet::new();
            sample(old, &mut paths);
            sample(new, &mut paths);
            for path in paths {
                let nearest = said
                    .iter()
                    .filter(|(said, _)| path.starts_with(said))
                    .max_by_key(|(said, _)| said.components().count());
                let (was, is) = truth(&path);
                match nearest.and_then(|(_, change)| *change) {
                    Some(change) => {
                        assert_eq!(
                            (was, is),
                            (means(&change.before), means(&change.after)),
                            "{}: {change:?}",
                            path.display()
                        );
                        covered += 1;
                    }
                    None => assert_eq!(was, is, "{} is said nowhere:\n{}", path.display(), human(&diffs, false)),
                }
            }
        }
    }
    assert!(claims > 600 && covered > 2000, "{claims} claims, {covered} paths");
}

/// A change is not said again for what lies below.
#[test]
fn highest_paths_only() {
    let policy = |rules: &str| compiled(&format!("sandbox \"app\" {{ filesystem {{ {rules} }} }}"), &[]);
    let diffs =
        compare(&policy(""), &policy("ro \"~/.aws\"; ro \"~/.aws/config\"; ro \"~/.aws/sso\" missing=\"skip\""));
    let files: Vec<&str> = diffs[0].changes.iter().map(|change| change.subject.as_str()).collect();
    assert_eq!(files, ["~/.aws"]);
    assert_eq!(summary(&diffs), "1 widens, 0 narrow, 0 neutral");
}

/// A project with two policies that try to break out of whatever they are printed in.
fn hostile() -> Project {
    let project = Project::empty();
    project.write("a/.agent-sandbox.kdl", "sandbox \"app\" { assert { denied \"~/x\"; }; }\n");
    let texts = [
        "`",
        "``",
        "a`b",
        "\\n\\n# x",
        "@admin",
        "#12",
        "<script>",
        "</details>",
        "<!--",
        "|",
        "[x](https://x.y)",
        "![x](y)",
        "\\u{1b}[31m",
        "\\u{202e}",
        "\\\\`",
        " ` ",
        "&lt;",
        "$$`x`$$",
        "*x*",
        "- [ ] x",
        "\\t```\\n",
        "https://x.y",
    ];
    let mut rules = String::new();
    for (index, text) in texts.iter().enumerate() {
        rules +=
            &format!("        ro \"~/{index}{text}\" reason=\"{text}\"\n        file \"/{index}{text}\" \"{text}\"\n");
    }
    let waive = texts.concat();
    let policy = format!(
        "sandbox \"app\" {{\n    filesystem {{\n{rules}        ro \"~/x\"\n    }}\n    assert {{ denied \"~/x\"; }}\n    \
         waive \"denied\" \"~/x\" reason=\"{waive}\"\n    run {{ command \"{waive}\"; }}\n}}\n"
    );
    project.write("b/.agent-sandbox.kdl", policy);
    project
}

/// A line of Markdown without its code spans, by the rule of CommonMark: a span ends at the first run of
/// as many backticks as it starts with.
fn outside_of_code(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(start) = rest.find('`') {
        out += &rest[..start];
        let length = rest[start..].chars().take_while(|c| *c == '`').count();
        let after = &rest[start + length..];
        let mut at = 0;
        let end = loop {
            let Some(next) = after[at..].find('`') else { panic!("a span without end: {line}") };
            let run = after[at + next..].chars().take_while(|c| *c == '`').count();
            if run == length {
                break at + next;
            }
            at += next + run;
        };
        rest = &after[end + length..];
    }
    out + rest
}

/// No text of a policy is more than text in a comment on a pull request.
#[test]
fn markdown_is_safe() {
    let said = hostile().sbc(&["diff", "a", "b", "--format", "markdown"]).code(0).stdout;
    assert!(said.lines().count() > 40, "{said}");
    for line in said.lines() {
        let plain = outside_of_code(line);
        let known = plain.replace("<details><summary>", "").replace("</summary>", "").replace("</details>", "");
        let starts = known.trim_start_matches("- **widens**: ").trim_start_matches("#### ").trim_start_matches("### ");
        let bad = starts.chars().find(|c| !c.is_alphanumeric() && !" ,():→-".contains(*c));
        assert_eq!(bad, None, "{line}");
    }
}

/// A comment is never longer than code hosts take, and says what is left out.
#[test]
fn markdown_is_bounded() {
    let rules: String = (0..1500).map(|rule| format!("ro \"~/{}-{rule}\"\n", "`".repeat(rule % 30 + 3))).collect();
    let policy = |rules: &str| compiled(&format!("sandbox \"app\" {{ filesystem {{\n{rules}}} }}"), &[]);
    let said = markdown(&compare(&policy(""), &policy(&rules)), ("a", "b"));
    assert!(said.len() < 65_000 && said.contains(" lines more: `sbc diff` prints them all."), "{}", said.len());
    assert!(said.starts_with("### What the sandbox allows: 1500 widen, 0 narrow, 0 neutral\n"));
}

/// No format lets a character through that drives a terminal or turns text round.
#[test]
fn nothing_drives_the_terminal() {
    let project = hostile();
    for format in ["human", "json", "markdown"] {
        let said = project.sbc(&["diff", "a", "b", "--format", format]).code(0).stdout;
        let bad = said.chars().find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}'));
        assert_eq!(bad, None, "{format}:\n{said}");
    }
}

/// What `--format json` prints fits the published schema.
#[test]
fn json_fits_its_schema() {
    let project = hostile();
    for sides in [["a", "b"], ["b", "a"], ["a", "a"]] {
        let said = project.sbc(&["diff", sides[0], sides[1], "--format", "json"]).code(0).stdout;
        let report = valid("schema/diff.schema.json", &said);
        assert_eq!(report["before"], sides[0]);
    }
    project.write("a/.agent-sandbox.kdl", "sandbox \"old\" { inherit \"node\"; }");
    project.write("b/.agent-sandbox.kdl", "sandbox \"new\" { inherit \"base-dev\"; network \"host\"; }");
    let said = project.sbc(&["diff", "a", "b", "--format", "json"]).code(0).stdout;
    assert_eq!(valid("schema/diff.schema.json", &said)["sandboxes"].as_array().unwrap().len(), 2);
}

/// Colours are for terminals and for who asks for them.
#[test]
fn colours() {
    let project = hostile();
    let red = "\u{1b}[31mwidens \u{1b}[0m";
    let said = |name: &str, value: &str| {
        let mut command = project.sbc_command(&["diff", "a", "b"]);
        crate::support::run(command.env("CLICOLOR_FORCE", "1").env(name, value)).code(0).stdout
    };
    assert!(said("X", "").contains(red));
    assert!(!said("NO_COLOR", "1").contains(red) && !project.sbc(&["diff", "a", "b"]).stdout.contains(red));
}
