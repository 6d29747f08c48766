//! Turns a KDL document into a [`Policy`], reporting everything that is not one.
//!
//! By hand, because kdl's serde decoding knows no spans. What a node may hold is decided in
//! `schema.rs` and checked in `shape.rs`; what it means is decided here.

use crate::diagnostic::{Code, Diagnostic, Diagnostics, list};
use crate::number::{COUNT, MODE, Reader, SIZE};
use crate::origin::Origin;
use crate::path::{PathError, PathProblem, SymbolicPath};
use crate::policy::{Access, Assertion, Entries, Entry, EnvRule, Grant, Layer, LayerKind, Policy, Setting, Waiver};
use crate::schema::Section;
use crate::shape::{Shape, Shaper};
use crate::source::{Location, SourceId, SourceKind, Span, Spanned};
use crate::text::{Text, TextError, TextProblem};
use crate::words::{
    AssertionKind, Lifetime, Missing, Namespace, NestedSandboxes, Network, Resource, Sharing, Terminal, Variable,
};
use kdl::{KdlDocument, KdlNode};
use std::collections::BTreeMap;

/// Decodes one file. What is wrong is left out of the result and reported.
pub fn decode(document: &KdlDocument, text: &str, source: SourceId, kind: SourceKind, out: &mut Diagnostics) -> Policy {
    let mut policy = Policy::default();
    for node in document.nodes() {
        let mut shaper = Shaper { source, out };
        let Some(shape) = shaper.shape(node, Section::File) else { continue };
        let layer_kind = if shape.node.name == "sandbox" { LayerKind::Sandbox } else { LayerKind::Profile };
        let Some(name) = shape.arguments.first().cloned() else { continue };
        check_name(&name, out);
        if layer_kind == LayerKind::Sandbox && kind != SourceKind::Policy {
            let title = "a sandbox can only be defined in `.agent-sandbox.kdl`";
            out.push(
                Diagnostic::error(Code::SBC0107, title).at(shape.location, "not here").help("write `profile` instead"),
            );
        }
        if let Some(twin) =
            policy.layers.iter().find(|layer| layer.kind == layer_kind && layer.name.value == name.value)
        {
            let title = format!("{} `{}` is defined twice", shape.node.name, name.value);
            out.push(
                Diagnostic::error(Code::SBC0108, title)
                    .at(name.location, "again")
                    .at(twin.name.location, "first")
                    .help("rename or merge one of them"),
            );
            continue;
        }
        let mut decoder = Decoder { text, source, out, layer: Layer::new(layer_kind, name), sections: BTreeMap::new() };
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

/// Decodes the body of one layer.
struct Decoder<'a> {
    text: &'a str,
    source: SourceId,
    out: &'a mut Diagnostics,
    layer: Layer,
    /// Where each node that may stand once stood first.
    sections: BTreeMap<&'static str, Location>,
}

impl Decoder<'_> {
    fn shape<'n>(&mut self, node: &'n KdlNode, section: Section) -> Option<Shape<'n>> {
        Shaper { source: self.source, out: self.out }.shape(node, section)
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
        if first != location {
            let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{name}` stands twice in one body"));
            let help = if name == "about" { "remove one of them" } else { "put both into one block" };
            self.out.push(diagnostic.at(location, "again").at(first, "first").help(help));
        }
        first == location
    }

    fn inherit(&mut self, name: &Spanned<String>) {
        match self.layer.inherits.iter().find(|other| other.value == name.value) {
            Some(first) => {
                let diagnostic = Diagnostic::error(Code::SBC0108, format!("`{}` is inherited twice", name.value));
                self.out
                    .push(diagnostic.at(name.location, "again").at(first.location, "first").help("remove one of them"));
            }
            None => self.layer.inherits.push(name.clone()),
        }
    }

    fn origin(&self, location: Location, shape: &Shape<'_>) -> Origin {
        Origin { layer: self.layer.name.value.clone(), location, reason: shape.reason.clone() }
    }

    // filesystem

    fn filesystem(&mut self, shape: &Shape<'_>) {
        let name = shape.node.name;
        if let (Some(at), Some(second)) = (shape.property("at"), shape.arguments.get(1)) {
            let diagnostic = Diagnostic::error(Code::SBC0107, "`at` says where one path goes, and here are several");
            self.out.push(
                diagnostic
                    .at(second.location, "a second path")
                    .at(at.location, "for which one?")
                    .help(format!("write one `{name}` for each path")),
            );
            return;
        }
        let paths = if name == "file" { shape.arguments.get(..1) } else { shape.arguments.get(..) };
        for argument in paths.unwrap_or_default() {
            let Some(path) = self.path(argument) else { continue };
            let target = match shape.property("at") {
                Some(at) => self.path(at),
                None => Some(path.clone()),
            };
            let Some((target, value)) = target.zip(self.access(shape, path)) else { continue };
            let entry = Entry { value, origin: self.origin(argument.location, shape) };
            let name = target.to_string();
            insert(&mut self.layer.filesystem, target, entry, &name, self.out);
        }
    }

    /// The value of a rule about `path`: `Some(None)` for `remove`, `None` where it is not legal.
    fn access(&mut self, shape: &Shape<'_>, path: SymbolicPath) -> Option<Option<Access>> {
        let missing =
            shape.property("missing").and_then(|word| Missing::from_word(&word.value)).unwrap_or(Missing::Error);
        let host = |grant| Access::Host { grant, source: path, missing };
        Some(Some(match shape.node.name {
            "ro" => host(Grant::ReadOnly),
            "rw" => host(Grant::ReadWrite),
            "copy" => host(Grant::Copy),
            "overlay" => host(Grant::Overlay),
            "device" => host(Grant::Device),
            "file" => Access::File { text: self.symbolic(shape.arguments.get(1)?)? },
            "tmpfs" => {
                let size = self.optional(shape.property("size"), SIZE);
                let mode = self.optional(shape.property("mode"), MODE);
                Access::Tmpfs { size: size?, mode: mode? }
            }
            "dir" => Access::Directory,
            "symlink" => Access::Symlink { to: self.symbolic(shape.property("to")?)? },
            "deny" => Access::Deny,
            "proc" => Access::Proc,
            "dev" => Access::Dev,
            _ => return Some(None),
        }))
    }

    /// Reads a property if it is there; `None` when it is there and wrong.
    fn optional<T>(&mut self, property: Option<&Spanned<String>>, read: Reader<T>) -> Option<Option<T>> {
        match property {
            None => Some(None),
            Some(value) => self.number(value, read).map(Some),
        }
    }

    fn number<T>(&mut self, value: &Spanned<String>, read: Reader<T>) -> Option<T> {
        let result = (read.parse)(&value.value);
        if result.is_none() {
            let diagnostic = Diagnostic::error(Code::SBC0110, format!("`{}` is not {}", value.value, read.what));
            self.out.push(diagnostic.at(value.location, "this").help(format!("write {}", read.example)));
        }
        result
    }

    // env

    fn env(&mut self, shape: &Shape<'_>) {
        for argument in &shape.arguments {
            let value = match shape.node.name {
                "pass" => Some(EnvRule::Pass),
                "secret" => Some(EnvRule::Secret),
                _ => None,
            };
            // `remove` takes whatever can be inherited.
            if self.variable_name(argument, value != Some(EnvRule::Secret)) {
                let entry = Entry { value, origin: self.origin(argument.location, shape) };
                insert(&mut self.layer.env, argument.value.clone(), entry, &argument.value, self.out);
            }
        }
        for (name, value) in shape.assignments() {
            let Some(text) = self.symbolic(value) else { continue };
            if !self.variable_name(name, false) {
                continue;
            }
            let origin = self.origin(name.location, shape);
            if shape.node.name == "prepend" {
                let entry = Entry { value: Some(text), origin };
                insert(&mut self.layer.prepends, name.value.clone(), entry, &name.value, self.out);
            } else {
                let entry = Entry { value: Some(EnvRule::Set(text)), origin };
                insert(&mut self.layer.env, name.value.clone(), entry, &name.value, self.out);
            }
        }
    }

    fn variable_name(&mut self, name: &Spanned<String>, glob: bool) -> bool {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || glob && c == '*';
        let starts = name.value.chars().next().is_some_and(|c| !c.is_ascii_digit());
        let good = starts && name.value.chars().all(legal);
        if !good {
            let diagnostic =
                Diagnostic::error(Code::SBC0109, format!("`{}` is not the name of a variable", name.value));
            let help = match name.value.split_once('=') {
                Some((name, value)) => format!("to give it a value write `set {name}=\"{value}\"`"),
                None if name.value.contains('*') => "write each name; only `pass` takes patterns".to_owned(),
                None => "write letters, digits and `_`, such as `NODE_ENV`".to_owned(),
            };
            self.out.push(diagnostic.at(name.location, "not a name").help(help));
        }
        good
    }

    // single values

    fn setting(&mut self, setting: Setting, location: Location, shape: &Shape<'_>) {
        let entry = Entry { origin: self.origin(location, shape), value: Some(setting.clone()) };
        insert(&mut self.layer.settings, setting.key(), entry, setting.key().word(), self.out);
    }

    /// A setting for each argument, all of which the schema has checked to be words.
    fn setting_words(&mut self, shape: &Shape<'_>, read: impl Fn(&str) -> Option<Setting>) {
        for argument in &shape.arguments {
            if let Some(setting) = read(&argument.value) {
                self.setting(setting, argument.location, shape);
            }
        }
    }

    fn isolation(&mut self, shape: &Shape<'_>) {
        let namespace = |sharing| {
            move |word: &str| Namespace::from_word(word).map(|namespace| Setting::Namespace(namespace, sharing))
        };
        match shape.node.name {
            "share" => self.setting_words(shape, namespace(Sharing::Share)),
            "unshare" => self.setting_words(shape, namespace(Sharing::Unshare)),
            "terminal" => self.setting_words(shape, |word| Terminal::from_word(word).map(Setting::Terminal)),
            "lifetime" => self.setting_words(shape, |word| Lifetime::from_word(word).map(Setting::Lifetime)),
            "nested-sandboxes" => {
                self.setting_words(shape, |word| NestedSandboxes::from_word(word).map(Setting::NestedSandboxes))
            }
            _ => {
                let Some(name) = shape.arguments.first() else { return };
                // The kernel takes up to 64 bytes (HOST_NAME_MAX).
                let good = (1..=64).contains(&name.value.len())
                    && name.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
                if good {
                    self.setting(Setting::Hostname(name.value.clone()), name.location, shape);
                } else {
                    let diagnostic = Diagnostic::error(Code::SBC0109, format!("`{}` is not a host name", name.value));
                    self.out.push(
                        diagnostic
                            .at(name.location, "not a host name")
                            .help("write letters, digits, `-` and `.`, 64 at the most"),
                    );
                }
            }
        }
    }

    fn run(&mut self, shape: &Shape<'_>) {
        let Some(first) = shape.arguments.first() else { return };
        if shape.node.name == "workdir" {
            if let Some(path) = self.path(first) {
                self.setting(Setting::Workdir(path), first.location, shape);
            }
            return;
        }
        if first.value.is_empty() {
            let diagnostic = Diagnostic::error(Code::SBC0110, "the name of the command is empty");
            self.out
                .push(diagnostic.at(first.location, "empty").help("write the command, such as `command \"claude\"`"));
            return;
        }
        let words: Vec<Text> = shape.arguments.iter().filter_map(|argument| self.symbolic(argument)).collect();
        if words.len() == shape.arguments.len() {
            self.setting(Setting::Command(words), first.location, shape);
        }
    }

    fn limit(&mut self, shape: &Shape<'_>) {
        let (Some(resource), Some(value)) = (Resource::from_word(shape.node.name), shape.arguments.first()) else {
            return;
        };
        let reader = if matches!(resource, Resource::Memory | Resource::FileSize) { SIZE } else { COUNT };
        let limit = if value.value == "none" { Some(None) } else { self.number(value, reader).map(Some) };
        if let Some(limit) = limit {
            self.setting(Setting::Limit(resource, limit), value.location, shape);
        }
    }

    // assert and waive

    fn assertion(&mut self, shape: &Shape<'_>) {
        let Some(kind) = AssertionKind::from_word(shape.node.name) else { return };
        for subject in &shape.arguments {
            if let Some(value) = self.subject(kind, subject) {
                self.layer.assertions.push(Spanned { value, location: subject.location });
            }
        }
    }

    fn subject(&mut self, kind: AssertionKind, subject: &Spanned<String>) -> Option<Assertion> {
        match kind {
            AssertionKind::NoEnv => self.variable_name(subject, false).then(|| Assertion::NoEnv(subject.value.clone())),
            AssertionKind::Network => Network::from_word(&subject.value).map(Assertion::Network),
            _ => self.path(subject).map(|path| Assertion::Path(kind, path)),
        }
    }

    fn waive(&mut self, shape: &Shape<'_>) {
        let (Some(kind), Some(subject)) = (shape.arguments.first(), shape.arguments.get(1)) else { return };
        let Some(known) = AssertionKind::from_word(&kind.value) else {
            let diagnostic =
                Diagnostic::error(Code::SBC0103, format!("`{}` is not something that can be waived", kind.value));
            let words = list(AssertionKind::WORDS.iter().copied(), "or");
            self.out.push(diagnostic.at(kind.location, "unknown word").help(format!("write {words}")));
            return;
        };
        let Some(assertion) = self.subject(known, subject) else { return };
        let Some(reason) = shape.property("reason") else { return };
        if reason.value.trim().is_empty() {
            let diagnostic = Diagnostic::error(Code::SBC0106, "`waive` needs a reason").at(reason.location, "empty");
            return self.out.push(diagnostic.help(format!("for example `{}`", shape.node.example)));
        }
        self.layer.waivers.push(Waiver { assertion, reason: reason.value.clone(), location: subject.location });
    }

    // text and paths

    fn path(&mut self, argument: &Spanned<String>) -> Option<SymbolicPath> {
        SymbolicPath::parse(&argument.value).map_err(|error| self.bad_path(argument, error)).ok()
    }

    fn symbolic(&mut self, argument: &Spanned<String>) -> Option<Text> {
        Text::parse(&argument.value).map_err(|error| self.bad_text(argument, error)).ok()
    }

    fn bad_path(&mut self, argument: &Spanned<String>, error: PathError) {
        let (written, PathError { mut range, problem }) = (&argument.value, error);
        let (code, title, help) = match problem {
            PathProblem::Text(problem) => return self.bad_text(argument, TextError { range, problem }),
            PathProblem::Empty => {
                (Code::SBC0401, "a path cannot be empty".to_owned(), "write `.` for the project".to_owned())
            }
            PathProblem::NoRoot if written.starts_with("${") => (
                Code::SBC0401,
                "a `/` comes after the variable that a path starts with".to_owned(),
                format!("write `{}`", written.replacen('}', "}/", 1)),
            ),
            PathProblem::NoRoot => (
                Code::SBC0401,
                format!("`{written}` does not say where it starts"),
                format!(
                    "write `./{written}` for a path in the project; others start with `/`, `~` or a variable such as `${{XDG_CONFIG_HOME}}`"
                ),
            ),
            PathProblem::OtherHome => (
                Code::SBC0401,
                "only one's own home has a short form".to_owned(),
                format!("write the full path, such as `/home/{}`", written.trim_start_matches('~')),
            ),
            PathProblem::VariableInside(variable) => {
                let name = format!("${{{}}}", variable.word());
                if let Some(start) = written.rfind(&name) {
                    range = start..start + name.len();
                }
                let title = format!("`{name}` is a whole path and can only stand at the start");
                (Code::SBC0401, title, format!("write `{name}/…`"))
            }
            PathProblem::NotADirectory(variable) => (
                Code::SBC0401,
                format!("a path cannot start with `${{{}}}`, which is not a directory", variable.word()),
                format!("write what comes before it, such as `/srv/${{{}}}`", variable.word()),
            ),
            PathProblem::AboveRoot => {
                (Code::SBC0402, format!("`{written}` leads above its root"), "remove a `..`".to_owned())
            }
        };
        let location = self.inside(argument, range);
        let label = if code == Code::SBC0402 { "leads out" } else { "not a path" };
        self.out.push(Diagnostic::error(code, title).at(location, label).help(help));
    }

    fn bad_text(&mut self, argument: &Spanned<String>, error: TextError) {
        let (title, help) = match error.problem {
            TextProblem::UnknownVariable(name) => {
                let near = crate::diagnostic::nearest(&name, Variable::WORDS.iter().copied());
                let near = near.map(|near| format!("did you mean `${{{near}}}`? ")).unwrap_or_default();
                (
                    format!("there is no variable `{name}`"),
                    format!("{near}the variables are {}", list(Variable::WORDS.iter().copied(), "and")),
                )
            }
            TextProblem::BareDollar(name) if Variable::from_word(&name).is_some() => {
                ("a variable needs braces".to_owned(), format!("write `${{{name}}}`, or `$$` for a dollar sign"))
            }
            TextProblem::BareDollar(_) => {
                ("a dollar sign starts a variable".to_owned(), "write `$$` for a dollar sign".to_owned())
            }
            TextProblem::Unclosed => ("this variable has no end".to_owned(), "write `}` after its name".to_owned()),
            TextProblem::Nul => ("text cannot hold a zero byte".to_owned(), "remove `\\u{0}`".to_owned()),
        };
        let location = self.inside(argument, error.range);
        self.out.push(Diagnostic::error(Code::SBC0104, title).at(location, "here").help(help));
    }

    /// The place of a part of an argument, where its spelling has no escapes; else all of it.
    fn inside(&self, argument: &Spanned<String>, range: std::ops::Range<usize>) -> Location {
        let Span { start, end } = argument.location.span;
        let written = self.text.get(start..end).unwrap_or_default();
        let Some(offset) = written.find(&argument.value) else { return argument.location };
        let start = start + offset;
        Location { source: argument.location.source, span: Span { start: start + range.start, end: start + range.end } }
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
                    .help("remove one of them"),
            );
        }
    }
}

/// Names become file names and words of messages.
fn check_name(name: &Spanned<String>, out: &mut Diagnostics) {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.value.chars().next().is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    if !starts || !name.value.chars().all(legal) || name.value.len() > 64 {
        let diagnostic = Diagnostic::error(Code::SBC0109, format!("`{}` is not a name", name.value));
        out.push(
            diagnostic
                .at(name.location, "not a name")
                .help("write lower-case letters, digits and `-`, such as `web-shop`"),
        );
    }
}
