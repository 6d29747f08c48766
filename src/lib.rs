//! sbc compiles a checked-in policy into a bubblewrap sandbox.
//!
//! The modules stand in the order of the pipeline; `compile.rs` strings the pure ones together.

pub mod amend;
pub mod code;
pub mod diagnostic;
pub mod origin;
pub mod path;
pub mod policy;
pub mod report;
pub mod source;
pub mod text;
pub mod words;

pub mod builtin;
pub mod check;
pub mod compile;
pub mod decode;
pub mod edit;
pub mod env;
pub mod fix;
pub mod foreign;
pub mod guard;
pub mod inherit;
pub mod levels;
pub mod lower;
pub mod merge;
pub mod number;
pub mod parse;
pub mod plan;
pub mod project;
pub mod repair;
pub mod rule;
pub mod schema;
pub mod shape;
pub mod summary;
pub mod synonyms;
pub mod view;

pub mod absent;
pub mod bwrap;
pub mod cache;
pub mod cli;
pub mod command;
pub mod complaint;
pub mod doctor;
pub mod emit;
pub mod enter;
pub mod exec;
pub mod git;
pub mod host;
pub mod invocation;
pub mod layout;
pub mod mounts;
pub mod operation;
pub mod placeholder;
pub mod surroundings;
pub mod sys;
pub mod trust;
pub mod write;
