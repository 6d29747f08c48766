//! All tests, in one binary.

mod generated;
mod limits;
mod patterns;
mod sandbox;
mod support;
