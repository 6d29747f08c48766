//! What the rules of `filesystem` mean.

use super::{Decoder, insert};
use crate::diagnostic::{Code, Diagnostic};
use crate::edit::quoted;
use crate::number::{MODE, SIZE};
use crate::path::SymbolicPath;
use crate::policy::{Access, Entry, Grant};
use crate::shape::Shape;
use crate::source::{Location, Span, Spanned};
use crate::words::Missing;

impl Decoder<'_> {
    pub(super) fn filesystem(&mut self, shape: &Shape<'_>) {
        let name = shape.node.name;
        if let (Some(at), Some(second)) = (shape.property("at"), shape.arguments.get(1)) {
            let diagnostic = Diagnostic::error(Code::SBC0107, "`at` says where one path goes, and here are several");
            self.out.push(
                diagnostic
                    .at(second.location, "a second path")
                    .at(at.location, "for which one?")
                    .help(format!("write one `{name}` for each path")),
            );
            return;
        }
        if let [from, word, to] = shape.arguments.as_slice()
            && matches!(word.value.as_str(), "->" | "=>" | "to" | "as" | "at" | "into" | ":")
            && shape.node.properties.iter().any(|property| property.name == "at")
        {
            let new = format!("at={}", quoted(&to.value));
            let both = Location { span: Span { end: to.location.span.end, ..word.location.span }, ..word.location };
            let diagnostic =
                Diagnostic::error(Code::SBC0401, format!("`{}` is no path; `at` says where a path goes", word.value));
            let diagnostic = diagnostic.at(word.location, "not a path");
            let help = format!("write `{name} {} {new}`", quoted(&from.value));
            return self.out.push(diagnostic.help(help).suggest(both, new));
        }
        let paths = if name == "file" { shape.arguments.get(..1) } else { shape.arguments.get(..) };
        for argument in paths.unwrap_or_default() {
            if self.two_in_one(shape, argument) {
                continue;
            }
            let Some(path) = self.path(argument) else { continue };
            let target = match shape.property("at") {
                Some(at) => self.path(at),
                None => Some(path.clone()),
            };
            let Some((target, value)) = target.zip(self.access(shape, path)) else { continue };
            let entry = Entry { value, origin: self.origin(argument.location, shape) };
            let name = target.to_string();
            insert(&mut self.layer.filesystem, target, entry, &name, self.out);
        }
    }

    /// `"/host:/inside"`, as for containers; reports it. A name can hold a colon: whoever writes `at`
    /// means one path.
    fn two_in_one(&mut self, shape: &Shape<'_>, argument: &Spanned<String>) -> bool {
        let Some((from, rest)) = argument.value.split_once(':').filter(|(from, _)| from.starts_with(['/', '~', '.']))
        else {
            return false;
        };
        let to = rest.split(':').next().unwrap_or_default();
        let is_path = to.starts_with(['/', '~']) && !to.starts_with("//") || to.starts_with("./");
        if !is_path || shape.property("at").is_some() {
            return false;
        }
        let takes_place = shape.node.properties.iter().any(|property| property.name == "at");
        let new = if takes_place && from != to { format!("{} at={}", quoted(from), quoted(to)) } else { quoted(from) };
        let title = "a rule names one path; `at` says where else it goes";
        let place = self.inside(argument, from.len()..from.len() + 1);
        let diagnostic = Diagnostic::error(Code::SBC0401, title).at(place, "not a path");
        let diagnostic = diagnostic.help(format!("write `{} {new}`", shape.node.name));
        self.out.push(diagnostic.suggest(argument.location, new));
        true
    }

    /// The value of a rule about `path`: `Some(None)` for `remove`, `None` where it is not legal.
    pub(super) fn access(&mut self, shape: &Shape<'_>, path: SymbolicPath) -> Option<Option<Access>> {
        let missing =
            shape.property("missing").and_then(|word| Missing::from_word(&word.value)).unwrap_or(Missing::Error);
        let host = |grant| Access::Host { grant, source: path, missing };
        Some(Some(match shape.node.name {
            "ro" => host(Grant::ReadOnly),
            "rw" => host(Grant::ReadWrite),
            "copy" => host(Grant::Copy),
            "overlay" => host(Grant::Overlay),
            "device" => host(Grant::Device),
            "file" => Access::File { text: self.symbolic(shape.arguments.get(1)?)? },
            "tmpfs" => {
                let size = self.optional(shape.property("size"), SIZE);
                let mode = self.optional(shape.property("mode"), MODE);
                Access::Tmpfs { size: size?, mode: mode? }
            }
            "dir" => Access::Directory,
            "symlink" => Access::Symlink { to: self.symbolic(shape.property("to")?)? },
            "deny" => Access::Deny,
            "proc" => Access::Proc,
            "dev" => Access::Dev,
            _ => return Some(None),
        }))
    }
}
