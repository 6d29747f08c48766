//! All tests, in one binary.

mod generated;
mod sandbox;
mod support;
