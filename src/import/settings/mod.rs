//! Settings of other tools.

use super::original::Original;
use super::paths::Places;
use super::{Kind, Text};
use crate::diagnostic::Diagnostic;

pub fn recognize(_: &str, _: &str, _: &str) -> Option<Kind> {
    None
}

pub fn read(_: Kind, _: &Text, _: &Places) -> Result<Original, Diagnostic> {
    Ok(Original::default())
}
