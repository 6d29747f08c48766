//! All tests, in one binary.

mod claude;
mod generated;
mod messages_api;
mod node;
mod npm;
mod sandbox;
mod support;
