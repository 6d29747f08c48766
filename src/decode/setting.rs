//! What has one value: `network`, and the rules of `isolation`, `run` and `limits`.

use super::{Decoder, insert};
use crate::diagnostic::{Code, Diagnostic};
use crate::edit::quoted;
use crate::number::{COUNT, SIZE};
use crate::policy::{Entry, Setting};
use crate::shape::Shape;
use crate::source::Location;
use crate::text::Text;
use crate::words::{Lifetime, Namespace, NestedSandboxes, Resource, Sharing, Terminal};

impl Decoder<'_> {
    pub(super) fn setting(&mut self, setting: Setting, location: Location, shape: &Shape<'_>) {
        let entry = Entry { origin: self.origin(location, shape), value: Some(setting.clone()) };
        insert(&mut self.layer.settings, setting.key(), entry, setting.key().word(), self.out);
    }

    /// A setting for each argument, all of which the schema has checked to be words.
    pub(super) fn setting_words(&mut self, shape: &Shape<'_>, read: impl Fn(&str) -> Option<Setting>) {
        for argument in &shape.arguments {
            if let Some(setting) = read(&argument.value) {
                self.setting(setting, argument.location, shape);
            }
        }
    }

    pub(super) fn isolation(&mut self, shape: &Shape<'_>) {
        let namespace = |sharing| {
            move |word: &str| Namespace::from_word(word).map(|namespace| Setting::Namespace(namespace, sharing))
        };
        match shape.node.name {
            "share" => self.setting_words(shape, namespace(Sharing::Share)),
            "unshare" => self.setting_words(shape, namespace(Sharing::Unshare)),
            "terminal" => self.setting_words(shape, |word| Terminal::from_word(word).map(Setting::Terminal)),
            "lifetime" => self.setting_words(shape, |word| Lifetime::from_word(word).map(Setting::Lifetime)),
            "nested-sandboxes" => {
                self.setting_words(shape, |word| NestedSandboxes::from_word(word).map(Setting::NestedSandboxes))
            }
            _ => {
                let Some(name) = shape.arguments.first() else { return };
                // The kernel takes up to 64 bytes (HOST_NAME_MAX).
                let good = (1..=64).contains(&name.value.len())
                    && name.value.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
                if good {
                    self.setting(Setting::Hostname(name.value.clone()), name.location, shape);
                } else {
                    let near: String =
                        name.value.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(64).collect();
                    let near = if near.is_empty() { "sandbox".to_owned() } else { near };
                    let diagnostic = Diagnostic::error(Code::SBC0109, format!("`{}` is not a host name", name.value));
                    let help = format!("write letters, digits, `-` and `.`, 64 at the most: `{}`", quoted(&near));
                    self.out.push(
                        diagnostic
                            .at(name.location, "not a host name")
                            .help(help)
                            .suggest(name.location, quoted(&near)),
                    );
                }
            }
        }
    }

    pub(super) fn run(&mut self, shape: &Shape<'_>) {
        let Some(first) = shape.arguments.first() else { return };
        if shape.node.name == "workdir" {
            if let Some(path) = self.path(first) {
                self.setting(Setting::Workdir(path), first.location, shape);
            }
            return;
        }
        if first.value.is_empty() {
            let diagnostic = Diagnostic::error(Code::SBC0110, "the name of the command is empty");
            let diagnostic = diagnostic.at(first.location, "empty").suggest(first.location, "\"claude\"");
            self.out.push(diagnostic.help("write the command, such as `command \"claude\"`"));
            return;
        }
        let words: Vec<Text> = shape.arguments.iter().filter_map(|argument| self.symbolic(argument)).collect();
        if words.len() == shape.arguments.len() {
            self.setting(Setting::Command(words), first.location, shape);
        }
    }

    pub(super) fn limit(&mut self, shape: &Shape<'_>) {
        let (Some(resource), Some(value)) = (Resource::from_word(shape.node.name), shape.arguments.first()) else {
            return;
        };
        let reader = if matches!(resource, Resource::Memory | Resource::FileSize) { SIZE } else { COUNT };
        let limit = if value.value == "none" { Some(None) } else { self.number(value, reader).map(Some) };
        if let Some(limit) = limit {
            self.setting(Setting::Limit(resource, limit), value.location, shape);
        }
    }
}
