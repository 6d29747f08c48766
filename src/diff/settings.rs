//! What has one value: the network, the namespaces, the terminal, the limits.

use super::sentence::Sentence;
use super::{Change, Class, Kind, One, Pair};
use crate::plan::Content;
use crate::policy::Setting;
use crate::rule;
use crate::words::{Namespace, Resource, SettingKey, Sharing, Terminal};

/// A setting of one side: how it is written, and how much it allows.
struct Value {
    text: String,
    rank: u64,
}

/// Reports every setting with another value.
pub fn compare(pair: &Pair<'_>, out: &mut Vec<Change>) {
    for key in SettingKey::ALL {
        let value = |one: &One<'_>| value(*key, &one.compiled.plan.content);
        let (before, after) = (value(&pair.old), value(&pair.new));
        if before.text != after.text {
            out.push(change(pair, *key, &before, &after));
        }
    }
}

fn change(pair: &Pair<'_>, key: SettingKey, before: &Value, after: &Value) -> Change {
    let sentence = Sentence::default().words(name(key)).words(" ").value(&before.text).words(" → ").value(&after.text);
    let cause = rule(&pair.new, key).or_else(|| rule(&pair.old, key));
    let class = Class::of(before.rank, after.rank);
    Change::new(class, Kind::Setting, key.word(), (&before.text, &after.text), sentence, cause)
}

/// The rule behind a setting; nothing where no rule is.
fn rule(one: &One<'_>, key: SettingKey) -> Option<super::Cause> {
    let resolved = one.compiled.merged.settings.get(&key)?;
    one.cause(rule::setting(resolved.value.as_ref()?), &resolved.origins)
}

/// How a sentence names a setting.
fn name(key: SettingKey) -> &'static str {
    match key {
        SettingKey::User => "user namespace",
        SettingKey::Pid => "pid namespace",
        SettingKey::Ipc => "ipc namespace",
        SettingKey::Uts => "uts namespace",
        SettingKey::Cgroup => "cgroup namespace",
        SettingKey::Processes => "limit of processes",
        SettingKey::Memory => "limit of memory",
        SettingKey::OpenFiles => "limit of open-files",
        SettingKey::FileSize => "limit of file-size",
        key => key.word(),
    }
}

fn value(key: SettingKey, content: &Content) -> Value {
    let word = |text: &str, rank: u64| Value { text: text.to_owned(), rank };
    let text = |setting: Option<Setting>| {
        let rule = setting.map(|setting| rule::setting(&setting));
        let text = rule.and_then(|rule| Some(rule.strip_prefix(key.word())?.trim().to_owned()));
        Value { text: text.unwrap_or_else(|| "nothing".to_owned()), rank: 0 }
    };
    match key {
        SettingKey::Network => word(content.network.word(), content.network as u64),
        SettingKey::User => namespace(content, Namespace::User),
        SettingKey::Pid => namespace(content, Namespace::Pid),
        SettingKey::Ipc => namespace(content, Namespace::Ipc),
        SettingKey::Uts => namespace(content, Namespace::Uts),
        SettingKey::Cgroup => namespace(content, Namespace::Cgroup),
        SettingKey::Hostname => text(content.hostname.clone().map(Setting::Hostname)),
        SettingKey::Terminal => word(content.terminal.word(), terminal(content.terminal)),
        SettingKey::Lifetime => word(content.lifetime.word(), content.lifetime as u64),
        SettingKey::NestedSandboxes => word(content.nested_sandboxes.word(), content.nested_sandboxes as u64),
        SettingKey::Command => {
            text(Some(content.command.clone()).filter(|words| !words.is_empty()).map(Setting::Command))
        }
        SettingKey::Workdir => text(content.workdir.clone().map(Setting::Workdir)),
        SettingKey::Processes => limit(content, Resource::Processes),
        SettingKey::Memory => limit(content, Resource::Memory),
        SettingKey::OpenFiles => limit(content, Resource::OpenFiles),
        SettingKey::FileSize => limit(content, Resource::FileSize),
    }
}

fn namespace(content: &Content, namespace: Namespace) -> Value {
    let shared = content.shared.contains(&namespace);
    let text = if shared { Sharing::Share.word() } else { Sharing::Unshare.word() };
    Value { text: format!("{text}d"), rank: shared.into() }
}

/// The words are not in the order of what they allow.
fn terminal(terminal: Terminal) -> u64 {
    match terminal {
        Terminal::NewSession => 0,
        Terminal::Guarded => 1,
        Terminal::Inherit => 2,
    }
}

fn limit(content: &Content, resource: Resource) -> Value {
    match content.limits.get(&resource) {
        Some(limit) => Value { text: rule::human_size(*limit), rank: *limit },
        None => Value { text: "none".to_owned(), rank: u64::MAX },
    }
}
