//! `fence.json`, the settings of fence.

use super::Reader;
use super::tree::Tree;

/// As srt's, with templates and rules about commands.
pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "filesystem" => reader.files("filesystem", value),
            "network" => reader.network("network", value),
            "$schema" => {}
            "extends" => {
                let why = "what a template of fence says is not imported; `sbc profiles` lists sbc's own";
                reader.unsaid(value.span, format!("extends {}", shown(&value)), why);
            }
            "command" | "ssh" => {
                reader.unsaid(value.span, name, "a policy is about files and network, not about words")
            }
            _ => reader.unknown("", &name, &value),
        }
    }
}

fn shown(tree: &Tree) -> String {
    tree.texts().into_iter().map(|(text, _)| text).collect::<Vec<_>>().join(", ")
}
