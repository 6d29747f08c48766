//! Statements that are added to a layer, as changes of its text.

use crate::parse::parse;
use crate::source::{Location, Sources, Span};

/// A place for an insertion, and the text for it.
pub type Insertion = (Location, String);

/// What adds statements to the layer whose name stands at `layer`, each to a section or to the body.
/// Nothing where the layer has no body.
pub fn add(sources: &Sources, layer: Location, statements: &[(Option<&str>, String)]) -> Option<Vec<Insertion>> {
    let text = &sources.get(layer.source)?.text;
    let document = parse(text)?.document;
    let node = document.nodes().iter().find(|node| covers(node.span(), layer.span))?;
    let open = |children: miette::SourceSpan| text.get(..children.offset() + 1)?.rfind('{').map(|brace| brace + 1);
    let body = node.children()?;
    let body_at = open(body.span())?;
    let mut sections: Vec<(Option<&str>, usize)> = Vec::new();
    for child in body.nodes() {
        let Some(children) = child.children() else { continue };
        sections.extend(open(children.span()).map(|at| (Some(child.name().value()), at)));
    }
    let mut insertions: Vec<Insertion> = Vec::new();
    let mut groups: Vec<Option<&str>> = statements.iter().map(|(section, _)| *section).collect();
    groups.dedup();
    for group in groups {
        let own: Vec<&str> =
            statements.iter().filter(|(section, _)| *section == group).map(|(_, text)| text.as_str()).collect();
        let existing = sections.iter().find(|(section, _)| *section == group).map(|(_, at)| *at);
        let at = existing.filter(|_| group.is_some()).unwrap_or(body_at);
        let inserted = match group.filter(|_| existing.is_none()) {
            Some(section) => block(text, at, section, &own),
            None => lines(text, at, &own),
        };
        let span = Span { start: at, end: at };
        insertions.push((Location { source: layer.source, span }, inserted));
    }
    Some(insertions)
}

fn covers(outer: miette::SourceSpan, inner: Span) -> bool {
    outer.offset() <= inner.start && inner.end <= outer.offset() + outer.len()
}

/// Where the body of a layer has this argument of a statement, such as `"base-dev"` of `inherit`.
pub fn argument(sources: &Sources, layer: Location, statement: &str, value: &str) -> Option<Location> {
    let text = &sources.get(layer.source)?.text;
    let document = parse(text)?.document;
    let node = document.nodes().iter().find(|node| covers(node.span(), layer.span))?;
    let statements = node.children()?.nodes().iter().filter(|child| child.name().value() == statement);
    let entry = statements.flat_map(|child| child.entries()).find(|entry| entry.value().as_string() == Some(value))?;
    let (start, length) = (entry.span().offset(), entry.span().len());
    Some(Location { source: layer.source, span: Span { start, end: start + length } })
}

/// Statements for the place after an opening brace.
fn lines(text: &str, at: usize, statements: &[&str]) -> String {
    match indent(text, at) {
        Some(indent) => statements.iter().map(|statement| format!("\n{indent}    {statement}")).collect(),
        None => statements.iter().map(|statement| format!(" {statement};")).collect(),
    }
}

/// A section for the place after an opening brace.
fn block(text: &str, at: usize, section: &str, statements: &[&str]) -> String {
    match indent(text, at) {
        Some(indent) => {
            let inner: String = statements.iter().map(|statement| format!("\n{indent}        {statement}")).collect();
            format!("\n{indent}    {section} {{{inner}\n{indent}    }}")
        }
        None => format!(" {section} {{ {}; }};", statements.join("; ")),
    }
}

/// The indentation of the line of an opening brace; nothing where its block goes on in that line.
fn indent(text: &str, at: usize) -> Option<&str> {
    let (before, after) = (text.get(..at)?, text.get(at..)?);
    let rest = after.split('\n').next().unwrap_or_default().trim();
    (rest.is_empty() && after.contains('\n')).then_some(())?;
    let line = before.rsplit('\n').next()?;
    line.get(..line.len() - line.trim_start().len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::{Replacement, apply};
    use crate::source::{Source, SourceKind};

    /// Statements go into a section that is there, or into a new one, in blocks and on one line.
    #[test]
    fn added_to_sections() {
        let statements = [(Some("filesystem"), "ro \"/x\"".to_owned()), (Some("env"), "pass \"A\"".to_owned())];
        let cases = [
            (
                "sandbox \"a\" { run { command \"x\"; }; }",
                "sandbox \"a\" { filesystem { ro \"/x\"; }; env { pass \"A\"; }; run { command \"x\"; }; }",
            ),
            (
                "sandbox \"a\" { env { pass \"B\"; }; }",
                "sandbox \"a\" { filesystem { ro \"/x\"; }; env { pass \"A\"; pass \"B\"; }; }",
            ),
            (
                "// {\nsandbox \"a\" {\n    filesystem {\n        rw \".\"\n    }\n}\n",
                "// {\nsandbox \"a\" {\n    env {\n        pass \"A\"\n    }\n    filesystem {\n        ro \"/x\"\n        rw \".\"\n    }\n}\n",
            ),
        ];
        for (before, after) in cases {
            let mut sources = Sources::default();
            let source = Source { kind: SourceKind::Policy, name: String::new(), text: before.to_owned() };
            let source = sources.add(source);
            let start = before.find("\"a\"").unwrap_or_default();
            let location = Location { source, span: Span { start, end: start + 3 } };
            let added = add(&sources, location, &statements).into_iter().flatten();
            let replacements: Vec<Replacement> =
                added.map(|(place, text)| Replacement { span: place.span, text }).collect();
            assert_eq!(apply(before, &replacements).0, after);
        }
    }
}
