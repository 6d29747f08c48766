//! Keeps sbc's own records out of every sandbox's reach: what was compiled before, and what is to
//! be cleaned up. A process that could write them would decide what the next sandbox is.
//!
//! No rule below a writable directory is enough: a directory that is not there yet can be made.

use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::path::SymbolicPath;
use crate::plan::{Action, Plan};
use crate::policy::Grant;
use crate::space::{Space, is_within};
use std::path::PathBuf;

/// Where the records lie: by the variable, and by its default.
const PLACES: [&str; 2] = ["${XDG_STATE_HOME}/sbc", "~/.local/state/sbc"];

/// Reports every rule that makes the records writable. `space` says where paths are compared.
pub fn check(plan: &Plan, space: &dyn Space, out: &mut Diagnostics) {
    let place = |text: &&str| space.real(&SymbolicPath::parse(text).ok()?);
    let places: Vec<PathBuf> = PLACES.iter().filter_map(place).collect();
    for step in &plan.content.steps {
        let Action::Host { grant: Grant::ReadWrite, source, .. } = &step.action else { continue };
        let Some(shown) = space.real(source) else { continue };
        let reaches = places.iter().any(|place| is_within(place, &shown) || is_within(&shown, place));
        // A rule that breaks an assertion, too, has to go anyway.
        if !reaches || step.origins.first().is_some_and(|origin| out.blames(origin.location)) {
            continue;
        }
        let title = format!("`{}` would let the sandbox write sbc's own records", step.rule());
        let diagnostic = Diagnostic::error(Code::SBC0504, title)
            .help("show only the directories that are needed, such as `rw \"~/some/directory\"`");
        out.push(match step.origins.first() {
            Some(origin) => diagnostic.at(origin.location, "this rule"),
            None => diagnostic,
        });
    }
}
