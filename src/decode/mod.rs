//! Turns a KDL document into a [`Policy`], reporting everything that is not one.
//!
//! By hand, because kdl's serde decoding knows no spans. What a node may hold is decided in
//! `schema.rs` and checked in `shape/mod.rs`; what it means is decided here.

mod assertion;
mod env;
mod filesystem;
mod setting;
mod value;

use crate::amend::Amendment;
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::edit::{Moved, quoted, with_space};
use crate::origin::Origin;
use crate::parse::Parsed;
use crate::policy::{Entries, Entry, Layer, LayerKind, Policy, Setting, local_name};
use crate::schema::Section;
use crate::shape::{Shape, Shaper};
use crate::source::{Location, SourceId, SourceKind, Spanned};
use crate::words::Network;
use kdl::{KdlDocument, KdlNode};
use std::collections::{BTreeMap, BTreeSet};

/// Decodes one file. What is wrong is left out of the result and reported.
pub fn decode(parsed: &Parsed, text: &str, source: SourceId, kind: SourceKind, out: &mut Diagnostics) -> Policy {
    let mut policy = Policy::default();
    let moved = &parsed.moved;
    for node in parsed.document.nodes() {
        let none = BTreeSet::new();
        let mut shaper = Shaper { text, source, moved, out, blocks: &none };
        let Some(shape) = shaper.shape(node, Section::File) else { continue };
        let layer_kind = if shape.node.name == "sandbox" { LayerKind::Sandbox } else { LayerKind::Profile };
        let Some(name) = shape.arguments.first().cloned() else { continue };
        check_name(&name, out);
        if layer_kind == LayerKind::Sandbox && !matches!(kind, SourceKind::Policy | SourceKind::Local) {
            let title = "a sandbox can only be defined in `.agent-sandbox.kdl`";
            out.push(
                Diagnostic::error(Code::SBC0107, title)
                    .at(shape.location, "not here")
                    .help("write `profile` instead")
                    .suggest(shape.location, "profile"),
            );
        }
        let own = named(name.clone(), layer_kind, kind);
        if let Some(twin) = policy.layers.iter().find(|layer| layer.kind == layer_kind && layer.name.value == own.value)
        {
            let title = format!("{} `{}` is defined twice", shape.node.name, name.value);
            out.push(
                Diagnostic::error(Code::SBC0108, title)
                    .at(name.location, "again")
                    .at(twin.name.location, "first")
                    .help(format!("rename it, such as `{}`, or merge the two", quoted(&format!("{}-2", name.value))))
                    .suggest(name.location, quoted(&format!("{}-2", name.value))),
            );
            continue;
        }
        let mut decoder = Decoder {
            text,
            source,
            moved,
            out,
            layer: Layer::new(layer_kind, own),
            sections: BTreeMap::new(),
            blocks: blocks(shape.children),
        };
        decoder.body(shape.children);
        policy.layers.push(decoder.layer);
    }
    policy
}

impl Layer {
    fn new(kind: LayerKind, name: Spanned<String>) -> Layer {
        Layer {
            kind,
            name,
            about: None,
            inherits: Vec::new(),
            filesystem: BTreeMap::new(),
            env: BTreeMap::new(),
            prepends: BTreeMap::new(),
            settings: BTreeMap::new(),
            assertions: Vec::new(),
            waivers: Vec::new(),
        }
    }
}

/// The name of a layer. One that adds to a sandbox has another than the sandbox, so that their rules can be told apart.
fn named(name: Spanned<String>, layer: LayerKind, kind: SourceKind) -> Spanned<String> {
    match (layer, kind) {
        (LayerKind::Sandbox, SourceKind::Local) => Spanned { value: local_name(&name.value), ..name },
        _ => name,
    }
}

/// Decodes the body of one layer.
struct Decoder<'a> {
    text: &'a str,
    source: SourceId,
    moved: &'a Moved,
    out: &'a mut Diagnostics,
    layer: Layer,
    /// Where each node that may stand once stood first.
    sections: BTreeMap<&'static str, Location>,
    /// The names of all blocks of the body.
    blocks: BTreeSet<String>,
}

/// The names of the blocks in a body.
fn blocks(body: Option<&KdlDocument>) -> BTreeSet<String> {
    let nodes = body.into_iter().flat_map(KdlDocument::nodes).filter(|node| node.children().is_some());
    nodes.map(|node| node.name().value().to_owned()).collect()
}

