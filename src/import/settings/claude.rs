//! `.claude/settings.json`: the permissions and the sandbox of Claude Code.

use super::Reader;
use super::tree::{Node, Tree};
use crate::import::original::Bind;
use crate::source::Span;
use crate::text::Text;

pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    let span = tree.span;
    for (name, value) in tree.fields() {
        match name.as_str() {
            "permissions" => permissions(reader, value),
            "sandbox" => sandbox(reader, value),
            "env" => reader.variables(value),
            "$schema" => {}
            _ => reader.unknown("", &name, &value),
        }
    }
    // The whole agent runs inside, and not its commands alone.
    reader.original.has_network = true;
    reader.original.command = vec![Text::literal("claude")];
    let why = "the whole agent runs inside, not its commands alone; it needs the network to reach its service";
    reader.note(span, "network \"host\"", why);
}

fn sandbox(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "filesystem" => reader.files("sandbox.filesystem", value),
            "network" => reader.network("sandbox.network", value),
            // sbc never runs anything without its sandbox.
            "enabled" | "autoAllowBashIfSandboxed" | "failIfUnavailable" => {}
            "allowUnsandboxedCommands" if value.flag() == Some(false) => {}
            _ => reader.unknown("sandbox", &name, &value),
        }
    }
}

fn permissions(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "additionalDirectories" => reader.bind(&value, Bind::Write),
            "allow" | "deny" => value.texts().iter().for_each(|(text, span)| rule(reader, &name, text, *span)),
            "ask" => {
                for (text, span) in value.texts() {
                    reader.unsaid(span, format!("ask {text}"), "a sandbox asks nothing: it allows, or it does not");
                }
            }
            "defaultMode" => {
                let mode = if let Node::Text(mode) = &value.node { mode.clone() } else { String::new() };
                reader.unsaid(value.span, format!("defaultMode {mode}"), "say it to the agent: `run { command … }`");
            }
            _ => reader.unknown("permissions", &name, &value),
        }
    }
}

/// `Read(~/.ssh/**)` and the like.
fn rule(reader: &mut Reader<'_>, list: &str, text: &str, span: Span) {
    let (tool, path) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        Some((tool, path)) => (tool, path),
        None => (text, ""),
    };
    let tree = Tree { node: Node::Text(place(path)), span };
    match (list, tool) {
        _ if path.is_empty() => {
            reader.unsaid(span, format!("{list} {text}"), "a policy is about files and network, not about tools");
        }
        ("deny", "Read") => reader.deny(&tree),
        ("deny", "Edit" | "Write" | "MultiEdit") => reader.bind(&tree, Bind::Read),
        ("allow", "Read") if !reader.is_writable(&place(path)) => reader.bind(&tree, Bind::Read),
        ("allow", "Edit" | "Write" | "MultiEdit") => reader.bind(&tree, Bind::Write),
        _ => reader.unsaid(span, format!("{list} {text}"), "a policy is about files and network, not about tools"),
    }
}

/// Two slashes start at the root, one at the project.
fn place(path: &str) -> String {
    match path.strip_prefix("//") {
        Some(rest) => format!("/{rest}"),
        None => path.strip_prefix('/').map_or_else(|| path.to_owned(), |rest| format!("./{rest}")),
    }
}
