//! What problems say to type, typed.

use crate::random::{compiled, config};
use crate::support::Project;
use proptest::prelude::*;
use sbc::compile::{Compilation, Wanted, compile};
use sbc::diagnostic::{Diagnostic, Severity};
use sbc::fix::apply_fixes;
use sbc::source::{Source, SourceKind, Sources};
use sbc::{builtin, fix};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Broken policies whose help offers no text that settles all, each with the reason.
const WITHOUT_TEXT: &[(&str, &str)] = &[
    ("language-yaml", "a file in another language has to be written anew"),
    ("language-toml", "a file in another language has to be written anew"),
    ("language-json", "a file in another language has to be written anew"),
    ("language-bwrap", "a file in another language has to be written anew"),
    ("language-shell", "a file in another language has to be written anew"),
    ("language-dockerfile", "a file in another language has to be written anew"),
    ("file-yaml", "there is no policy, and a file is renamed in the shell"),
    ("file-without-dot", "there is no policy, and a file is renamed in the shell"),
    ("home-writable", "which directories are needed, only the author knows"),
];

/// The broken policies of `tests/cases/diagnostics`, by name.
fn corpus() -> Vec<(String, Sources)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/diagnostics");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let Ok(text) = fs::read_to_string(entry.path().join(".agent-sandbox.kdl")) else { continue };
        if fs::read_to_string(entry.path().join("case")).unwrap().contains("run: ") {
            continue;
        }
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.into() });
        found.push((entry.file_name().into_string().unwrap(), sources));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn problems(sources: &Sources) -> Vec<Diagnostic> {
    let Compilation { diagnostics, .. } = compile(sources, &Wanted::All);
    diagnostics.sorted().into_iter().filter(|one| one.severity == Severity::Error).cloned().collect()
}

fn policy(sources: &Sources) -> String {
    sources.iter().last().unwrap().1.text.to_string()
}

