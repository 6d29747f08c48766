//! All tests, in one binary.

mod book;
mod documented;
mod generated;
mod invariants;
mod limits;
mod outside;
mod patterns;
mod reasons;
mod sandbox;
mod support;
