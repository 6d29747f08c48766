//! All tests, in one binary.

mod bad_host;
mod bad_input;
mod cases;
mod generated;
mod sandbox;
mod support;
