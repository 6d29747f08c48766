//! Variables that decide which code runs inside, and are let in.

use crate::check::Scope;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::plan::EnvValue;
use crate::policy::EnvRule;
use crate::steering;

/// Which one is a place to look for libraries; where a program needs it, `check/reach.rs` says so.
const LIBRARIES: &str = "LD_LIBRARY_PATH";

/// Reports the project's rules that let such a variable in, unless they say why.
pub fn check(scope: &Scope<'_>, out: &mut Diagnostics) {
    for (name, value) in &scope.compiled.plan.content.env {
        let is_own = value.origins.iter().any(|origin| (scope.is_own)(origin.location.source));
        // Rules of `env` have no `reason=`: the comment above is their reason.
        let says_why = value.origins.iter().any(|origin| origin.reason.is_some());
        let is_meant = says_why || name == LIBRARIES;
        let Some(known) = steering::find(name).filter(|_| is_own && !is_meant) else { continue };
        let title = match &value.rule {
            // The value stands in the policy, for everybody to see.
            Some(EnvRule::Set(_)) | None if known.has_plain_uses => continue,
            Some(EnvRule::Set(_)) | None => format!("the policy gives `{name}` a value, which is code for others"),
            Some(EnvRule::Pass | EnvRule::Secret) => {
                format!("`{name}` is let in, and decides which code runs inside")
            }
        };
        let diagnostic = Diagnostic::warning(Code::SBC0812, title).note(format!("`{name}`: {}", known.does));
        out.push(at(diagnostic, value).help("leave it out; or say why it is needed, in a comment on the line above"));
    }
}

fn at(diagnostic: Diagnostic, value: &EnvValue) -> Diagnostic {
    match value.origins.first() {
        Some(origin) => diagnostic.at(origin.location, "this variable"),
        None => diagnostic,
    }
}
