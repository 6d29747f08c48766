//! All tests, in one binary.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests look at the machine, and fail by panicking"
)]

mod agent_profiles;
mod agents;
mod bad_host;
mod bad_input;
mod benchmarks;
mod book;
mod cache;
mod cases;
mod claude;
mod codes;
mod desk;
mod determinism;
mod diagnostics;
mod dialects;
mod diff;
mod doctor;
mod documented;
mod explain;
mod fetched_tools;
mod formats;
mod generated;
mod git_tools;
mod guards;
mod host_messages;
mod hostile;
mod hosts;
mod http;
mod import;
mod import_guards;
mod import_settings;
mod import_shell;
mod init;
mod instructions;
mod invariants;
mod kills;
mod knowledge;
mod learn;
mod limits;
mod lints;
mod lints_hold;
mod local;
mod node;
mod optimise;
mod outside;
mod packages;
mod patterns;
mod planted;
mod profiles;
mod projects;
mod protection;
mod random;
mod reach;
mod reasons;
mod revision;
mod sandbox;
mod scale;
mod script;
mod script_mounts;
mod seccomp;
mod seen;
mod show;
mod signals;
mod stand_in;
mod startup;
mod streams;
mod support;
mod swaps;
mod terminal;
mod toolchains;
mod tools;
mod traps;
mod trust;
mod vendor;
mod vendor_servers;
