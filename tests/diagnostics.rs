//! What problems say to type, typed.

use crate::random::compiled;
use sbc::compile::{Compilation, Wanted, compile};
use sbc::diagnostic::{Diagnostic, Severity};
use sbc::fix::apply_fixes;
use sbc::source::{Source, SourceKind, Sources};
use sbc::{builtin, fix};
use std::fs;
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
        sources.add(Source { kind: SourceKind::Policy, name: ".agent-sandbox.kdl".into(), text });
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
    sources.iter().last().unwrap().1.text.clone()
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
