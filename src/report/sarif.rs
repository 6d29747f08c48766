//! SARIF 2.1.0, the form that code scanning reads.
//!
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html>. Every result has a place in
//! the project, because code hosts drop those that have none.

use super::{Change, Place, Problem, word};
use crate::code::Code;
use crate::plan::sha256;
use crate::project::POLICY;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub fn render(problems: &[Problem]) -> String {
    let codes: Vec<Code> = problems.iter().map(|problem| problem.code).collect::<BTreeSet<_>>().into_iter().collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "sbc",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": problems.iter().map(|problem| result(problem, &codes)).collect::<Vec<_>>(),
        }],
    });
    let mut text = serde_json::to_string_pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.name(),
        "name": code.name(),
        "shortDescription": { "text": code.title() },
        "fullDescription": { "text": code.meaning() },
        "help": { "text": code.page(), "markdown": code.page() },
        "defaultConfiguration": { "level": word(code.severity()) },
    })
}

fn result(problem: &Problem, codes: &[Code]) -> Value {
    let own = problem.labels.iter().find(|place| place.in_project);
    let location = match own {
        Some(place) => json!({ "physicalLocation": physical(place), "message": { "text": place.text } }),
        None => json!({ "physicalLocation": { "artifactLocation": { "uri": POLICY }, "region": { "startLine": 1 } } }),
    };
    let others = problem.labels.iter().filter(|place| own.is_none_or(|own| !std::ptr::eq(*place, own)));
    let fingerprint = sha256(format!("{}\0{}", problem.code.name(), problem.title).as_bytes());
    let mut result = json!({
        "ruleId": problem.code.name(),
        "ruleIndex": codes.iter().position(|code| *code == problem.code),
        "level": word(problem.severity),
        "message": { "text": problem.message() },
        "locations": [location],
        "relatedLocations": others.enumerate().map(|(id, place)| related(id + 1, place)).collect::<Vec<_>>(),
        "partialFingerprints": { "problem/v1": fingerprint },
    });
    if let (Some(fix), Some(fields)) = (&problem.fix, result.as_object_mut()) {
        fields.insert("fixes".to_owned(), json!([change(fix, problem.help.as_deref())]));
    }
    result
}

/// A place elsewhere. The built-in profiles are in no repository, so they are only named.
fn related(id: usize, place: &Place) -> Value {
    if place.in_project {
        return json!({ "id": id, "physicalLocation": physical(place), "message": { "text": place.text } });
    }
    json!({ "id": id, "message": { "text": format!("{}:{}: {}", place.file, place.line, place.text) } })
}

fn physical(place: &Place) -> Value {
    json!({ "artifactLocation": { "uri": uri(&place.file) }, "region": region(place) })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

fn change(change: &Change, help: Option<&str>) -> Value {
    let edit = |place: &Place| {
        json!({
            "artifactLocation": { "uri": uri(&place.file) },
            "replacements": [{ "deletedRegion": region(place), "insertedContent": { "text": place.text } }],
        })
    };
    json!({
        "description": { "text": help.unwrap_or("change the text") },
        "artifactChanges": change.edits.iter().map(edit).collect::<Vec<_>>(),
    })
}

/// A relative path as a relative reference (RFC 3986).
fn uri(path: &str) -> String {
    let encode = |byte: u8| match byte {
        b'/' | b'-' | b'.' | b'_' | b'~' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    path.bytes().map(encode).collect()
}
