//! `sbc profiles`: lists the built-in profiles, or prints one.

use super::{print, report_one};
use crate::builtin;
use crate::diagnostic::{Code, Diagnostic, list, nearest};

/// Prints to standard output; 1 when there is no such profile.
pub fn run(name: Option<&str>) -> i32 {
    let Some(name) = name else {
        let layers = builtin::policies();
        let lines = layers.iter().flat_map(|policy| &policy.layers);
        let lines =
            lines.map(|layer| format!("{:<12}{}\n", layer.name.value, layer.about.as_deref().unwrap_or_default()));
        return print(lines.collect::<String>());
    };
    if let Some((_, text)) = builtin::TEXTS.iter().find(|(known, _)| *known == name) {
        return print(text);
    }
    let names = || builtin::TEXTS.iter().map(|(name, _)| *name);
    let help = match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", list(names(), "and")),
    };
    report_one(Diagnostic::error(Code::SBC0201, format!("there is no built-in profile `{name}`")).help(help));
    1
}