/// Whoever types what every help says ends up with a policy that compiles.
#[test]
fn help_leads_to_a_policy() {
    let mut complaints = Vec::new();
    for (name, before) in corpus() {
        if WITHOUT_TEXT.iter().any(|(other, _)| *other == name) {
            continue;
        }
        let mut sources = before.clone();
        for _ in 0..4 {
            let found = problems(&sources);
            sources = apply_fixes(&sources, &found.iter().collect::<Vec<_>>()).0;
        }
        let left: Vec<String> = problems(&sources).into_iter().map(|one| one.title).collect();
        if !left.is_empty() {
            complaints.push(format!("{name}: {left:?}\n{}", policy(&sources)));
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// The text of one help settles the problem that it belongs to, whatever else is wrong.
#[test]
fn each_help_settles_its_problem() {
    let mut complaints = Vec::new();
    for (name, sources) in corpus() {
        let found = problems(&sources);
        for one in found.iter().filter(|one| one.fix.is_some()) {
            let (next, _) = apply_fixes(&sources, &[one]);
            let same = |list: &[Diagnostic]| list.iter().filter(|other| other.title == one.title).count();
            if same(&problems(&next)) >= same(&found) {
                complaints.push(format!("{name}: {}\n{}", one.title, policy(&next)));
            }
        }
    }
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

/// A help without text to type is one of those that are listed with a reason.
#[test]
fn help_without_text_is_listed() {
    for (name, sources) in corpus() {
        let without = problems(&sources).iter().any(|one| one.fix.is_none());
        let listed = WITHOUT_TEXT.iter().any(|(other, _)| *other == name);
        assert_eq!(without, listed, "{name}: {:?}", problems(&sources));
    }
}

/// Broken assertions and conflicts, in all the ways that a body can be written. Each with a part of the
/// policy after the help was followed.
const MEANINGS: &[(&str, &str)] = &[
    // The sandbox has such a block, on lines of its own.
    (
        "filesystem {\n        ro \"/usr\" // why\n    }\n    assert { readable \"/opt\"; }",
        "// why\n        ro \"/opt\"\n    }",
    ),
    ("filesystem {\r\n\t\tro \"/usr\"\r\n    }\r\n    assert { readable \"/opt\"; }", "\"\r\n\t\tro \"/opt\"\r\n    }"),
    ("filesystem {\n    }\n    assert { readable \"/opt\"; }", "filesystem {\n        ro \"/opt\"\n    }"),
    // On one line.
    ("filesystem { ro \"/usr\"; }\n    assert { writable \"/opt\"; }", "{ ro \"/usr\"; rw \"/opt\"; }"),
    ("filesystem { ro \"/usr\" }\n    assert { writable \"/opt\"; }", "{ ro \"/usr\"; rw \"/opt\"; }"),
    ("filesystem {}\n    assert { readable \"/opt\"; }", "filesystem { ro \"/opt\"; }"),
    ("filesystem { }\n    assert { readable \"/opt\"; }", "filesystem { ro \"/opt\"; }"),
    // It has none.
    ("assert { readable \"/opt\"; }", "readable \"/opt\"; }\n    filesystem { ro \"/opt\"; }\n}"),
    // The sandbox itself says otherwise.
    ("filesystem { deny \"/opt\"; ro \"/usr\"; }\n    assert { readable \"/opt\"; }", "{ ro \"/opt\"; ro \"/usr\"; }"),
    ("filesystem { ro \"/opt\" \"/usr\"; }\n    assert { writable \"/opt\"; }", "{ ro \"/usr\"; rw \"/opt\"; }"),
    (
        "filesystem {\n        ro \"~/vault\" missing=\"skip\"\n    }\n    assert { denied \"~/vault\"; }",
        "filesystem {\n    }",
    ),
    ("filesystem { ro \"~/vault\" at=\"/srv\"; ro \"/usr\"; }\n    assert { denied \"~/vault\"; }", "{ ro \"/usr\"; }"),
    ("filesystem { ro \"~/.config/gh\" \"/usr\"; }\n    assert { denied \"~/.config\"; }", "{ ro \"/usr\"; }"),
    (
        "filesystem { rw \"./src\" missing=\"skip\"; }\n    assert { not-writable \"./src\"; }",
        "ro \"./src\" missing=\"skip\";",
    ),
    // What is shown contains it.
    ("filesystem { rw \".\"; }\n    assert { denied \"./.env\"; }", "{ rw \".\"; deny \"./.env\"; }"),
    ("filesystem { rw \".\"; }\n    assert { not-writable \"./.git\"; }", "{ rw \".\"; ro \"./.git\"; }"),
    ("filesystem { rw \"~/a\" at=\"/srv\"; }\n    assert { denied \"~/a/b\"; }", "deny \"/srv/b\";"),
    ("filesystem { rw \"~/a\" at=\"/srv\"; }\n    assert { not-writable \"~/a/b\"; }", "ro \"~/a/b\" at=\"/srv/b\";"),
    // A profile says so.
    (
        "inherit \"open\"\n    assert { denied \"~/vault\"; no-env \"SSH_AUTH_SOCK\"; network \"none\"; }",
        "filesystem { deny \"~/vault\"; }",
    ),
    (
        "inherit \"open\"\n    env { set A=\"b\"; }\n    assert { no-env \"SSH_AUTH_SOCK\"; }",
        "env { set A=\"b\"; remove \"SSH_*\"; }",
    ),
    ("inherit \"open\"\n    assert { network \"none\"; }", "}\n    network \"none\"\n}"),
    ("inherit \"open\"\n    assert { not-writable \"~/a\"; }", "ro \"~/a\" missing=\"skip\";"),
    // Variables and the network of the sandbox itself.
    ("env { pass \"A\" \"SSH_*\"; }\n    assert { no-env \"SSH_AUTH_SOCK\"; }", "env { pass \"A\"; }"),
    ("env { set A=\"1\" B=\"2\"; }\n    assert { no-env \"A\"; }", "env { set B=\"2\"; }"),
    ("network \"host\"\n    assert { network \"none\"; }", "network \"none\"\n    assert"),
    // Profiles that disagree.
    ("inherit \"open\" \"other\"", "env { set EDITOR=\"nano\"; }"),
    ("inherit \"open\" \"other\"", "filesystem { rw \"~/a\" missing=\"skip\"; }"),
    ("inherit \"open\" \"other\"", "isolation { hostname \"one\"; }"),
    ("inherit \"open\" \"other\"", "    network \"host\"\n"),
    // Said twice, or at the wrong place.
    ("env { set A=\"1\"; }\n    env { set B=\"2\"; }", "    env { set A=\"1\"; set B=\"2\"; }\n}"),
    (
        "env {\n        set A=\"1\"\n    }\n    env {\n        // why\n        set B=\"2\"\n        pass \"C\"\n    }",
        "set A=\"1\"\n        // why\n        set B=\"2\"\n        pass \"C\"\n    }\n}",
    ),
    ("env { set A=\"1\"; }\n    env { }", "    env { set A=\"1\"; }\n}"),
    ("filesystem { ro \"/usr\" \"/opt\" \"/usr\"; }", "{ ro \"/usr\" \"/opt\"; }"),
    ("env { set A=\"1\"; pass \"A\"; }", "env { set A=\"1\"; }"),
    ("about \"a\"\n    about \"b\"", "    about \"a\"\n}"),
    (
        "ro \"/usr\"\n    filesystem {\n        ro \"/opt\"\n    }",
        "{\n    filesystem {\n        ro \"/opt\"\n        ro \"/usr\"\n    }",
    ),
    ("filesystem { ro \"/opt\"; }\n    ro \"/usr\" // why\n", "{ ro \"/opt\"; ro \"/usr\"; }"),
    // What every sandbox asserts.
    ("filesystem { ro \"~/.npmrc\" \"/usr\"; }", "filesystem { ro \"/usr\"; }"),
    (
        "filesystem { ro \"~/.cargo\"; }",
        "{ ro \"~/.cargo\"; deny \"~/.cargo/credentials\"; deny \"~/.cargo/credentials.toml\"; }",
    ),
    ("filesystem { rw \"~/.bashrc\"; }", "filesystem { ro \"~/.bashrc\"; }"),
    ("filesystem { rw \"~/go\"; }", "{ rw \"~/go\"; ro \"~/go/bin\" missing=\"watch\"; }"),
    // What changes nothing.
    ("inherit \"open\"\n    env { remove \"NOTHING\"; set A=\"1\"; }", "env { set A=\"1\"; }"),
    ("inherit \"open\"\n    waive \"denied\" \"/x\" reason=\"y\"\n", "inherit \"open\"\n}"),
];

const PROFILES: &str = r#"
profile "open" {
    filesystem {
        ro "~/vault"
        rw "~/a" missing="skip"
    }
    env {
        pass "SSH_*"
        set EDITOR="nano"
    }
    isolation { hostname "one"; }
    network "host"
}
profile "other" {
    filesystem { ro "~/a"; }
    env { pass "EDITOR"; }
    isolation { hostname "two"; }
    network "none"
}
"#;

/// Following the help about a broken assertion or a conflict ends in a policy that compiles, and no
/// other byte of it is changed.
#[test]
fn meanings_are_settled() {
    for (body, part) in MEANINGS {
        let text = format!("sandbox \"app\" {{\n    {}\n}}\n{PROFILES}", body.trim_end());
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.clone().into() });
        assert!(!problems(&sources).is_empty(), "{text}");
        for _ in 0..10 {
            let found = problems(&sources);
            assert!(found.iter().all(|one| one.fix.is_some()), "{found:?}\n{}", policy(&sources));
            sources = apply_fixes(&sources, &found.iter().collect::<Vec<_>>()).0;
        }
        assert!(problems(&sources).is_empty(), "{:?}\n{}", problems(&sources), policy(&sources));
        let after = policy(&sources);
        assert!(after.contains(part), "no {part:?}:\n{after}");
        assert!(after.ends_with(PROFILES), "{after}");
    }
}

/// Certain fixes never leave more problems, and making them again changes nothing.
#[test]
fn fixing_settles() {
    for (name, sources) in corpus() {
        let once = fix::fix(&sources);
        assert!(problems(&once.sources).len() <= problems(&sources).len(), "{name}");
        let again = fix::fix(&once.sources);
        assert!(again.changes.is_empty(), "{name}: {:?}", again.changes);
    }
}

/// Five hundred mistakes are five hundred problems, each of them once.
#[test]
fn many_mistakes_are_many_problems() {
    let lines: String = (0..500).map(|number| format!("        ro /opt/{number}\n")).collect();
    let compilation = compiled(&format!("sandbox \"app\" {{\n    filesystem {{\n{lines}    }}\n}}\n"), &[]);
    assert_eq!(compilation.diagnostics.sorted().len(), 500);
}

/// `check --fix` changes nothing but what it says: comments, blank lines, line ends and permissions stay.
#[test]
fn fix_keeps_every_other_byte() {
    let before = "\u{feff}// mine\r\n\r\nsandbox \"app\" {\r\n\tfilesystem {\r\n\t\tro /usr   // why\r\n\r\n\t\treadonly \"/opt\" , \"/srv\" missing=skip\r\n\t}\r\n}\r\n";
    let after = before.replace("ro /usr", "ro \"/usr\"").replace("readonly", "ro").replace(" , \"", "  \"");
    let project = Project::new(before);
    project.write(".agent-sandbox/profiles/team.kdl", "profile \"team\" {\n    # later\n    network: \"host\"\n}\n");
    fs::set_permissions(project.root.join(".agent-sandbox.kdl"), Permissions::from_mode(0o640)).unwrap();
    let output = project.sbc(&["check", "--no-host", "--fix"]).code(0);
    output.says(&[
        "fixed .agent-sandbox.kdl:5: ro /usr // why -> ro \"/usr\" // why",
        "fixed .agent-sandbox/profiles/team.kdl:3: network: \"host\" -> network \"host\"",
    ]);
    assert_eq!(project.read(".agent-sandbox.kdl"), after);
    let profile = "profile \"team\" {\n    // later\n    network \"host\"\n}\n";
    assert_eq!(project.read(".agent-sandbox/profiles/team.kdl"), profile);
    let mode = fs::metadata(project.root.join(".agent-sandbox.kdl")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    let again = project.sbc(&["check", "--no-host", "--fix"]).code(0);
    assert!(!again.stderr.contains("fixed"), "{}", again.stderr);
}

/// What is only a guess is reported, and the file stays as it is.
#[test]
fn fix_leaves_guesses() {
    let text = "sandbox \"app\" {\n    filesystem {\n        bind \"/usr\"\n        rw \"src\"\n    }\n}\n";
    let project = Project::new(text);
    project.sbc(&["check", "--no-host", "--fix"]).code(1).says(&["SBC0101", "SBC0401"]);
    assert_eq!(project.read(".agent-sandbox.kdl"), text);
}

/// A file behind a link is not written, wherever the link leads.
#[test]
fn fix_follows_no_link() {
    let project = Project::empty();
    let text = "sandbox \"app\" {\n    filesystem {\n        ro /usr\n    }\n}\n";
    project.write("shared.kdl", text);
    std::os::unix::fs::symlink("shared.kdl", project.root.join(".agent-sandbox.kdl")).unwrap();
    project.sbc(&["check", "--no-host", "--fix"]).code(1).says(&["SBC0603", "is not a regular file"]);
    assert_eq!(project.read("shared.kdl"), text);
    project.write_home("outside.kdl", text);
    fs::remove_file(project.root.join(".agent-sandbox.kdl")).unwrap();
    std::os::unix::fs::symlink("../outside.kdl", project.root.join(".agent-sandbox.kdl")).unwrap();
    project.sbc(&["check", "--no-host", "--fix"]).code(1).says(&["SBC0006"]);
    assert_eq!(fs::read_to_string(project.home.join("outside.kdl")).unwrap(), text);
}

/// One change of a text, as a slip of the hand or of the clipboard.
fn slip(text: &str, seed: u64) -> String {
    let random = |step: u64, below: usize| {
        let mixed = (seed ^ step.wrapping_mul(0x9e37_79b9_7f4a_7c15)).wrapping_mul(6_364_136_223_846_793_005);
        (mixed >> 33) as usize % below.max(1)
    };
    let mut tokens: Vec<&str> = text.split_inclusive([' ', '\n', '"', '=', '{', '}', ';', '/']).collect();
    if tokens.is_empty() {
        return String::new();
    }
    let (at, other) = (random(1, tokens.len()), random(2, tokens.len()));
    match random(3, 5) {
        0 => drop(tokens.remove(at)),
        1 => tokens.insert(other, tokens[at]),
        2 => tokens.swap(at, other),
        3 => tokens.insert(
            at,
            ["{", "}", "\"", "=", "#", "\\", "'", ",", ";", "/*", "\"\"\"", "\u{200b}", "$"][random(4, 13)],
        ),
        _ => tokens.truncate(at),
    }
    tokens.concat()
}

proptest! {
    #![proptest_config(config(150))]

    /// A slip in a valid policy leaves a plan, or a problem with a place in the text; never a crash.
    #[test]
    fn slips_are_understood(seeds in proptest::collection::vec(any::<u64>(), 1..4), which in 0..SLIPPED.len()) {
        let text = seeds.iter().fold(SLIPPED[which].to_owned(), |text, seed| slip(&text, *seed));
        let compilation = compiled(&text, &[]);
        let problems = compilation.diagnostics.sorted();
        prop_assert!(!problems.is_empty() || !compilation.sandboxes.is_empty() || !text.contains("sandbox"), "{text}");
        for problem in problems {
            prop_assert!(!problem.labels.is_empty(), "{problem:?}\n{text}");
            for edit in problem.fix.iter().flat_map(|fix| &fix.edits) {
                let span = edit.location.span;
                prop_assert!(text.get(span.start..span.end).is_some(), "{problem:?}\n{text}");
            }
        }
    }

    /// Certain fixes of a slip come to an end and never make it worse.
    #[test]
    fn fixed_slips_settle(seeds in proptest::collection::vec(any::<u64>(), 1..4), which in 0..SLIPPED.len()) {
        let text = seeds.iter().fold(SLIPPED[which].to_owned(), |text, seed| slip(&text, *seed));
        let mut sources = builtin::sources();
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text: text.into() });
        let fixed = fix::fix(&sources);
        let (before, after) = (problems(&sources).len(), problems(&fixed.sources).len());
        prop_assert!(after < before || fixed.changes.is_empty() && after == before, "{}", policy(&fixed.sources));
    }
}

/// Policies to make slips in.
const SLIPPED: [&str; 3] = [
    include_str!("cases/good-every-access-rule/.agent-sandbox.kdl"),
    include_str!("cases/good-settings/.agent-sandbox.kdl"),
    include_str!("../examples/web-shop/.agent-sandbox.kdl"),
];

/// In a file that is right nothing is found to repair.
#[test]
fn right_files_need_no_repair() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut read = 0;
    for entry in walkdir::WalkDir::new(root.join("tests/cases")).into_iter().map(Result::unwrap) {
        let right = fs::read_to_string(entry.path().join("case")).is_ok_and(|case| !case.contains("code: "));
        let Ok(text) = fs::read_to_string(entry.path().join(".agent-sandbox.kdl")) else { continue };
        if right {
            let found = sbc::repair::repair(&text, sbc::source::SourceId(0));
            assert!(found.problems.is_empty(), "{}: {:?}", entry.path().display(), found.problems);
            read += 1;
        }
    }
    assert!(read > 20, "only {read} files");
}

/// A line that is indented with a wide space does not move the end of a block into a character.
#[test]
fn wide_indentation_keeps_places_on_characters() {
    let text = "sandbox \"app\" {\n    limits {\n \u{2003}work \"n\"\n  sandbox \"b\" {\n";
    let found = sbc::repair::repair(text, sbc::source::SourceId(0));
    assert!(!found.replacements.is_empty());
    for replacement in &found.replacements {
        assert!(text.get(replacement.span.start..replacement.span.end).is_some(), "{replacement:?}");
    }
}
