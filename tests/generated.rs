//! Files that are made from the source: each must be what would be made now.
//! `SBC_UPDATE=1 cargo test generated` writes them anew.

use sbc::diagnostic::Diagnostics;
use sbc::policy::Policy;
use sbc::source::{SourceKind, Sources};
use sbc::{builtin, compile, emit::reference};
use std::path::Path;

/// Compares a file of the tree with what it should hold, or writes it.
fn compare(name: &str, expected: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    if std::env::var_os("SBC_UPDATE").is_some() {
        std::fs::write(&path, expected).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == expected, "{name} is out of date; write it anew with SBC_UPDATE=1 cargo test generated");
}

/// The decoded form of the built-in profiles is what their texts say.
#[test]
fn decoded_profiles() {
    let sources: Sources = builtin::sources();
    let mut out = Diagnostics::default();
    let policies: Vec<Policy> =
        sources.iter().map(|(id, source)| compile::read(id, &source.text, SourceKind::BuiltIn, &mut out)).collect();
    assert!(out.is_empty(), "{:#?}", out.sorted());
    compare("src/profiles/decoded.json", &format!("{}\n", serde_json::to_string(&policies).unwrap()));
}

/// The reference page, the list of codes, the page of the filter and the schema are what the tables say.
#[test]
fn reference() {
    compare("book/src/reference.md", &reference::page());
    compare("book/src/codes.md", &reference::codes());
    compare("book/src/system-calls.md", &reference::system_calls());
    compare("schema/language.json", &reference::json());
}
