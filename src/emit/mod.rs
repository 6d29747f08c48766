//! One file per output format; each reads a plan and gives text.

pub mod argv;
mod calls;
mod filter;
mod functions;
mod git;
pub mod json;
mod launch;
pub mod lock;
pub mod optimised;
mod placeholders;
mod places;
pub mod profile_page;
pub mod reference;
mod refusals;
pub mod script;
pub mod shell;
mod steps;
