//! Makes edits of what a problem asks of a policy: a rule more, another one, one less.
//!
//! Stages say what is wanted and know no text. Here the text is read again, to find the place for it.

use crate::diagnostic::{Diagnostic, Diagnostics, Edit};
use crate::edit::with_space;
use crate::parse::parse;
use crate::rule::quote;
use crate::schema::{self, Section};
use crate::source::{Location, SourceId, Sources, Span};
use kdl::{KdlDocument, KdlEntry, KdlNode};
use std::collections::BTreeMap;

/// A change of a policy in the terms of the language.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Amendment {
    /// A block in a body that has lines and no such block, for rules with a line each.
    Open { body: Location, section: Section },
    /// Rules in the body that has a name at this place.
    Add { body: Location, rules: Vec<(Section, String)> },
    /// A profile more that a body inherits; one that comes with it gives way.
    Inherit { body: Location, name: String, instead_of: &'static str },
    /// Text in front of what is assigned to the name at `subject`.
    Prefix { subject: Location, text: String },
    /// A rule instead of what another says about `subject`, the place of its path or name.
    Replace { body: Location, section: Section, subject: Location, rule: String },
    /// What a rule says about `subject` is left out.
    Remove { subject: Location },
    /// The statements of a second block of one name stand in the first.
    Join { first: Location, second: Location },
    /// The rule that has its name at this place stands in a block of its body.
    Move { rule: Location, section: Section },
}

impl Amendment {
    /// The file to change.
    const fn source(&self) -> SourceId {
        match self {
            Amendment::Open { body: place, .. }
            | Amendment::Add { body: place, .. }
            | Amendment::Inherit { body: place, .. }
            | Amendment::Prefix { subject: place, .. }
            | Amendment::Replace { body: place, .. }
            | Amendment::Remove { subject: place }
            | Amendment::Join { second: place, .. }
            | Amendment::Move { rule: place, .. } => place.source,
        }
    }
}

/// Turns the amendments of all problems into edits. What finds no place is left out, with all that
/// belongs to it.
pub fn resolve(sources: &Sources, problems: Diagnostics) -> Diagnostics {
    let mut pages: BTreeMap<SourceId, Option<Page<'_>>> = BTreeMap::new();
    problems.filter_map(|mut problem| {
        if let Some(mut fix) = problem.fix.take() {
            let edits = std::mem::take(&mut fix.amendments).into_iter().map(|amendment| {
                let id = amendment.source();
                pages.entry(id).or_insert_with(|| Page::new(sources, id)).as_ref()?.edits(&amendment)
            });
            if let Some(edits) = edits.collect::<Option<Vec<_>>>() {
                fix.edits.extend(edits.into_iter().flatten());
                fix.edits.sort_by_key(|edit| edit.location);
                problem.fix = Some(fix);
            }
        }
        Some(problem)
    })
}

impl Diagnostic {
    /// Says which change of the policy would settle it: a guess, for people.
    pub fn amend(mut self, amendment: Amendment) -> Diagnostic {
        self.fix.get_or_insert_default().amendments.push(amendment);
        self
    }
}

/// A text that is KDL as it stands.
struct Page<'a> {
    text: &'a str,
    source: SourceId,
    document: KdlDocument,
}

