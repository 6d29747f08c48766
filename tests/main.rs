//! All tests, in one binary.

mod determinism;
mod generated;
mod hostile;
mod random;
mod sandbox;
mod script;
mod support;
