//! `sbc learn`: what a program looked for and did not get, and the smallest rules that give it.
//!
//! From a log of strace's to findings is pure: `trace.rs` reads a line, `follow.rs` follows processes,
//! `events.rs` keeps what happened at each path. Then `fold.rs` compares that with the host, `propose.rs`
//! tries rules, and `show.rs` says it all. Nothing is written here.

pub mod attempt;
pub mod events;
pub mod fold;
pub mod follow;
pub mod places;
pub mod propose;
pub mod share;
pub mod show;
pub mod trace;
pub mod unused;