impl<'a> Page<'a> {
    fn new(sources: &'a Sources, source: SourceId) -> Option<Page<'a>> {
        let text = sources.get(source)?.text.as_ref();
        Some(Page { text, source, document: parse(text)?.document })
    }

    fn edits(&self, amendment: &Amendment) -> Option<Vec<Edit>> {
        match amendment {
            Amendment::Open { body, section } => Some(vec![self.open(*body, *section)?]),
            Amendment::Add { body, rules } => self.add(*body, rules),
            Amendment::Inherit { body, name, instead_of } => Some(vec![self.inherit(*body, name, instead_of)?]),
            Amendment::Prefix { subject, text } => Some(vec![self.prefix(*subject, text)?]),
            Amendment::Remove { subject } => Some(vec![self.remove(*subject)?]),
            Amendment::Replace { body, section, subject, rule } => {
                let node = self.node(*subject)?;
                if subjects(node).count() > 1 {
                    let added = self.add(*body, &[(*section, rule.clone())])?;
                    return Some([vec![self.remove(*subject)?], added].concat());
                }
                let (start, end) = self.extent(node)?;
                Some(vec![self.edit(start, end, rule)])
            }
            Amendment::Join { first, second } => self.join(self.node(*first)?, self.node(*second)?),
            Amendment::Move { rule, section } => {
                let (start, end) = self.extent(self.node(*rule)?)?;
                let whole = self.text.get(start..end)?.to_owned();
                Some([vec![self.cut(start, end)?], self.add(*rule, &[(*section, whole)])?].concat())
            }
        }
    }

    fn edit(&self, start: usize, end: usize, text: impl Into<String>) -> Edit {
        Edit { location: Location { source: self.source, span: Span { start, end } }, text: text.into() }
    }

    fn open(&self, body: Location, section: Section) -> Option<Edit> {
        let (body, name) = (node_at(self.document.nodes(), body.span.start)?, section.block()?);
        let is_there = body.children()?.nodes().iter().any(|node| node.name().value() == name);
        let (_, line) = self.line_before(self.extent(body)?.1 - 1)?;
        let block = format!("{name} {{\n{}}}", self.indentation(body.children()?, line));
        if is_there || !self.has_lines(body) { None } else { self.append(body, &[block]) }
    }

    /// Rules at the end of the blocks of a body, or in blocks of their own; layers at the end of the file.
    fn add(&self, body: Location, rules: &[(Section, String)]) -> Option<Vec<Edit>> {
        let mut sections: BTreeMap<Section, Vec<String>> = BTreeMap::new();
        for (section, rule) in rules {
            sections.entry(*section).or_default().push(rule.clone());
        }
        let body = node_at(self.document.nodes(), body.span.start)?;
        let (mut edits, mut own) = (Vec::new(), Vec::new());
        for (section, rules) in sections {
            let block = |name| body.children()?.nodes().iter().find(|node| node.name().value() == name);
            match (section, section.block()) {
                (Section::File, _) => edits.push(self.at_the_end(&rules)),
                (_, None) => own.extend(rules),
                (_, Some(name)) => match block(name) {
                    Some(block) => edits.push(self.append(block, &rules)?),
                    None => own.push(format!("{name} {{ {}; }}", rules.join("; "))),
                },
            }
        }
        if !own.is_empty() {
            edits.push(self.append(body, &own)?);
        }
        Some(edits)
    }

    fn at_the_end(&self, layers: &[String]) -> Edit {
        let end = self.text.len();
        let newline = if self.text.ends_with('\n') { "" } else { "\n" };
        self.edit(end, end, format!("{newline}\n{}\n", layers.join("\n\n")))
    }

    /// A profile in place of another, after the last that the body inherits, or as its first.
    fn inherit(&self, body: Location, name: &str, instead_of: &str) -> Option<Edit> {
        let body = node_at(self.document.nodes(), body.span.start)?;
        let statements = body.children()?.nodes().iter().filter(|node| node.name().value() == "inherit");
        let names: Vec<&KdlEntry> = statements.flat_map(KdlNode::entries).collect();
        if let Some(other) = names.iter().find(|entry| entry.value().as_string() == Some(instead_of)) {
            let Span { start, end } = subject_span(other);
            return Some(self.edit(start, end, quote(name)));
        }
        match names.last() {
            Some(last) => Some(self.edit(span(last).end, span(last).end, format!(" {}", quote(name)))),
            None => self.append(body, &[format!("inherit {}", quote(name))]),
        }
    }

    /// Text at the start of an assigned one, which is in quotes of one line.
    fn prefix(&self, subject: Location, text: &str) -> Option<Edit> {
        let value = self.text.get(subject.span.end..)?.strip_prefix('=')?;
        let inside = value.strip_prefix('"').filter(|_| !value.starts_with("\"\"\""))?;
        let (at, quoted) = (self.text.len() - inside.len(), quote(text));
        Some(self.edit(at, at, quoted.get(1..quoted.len() - 1)?))
    }

    /// Statements before the brace that closes a block.
    fn append(&self, block: &KdlNode, statements: &[String]) -> Option<Edit> {
        let children = block.children()?;
        let whole = self.text.get(..block.span().offset() + block.span().len())?;
        let brace = whole.rfind('}')?;
        let (before, line) = self.line_before(brace)?;
        if !line.trim().is_empty() {
            let done = self.text.get(..brace)?.trim_end_matches([' ', '\t']);
            let start = if done.ends_with(['{', ';']) { " " } else { "; " };
            let end = if done.ends_with('{') && done.len() == brace { "; " } else { ";" };
            return Some(self.edit(done.len(), done.len(), format!("{start}{}{end}", statements.join("; "))));
        }
        let indentation = self.indentation(children, line);
        let newline = if before.ends_with("\r\n") { "\r\n" } else { "\n" };
        let lines: String = statements.iter().map(|one| format!("{indentation}{one}{newline}")).collect();
        Some(self.edit(before.len(), before.len(), lines))
    }

    /// Whether the brace that closes a block has a line of its own.
    fn has_lines(&self, block: &KdlNode) -> bool {
        let brace = self.extent(block).and_then(|(_, end)| self.line_before(end - 1));
        brace.is_some_and(|(_, line)| line.trim().is_empty())
    }

    /// What stands before statements of a block: as before its last, or more than before its brace.
    fn indentation(&self, block: &KdlDocument, brace: &str) -> String {
        let last = block.nodes().last().and_then(|node| self.line_before(node.name().span().offset()));
        match last.filter(|(_, own)| own.trim().is_empty()) {
            Some((_, own)) => own.to_owned(),
            None => format!("{brace}    "),
        }
    }

    /// All lines before an offset, and the part of its own.
    fn line_before(&self, at: usize) -> Option<(&'a str, &'a str)> {
        let before = self.text.get(..at)?;
        before.split_at_checked(before.rfind('\n').map_or(0, |newline| newline + 1))
    }

    /// Leaves a subject out of its rule, or the rule with its line where it has no other.
    fn remove(&self, subject: Location) -> Option<Edit> {
        let node = self.node(subject)?;
        if subjects(node).count() > 1 {
            let entry = subjects(node).find(|entry| span(entry).contains(&subject.span.start))?;
            let place = with_space(self.text, subject_span(entry));
            return Some(self.edit(place.start, place.end, ""));
        }
        let (start, end) = self.extent(node)?;
        self.cut(start, end)
    }

    /// Leaves out a node, with its line where nothing else stands there.
    fn cut(&self, start: usize, end: usize) -> Option<Edit> {
        let rest = self.text.get(end..)?;
        let (before, line) = self.line_before(start)?;
        let newline = rest.find('\n').map(|newline| newline + 1);
        if let Some(length) = newline.filter(|length| {
            let tail = rest.get(..*length).unwrap_or_default();
            line.trim().is_empty() && tail.trim_matches([' ', '\t', '\r', '\n', ';']).is_empty()
        }) {
            return Some(self.edit(before.len(), end + length, ""));
        }
        let semicolon = rest.trim_start_matches([' ', '\t']).strip_prefix(';').map(|after| rest.len() - after.len());
        let place = with_space(self.text, Span { start, end: end + semicolon.unwrap_or(0) });
        Some(self.edit(place.start, place.end, ""))
    }

    fn join(&self, first: &KdlNode, second: &KdlNode) -> Option<Vec<Edit>> {
        let (start, end) = self.extent(second)?;
        let open = second.children()?.nodes().first().map_or(end, |node| node.name().span().offset());
        let brace = self.text.get(start..open)?.rfind('{')? + start;
        let inside = self.text.get(brace + 1..end - 1)?.trim().trim_end_matches(';');
        let removed = self.cut(start, end)?;
        // A comment would hide what comes after it.
        let safe = !inside.lines().last().unwrap_or_default().contains("//");
        match inside {
            "" => Some(vec![removed]),
            _ if safe => Some(vec![removed, self.append(first, &[inside.to_owned()])?]),
            _ => None,
        }
    }

    /// From a node's name to the end of what it says.
    fn extent(&self, node: &KdlNode) -> Option<(usize, usize)> {
        let name = node.name().span();
        let end = match node.children() {
            Some(_) => self.text.get(..node.span().offset() + node.span().len())?.rfind('}')? + 1,
            None => node.entries().last().map_or(name.offset() + name.len(), |entry| span(entry).end),
        };
        Some((name.offset(), end))
    }

    /// The innermost node around a place.
    fn node(&self, subject: Location) -> Option<&KdlNode> {
        let mut node = node_at(self.document.nodes(), subject.span.start)?;
        while let Some(inner) = node.children().and_then(|block| node_at(block.nodes(), subject.span.start)) {
            node = inner;
        }
        Some(node)
    }
}

/// The node that an offset lies in.
fn node_at(nodes: &[KdlNode], at: usize) -> Option<&KdlNode> {
    nodes.iter().find(|node| {
        let end = node.span().offset() + node.span().len();
        (node.name().span().offset()..end).contains(&at)
    })
}

/// What a rule is about: the paths, names or assignments that could stand in rules of their own.
fn subjects(node: &KdlNode) -> impl Iterator<Item = &KdlEntry> {
    let name = node.name().value();
    let rows = move || schema::NODES.iter().filter(move |row| row.name == name);
    let several = rows().any(|row| row.arguments.most.is_none() || row.assignments);
    let is_property = move |entry: &KdlEntry| {
        entry.name().is_some_and(|key| rows().any(|row| row.properties.iter().any(|one| one.name == key.value())))
    };
    node.entries().iter().filter(move |entry| !is_property(entry)).take(if several { usize::MAX } else { 1 })
}

fn span(entry: &KdlEntry) -> std::ops::Range<usize> {
    entry.span().offset()..entry.span().offset() + entry.span().len()
}

fn subject_span(entry: &KdlEntry) -> Span {
    let std::ops::Range { start, end } = span(entry);
    Span { start, end }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Code;
    use crate::edit::{Replacement, apply};
    use crate::source::{Source, SourceKind};

    /// The text after changes; each place is told by the first text that stands there.
    fn amended(before: &str, amendments: impl Fn(&dyn Fn(&str) -> Location) -> Vec<Amendment>) -> Option<String> {
        let mut sources = Sources::default();
        let source =
            sources.add(Source { kind: SourceKind::Policy, name: String::new(), text: before.to_owned().into() });
        let place = |text: &str| {
            let start = before.find(text).unwrap_or_default();
            Location { source, span: Span { start, end: start + text.len() } }
        };
        let problem = Diagnostic::error(Code::SBC0412, "");
        let mut problems = Diagnostics::default();
        problems.push(amendments(&place).into_iter().fold(problem, Diagnostic::amend));
        let problems = resolve(&sources, problems);
        let fix = problems.sorted().first()?.fix.clone()?;
        let edits = fix.edits.into_iter().map(|edit| Replacement { span: edit.location.span, text: edit.text });
        let after = apply(before, &edits.collect::<Vec<_>>()).0;
        assert!(parse(&after).is_some(), "{after}");
        Some(after)
    }

    /// Rules of one section go into the block that is there, or together into a new one, in several lines
    /// and in one.
    #[test]
    fn rules_are_added_to_sections() {
        let rules =
            [(Section::Filesystem, "ro \"/x\""), (Section::Env, "pass \"A\""), (Section::Filesystem, "dir \"/y\"")];
        let rules = rules.map(|(section, rule)| (section, rule.to_owned())).to_vec();
        let cases = [
            (
                "sandbox \"a\" { run { command \"x\"; }; }",
                "sandbox \"a\" { run { command \"x\"; }; filesystem { ro \"/x\"; dir \"/y\"; }; env { pass \"A\"; }; }",
            ),
            (
                "sandbox \"a\" { env { pass \"B\" } }",
                "sandbox \"a\" { env { pass \"B\"; pass \"A\"; }; filesystem { ro \"/x\"; dir \"/y\"; }; }",
            ),
            (
                "// {\nsandbox \"a\" {\n    filesystem {\n        rw \".\"\n    }\n}\n",
                "// {\nsandbox \"a\" {\n    filesystem {\n        rw \".\"\n        ro \"/x\"\n        dir \"/y\"\n    }\n    env { pass \"A\"; }\n}\n",
            ),
        ];
        for (before, after) in cases {
            let added = amended(before, |place| vec![Amendment::Add { body: place("\"a\""), rules: rules.clone() }]);
            assert_eq!(added.as_deref(), Some(after));
        }
    }

    /// A block is opened once, and only where the body has lines.
    #[test]
    fn blocks_are_opened() {
        let cases = [
            ("sandbox a {\n    dir \"/z\"\n}\n", Some("sandbox a {\n    dir \"/z\"\n    filesystem {\n    }\n}\n")),
            ("sandbox a { dir \"/z\"; }", None),
            ("sandbox a {\n    filesystem { dir \"/z\"; }\n}\n", None),
        ];
        for (before, after) in cases {
            let section = Section::Filesystem;
            let opened = amended(before, |place| vec![Amendment::Open { body: place("a {"), section }]);
            assert_eq!(opened.as_deref().filter(|text| *text != before), after);
        }
    }

    /// A profile takes the place of one that it brings, or stands behind the others, also where more is added.
    #[test]
    fn profiles_are_inherited() {
        let cases = [
            ("sandbox a { inherit base-dev \"git\" }", "sandbox a { inherit \"node\" \"git\"; dir \"/y\"; }"),
            ("sandbox a { inherit \"git\" }", "sandbox a { inherit \"git\" \"node\"; dir \"/y\"; }"),
            ("sandbox a { dir \"/x\"; }", "sandbox a { dir \"/x\"; inherit \"node\"; dir \"/y\"; }"),
        ];
        for (before, after) in cases {
            let inherited = amended(before, |place| {
                let (body, name, instead_of) = (place("a {"), "node".to_owned(), "base-dev");
                let rules = vec![(Section::Body, "dir \"/y\"".to_owned())];
                vec![Amendment::Inherit { body, name, instead_of }, Amendment::Add { body, rules }]
            });
            assert_eq!(inherited.as_deref(), Some(after));
        }
    }

    /// Text is put in front of a value in quotes; other ways to write one are left alone.
    #[test]
    fn values_are_prefixed() {
        let cases = [
            ("a { prepend PATH=\"/b\" }", Some("a { prepend PATH=\"/\\\"c:/b\" }")),
            ("a { prepend PATH=\"\"\"\n/b\n\"\"\" }", None),
            ("a { prepend PATH=#\"/b\"# }", None),
        ];
        for (before, after) in cases {
            let prefixed =
                amended(before, |place| vec![Amendment::Prefix { subject: place("PATH"), text: "/\"c:".to_owned() }]);
            assert_eq!(prefixed.as_deref(), after);
        }
    }
}
