//! Checks a KDL node against its row of the schema, and hands out what is well-formed.
//!
//! Knows names, counts and words; knows nothing of what they mean. `decode/` does.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, LONGEST_REPEATED, list, nearest};
use crate::edit::{self, Moved, quoted};
use crate::repair::FOREIGN_QUOTES;
use crate::schema::{self, Node, Section};
use crate::source::{Location, SourceId, Span, Spanned};
use crate::synonyms;
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
    pub text: &'a str,
    pub moved: &'a Moved,
    pub source: SourceId,
    pub out: &'a mut Diagnostics,
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
        kdl.entries().iter().for_each(|entry| self.entry(entry, &mut shape));
        self.counts(&shape, kdl.entries());
        shape.arguments.truncate(node.arguments.most.unwrap_or(usize::MAX));
        self.children(&shape, kdl.entries());
        shape.reason = shape.property("reason").map(|reason| reason.value.clone()).or_else(|| comment(kdl));
        Some(shape)
    }

    /// The brackets around the word of an annotation.
    fn brackets(&self, mut location: Location) -> Location {
        let (before, after) = self.text.split_at_checked(location.span.end).unwrap_or_default();
        location.span.start = before.rfind('(').unwrap_or(location.span.start);
        location.span.end += after.find(')').map_or(0, |bracket| bracket + 1);
        location
    }

    /// A node that holds rules, with a rule's arguments instead.
    fn not_a_block(&mut self, kdl: &KdlNode, node: &'static Node, location: Location) {
        let assigns = kdl.entries().iter().any(|entry| entry.name().is_some());
        let verb = match node.name {
            "filesystem" => "ro",
            "env" if assigns => "set",
            "env" => "pass",
            "run" => "command",
            "assert" => "denied",
            _ => "",
        };
        let diagnostic =
            Diagnostic::error(Code::SBC0107, format!("`{}` is a block, and its rules stand inside", node.name));
        let place = kdl.entries().first().map_or(location, |entry| self.locate(entry.span()));
        let diagnostic = diagnostic.at(place, "a rule starts with what to do");
        if verb.is_empty() {
            return self.out.push(diagnostic.help(format!("for example `{}`", node.example)));
        }
        let end = self.end(kdl);
        let all = Location { span: Span { start: place.span.start, end: end.span.end }, ..place };
        let mut rule = format!("{verb} {}", self.written(all));
        if let ("run", [only]) = (node.name, kdl.entries())
            && let Some(line) = only.value().as_string()
        {
            let words: Vec<String> = line.split_whitespace().map(quoted).collect();
            rule = format!("command {}", words.join(" "));
        }
        let help = if rule.len() > LONGEST_REPEATED {
            format!("for example `{}`", node.example)
        } else {
            format!("write `{} {{ {rule}; }}`", node.name)
        };
        self.out.push(diagnostic.help(help).suggest(all, format!("{{ {rule}; }}")));
    }

    fn unknown_node(&mut self, kdl: &KdlNode, section: Section, location: Location) -> Option<&'static Node> {
        let name = kdl.name().value();
        let stands = if section == Section::File { "at" } else { "in" };
        let title = format!("there is no `{name}` {stands} {}", section.describe());
        let diagnostic = Diagnostic::error(Code::SBC0101, title).at(location, "unknown");
        let names = || schema::names(section);
        if section == Section::Filesystem && name.starts_with(['/', '~', '.']) {
            let title = "a rule says first what to do with a path";
            let help = format!("write `ro {0}`, or `rw {0}` where it is to be written", quoted(name));
            let start = Location { span: Span { end: location.span.start, ..location.span }, ..location };
            let diagnostic = Diagnostic::error(Code::SBC0101, title).at(location, "here").help(help);
            self.out.push(diagnostic.suggest(start, "ro "));
            return None;
        }
        if let Some((meant, certain)) = synonyms::node(section, name) {
            let ports =
                kdl.entries().first().and_then(|entry| Some((entry, entry.value().as_string()?.split_once(':')?)));
            if let Some((entry, (from, to))) = ports.filter(|_| section == Section::Filesystem) {
                let to = to.split(':').next().unwrap_or(to);
                let new = format!("{} at={}", quoted(from), quoted(to));
                let help = format!("write `{meant} {new}`");
                let place = self.locate(entry.span());
                self.out.push(diagnostic.help(help).suggest(location, meant).suggest(place, new));
                return None;
            }
            let help = match (certain, meant) {
                (true, _) => format!("here it is called `{meant}`"),
                (false, "ro" | "rw") => {
                    format!("did you mean `{meant}`? `ro` is for reading, `rw` for writing as well")
                }
                (false, _) => format!("did you mean `{meant}`?"),
            };
            self.out.push(diagnostic.help(help).changed(certain, location, meant));
            return schema::node(section, meant).filter(|_| certain);
        }
        let near = nearest(name, names());
        let certain = near.is_some_and(|near| synonyms::is_slip(name, near, names()));
        let diagnostic = match (schema::homes(name).next(), near) {
            (Some(home), _) => self.elsewhere(diagnostic, kdl, section, home),
            (None, Some(near)) => diagnostic.help(format!("did you mean `{near}`?")).changed(certain, location, near),
            (None, None) => diagnostic.help(format!("{} takes {}", section.describe(), list(names(), "and"))),
        };
        self.out.push(diagnostic);
        near.filter(|_| certain && schema::homes(name).next().is_none()).and_then(|near| schema::node(section, near))
    }

    /// Says where a node belongs, and what it looks like there.
    fn elsewhere(&self, diagnostic: Diagnostic, kdl: &KdlNode, section: Section, home: Section) -> Diagnostic {
        let (name, location) = (kdl.name().value(), self.locate(kdl.name().span()));
        let help = format!("`{name}` belongs in {}", home.describe());
        let Some((before, after)) = wrapper(section, home) else { return diagnostic.help(help) };
        let end = self.end(kdl);
        let whole = self.text.get(location.span.start..end.span.end).unwrap_or_default();
        let is_short = whole.len() <= LONGEST_REPEATED && !whole.contains('\n');
        let help = if is_short { format!("{help}: write `{before}{whole}{after}`") } else { help };
        let start = Location { span: Span { end: location.span.start, ..location.span }, ..location };
        diagnostic.help(help).suggest(start, before).suggest(end, after)
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

    fn unknown_property(&mut self, key: &Spanned<String>, value: &Spanned<String>, shape: &Shape<'_>) {
        let node = shape.node;
        let title = format!("`{}` has no property `{}`", node.name, key.value);
        let diagnostic = Diagnostic::error(Code::SBC0102, title).at(key.location, "unknown");
        let names = || node.properties.iter().map(|property| property.name);
        let both = Location { span: Span { start: key.location.span.start, ..value.location.span }, ..key.location };
        let meant =
            synonyms::PROPERTIES.iter().find(|(other, ours, _)| *other == key.value && names().any(|n| n == *ours));
        let lone = node.arguments.most != Some(0) && key.value.starts_with('-');
        let diagnostic = if let Some((_, ours, word)) = meant {
            let new = format!("{ours}={}", quoted(word.unwrap_or(&value.value)));
            diagnostic.help(format!("here it is written `{new}`")).suggest(both, new)
        } else if node.section == Section::Env && node.arguments.most.is_none() {
            let new = quoted(&key.value);
            let help = format!("write `{} {new}`, or `set {}={}`", node.name, key.value, quoted(&value.value));
            diagnostic.help(help).suggest(both, new)
        } else if lone {
            let new = quoted(&format!("{}={}", key.value, value.value));
            diagnostic.help(format!("an argument with `=` needs quotes: `{new}`")).fix(both, new)
        } else if let Some(near) = nearest(&key.value, names()) {
            let certain = synonyms::is_slip(&key.value, near, names());
            diagnostic.help(format!("did you mean `{near}={}`?", quoted(&value.value))).changed(
                certain,
                key.location,
                near,
            )
        } else if matches!(key.value.as_str(), "readonly" | "read-only" | "ro") && node.name == "rw" {
            let diagnostic = diagnostic.help("write `ro` instead of `rw`").suggest(shape.location, "ro");
            diagnostic.suggest(self.with_space(both), "")
        } else {
            let help = match node.properties.is_empty() {
                true => format!("`{}` takes no properties", node.name),
                false => format!("`{}` takes {}", node.name, list(names(), "and")),
            };
            diagnostic.help(help).suggest(self.with_space(both), "")
        };
        self.out.push(diagnostic);
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
        if written.len() + refused < arguments.least || unassigned {
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
        for property in shape.node.properties.iter().filter(|property| property.required) {
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

/// What to write around a node for it to stand in the block where it belongs.
fn wrapper(section: Section, home: Section) -> Option<(String, &'static str)> {
    let block = schema::NODES.iter().find(|node| node.children == Some(home)).map(|node| node.name);
    match (section, home) {
        (Section::File, Section::Body) => Some(("sandbox \"app\" { ".to_owned(), "; }")),
        (Section::File, _) => Some((format!("sandbox \"app\" {{ {} {{ ", block?), "; }; }")),
        (Section::Body, Section::File) => None,
        (Section::Body, _) => Some((format!("{} {{ ", block?), "; }")),
        _ => None,
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
