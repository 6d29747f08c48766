//! The plan as JSON, for tools.

use crate::plan::{FORMAT, Plan};
use serde::Serialize;

#[derive(Serialize)]
struct Document<'a> {
    format: u32,
    hash: String,
    mounts: usize,
    #[serde(flatten)]
    plan: &'a Plan,
}

/// A pretty-printed object that ends in a newline.
pub fn emit(plan: &Plan) -> String {
    let mounts = plan.mounts();
    let document = Document { format: FORMAT, hash: format!("sha256:{}", plan.hash()), mounts, plan };
    // Nothing in a plan can fail to serialise.
    let mut text = serde_json::to_string_pretty(&document).unwrap_or_default();
    text.push('\n');
    text
}
