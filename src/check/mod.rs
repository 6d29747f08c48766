//! Rules that a sandbox must obey, each family in its own file. They report and change nothing.

pub mod assertions;
mod cure;
pub mod denials;
pub mod lints;
pub mod state;
