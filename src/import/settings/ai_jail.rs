//! `.ai-jail`, the settings of ai-jail.

use super::Reader;
use super::tree::{Node, Tree};
use crate::import::original::{Bind, Kind};
use crate::text::Text;

pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    // Its environment is a list of names.
    reader.original.passes_all = false;
    let is_locked = tree.below(&["lockdown"]).and_then(Tree::flag) == Some(true);
    for (name, value) in tree.fields() {
        match name.as_str() {
            "command" => {
                let words = value.texts().into_iter().map(|(word, _)| Text::literal(&word)).collect();
                reader.original.command = words;
            }
            "rw_maps" if is_locked => reader.unsaid(value.span, "rw_maps", "`lockdown` makes everything read-only"),
            "rw_maps" => maps(reader, &value, Bind::Write),
            "ro_maps" => maps(reader, &value, Bind::Read),
            "overlay_maps" => overlays(reader, &value),
            "mask" | "deny_paths" => reader.deny(&value),
            "lockdown" if is_locked => reader.bind_one(".", None, value.span, Bind::Read),
            "allow_hosts" | "allow_host" => reader.domains(Some(&value)),
            "env" => match &value.node {
                Node::Map(_) => reader.variables(value),
                _ => reader.pass(&value),
            },
            // A home without what is not named has none of these.
            "hide_dotdirs" | "private_home" => {}
            name if name.starts_with("no_") && value.flag() == Some(true) => {}
            "lockdown" if value.flag() == Some(false) => {}
            _ => reader.unknown("", &name, &value),
        }
    }
}

/// `SRC`, or `SRC:DEST`.
fn maps(reader: &mut Reader<'_>, tree: &Tree, grant: Bind) {
    for (text, span) in tree.texts() {
        match text.split_once(':') {
            Some((source, at)) => reader.bind_one(source, Some(at), span, grant),
            None => reader.bind_one(&text, None, span, grant),
        }
    }
}

fn overlays(reader: &mut Reader<'_>, tree: &Tree) {
    for (text, span) in tree.texts() {
        match reader.path(&text) {
            Ok(at) => {
                reader.note(span, format!("overlay {text}"), "changes are gone afterwards; ai-jail keeps them");
                reader.push(at.clone(), Kind::Overlay { source: at }, span);
            }
            Err(why) => reader.unsaid(span, text, why),
        }
    }
}
