//! Checks a KDL node against its row of the schema, and hands out what is well-formed.
//!
//! Knows names, counts and words; knows nothing of what they mean. `decode.rs` does.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, list, nearest};
use crate::parse::FOREIGN_QUOTES;
use crate::schema::{self, Node, Section};
use crate::source::{Location, SourceId, Span, Spanned};
use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};

/// A node whose name, entries and children fit the schema as far as they are handed out.
pub struct Shape<'a> {
    pub node: &'static Node,
    /// The place of the node's name.
    pub location: Location,
    pub arguments: Vec<Spanned<String>>,
    pub properties: Vec<(Spanned<String>, Spanned<String>)>,
    pub children: Option<&'a KdlDocument>,
    /// `reason="…"`, else the comment directly above, else the one at the end of the line.
    pub reason: Option<String>,
}

impl Shape<'_> {
    /// The value of a property of the schema.
    pub fn property(&self, name: &str) -> Option<&Spanned<String>> {
        self.properties.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The pairs with names of the user's choice.
    pub fn assignments(&self) -> impl Iterator<Item = &(Spanned<String>, Spanned<String>)> {
        let own = |name: &str| self.node.properties.iter().any(|property| property.name == name);
        self.properties.iter().filter(move |(key, _)| !own(&key.value))
    }
}

/// Checks nodes of one source.
pub struct Shaper<'a> {
    pub source: SourceId,
    pub out: &'a mut Diagnostics,
}

