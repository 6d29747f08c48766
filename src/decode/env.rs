//! What the rules of `env` mean.

use super::{Decoder, insert};
use crate::diagnostic::{Code, Diagnostic};
use crate::edit::quoted;
use crate::policy::{Entry, EnvRule};
use crate::shape::Shape;
use crate::source::Spanned;
use crate::words::Variable;

impl Decoder<'_> {
    pub(super) fn env(&mut self, shape: &Shape<'_>) {
        for argument in &shape.arguments {
            let value = match shape.node.name {
                "pass" => Some(EnvRule::Pass),
                "secret" => Some(EnvRule::Secret),
                _ => None,
            };
            // `remove` takes whatever can be inherited.
            if self.variable_name(argument, value != Some(EnvRule::Secret)) {
                let entry = Entry { value, origin: self.origin(argument.location, shape) };
                insert(&mut self.layer.env, argument.value.clone(), entry, &argument.value, self.out);
            }
        }
        for (name, value) in shape.assignments() {
            if self.repeats_itself(shape, name, value) {
                continue;
            }
            let Some(text) = self.symbolic(value) else { continue };
            if !self.variable_name(name, false) {
                continue;
            }
            let origin = self.origin(name.location, shape);
            if shape.node.name == "prepend" {
                let entry = Entry { value: Some(text), origin };
                insert(&mut self.layer.prepends, name.value.clone(), entry, &name.value, self.out);
            } else {
                let entry = Entry { value: Some(EnvRule::Set(text)), origin };
                insert(&mut self.layer.env, name.value.clone(), entry, &name.value, self.out);
            }
        }
    }

    /// `set PATH="$PATH:/opt/bin"`, as in a shell; reports it.
    fn repeats_itself(&mut self, shape: &Shape<'_>, name: &Spanned<String>, value: &Spanned<String>) -> bool {
        if Variable::from_word(&name.value).is_some() {
            return false;
        }
        let (plain, braced) = (format!("${}", name.value), format!("${{{}}}", name.value));
        let Some(own) = [braced, plain].into_iter().find(|own| value.value.split(':').any(|part| part == own)) else {
            return false;
        };
        let others: Vec<&str> = value.value.split(':').filter(|part| **part != own && !part.is_empty()).collect();
        let rest = quoted(&others.join(":"));
        let start = value.value.find(&own).unwrap_or(0);
        let title = format!("a text cannot hold the caller's `{}`", name.value);
        let place = self.inside(value, start..start + own.len());
        let diagnostic = Diagnostic::error(Code::SBC0104, title).at(place, "not known here");
        let diagnostic = diagnostic.help(format!("put a directory in front of it: `prepend {}={rest}`", name.value));
        self.out.push(match shape.assignments().count() {
            1 => diagnostic.suggest(shape.location, "prepend").suggest(value.location, rest),
            _ => diagnostic,
        });
        true
    }

    pub(super) fn variable_name(&mut self, name: &Spanned<String>, glob: bool) -> bool {
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || glob && c == '*';
        let starts = name.value.chars().next().is_some_and(|c| !c.is_ascii_digit());
        let good = starts && name.value.chars().all(legal);
        if !good {
            let diagnostic =
                Diagnostic::error(Code::SBC0109, format!("`{}` is not the name of a variable", name.value));
            let quotes = self.text.get(name.location.span.start..).is_some_and(|rest| rest.starts_with('"'));
            let (help, instead) = match name.value.split_once('=') {
                Some((name, value)) => (format!("to give it a value write `set {name}=\"{value}\"`"), None),
                None if glob && name.value.contains(".*") => {
                    let near = name.value.replace(".*", "*").trim_matches(['^', '$']).to_owned();
                    (format!("a pattern has `*` for any characters: write `{}`", quoted(&near)), Some(near))
                }
                None if name.value.contains('*') => ("write each name; only `pass` takes patterns".to_owned(), None),
                None => {
                    let near = name.value.trim_start_matches('$').trim_matches(['{', '}']);
                    let near: String = near.chars().map(|c| if legal(c) { c } else { '_' }).collect();
                    let near = if near.starts_with(|c: char| c.is_ascii_digit()) { format!("_{near}") } else { near };
                    let near = if near.is_empty() { "NODE_ENV".to_owned() } else { near };
                    (format!("write `{}`", if quotes { quoted(&near) } else { near.clone() }), Some(near))
                }
            };
            let diagnostic = diagnostic.at(name.location, "not a name").help(help);
            self.out.push(match instead {
                Some(near) if quotes => diagnostic.suggest(name.location, quoted(&near)),
                Some(near) => diagnostic.suggest(name.location, near),
                None => diagnostic,
            });
        }
        good
    }
}
