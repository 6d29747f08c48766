//! What has changed, for programs. `schema/diff.schema.json` describes it.

use super::{Cause, Class, Kind, SandboxDiff, count};
use crate::diagnostic::printable;
use serde::Serialize;

#[derive(Serialize)]
struct Report<'a> {
    /// The names of the two sides.
    before: String,
    after: String,
    widening: usize,
    narrowing: usize,
    neutral: usize,
    sandboxes: Vec<Sandbox<'a>>,
}

#[derive(Serialize)]
struct Sandbox<'a> {
    name: &'a str,
    /// The hashes of the plans.
    before: Option<&'a str>,
    after: Option<&'a str>,
    changes: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    class: Class,
    kind: Kind,
    subject: &'a str,
    before: &'a str,
    after: &'a str,
    before_at: &'a [String],
    after_at: &'a [String],
    except: &'a [String],
    sentence: String,
    rule: Option<&'a Cause>,
}

/// Every change of every sandbox; `names` are those of the two sides.
pub fn json(diffs: &[SandboxDiff], names: (&str, &str)) -> String {
    let sandbox = |diff| {
        let SandboxDiff { name, before, after, changes }: &SandboxDiff = diff;
        let changes = changes.iter().map(|change| Row {
            class: change.class,
            kind: change.kind,
            subject: &change.subject,
            before: &change.before,
            after: &change.after,
            before_at: &change.before_at,
            after_at: &change.after_at,
            except: &change.except,
            sentence: change.sentence.plain(),
            rule: change.cause.as_ref(),
        });
        Sandbox { name, before: before.as_deref(), after: after.as_deref(), changes: changes.collect() }
    };
    let report = Report {
        before: printable(names.0),
        after: printable(names.1),
        widening: count(diffs, Class::Widening),
        narrowing: count(diffs, Class::Narrowing),
        neutral: count(diffs, Class::Neutral),
        sandboxes: diffs.iter().map(sandbox).collect(),
    };
    serde_json::to_string_pretty(&report).unwrap_or_default() + "\n"
}
