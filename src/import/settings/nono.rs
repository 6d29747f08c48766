//! Profiles of nono.

use super::Reader;
use super::tree::{Node, Tree};
use crate::import::original::Bind;
use crate::text::Text;

/// Profiles of nono for agents, with the agent's program.
const AGENTS: &[(&str, &str)] =
    &[("claude-code", "claude"), ("claude", "claude"), ("codex", "codex"), ("opencode", "opencode")];

pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    // The network is open unless it is blocked.
    reader.original.has_network = true;
    for (name, value) in tree.fields() {
        match name.as_str() {
            "extends" => extends(reader, &value),
            "filesystem" => files(reader, value),
            "network" => network(reader, value),
            "workdir" => workdir(reader, &value),
            "environment" | "env" => environment(reader, value),
            "meta" | "$schema" => {}
            _ => reader.unknown("", &name, &value),
        }
    }
}

fn extends(reader: &mut Reader<'_>, value: &Tree) {
    for (base, span) in value.texts() {
        match AGENTS.iter().find(|(name, _)| *name == base) {
            Some((_, program)) => {
                reader.original.command = vec![Text::literal(program)];
                reader.note(span, format!("extends {base}"), "what sbc has for the program is inherited instead");
            }
            None => reader.unsaid(span, format!("extends {base}"), "what a profile of nono says is not imported"),
        }
    }
}

fn files(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "allow" | "allow_file" => reader.bind(&value, Bind::Write),
            "read" | "read_file" => {
                for (text, span) in value.texts() {
                    if !reader.is_writable(&text) {
                        reader.bind_one(&text, None, span, Bind::Read);
                    }
                }
            }
            "write" | "write_file" => {
                reader.bind(&value, Bind::Write);
                let paths = value.texts().into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(", ");
                if !paths.is_empty() {
                    reader.note(value.span, format!("write {paths}"), "what can be written can be read, too");
                }
            }
            "deny" => reader.deny(&value),
            _ => reader.unknown("filesystem", &name, &value),
        }
    }
}

fn network(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match (name.as_str(), value.flag()) {
            ("block", Some(blocked)) => reader.original.has_network = !blocked,
            ("allow_domain" | "allow_domains", _) => reader.domains(Some(&value)),
            _ => reader.unknown("network", &name, &value),
        }
    }
}

fn workdir(reader: &mut Reader<'_>, value: &Tree) {
    match value.below(&["access"]).map(|access| &access.node) {
        Some(Node::Text(access)) if access == "readwrite" => reader.bind_one(".", None, value.span, Bind::Write),
        Some(Node::Text(access)) if access == "read" => reader.bind_one(".", None, value.span, Bind::Read),
        _ => reader.unknown("", "workdir", value),
    }
}

fn environment(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "allow_vars" => {
                reader.original.passes_all = false;
                reader.pass(&value);
            }
            "set_vars" => reader.variables(value),
            // Nothing passes that is not named.
            "deny_vars" => {}
            _ => reader.unknown("environment", &name, &value),
        }
    }
}
