//! The profiles that come with sbc, embedded.
//!
//! Their texts are for people and for `sbc profiles`; what the compiler uses is the decoded form,
//! because parsing KDL at every start is a waste. A test keeps the two equal
//! (`SBC_UPDATE=1 cargo test` writes the decoded form anew).

use crate::origin::Origin;
use crate::plan::sha256;
use crate::policy::Policy;
use crate::source::{Source, SourceKind, Sources};

/// Every built-in profile: its name and its text. Their order is the order of their source ids.
pub const TEXTS: &[(&str, &str)] = &[
    ("base-dev", include_str!("profiles/base-dev.kdl")),
    ("claude", include_str!("profiles/claude.kdl")),
    ("node", include_str!("profiles/node.kdl")),
];

/// What decoding [`TEXTS`] gives, in the same order, as JSON.
const DECODED: &str = include_str!("profiles/decoded.json");

/// A compilation's texts before the project adds its own.
pub fn sources() -> Sources {
    let mut sources = Sources::default();
    for (name, text) in TEXTS {
        sources.add(Source {
            kind: SourceKind::BuiltIn,
            name: format!("built-in:{name}.kdl"),
            text: (*text).to_owned(),
        });
    }
    sources
}

/// The decoded profiles.
pub fn policies() -> Vec<Policy> {
    serde_json::from_str(DECODED).unwrap_or_default()
}

/// Whether a rule stands in a built-in profile, where nobody can change it.
pub fn holds(origin: &Origin) -> bool {
    (origin.location.source.0 as usize) < TEXTS.len()
}

/// SHA-256 over all texts: the revision that an artefact was built with.
pub fn revision() -> String {
    let all: String = TEXTS.iter().flat_map(|(name, text)| [*name, "\0", text, "\0"]).collect();
    sha256(all.as_bytes())
}
