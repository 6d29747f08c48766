//! `~/.srt-settings.json`, the settings of the sandbox runtime.

use super::Reader;
use super::tree::Tree;

/// Reads are allowed by default there; a list of domains that is empty or missing allows none.
pub(super) fn read(reader: &mut Reader<'_>, tree: Tree) {
    for (name, value) in tree.fields() {
        match name.as_str() {
            "filesystem" => reader.files("filesystem", value),
            "network" => reader.network("network", value),
            "env" => reader.variables(value),
            _ => reader.unknown("", &name, &value),
        }
    }
}
