//! Settings of other tools: which they are, and what all of them have in common.
//!
//! They allow reading the whole disk, or name what may be read. A policy shows what it names, so what
//! is imported is what they say besides that. Fields without a rule are listed, each with its line.

mod ai_jail;
mod claude;
mod codex;
mod fence;
mod nono;
mod srt;
mod tree;

use super::original::{Bind, Kind as Does, Operation, Original};
use super::paths::{Places, Start};
use super::value::{Piece, Value};
use super::{Kind, Text, Unsaid, env};
use crate::diagnostic::{Code, Diagnostic};
use crate::path::SymbolicPath;
use crate::policy::EnvRule;
use crate::source::{Location, Span};
use crate::text;
use crate::words::{Namespace, Variable};
use tree::{Node, Tree};

/// What a file is, by its name and its fields.
pub fn recognize(file: &str, path: &str, text: &str) -> Option<Kind> {
    let by_name = match file {
        ".srt-settings.json" | "srt-settings.json" => Some(Kind::Srt),
        ".ai-jail" => Some(Kind::AiJail),
        "fence.json" | "fence.jsonc" => Some(Kind::Fence),
        "settings.json" | "settings.local.json" | "managed-settings.json" if path.contains("claude") => {
            Some(Kind::Claude)
        }
        _ => None,
    };
    by_name.or_else(|| by_fields(text))
}

fn by_fields(text: &str) -> Option<Kind> {
    let has = |tree: &Tree, names: &[&str]| tree.below(names).is_some();
    if text.trim_start().starts_with(['{', '/']) {
        let tree = Tree::json(text).ok()?;
        let is_claude =
            ["allow", "deny", "additionalDirectories"].iter().any(|name| has(&tree, &["permissions", name]))
                || has(&tree, &["sandbox"]);
        return match () {
            () if is_claude => Some(Kind::Claude),
            () if has(&tree, &["meta"]) || has(&tree, &["workdir"]) || has(&tree, &["security"]) => Some(Kind::Nono),
            () if has(&tree, &["command"]) || has(&tree, &["extends"]) => Some(Kind::Fence),
            () if has(&tree, &["network"]) || has(&tree, &["filesystem"]) => Some(Kind::Srt),
            () => None,
        };
    }
    let tree = Tree::toml(text).ok()?;
    let any = |names: &[&str]| names.iter().any(|name| has(&tree, &[name]));
    match () {
        () if any(&["sandbox_mode", "sandbox_workspace_write", "default_permissions"]) => Some(Kind::Codex),
        () if any(&["rw_maps", "ro_maps", "mask", "deny_paths", "hide_dotdirs", "lockdown"]) => Some(Kind::AiJail),
        () => None,
    }
}

/// Reads settings.
pub fn read(kind: Kind, text: &Text, places: &Places) -> Result<Original, Diagnostic> {
    let is_toml = matches!(kind, Kind::Codex | Kind::AiJail);
    let tree = if is_toml { Tree::toml(&text.text) } else { Tree::json(&text.text) };
    let tree = tree.map_err(|(message, span)| {
        let format = if is_toml { "TOML" } else { "JSON" };
        let title = format!("`{}` is not valid {format}: {}", text.name, super::one_line(&message));
        Diagnostic::error(Code::SBC0008, title)
            .at(Location { source: text.id, span }, "here")
            .help(format!("correct it; it was read as {}, `--from` says otherwise", kind.name()))
    })?;
    if !matches!(tree.node, Node::Map(_)) {
        let title = format!("`{}` holds no settings", text.name);
        return Err(Diagnostic::error(Code::SBC0008, title)
            .at(Location { source: text.id, span: tree.span }, "no object")
            .help("name the file with the settings"));
    }
    let mut reader = Reader::new(places);
    match kind {
        Kind::Srt => srt::read(&mut reader, tree),
        Kind::Claude => claude::read(&mut reader, tree),
        Kind::Codex => codex::read(&mut reader, tree),
        Kind::AiJail => ai_jail::read(&mut reader, tree),
        Kind::Nono => nono::read(&mut reader, tree),
        _ => fence::read(&mut reader, tree),
    }
    Ok(reader.finish())
}

