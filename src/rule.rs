//! Values as rules of the language: the text that a person would type.

use crate::path::SymbolicPath;
use crate::plan::Content;
use crate::policy::{Access, Assertion, EnvRule, Setting};
use crate::words::{Missing, Sharing};
use std::fmt::Write as _;

/// A rule of `env`.
pub fn env(name: &str, rule: &EnvRule) -> String {
    match rule {
        EnvRule::Set(text) => format!("set {name}={}", quote(text.as_str())),
        EnvRule::Pass => format!("pass {}", quote(name)),
        EnvRule::Secret => format!("secret {}", quote(name)),
    }
}

/// A rule of `filesystem` about the path `at`.
pub fn access(at: &SymbolicPath, access: &Access) -> String {
    let place = quote(&at.to_string());
    match access {
        Access::Host { grant, source, missing, text } => {
            let mut rule = format!("{} {}", grant.word(), quote(&source.to_string()));
            if source != at {
                let _ = write!(rule, " at={place}");
            }
            if *missing != Missing::Error {
                let _ = write!(rule, " missing=\"{}\"", missing.word());
            }
            if let Some(text) = text {
                let _ = write!(rule, " text={}", quote(text.as_str()));
            }
            rule
        }
        Access::File { text } => format!("file {place} {}", quote(text.as_str())),
        Access::Tmpfs { size, mode } => {
            let size = size.map(|size| format!(" size=\"{}\"", human_size(size))).unwrap_or_default();
            let mode = mode.map(|mode| format!(" mode=\"{mode:04o}\"")).unwrap_or_default();
            format!("tmpfs {place}{size}{mode}")
        }
        Access::Directory => format!("dir {place}"),
        Access::Symlink { to } => format!("symlink {place} to={}", quote(to.as_str())),
        Access::Deny => format!("deny {place}"),
        Access::Proc => format!("proc {place}"),
        Access::Dev => format!("dev {place}"),
    }
}

/// A rule that sets one value.
pub fn setting(setting: &Setting) -> String {
    let word = setting.key().word();
    let value = match setting {
        Setting::Namespace(namespace, sharing) => return format!("{} {}", sharing.word(), quote(namespace.word())),
        Setting::Network(network) => quote(network.word()),
        Setting::Hostname(name) => quote(name),
        Setting::Terminal(terminal) => quote(terminal.word()),
        Setting::Lifetime(lifetime) => quote(lifetime.word()),
        Setting::NestedSandboxes(nested) => quote(nested.word()),
        Setting::Command(words) => words.iter().map(|word| quote(word.as_str())).collect::<Vec<_>>().join(" "),
        Setting::Workdir(path) => quote(&path.to_string()),
        Setting::Limit(_, None) => quote("none"),
        Setting::Limit(_, Some(limit)) => quote(&human_size(*limit)),
    };
    format!("{word} {value}")
}

/// A statement of `assert`.
pub fn assertion(assertion: &Assertion) -> String {
    format!("{} {}", assertion.kind().word(), quote(&subject(assertion)))
}

/// A `waive` of an assertion.
pub fn waiver(waived: &Assertion, reason: &str) -> String {
    format!("waive {} {} reason={}", quote(waived.kind().word()), quote(&subject(waived)), quote(reason))
}

/// What an assertion is about, as the language writes it.
pub fn subject(assertion: &Assertion) -> String {
    match assertion {
        Assertion::Path(_, path) => path.to_string(),
        Assertion::NoEnv(name) => name.clone(),
        Assertion::Network(network) => network.word().to_owned(),
    }
}

/// What a plan says besides files and variables, as the settings that say it.
pub fn settings(content: &Content) -> Vec<Setting> {
    let shared = content.shared.iter().map(|namespace| Setting::Namespace(*namespace, Sharing::Share));
    let hostname = content.hostname.clone().map(Setting::Hostname);
    let command = Some(content.command.clone()).filter(|command| !command.is_empty()).map(Setting::Command);
    let workdir = content.workdir.clone().map(Setting::Workdir);
    let limits = content.limits.iter().map(|(resource, limit)| Setting::Limit(*resource, Some(*limit)));
    [
        Setting::Network(content.network),
        Setting::Terminal(content.terminal),
        Setting::Lifetime(content.lifetime),
        Setting::NestedSandboxes(content.nested_sandboxes),
    ]
    .into_iter()
    .chain(shared)
    .chain(hostname)
    .chain(command)
    .chain(workdir)
    .chain(limits)
    .collect()
}

/// Text as a quoted string of the policy language, on one line and with nothing that could drive
/// a terminal.
pub fn quote(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                let shown = crate::diagnostic::printable(c.encode_utf8(&mut [0; 4]));
                out.push_str(&shown);
            }
        }
    }
    out.push('"');
    out
}

/// A number of bytes as the language writes it.
pub fn human_size(bytes: u64) -> String {
    let units = [(40, 'T'), (30, 'G'), (20, 'M'), (10, 'K')];
    match units.into_iter().find(|(shift, _)| bytes >= 1 << shift && bytes.trailing_zeros() >= *shift) {
        Some((shift, unit)) => format!("{}{unit}", bytes >> shift),
        None => bytes.to_string(),
    }
}
