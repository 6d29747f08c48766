//! Where a value came from: which layer, which line, and why.

use crate::source::Location;
use serde::{Deserialize, Serialize};

/// The line behind a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Origin {
    /// The profile or sandbox that holds the rule.
    pub layer: String,
    pub location: Location,
    /// `reason="…"`, else the comment directly above the rule.
    pub reason: Option<String>,
    /// Whether the rule itself gives the reason, by `reason="…"`. For messages only.
    #[serde(skip)]
    pub is_stated: bool,
}