/// What settings come to, as they are read.
struct Reader<'p> {
    places: &'p Places,
    original: Original,
}

impl<'p> Reader<'p> {
    fn new(places: &'p Places) -> Reader<'p> {
        let unshared = [Namespace::Pid, Namespace::Ipc, Namespace::Uts, Namespace::Cgroup].into();
        let original = Original { unshared, with_parent: true, passes_all: true, ..Original::default() };
        Reader { places, original }
    }

    /// The most specific path wins in all of them: parents come first.
    fn finish(mut self) -> Original {
        self.original.operations.sort_by(|one, other| one.at.cmp(&other.at));
        self.original
    }

    fn unsaid(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.original.unsaid.push(Unsaid::at(span, super::one_line(&what.into()), why));
    }

    fn note(&mut self, span: Span, what: impl Into<String>, why: impl Into<String>) {
        self.original.unsaid.push(Unsaid::note(span, super::one_line(&what.into()), why));
    }

    /// A field that no rule says.
    fn unknown(&mut self, section: &str, name: &str, tree: &Tree) {
        let what = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
        self.unsaid(tree.span, what, "sbc has no rule for this field");
    }

    /// Shows paths of the host.
    fn bind(&mut self, tree: &Tree, grant: Bind) {
        for (text, span) in tree.texts() {
            self.bind_one(&text, None, span, grant);
        }
    }

    fn bind_one(&mut self, source: &str, at: Option<&str>, span: Span, grant: Bind) {
        let path = |reader: &Self, text: &str| reader.path(text);
        match path(self, source).and_then(|source| Ok((at.map_or(Ok(source.clone()), |at| path(self, at))?, source))) {
            Ok((at, source)) => self.push(at, Does::Bind { source, grant, skip: true }, span),
            Err(why) => self.unsaid(span, source, why),
        }
    }

    /// Hides paths.
    fn deny(&mut self, tree: &Tree) {
        for (text, span) in tree.texts() {
            match self.path(&text) {
                Ok(at) => self.push(at, Does::Deny, span),
                Err(why) => self.unsaid(span, text, why),
            }
        }
    }

    fn push(&mut self, at: SymbolicPath, kind: Does, span: Span) {
        self.original.operations.push(Operation { at, kind, span, reason: None });
    }

    /// Whether a path can be written by what was read so far.
    fn is_writable(&self, text: &str) -> bool {
        let path = self.path(text).ok();
        let writes = |other: &Operation| matches!(other.kind, Does::Bind { grant: Bind::Write, .. });
        self.original.operations.iter().any(|other| writes(other) && Some(&other.at) == path.as_ref())
    }

    /// A path of settings: `~`, variables at the start, and `/**` at the end for what is below.
    fn path(&self, text: &str) -> Result<SymbolicPath, String> {
        let text = ["/**", "/*", "/"]
            .iter()
            .find_map(|end| text.strip_suffix(end))
            .filter(|rest| !rest.is_empty())
            .unwrap_or(text);
        if text.contains(['*', '?', '[']) {
            return Err("a policy names paths, and has no patterns for them".to_owned());
        }
        let mut value = Value::default();
        let starts = [
            ("~", Variable::Home),
            ("$HOME", Variable::Home),
            ("${HOME}", Variable::Home),
            ("$WORKDIR", Variable::Project),
            ("$PWD", Variable::Project),
            ("$XDG_CONFIG_HOME", Variable::ConfigHome),
            ("$XDG_CACHE_HOME", Variable::CacheHome),
            ("$XDG_DATA_HOME", Variable::DataHome),
            ("$XDG_STATE_HOME", Variable::StateHome),
            ("$XDG_RUNTIME_DIR", Variable::RuntimeDir),
        ];
        let start = starts.iter().find_map(|(start, variable)| {
            let rest = text.strip_prefix(start)?;
            (rest.is_empty() || rest.starts_with('/')).then_some((*variable, rest))
        });
        let rest = match start {
            Some((variable, rest)) => {
                value.push(Piece::Variable(variable));
                rest
            }
            None if text.starts_with(['$', '~']) => {
                return Err(format!(
                    "what `{}` is, is known only when it runs",
                    text.split('/').next().unwrap_or(text)
                ));
            }
            None => text,
        };
        value.push(Piece::Literal(rest.to_owned()));
        self.places.path(&value, Start::Project)
    }

    /// A list of domains. An empty one means that nothing is reached; a policy knows all or nothing.
    fn domains(&mut self, tree: Option<&Tree>) {
        let domains = tree.map(Tree::texts).unwrap_or_default();
        let all = domains.iter().any(|(domain, _)| domain == "*");
        if domains.is_empty() && tree.is_none_or(|tree| !matches!(tree.node, Node::Flag(true))) {
            return;
        }
        self.original.has_network = true;
        let names: Vec<String> = domains.into_iter().map(|(domain, _)| domain).collect();
        if let Some(tree) = tree.filter(|_| !all) {
            let why = "a policy cannot name domains: `network \"host\"` reaches everything; `network \"none\"` nothing";
            self.unsaid(tree.span, format!("only {}", names.join(", ")), why);
        }
    }

    /// Variables with their values.
    fn variables(&mut self, tree: Tree) {
        for (name, value) in tree.fields() {
            let Node::Text(text) = &value.node else {
                self.unknown("env", &name, &value);
                continue;
            };
            let rule = match env::is_secret(&name) {
                true => {
                    let why = "the value is not written into a policy: it passes from your environment, set it there";
                    self.unsaid(value.span, name.clone(), why);
                    EnvRule::Secret
                }
                false => EnvRule::Set(text::Text::literal(text)),
            };
            self.original.env.insert(name, rule);
        }
    }

    /// Variables that pass from the caller.
    fn pass(&mut self, tree: &Tree) {
        for (name, _) in tree.texts() {
            let rule = if env::is_secret(&name) { EnvRule::Secret } else { EnvRule::Pass };
            self.original.env.insert(name, rule);
        }
    }

    /// The section `filesystem` as srt, Claude Code and fence have it.
    fn files(&mut self, section: &str, tree: Tree) {
        let fields = tree.fields();
        let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value);
        // What may not be written beats what may; what may be read beats what may not.
        field("allowWrite").into_iter().for_each(|tree| self.bind(tree, Bind::Write));
        field("denyWrite").into_iter().for_each(|tree| self.bind(tree, Bind::Read));
        field("denyRead").into_iter().for_each(|tree| self.deny(tree));
        for (text, span) in field("allowRead").map(Tree::texts).unwrap_or_default() {
            if !self.is_writable(&text) {
                self.bind_one(&text, None, span, Bind::Read);
            }
        }
        for (name, value) in fields
            .iter()
            .filter(|(name, _)| !["allowWrite", "denyWrite", "denyRead", "allowRead"].contains(&name.as_str()))
        {
            self.unknown(section, name, value);
        }
    }

    /// The section `network` as srt, Claude Code and fence have it.
    fn network(&mut self, section: &str, tree: Tree) {
        for (name, value) in tree.fields() {
            match name.as_str() {
                "allowedDomains" => self.domains(Some(&value)),
                "allowUnixSockets" => self.bind(&value, Bind::Write),
                "deniedDomains" if value.texts().is_empty() => {}
                "httpProxyPort" | "socksProxyPort" => {
                    self.unsaid(value.span, name, "sbc has no proxy: the network is the host's, or there is none");
                }
                _ if value.flag() == Some(false) => {}
                _ => self.unknown(section, &name, &value),
            }
        }
    }
}
