//! All tests, in one binary.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests look at the machine, and fail by panicking"
)]

mod claude;
mod generated;
mod hosts;
mod messages_api;
mod node;
mod npm;
mod sandbox;
mod signals;
mod support;
