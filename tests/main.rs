//! All tests, in one binary.

mod generated;
mod limits;
mod outside;
mod patterns;
mod reasons;
mod sandbox;
mod support;
