//! Where a value came from: which layer, which line, and why.

use crate::source::{Location, SourceId};
use serde::{Deserialize, Serialize};

/// A layer. Its text tells it from another of the same name: a sandbox may be called like a profile that it inherits.
pub type LayerId = (String, SourceId);

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

impl Origin {
    /// All that is known of a layer's rule when its place is not.
    pub fn of_layer((layer, source): LayerId) -> Origin {
        let location = Location { source, ..Location::default() };
        Origin { layer, location, reason: None, is_stated: false }
    }

    /// Which layer it is.
    pub fn layer_id(&self) -> LayerId {
        (self.layer.clone(), self.location.source)
    }
}
