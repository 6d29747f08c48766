//! All tests, in one binary.

mod generated;
