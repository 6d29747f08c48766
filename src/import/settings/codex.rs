//! `config.toml` of Codex: the sandbox of its commands.

use super::Reader;
use super::tree::{Node, Tree};
use crate::import::original::Bind;
use crate::text::Text;

pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    let span = tree.span;
    let wanted = match tree.below(&["default_permissions"]).map(|value| &value.node) {
        Some(Node::Text(name)) => Some(name.clone()),
        _ => None,
    };
    for (name, value) in tree.fields() {
        match name.as_str() {
            "sandbox_mode" => mode(reader, &value),
            "sandbox_workspace_write" => workspace(reader, value),
            "shell_environment_policy" => environment(reader, value),
            "default_permissions" => built_in(reader, &value),
            "permissions" => {
                for (name, profile) in value.fields() {
                    match wanted.as_deref() == Some(name.as_str()) {
                        true => permissions(reader, profile),
                        false => reader.unsaid(profile.span, format!("permissions.{name}"), "not the default profile"),
                    }
                }
            }
            _ => reader.unknown("", &name, &value),
        }
    }
    reader.original.command = vec![Text::literal("codex")];
    let why = "the whole agent runs inside; to reach its service it needs `network \"host\"`, and `rw \"~/.codex\"`";
    reader.note(span, "run { command \"codex\"; }", why);
}

fn mode(reader: &mut Reader<'_>, value: &Tree) {
    let Node::Text(mode) = &value.node else { return reader.unknown("", "sandbox_mode", value) };
    match mode.as_str() {
        "workspace-write" => reader.bind_one(".", None, value.span, Bind::Write),
        "read-only" => reader.bind_one(".", None, value.span, Bind::Read),
        _ => reader.unsaid(value.span, format!("sandbox_mode {mode}"), "a sandbox that allows everything is none"),
    }
}

/// The names of Codex's own profiles start with a colon.
fn built_in(reader: &mut Reader<'_>, value: &Tree) {
    let Node::Text(name) = &value.node else { return };
    match name.as_str() {
        ":workspace" => reader.bind_one(".", None, value.span, Bind::Write),
        ":read-only" => reader.bind_one(".", None, value.span, Bind::Read),
        name if name.starts_with(':') => {
            reader.unsaid(value.span, name, "a sandbox that allows everything is none");
        }
        _ => {}
    }
}

fn workspace(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match (name.as_str(), value.flag()) {
            ("writable_roots", _) => reader.bind(&value, Bind::Write),
            ("network_access", Some(allowed)) => reader.original.has_network = allowed,
            // `/tmp` is the sandbox's own.
            ("exclude_slash_tmp" | "exclude_tmpdir_env_var", _) => {}
            _ => reader.unknown("sandbox_workspace_write", &name, &value),
        }
    }
}

fn environment(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match (name.as_str(), &value.node) {
            ("set", _) => reader.variables(value),
            ("include_only", _) => {
                reader.original.passes_all = false;
                reader.pass(&value);
            }
            ("inherit", Node::Text(which)) if which == "none" => reader.original.passes_all = false,
            ("inherit", Node::Text(_)) => {}
            _ => reader.unknown("shell_environment_policy", &name, &value),
        }
    }
}

fn permissions(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "filesystem" => files(reader, value),
            "network" => {
                for (name, value) in value.fields() {
                    match (name.as_str(), value.flag()) {
                        ("enabled", Some(enabled)) => reader.original.has_network = enabled,
                        _ => reader.unknown("network", &name, &value),
                    }
                }
            }
            "extends" => built_in(reader, &value),
            _ => reader.unknown("permissions", &name, &value),
        }
    }
}

/// Paths with `"read"`, `"write"` or `"none"`; a map stands for a place and what lies in it.
fn files(reader: &mut Reader<'_>, tree: Tree) {
    for (path, value) in tree.fields() {
        let special = match path.as_str() {
            ":workspace_roots" | ":project_roots" => Some("."),
            ":tmpdir" | ":slash_tmp" | ":minimal" => continue,
            path if path.starts_with(':') => None,
            path => Some(path),
        };
        match (special, &value.node) {
            (Some(path), Node::Text(access)) => one(reader, path, access, &value),
            (Some(base), Node::Map(fields)) => {
                for (below, value) in fields {
                    if let Node::Text(access) = &value.node {
                        one(reader, &format!("{base}/{below}"), access, value);
                    }
                }
            }
            _ => reader.unsaid(value.span, path, "a policy shows what it names, and has no word for this"),
        }
    }
}

fn one(reader: &mut Reader<'_>, path: &str, access: &str, value: &Tree) {
    match access {
        "write" => reader.bind_one(path, None, value.span, Bind::Write),
        "read" => reader.bind_one(path, None, value.span, Bind::Read),
        "none" | "deny" => reader.deny(&Tree { node: Node::Text(path.to_owned()), span: value.span }),
        _ => reader.unsaid(value.span, format!("{path} = {access}"), "sbc does not know this access"),
    }
}
