//! Checks a KDL node against its row of the schema, and hands out what is well-formed.
//!
//! Knows names, counts and words; knows nothing of what they mean. `decode/` does.

mod unknown;

use crate::diagnostic::{Code, Diagnostic, Diagnostics, list, nearest};
use crate::edit::{self, Moved, quoted};
use crate::repair::FOREIGN_QUOTES;
use crate::schema::{self, Node, Section};
use crate::source::{Location, SourceId, Span, Spanned};
use crate::synonyms;
use kdl::{KdlDocument, KdlEntry, KdlNode, KdlValue};
use std::collections::BTreeSet;

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
    pub text: &'a str,
    pub moved: &'a Moved,
    pub source: SourceId,
    pub out: &'a mut Diagnostics,
    /// The names of the blocks in the body that is read.
    pub blocks: &'a BTreeSet<String>,
}

impl Shaper<'_> {
    pub fn locate(&self, span: miette::SourceSpan) -> Location {
        let start = span.offset();
        let span = self.moved.origin(Span { start, end: start + span.len() });
        Location { source: self.source, span }
    }

    /// An empty place at the end of another.
    fn after(&self, Location { source, span }: Location) -> Location {
        Location { source, span: Span { start: span.end, end: span.end } }
    }

    /// A place with the white space before it, to remove both.
    fn with_space(&self, Location { source, span }: Location) -> Location {
        Location { source, span: edit::with_space(self.text, span) }
    }

    /// The text at a place.
    fn written(&self, location: Location) -> &str {
        self.text.get(location.span.start..location.span.end).unwrap_or_default()
    }

    /// Where a node ends, without the white space that kdl counts in.
    fn end(&self, kdl: &KdlNode) -> Location {
        let mut location = self.locate(kdl.span());
        location.span.end =
            location.span.start + self.written(location).trim_end_matches([' ', '\t', '\r', '\n', ';']).len();
        self.after(location)
    }

    /// The node as the schema sees it; `None` when its name is unknown here.
    pub fn shape<'a>(&mut self, kdl: &'a KdlNode, section: Section) -> Option<Shape<'a>> {
        let location = self.locate(kdl.name().span());
        let node = match schema::node(section, kdl.name().value()) {
            Some(node) => node,
            // What is inside can be wrong as well.
            None => self.unknown_node(kdl, section, location)?,
        };
        for annotation in kdl.ty().into_iter().chain(kdl.entries().iter().filter_map(KdlEntry::ty)) {
            let location = self.locate(annotation.span());
            self.out.push(
                Diagnostic::error(Code::SBC0107, "the language has no type annotations")
                    .at(location, "not here")
                    .help("remove the word and its brackets")
                    .fix(self.brackets(location), ""),
            );
        }
        if node.children.is_some()
            && kdl.children().is_none()
            && node.arguments.most == Some(0)
            && !kdl.entries().is_empty()
        {
            self.not_a_block(kdl, node, location);
            return None;
        }
        let mut shape = Shape {
            node,
            location,
            arguments: Vec::new(),
            properties: Vec::new(),
            children: kdl.children(),
            reason: None,
        };
        let entries = self.own_entries(kdl, node);
        entries.iter().for_each(|entry| self.entry(entry, &mut shape));
        self.counts(&shape, entries);
        shape.arguments.truncate(node.arguments.most.unwrap_or(usize::MAX));
        self.children(&shape, entries);
        shape.reason = shape.property("reason").map(|reason| reason.value.clone()).or_else(|| comment(kdl));
        Some(shape)
    }

    /// The entries of a node up to one that is the name of another rule: then no line was broken before it.
    fn own_entries<'a>(&mut self, kdl: &'a KdlNode, node: &Node) -> &'a [KdlEntry] {
        let starts_rule = |entry: &KdlEntry| {
            let bare = entry.format().is_some_and(|format| !format.value_repr.starts_with(['"', '#']));
            let name = entry.value().as_string().unwrap_or_default();
            bare && entry.name().is_none() && schema::node(node.section, name).is_some()
        };
        let next = kdl.entries().iter().skip(1).position(starts_rule);
        let Some((own, [first, ..])) = next.and_then(|next| kdl.entries().split_at_checked(next + 1)) else {
            return kdl.entries();
        };
        let location = self.locate(first.span());
        let name = first.value().as_string().unwrap_or_default();
        let place =
            Location { span: Span { start: self.with_space(location).span.start, ..location.span }, ..location };
        let place = Location { span: Span { end: place.span.start, ..place.span }, ..place };
        let diagnostic = Diagnostic::error(Code::SBC0005, "a rule ends with its line, or with `;`");
        let diagnostic = diagnostic.at(location, "another rule starts here").help(format!("write `; {name}`"));
        self.out.push(diagnostic.suggest(place, ";"));
        own
    }

    /// The brackets around the word of an annotation.
    fn brackets(&self, mut location: Location) -> Location {
        let (before, after) = self.text.split_at_checked(location.span.end).unwrap_or_default();
        location.span.start = before.rfind('(').unwrap_or(location.span.start);
        location.span.end += after.find(')').map_or(0, |bracket| bracket + 1);
        location
    }

    fn entry(&mut self, entry: &KdlEntry, shape: &mut Shape<'_>) {
        let known =
            entry.name().map(|name| shape.node.properties.iter().find(|property| property.name == name.value()));
        let words = match known {
            None => shape.node.arguments.words,
            Some(property) => property.map(|property| property.words).unwrap_or_default(),
        };
        if let (Some(None), false, Some(name)) = (known, shape.node.assignments, entry.name()) {
            let key = Spanned { value: name.value().to_owned(), location: self.locate(name.span()) };
            let location = self.value_place(entry);
            let text = entry.value().as_string().unwrap_or_else(|| self.written(location).trim_start_matches('#'));
            let value = Spanned { value: text.to_owned(), location };
            return self.unknown_property(&key, &value, shape);
        }
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
            None => true,
        };
        if let Some((first, _)) = shape.properties.iter().find(|(other, _)| other.value == key.value) {
            let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{}` is given twice", key.value));
            let same = shape.property(&key.value).is_some_and(|other| other.value == value.value);
            let both =
                Location { span: Span { start: key.location.span.start, ..value.location.span }, ..key.location };
            let both = self.with_space(both);
            let diagnostic = diagnostic.at(key.location, "again").at(first.location, "first");
            self.out.push(diagnostic.help("remove one of them").changed(same, both, ""));
        } else if legal {
            shape.properties.push((key, value));
        }
    }

    /// The value of an entry is what it ends with, whatever stands around its `=`.
    fn value_place(&self, entry: &KdlEntry) -> Location {
        let (start, length) = (entry.span().offset(), entry.span().len());
        let value = entry.format().map_or(length, |format| format.value_repr.len().max(1));
        let from = (start + length).saturating_sub(value).max(start);
        self.locate((from..start + length).into())
    }

    /// The text of an entry. Numbers and booleans are not part of the language.
    fn text(&mut self, entry: &KdlEntry, words: &[&str]) -> Option<Spanned<String>> {
        let written = entry.format().map(|format| format.value_repr.as_str()).unwrap_or_default();
        let location = self.value_place(entry);
        let octal = written.strip_prefix("0o").map(|digits| format!("0{}", digits.trim_start_matches('0')));
        let (title, write) = match entry.value() {
            // To KDL these quotes would be a part of the text.
            KdlValue::String(_) if written.starts_with(FOREIGN_QUOTES) => {
                ("text needs straight double quotes".to_owned(), written.trim_matches(FOREIGN_QUOTES))
            }
            KdlValue::String(_) if written.ends_with(',') => {
                ("arguments are separated by spaces, without commas".to_owned(), written.trim_end_matches(','))
            }
            KdlValue::String(value) => return Some(Spanned { value: value.clone(), location }),
            _ => {
                let written = written.trim_start_matches('#');
                let title = format!("`{written}` is not text, and the language has nothing else");
                (title, octal.as_deref().unwrap_or(written))
            }
        };
        let good = words.contains(&write) || words.is_empty();
        let meant = if good { Some(write) } else { synonyms::word(write, words).or(words.first().copied()) };
        let help = match good {
            true => format!("write `{}`", quoted(write)),
            false => format!("write {}", list(words.iter().copied(), "or")),
        };
        let diagnostic = Diagnostic::error(Code::SBC0105, title).at(location, "needs quotes").help(help);
        self.out.push(diagnostic.changed(good, location, quoted(meant.unwrap_or(write))));
        None
    }

    fn word(&mut self, value: &Spanned<String>, words: &[&str]) -> bool {
        if words.contains(&value.value.as_str()) {
            return true;
        }
        let diagnostic =
            Diagnostic::error(Code::SBC0103, format!("`{}` is not one of the words for this place", value.value));
        let (all, typed) = (|| words.iter().copied(), &value.value);
        let near = synonyms::word(typed, words).or_else(|| nearest(typed, all()));
        let certain = near.is_some_and(|near| synonyms::is_slip(typed, near, all()));
        let diagnostic = diagnostic.at(value.location, "unknown word");
        let words = list(all(), "or");
        self.out.push(match near {
            Some(near) => {
                let diagnostic = diagnostic.help(format!("did you mean `{near}`? write {words}"));
                diagnostic.changed(certain, value.location, quoted(near))
            }
            None => diagnostic.help(format!("write {words}")),
        });
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
        let refused = if shape.node.assignments { 0 } else { entries.iter().filter(own).count() };
        let too_few = written.len() + refused < arguments.least || unassigned;
        if too_few {
            let diagnostic = Diagnostic::error(Code::SBC0106, format!("`{name}` needs `{}`", arguments.what));
            let rest = example.strip_prefix(name).unwrap_or_default();
            let rest = if shape.children.is_some() { rest.split(" {").next().unwrap_or_default() } else { rest };
            let diagnostic = diagnostic.at(shape.location, "after this").help(format!("for example `{example}`"));
            self.out.push(match written.is_empty() && entries.is_empty() {
                true => diagnostic.suggest(self.after(shape.location), rest),
                false => diagnostic,
            });
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
                    .help(format!("for example `{example}`"))
                    .suggest(self.with_space(location), ""),
            );
        }
        for property in shape.node.properties.iter().filter(|property| property.required && !too_few) {
            if shape.property(property.name).is_none() {
                let title = format!("`{name}` needs `{}=\"…\"`", property.name);
                let end = entries.last().map_or(shape.location, |entry| self.locate(entry.span()));
                let end = self.after(end);
                self.out.push(
                    Diagnostic::error(Code::SBC0106, title)
                        .at(shape.location, "here")
                        .help(format!("for example `{example}`"))
                        .suggest(end, format!(" {}=\"{}\"", property.name, property.name)),
                );
            }
        }
    }

    fn children(&mut self, shape: &Shape<'_>, entries: &[KdlEntry]) {
        let name = shape.node.name;
        match (shape.children, shape.node.children) {
            (Some(block), None) => {
                let location = self.locate(block.span());
                self.out.push(
                    Diagnostic::error(Code::SBC0107, format!("`{name}` takes no block"))
                        .at(location, "not here")
                        .help(format!("for example `{}`", shape.node.example))
                        .suggest(self.with_space(location), ""),
                );
            }
            (None, Some(_)) => {
                let end = entries.last().map_or(shape.location, |entry| self.locate(entry.span()));
                let end = self.after(end);
                self.out.push(
                    Diagnostic::error(Code::SBC0106, format!("`{name}` needs a block"))
                        .at(shape.location, "after this")
                        .help(format!("for example `{}`", shape.node.example))
                        .suggest(end, " { }"),
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