impl Decoder<'_> {
    fn shape<'n>(&mut self, node: &'n KdlNode, section: Section) -> Option<Shape<'n>> {
        Shaper { text: self.text, source: self.source, moved: self.moved, out: self.out, blocks: &self.blocks }
            .shape(node, section)
    }

    fn body(&mut self, children: Option<&KdlDocument>) {
        for node in children.into_iter().flat_map(KdlDocument::nodes) {
            let Some(shape) = self.shape(node, Section::Body) else { continue };
            match (shape.node.children, shape.node.name) {
                (Some(section), name) => {
                    if self.once(name, shape.location) {
                        self.section(section, shape.children);
                    }
                }
                (None, "about") => {
                    if self.once("about", shape.location) {
                        self.layer.about = shape.arguments.first().map(|text| text.value.clone());
                    }
                }
                (None, "inherit") => shape.arguments.iter().for_each(|name| self.inherit(name)),
                (None, "waive") => self.waive(&shape),
                (None, _) => self.setting_words(&shape, |word| Network::from_word(word).map(Setting::Network)),
            }
        }
    }

    fn section(&mut self, section: Section, children: Option<&KdlDocument>) {
        for node in children.into_iter().flat_map(KdlDocument::nodes) {
            let Some(shape) = self.shape(node, section) else { continue };
            match section {
                Section::Filesystem => self.filesystem(&shape),
                Section::Env => self.env(&shape),
                Section::Isolation => self.isolation(&shape),
                Section::Run => self.run(&shape),
                Section::Limits => self.limit(&shape),
                Section::Assert => self.assertion(&shape),
                Section::File | Section::Body => {}
            }
        }
    }

    /// Whether this is the first such section of the body; reports the second.
    fn once(&mut self, name: &'static str, location: Location) -> bool {
        let first = *self.sections.entry(name).or_insert(location);
        // What a repair has written is no second mistake.
        if first == location || location.span.start == location.span.end {
            return true;
        }
        let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{name}` stands twice in one body"));
        let diagnostic = diagnostic.at(location, "again").at(first, "first");
        self.out.push(match name {
            "about" => diagnostic.help("remove one of them").amend(Amendment::Remove { subject: location }),
            _ => diagnostic.help("put both into one block").amend(Amendment::Join { first, second: location }),
        });
        false
    }

    fn inherit(&mut self, name: &Spanned<String>) {
        match self.layer.inherits.iter().find(|other| other.value == name.value) {
            Some(first) => {
                let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{}` is inherited twice", name.value));
                let diagnostic = diagnostic.at(name.location, "again").at(first.location, "first");
                let place = Location { span: with_space(self.text, name.location.span), ..name.location };
                self.out.push(diagnostic.help("remove one of them").fix(place, ""));
            }
            None => self.layer.inherits.push(name.clone()),
        }
    }

    fn origin(&self, location: Location, shape: &Shape<'_>) -> Origin {
        let is_stated = shape.property("reason").is_some();
        Origin { layer: self.layer.name.value.clone(), location, reason: shape.reason.clone(), is_stated }
    }
}

/// Adds a rule; the same key twice in one body is an error.
fn insert<K: Ord, V>(entries: &mut Entries<K, V>, key: K, entry: Entry<V>, name: &str, out: &mut Diagnostics) {
    match entries.entry(key) {
        std::collections::btree_map::Entry::Vacant(vacant) => {
            vacant.insert(entry);
        }
        std::collections::btree_map::Entry::Occupied(first) => {
            out.push(
                Diagnostic::error(Code::SBC0108, format!("one body has two rules about `{name}`"))
                    .at(entry.origin.location, "again")
                    .at(first.get().origin.location, "first")
                    .help("remove one of them")
                    .amend(Amendment::Remove { subject: entry.origin.location }),
            );
        }
    }
}

/// Names become file names and words of messages.
fn check_name(name: &Spanned<String>, out: &mut Diagnostics) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.value.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !starts || !name.value.chars().all(legal) || name.value.len() > 64 {
        let near = meant_name(&name.value);
        let help = match &near {
            Some(near) => format!("write `{}`", quoted(near)),
            None => "write lower-case letters, digits and `-`, such as `web-shop`".to_owned(),
        };
        let title = match name.value.trim() {
            "" => "a name cannot be empty".to_owned(),
            _ => format!("`{}` is not a name", name.value),
        };
        let diagnostic = Diagnostic::error(Code::SBC0109, title);
        let diagnostic = diagnostic.at(name.location, "not a name").help(help);
        out.push(diagnostic.suggest(name.location, quoted(near.as_deref().unwrap_or("app"))));
    }
}

/// A name in the characters that names have.
fn meant_name(name: &str) -> Option<String> {
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let near = words.join("-").to_ascii_lowercase();
    (1..=64).contains(&near.len()).then_some(near)
}
