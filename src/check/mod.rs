//! Rules that a sandbox must obey, each family in its own file. They report and change nothing.

pub mod assertions;
mod broken;
mod cure;
pub mod denials;
pub mod guards;
pub mod lints;
pub mod reach;
pub mod redundant;
pub mod saving;
mod search_path;
pub mod startup;
pub mod state;
pub mod steering;
pub mod waivers;

use crate::compile::Compiled;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::path::SymbolicPath;
use crate::plan::Step;
use crate::source::SourceId;
use crate::space::Space;
use crate::view::View;
use std::path::{Path, PathBuf};

/// What the warnings about one sandbox look at. With a host's view they are about that host, with a
/// symbolic one about what is so on every host.
pub struct Scope<'a> {
    pub compiled: &'a Compiled,
    pub view: &'a View<'a>,
    /// What is known of whoever asks; `None` where no host is known.
    pub caller: Option<&'a Caller>,
    /// Which texts are the project's own. Nobody can change a rule of another.
    pub is_own: &'a dyn Fn(SourceId) -> bool,
}

/// Where sbc is called from: what of a host is not in its files.
pub struct Caller {
    /// How many file systems are mounted on the host.
    pub mounts: usize,
}

/// What the caller's environment names, and guards look at.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// Where the caller's shell looks for programs.
    pub search_path: Vec<SearchDirectory>,
    pub doors: Vec<Door>,
}

/// A socket or a key that a variable names.
#[derive(Clone, Debug)]
pub struct Door {
    /// Without links.
    pub real: PathBuf,
    pub about: &'static str,
}

/// A directory of `PATH`. It need not exist.
#[derive(Clone, Debug)]
pub struct SearchDirectory {
    /// As it is named there.
    pub entry: PathBuf,
    /// Every link on the way, itself without links.
    pub links: Vec<PathBuf>,
    /// Without links.
    pub real: PathBuf,
}

/// Reports what is allowed and was probably not meant.
pub fn warn(scope: &Scope<'_>, out: &mut Diagnostics) {
    redundant::check(scope, out);
    saving::check(scope, out);
    startup::check(scope, out);
    steering::check(scope, out);
}

impl Scope<'_> {
    /// Whether a step is the project's own rule.
    fn owns(&self, step: &Step) -> bool {
        step.origins.iter().any(|origin| (self.is_own)(origin.location.source))
    }
}

/// Points at the rule behind a step, and says what of it.
fn at_rule(diagnostic: Diagnostic, step: &Step, text: &str) -> Diagnostic {
    match step.origins.first() {
        Some(origin) => diagnostic.at(origin.location, text),
        None => diagnostic,
    }
}

/// A path of a space as a policy writes it.
fn symbolic(space: &dyn Space, path: &Path) -> Option<SymbolicPath> {
    SymbolicPath::parse(&space.spell(path)).ok()
}
