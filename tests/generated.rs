//! Files that are made from the source: each must be what would be made now.
//! `SBC_UPDATE=1 cargo test generated` writes them anew.

use sbc::builtin::{self, Profile};
use sbc::compile;
use sbc::diagnostic::Diagnostics;
use sbc::emit::{profile_page, reference};
use sbc::policy::Policy;
use sbc::source::{SourceKind, Sources};
use std::path::Path;

/// Compares a file of the tree with what it should hold, or writes it.
pub fn compare(name: &str, expected: &str) {
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
    let mut decoded = String::new();
    for (id, source) in sources.iter() {
        let Policy { layers } = compile::read(id, &source.text, SourceKind::BuiltIn, &mut out);
        let [layer] = layers.as_slice() else { panic!("{} holds {} profiles", source.name, layers.len()) };
        assert_eq!(source.name, format!("built-in:{}.kdl", layer.name.value));
        decoded += &format!("{}\n", serde_json::to_string(layer).unwrap());
    }
    assert!(out.is_empty(), "{:#?}", out.sorted());
    compare("src/profiles/decoded.jsonl", &decoded);
}

/// The pages about the profiles are what the profiles say, and the summary leads to each.
#[test]
fn profile_pages() {
    let mut entries = String::from("- [All built-in profiles](profile-list.md)\n");
    for Profile { name, .. } in builtin::PROFILES {
        entries += &format!("  - [{name}](profiles/{name}.md)\n");
    }
    let summary = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src/SUMMARY.md")).unwrap();
    let (before, rest) = summary.split_once("- [All built-in profiles]").expect("the list of profiles");
    let end = rest.find("\n- ").expect("another page") + 1;
    compare("book/src/SUMMARY.md", &format!("{before}{entries}{}", &rest[end..]));
    compare("book/src/profile-list.md", &profile_page::list());
    for profile in builtin::PROFILES {
        compare(&format!("book/src/profiles/{}.md", profile.name), &profile_page::page(profile));
    }
}

/// The reference page, the list of codes, the page of the filter and the schema are what the tables say.
#[test]
fn reference() {
    compare("book/src/reference.md", &reference::page());
    compare("book/src/codes.md", &reference::codes());
    compare("book/src/system-calls.md", &reference::system_calls());
    compare("schema/language.json", &reference::json());
}
