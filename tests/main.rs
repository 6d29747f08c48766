//! All tests, in one binary.

mod generated;
mod patterns;
mod sandbox;
mod support;
