//! What programs read is well-formed, and what people read cannot drive their terminals.

use crate::support::{Project, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

/// A policy with mistakes in two files, warnings, and characters that terminals obey.
fn wrong() -> Project {
    let project = Project::new(
        "profile \"team\" { inherit \"base-dev\"; env { set EDITOR=\"\\u{1b}[31mvi\"; }; }\n\
         sandbox \"app\" {\n\
         \x20   // A comment with a mark that turns text round: \u{2067} here.\n\
         \x20   inherit \"team\" \"mine\" \"base-dev\"\n\
         \x20   network \"\\u{1b}]0;title\\u{7}\"\n\
         \x20   filesystem { ro \"~/.ssh\"; ro \"~/\\u{202e}txt\"; roo \"/größe\"; }\n\
         }\n",
    );
    project.write(
        ".agent-sandbox/profiles/mine.kdl",
        "profile \"mine\" { inherit \"base-dev\"; env { set EDITOR=\"nano\\u{9b}31m\"; }; }\n",
    );
    project
}

fn check(project: &Project, format: &str) -> String {
    let output = project.sbc(&["check", "--no-host", "--format", format]).code(1);
    output.stdout + &output.stderr
}

/// A text as JSON, after it has been found to fit a schema.
#[track_caller]
pub fn valid(schema: &str, text: &str) -> Value {
    let schema = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(schema)).unwrap();
    // The standard's schema has a bracket too many in a pattern that sbc's output has no use for.
    let schema = schema.replace("-[a-zA-Z]{2}]?$", "-[a-zA-Z]{2}$");
    let validator = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let value = serde_json::from_str(text).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(&value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{text}");
    value
}

/// No format lets a character through that drives a terminal or turns text round.
#[test]
fn nothing_drives_the_terminal() {
    let project = wrong();
    for format in ["human", "plain", "json", "sarif", "github"] {
        let said = check(&project, format);
        let bad = said
            .chars()
            .find(|c| c.is_control() && *c != '\n' || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'));
        assert_eq!(bad, None, "{format}:\n{said}");
        assert!(said.contains("SBC0103"), "{format} shows the word that is wrong:\n{said}");
    }
}

/// What `--format json` prints fits the published schema, with and without problems.
#[test]
fn json_fits_its_schema() {
    let report = valid("schema/diagnostics.schema.json", &check(&wrong(), "json"));
    assert!(report["errors"].as_u64().unwrap() >= 3, "{report}");
    let clean = Project::with_body("").sbc(&["check", "--no-host", "--format", "json"]).code(0).stdout;
    assert_eq!(valid("schema/diagnostics.schema.json", &clean)["diagnostics"], serde_json::json!([]));
}

/// Columns count characters from 1, offsets bytes from 0, also behind letters of two bytes.
#[test]
fn places_are_exact() {
    let project = Project::new("sandbox \"app\" { about \"größer\"; netwrk \"none\"; }\n");
    let report: Value = serde_json::from_str(&check(&project, "json")).unwrap();
    let label = &report["diagnostics"][0]["labels"][0];
    let text = project.read(".agent-sandbox.kdl");
    let (start, end) = (label["start"].as_u64().unwrap() as usize, label["end"].as_u64().unwrap() as usize);
    assert_eq!(&text[start..end], "netwrk");
    let column = label["column"].as_u64().unwrap() as usize;
    assert_eq!(text.chars().skip(column - 1).take(6).collect::<String>(), "netwrk");
    assert_eq!(label["line"], 1);
    assert_eq!(label["end_column"].as_u64().unwrap() as usize, column + 6);
}

/// What `--format sarif` prints fits the standard's schema, and every result is in a file of the project.
#[test]
fn sarif_fits_the_standard() {
    let project = wrong();
    let log = valid("tests/schemas/sarif-2.1.0.json", &check(&project, "sarif"));
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let rule = &rules[result["ruleIndex"].as_u64().unwrap() as usize];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(!rule["help"]["markdown"].as_str().unwrap().is_empty());
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(project.root.join(uri).is_file(), "{uri} is no file of the project");
    }
    let empty = Project::empty().sbc(&["check", "--format", "sarif"]).code(1).stdout;
    valid("tests/schemas/sarif-2.1.0.json", &empty);
}

/// Annotations are one line each, name their file, and hold no text that could end a command.
#[test]
fn github_annotations() {
    let project = Project::new("sandbox \"app\" {\n    netwrk \"100%,:\\n::error::x\"\n}\n");
    let said = check(&project, "github");
    assert_eq!(
        said,
        "::error title=SBC0101,file=.agent-sandbox.kdl,line=2,endLine=2,col=5,endColumn=11::there is no `netwrk` in a \
         profile or sandbox%0Ahelp: did you mean `network`?\n\
         ::error title=SBC0103,file=.agent-sandbox.kdl,line=2,endLine=2,col=12,endColumn=32::`100%25,:%0A::error::x` \
         is not one of the words for this place%0Ahelp: write `none` or `host`\n"
    );
}

/// Screen readers get one fact a line, and no drawing.
#[test]
fn plain_is_plain() {
    let said = check(&wrong(), "plain");
    let starts = ["error[", "warning[", "at ", "note: ", "help: "];
    let lines: Vec<&str> = said.lines().filter(|line| !line.is_empty()).collect();
    let (last, facts) = lines.split_last().unwrap();
    for line in facts {
        assert!(starts.iter().any(|start| line.starts_with(start)), "{line}");
    }
    assert!(last.contains("errors") && last.contains("sbc explain"), "{last}");
    assert!(!said.chars().any(|c| ('\u{2500}'..='\u{257f}').contains(&c)));
}

/// A policy with 500 mistakes is checked, and the mistakes that are not shown are counted.
#[test]
fn many_mistakes() {
    let lines: String = (0..500).map(|number| format!("    netwrk{number} \"none\"\n")).collect();
    let project = Project::new(&format!("sandbox \"app\" {{\n{lines}}}\n"));
    let said = check(&project, "human");
    assert!(said.contains("… and 480 more\n500 errors; "), "{said}");
    let report: Value = serde_json::from_str(&check(&project, "json")).unwrap();
    assert_eq!(report["diagnostics"].as_array().unwrap().len(), 500);
}

/// Where the locale has no such signs, a message is drawn in ASCII and holds none but what the policy holds.
#[test]
fn ascii_is_ascii() {
    let text = include_str!("cases/diagnostics/meaning-conflict-through-levels/.agent-sandbox.kdl");
    let assertion = include_str!("cases/diagnostics/meaning-assertion-through-levels/.agent-sandbox.kdl");
    for text in [text, assertion] {
        let project = Project::new(text);
        let output = run(project.sbc_command(&["check", "--no-host"]).env("LANG", "C")).code(1);
        assert!(output.stderr.is_ascii(), "{}", output.stderr);
        output.says(&["inherited by app ->"]);
    }
}