impl Shaper<'_> {
    pub fn locate(&self, span: miette::SourceSpan) -> Location {
        let start = span.offset();
        Location { source: self.source, span: Span { start, end: start + span.len() } }
    }

    /// The node as the schema sees it; `None` when its name is unknown here.
    pub fn shape<'a>(&mut self, kdl: &'a KdlNode, section: Section) -> Option<Shape<'a>> {
        let location = self.locate(kdl.name().span());
        let Some(node) = schema::node(section, kdl.name().value()) else {
            self.unknown_node(kdl, section, location);
            return None;
        };
        for annotation in kdl.ty().into_iter().chain(kdl.entries().iter().filter_map(KdlEntry::ty)) {
            let location = self.locate(annotation.span());
            self.out.push(
                Diagnostic::error(Code::SBC0107, "the language has no type annotations")
                    .at(location, "not here")
                    .help("remove the word and its brackets"),
            );
        }
        let mut shape = Shape {
            node,
            location,
            arguments: Vec::new(),
            properties: Vec::new(),
            children: kdl.children(),
            reason: None,
        };
        kdl.entries().iter().for_each(|entry| self.entry(entry, &mut shape));
        self.counts(&shape, kdl.entries());
        shape.arguments.truncate(node.arguments.most.unwrap_or(usize::MAX));
        self.children(&shape);
        shape.reason = shape.property("reason").map(|reason| reason.value.clone()).or_else(|| comment(kdl));
        Some(shape)
    }

    fn unknown_node(&mut self, kdl: &KdlNode, section: Section, location: Location) {
        let name = kdl.name().value();
        let stands = if section == Section::File { "at" } else { "in" };
        let title = format!("there is no `{name}` {stands} {}", section.describe());
        let diagnostic = Diagnostic::error(Code::SBC0101, title).at(location, "unknown");
        let help = match (schema::homes(name).next(), nearest(name, schema::names(section))) {
            (Some(home), _) => format!("`{name}` belongs in {}", home.describe()),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("{} takes {}", section.describe(), list(schema::names(section), "and")),
        };
        self.out.push(diagnostic.help(help));
    }

    fn entry(&mut self, entry: &KdlEntry, shape: &mut Shape<'_>) {
        let known =
            entry.name().map(|name| shape.node.properties.iter().find(|property| property.name == name.value()));
        let words = match known {
            None => shape.node.arguments.words,
            Some(property) => property.map(|property| property.words).unwrap_or_default(),
        };
        let Some(value) = self.text(entry, words) else { return };
        let Some((name, known)) = entry.name().zip(known) else {
            if words.is_empty() || self.word(&value, words) {
                shape.arguments.push(value);
            }
            return;
        };
        let key = Spanned { value: name.value().to_owned(), location: self.locate(name.span()) };
        let legal = match known {
            Some(property) => property.words.is_empty() || self.word(&value, property.words),
            None => shape.node.assignments || self.unknown_property(&key, &value, shape.node),
        };
        if let Some((first, _)) = shape.properties.iter().find(|(other, _)| other.value == key.value) {
            let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{}` is given twice", key.value));
            self.out.push(diagnostic.at(key.location, "again").at(first.location, "first").help("remove one of them"));
        } else if legal {
            shape.properties.push((key, value));
        }
    }

    /// The text of an entry. Numbers and booleans are not part of the language.
    fn text(&mut self, entry: &KdlEntry, words: &[&str]) -> Option<Spanned<String>> {
        let mut location = self.locate(entry.span());
        if let Some(name) = entry.name() {
            let before_value = name.span().offset() + name.span().len() + 1;
            location.span.start = before_value.min(location.span.end);
        }
        let written = entry.format().map(|format| format.value_repr.as_str()).unwrap_or_default();
        let (title, write) = match entry.value() {
            // To KDL these quotes would be a part of the text.
            KdlValue::String(_) if written.starts_with(FOREIGN_QUOTES) => {
                ("text needs straight double quotes".to_owned(), written.trim_matches(FOREIGN_QUOTES))
            }
            KdlValue::String(value) => return Some(Spanned { value: value.clone(), location }),
            _ => {
                let written = written.trim_start_matches('#');
                (format!("`{written}` is not text, and the language has nothing else"), written)
            }
        };
        let help = match words.contains(&write) || words.is_empty() {
            true => format!("write `\"{write}\"`"),
            false => format!("write {}", list(words.iter().copied(), "or")),
        };
        self.out.push(Diagnostic::error(Code::SBC0105, title).at(location, "needs quotes").help(help));
        None
    }

    fn word(&mut self, value: &Spanned<String>, words: &[&str]) -> bool {
        if words.contains(&value.value.as_str()) {
            return true;
        }
        let diagnostic =
            Diagnostic::error(Code::SBC0103, format!("`{}` is not one of the words for this place", value.value));
        let near = nearest(&value.value, words.iter().copied())
            .map(|near| format!("did you mean `{near}`? "))
            .unwrap_or_default();
        self.out.push(
            diagnostic
                .at(value.location, "unknown word")
                .help(format!("{near}write {}", list(words.iter().copied(), "or"))),
        );
        false
    }

    fn unknown_property(&mut self, key: &Spanned<String>, value: &Spanned<String>, node: &Node) -> bool {
        let title = format!("`{}` has no property `{}`", node.name, key.value);
        let diagnostic = Diagnostic::error(Code::SBC0102, title).at(key.location, "unknown");
        let names = || node.properties.iter().map(|property| property.name);
        let help = if let Some(near) = nearest(&key.value, names()) {
            format!("did you mean `{near}=\"{}\"`?", value.value)
        } else if node.arguments.most != Some(0) && key.value.starts_with('-') {
            format!("an argument with `=` needs quotes: `\"{}={}\"`", key.value, value.value)
        } else if node.properties.is_empty() {
            format!("`{}` takes no properties", node.name)
        } else {
            format!("`{}` takes {}", node.name, list(names(), "and"))
        };
        self.out.push(diagnostic.help(help));
        false
    }

    fn counts(&mut self, shape: &Shape<'_>, entries: &[KdlEntry]) {
        let Node { name, arguments, example, .. } = shape.node;
        let own = |entry: &&KdlEntry| {
            entry.name().is_some_and(|key| shape.node.properties.iter().all(|property| property.name != key.value()))
        };
        let unassigned = shape.node.assignments && !entries.iter().any(|entry| own(&entry));
        // Also those that were refused: one mistake, one message.
        let written: Vec<&KdlEntry> = entries.iter().filter(|entry| entry.name().is_none()).collect();
        if written.len() < arguments.least || unassigned {
            let diagnostic = Diagnostic::error(Code::SBC0106, format!("`{name}` needs `{}`", arguments.what));
            self.out.push(diagnostic.at(shape.location, "after this").help(format!("for example `{example}`")));
        }
        if let Some(extra) = arguments.most.and_then(|most| written.get(most)) {
            let title = match arguments.most {
                Some(0) => format!("`{name}` takes no arguments"),
                Some(1) => format!("`{name}` takes only one `{}`", arguments.what),
                _ => format!("`{name}` takes only `{}`", arguments.what),
            };
            let location = self.locate(extra.span());
            self.out.push(
                Diagnostic::error(Code::SBC0107, title)
                    .at(location, "too much")
                    .help(format!("for example `{example}`")),
            );
        }
        for property in shape.node.properties.iter().filter(|property| property.required) {
            if shape.property(property.name).is_none() {
                let title = format!("`{name}` needs `{}=\"…\"`", property.name);
                self.out.push(
                    Diagnostic::error(Code::SBC0106, title)
                        .at(shape.location, "here")
                        .help(format!("for example `{example}`")),
                );
            }
        }
    }

    fn children(&mut self, shape: &Shape<'_>) {
        let name = shape.node.name;
        match (shape.children, shape.node.children) {
            (Some(block), None) => {
                let location = self.locate(block.span());
                self.out.push(
                    Diagnostic::error(Code::SBC0107, format!("`{name}` takes no block"))
                        .at(location, "not here")
                        .help(format!("for example `{}`", shape.node.example)),
                );
            }
            (None, Some(_)) => {
                self.out.push(
                    Diagnostic::error(Code::SBC0106, format!("`{name}` needs a block"))
                        .at(shape.location, "after this")
                        .help(format!("for example `{}`", shape.node.example)),
                );
            }
            _ => {}
        }
    }
}

/// The comment directly above a node, else the one behind it on the same line.
fn comment(kdl: &KdlNode) -> Option<String> {
    let format = kdl.format()?;
    let mut lines: Vec<&str> = Vec::new();
    // The last piece is the indentation of the node itself.
    for line in format.leading.rsplit('\n').skip(1) {
        match line.trim().strip_prefix("//") {
            Some(text) => lines.push(text.trim()),
            None => break,
        }
    }
    if lines.is_empty() {
        lines.extend(format.terminator.trim().strip_prefix("//").map(str::trim));
    }
    lines.reverse();
    let joined = lines.join(" ");
    (!joined.is_empty()).then_some(joined)
}
