//! What stands where it does not belong: unknown nodes and properties, rules outside of their block.

use super::{Shape, Shaper};
use crate::amend::Amendment;
use crate::diagnostic::{Code, Diagnostic, LONGEST_REPEATED, did_you_mean, list, nearest};
use crate::edit::quoted;
use crate::parse::parse;
use crate::schema::{self, Node, Section};
use crate::source::{Location, Span, Spanned};
use crate::synonyms;
use kdl::{KdlEntry, KdlNode};

impl Shaper<'_> {
    /// A node that holds rules, with a rule's arguments instead.
    pub(super) fn not_a_block(&mut self, kdl: &KdlNode, node: &'static Node, location: Location) {
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
        let words: Vec<String> = kdl.entries().iter().map(|entry| self.in_quotes(entry)).collect();
        let mut rule = format!("{verb} {}", words.join(" "));
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

    /// An entry with its value in quotes.
    fn in_quotes(&self, entry: &KdlEntry) -> String {
        let written = self.written(self.value_place(entry));
        let value = match entry.value().as_string() {
            Some(_) if written.starts_with(['"', '#']) => written.to_owned(),
            Some(text) => quoted(text),
            None => quoted(written.trim_start_matches('#')),
        };
        entry.name().map_or(value.clone(), |name| format!("{}={value}", name.value()))
    }

    pub(super) fn unknown_node(
        &mut self,
        kdl: &KdlNode,
        section: Section,
        location: Location,
    ) -> Option<&'static Node> {
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
        let is_layer = kdl.children().is_some() && schema::homes(name).any(|home| home == Section::File);
        if let Some((meant, certain)) = synonyms::node(section, name).filter(|_| !is_layer) {
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
        if section == Section::Body && name == "export" && kdl.entries().iter().any(|entry| entry.name().is_some()) {
            let words: Vec<String> = kdl.entries().iter().map(|entry| self.in_quotes(entry)).collect();
            let rule = format!("env {{ set {}; }}", words.join(" "));
            let end = self.end(kdl).span.end;
            let whole = Location { span: Span { end, ..location.span }, ..location };
            self.out.push(diagnostic.help(format!("write `{rule}`")).suggest(whole, rule));
            return None;
        }
        let near = nearest(name, names());
        let certain = near.is_some_and(|near| synonyms::is_slip(name, near, names()));
        let diagnostic = match (schema::homes(name).next(), near) {
            (Some(home), _) => self.elsewhere(diagnostic, kdl, section, home),
            (None, Some(near)) => diagnostic.help(did_you_mean(name, near)).changed(certain, location, near),
            (None, None) => self.called_elsewhere(diagnostic, kdl, section),
        };
        self.out.push(diagnostic);
        near.filter(|_| certain && schema::homes(name).next().is_none()).and_then(|near| schema::node(section, near))
    }

    /// Says what another tool's name is called here, and where that belongs; else what there is.
    fn called_elsewhere(&self, diagnostic: Diagnostic, kdl: &KdlNode, section: Section) -> Diagnostic {
        let (name, location) = (kdl.name().value(), self.locate(kdl.name().span()));
        let certain = |home: &Section| synonyms::node(*home, name).filter(|(_, certain)| *certain);
        let home = Section::ALL.iter().find_map(|home| Some((*home, certain(home)?.0)));
        let Some(((home, meant), (before, after))) = home.and_then(|found| Some((found, wrapper(section, found.0)?)))
        else {
            let names = list(schema::names(section), "and");
            return diagnostic.help(format!("{} takes {names}", section.describe()));
        };
        let start = Location { span: Span { end: location.span.start, ..location.span }, ..location };
        let diagnostic = diagnostic.help(format!("here it is called `{meant}`, and belongs in {}", home.describe()));
        diagnostic.suggest(start, before).suggest(location, meant).suggest(self.end(kdl), after)
    }

    /// Says where a node belongs, and what it looks like there.
    fn elsewhere(&self, diagnostic: Diagnostic, kdl: &KdlNode, section: Section, home: Section) -> Diagnostic {
        let (name, location) = (kdl.name().value(), self.locate(kdl.name().span()));
        let kind = if home == Section::File { "at" } else { "in" };
        let help = format!("`{name}` belongs {kind} {}", home.describe());
        if matches!(home, Section::Body | Section::File) && section != Section::File {
            let block = if section == Section::Body { "this body" } else { section.describe() };
            let help = format!("{help}: move it out of {block}");
            return diagnostic.help(help).amend(Amendment::Move { rule: location, section: home });
        }
        let block = home.block();
        if section == Section::Body && block.is_some_and(|block| self.blocks.contains(block)) {
            let help = format!("{help}: move it there");
            return diagnostic.help(help).amend(Amendment::Move { rule: location, section: home });
        }
        let Some((before, after)) = wrapper(section, home) else { return diagnostic.help(help) };
        let end = self.end(kdl);
        let whole = self.text.get(location.span.start..end.span.end).unwrap_or_default();
        let is_kdl =
            parse(whole).is_some_and(|whole| whole.document.nodes().first().is_some_and(|n| n.name() == kdl.name()));
        let is_short = is_kdl && whole.len() <= LONGEST_REPEATED && !whole.contains('\n');
        let help = if is_short { format!("{help}: write `{before}{whole}{after}`") } else { help };
        let start = Location { span: Span { end: location.span.start, ..location.span }, ..location };
        diagnostic.help(help).suggest(start, before).suggest(end, after)
    }

    pub(super) fn unknown_property(&mut self, key: &Spanned<String>, value: &Spanned<String>, shape: &Shape<'_>) {
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
}

/// What to write around a node for it to stand in the block where it belongs.
fn wrapper(section: Section, home: Section) -> Option<(String, &'static str)> {
    let block = home.block();
    match (section, home) {
        (Section::File, Section::Body) => Some(("sandbox \"app\" { ".to_owned(), "; }")),
        (Section::File, _) => Some((format!("sandbox \"app\" {{ {} {{ ", block?), "; }; }")),
        (Section::Body, Section::File) => None,
        (Section::Body, _) => Some((format!("{} {{ ", block?), "; }")),
        _ => None,
    }
}
