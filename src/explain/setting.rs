//! What a setting is inside: what the policy says, or what goes where it says nothing.

use super::change::Edit;
use super::{Change, Context, Explanation, shown};
use crate::policy::{Assertion, Setting};
use crate::rule::{self, human_size, quote};
use crate::text::Text;
use crate::words::{Lifetime, Namespace, NestedSandboxes, Network, Resource, SettingKey, Sharing, Terminal};

/// Answers about a setting.
pub fn explain(context: &Context<'_>, key: SettingKey) -> Explanation {
    let resolved = context.merged().settings.get(&key);
    let value = resolved.and_then(|resolved| resolved.value.clone());
    let rule = resolved.map(|resolved| {
        let text = value.as_ref().map_or("remove".to_owned(), rule::setting);
        context.rule(&text, &resolved.origins, Some(resolved), rule::setting)
    });
    Explanation {
        subject: key.word().to_owned(),
        kind: "setting",
        verdict: shown(&sentence(context, key)),
        path: None,
        rule,
        shadows: Vec::new(),
        assertions: context
            .asserted(|guarantee| matches!(guarantee.assertion, Assertion::Network(_) if key == SettingKey::Network)),
        changes: changes(context, key),
    }
}

fn sentence(context: &Context<'_>, key: SettingKey) -> String {
    let content = &context.compiled.plan.content;
    let limit = |resource| content.limits.get(&resource).copied();
    match key {
        SettingKey::Network => network(content.network).to_owned(),
        SettingKey::User => namespace(context, Namespace::User, "users", "user identities and capabilities"),
        SettingKey::Pid => namespace(context, Namespace::Pid, "processes", "processes"),
        SettingKey::Ipc => namespace(context, Namespace::Ipc, "shared memory", "queues and shared memory"),
        SettingKey::Uts => namespace(context, Namespace::Uts, "the host name", "host name"),
        SettingKey::Cgroup => namespace(context, Namespace::Cgroup, "control groups", "view of control groups"),
        SettingKey::Hostname => match &content.hostname {
            Some(name) => format!("The host name inside is {}.", quoted(name)),
            None => "The host name inside is the host's.".to_owned(),
        },
        SettingKey::Terminal => terminal(content.terminal).to_owned(),
        SettingKey::Lifetime => lifetime(content.lifetime).to_owned(),
        SettingKey::NestedSandboxes => nested(content.nested_sandboxes).to_owned(),
        SettingKey::Command => match content.command.as_slice() {
            [] => "There is no command: `sbc exec -- COMMAND…` names one.".to_owned(),
            words => {
                let words: Vec<String> = words.iter().map(|word| quote(word.as_str())).collect();
                format!("The command is `{}`, and the caller's arguments come after it.", words.join(" "))
            }
        },
        SettingKey::Workdir => match &content.workdir {
            Some(path) => format!("The command starts in {}.", quoted(&path.to_string())),
            None => {
                "The command starts where the caller is, if that is in the project; else in the project.".to_owned()
            }
        },
        SettingKey::Processes => count(limit(Resource::Processes), "processes and threads of this user"),
        SettingKey::OpenFiles => count(limit(Resource::OpenFiles), "open files in one process"),
        SettingKey::Memory => size(limit(Resource::Memory), "The address space of one process"),
        SettingKey::FileSize => size(limit(Resource::FileSize), "The size of a file that is written"),
    }
}

fn quoted(text: &str) -> String {
    format!("`{text}`")
}

fn network(network: Network) -> &'static str {
    match network {
        Network::None => "There is no network inside but a loopback interface of the sandbox's own.",
        Network::Host => {
            "The network is the host's, whole: the internet, the local network, and services on this machine."
        }
    }
}

fn terminal(terminal: Terminal) -> &'static str {
    match terminal {
        Terminal::Guarded => "The command can use the terminal, and cannot type into it.",
        Terminal::NewSession => "The command has a session of its own, without the caller's terminal.",
        Terminal::Inherit => "The command can do everything with the terminal, typing into it included.",
    }
}

fn lifetime(lifetime: Lifetime) -> &'static str {
    match lifetime {
        Lifetime::WithParent => "Everything inside ends when the caller does.",
        Lifetime::Detached => "What runs inside may go on when the caller has ended.",
    }
}

fn nested(nested: NestedSandboxes) -> &'static str {
    match nested {
        NestedSandboxes::Deny => "Processes inside cannot make user namespaces, and so no sandboxes of their own.",
        NestedSandboxes::Allow => {
            "Processes inside may make user namespaces, and can remove protections inside writable directories."
        }
    }
}

fn namespace(context: &Context<'_>, namespace: Namespace, host: &str, own: &str) -> String {
    if context.compiled.plan.content.shared.contains(&namespace) {
        format!("The `{}` namespace is the host's: {host} are shared with it.", namespace.word())
            .replace("name are", "name is")
    } else {
        format!("The sandbox has its own `{}` namespace: its own {own}.", namespace.word())
    }
}

fn count(limit: Option<u64>, what: &str) -> String {
    limit.map_or_else(|| format!("sbc sets no limit on {what}."), |limit| format!("At most {limit} {what}."))
}

fn size(limit: Option<u64>, what: &str) -> String {
    match limit {
        Some(limit) => format!("{what} is at most {}.", human_size(limit)),
        None => format!("{what} has no limit of sbc's."),
    }
}

/// The other values that the setting can have, tried.
fn changes(context: &Context<'_>, key: SettingKey) -> Vec<Change> {
    let content = &context.compiled.plan.content;
    let edits = |settings: Vec<Setting>, goal: &dyn Fn(&Setting) -> String| {
        let change = |setting: Setting| {
            let is_set = |compiled: &crate::compile::Compiled| {
                compiled.merged.settings.get(&key).is_some_and(|now| now.value.as_ref() == Some(&setting))
            };
            context.change(&goal(&setting), &Edit::Setting(setting.clone()), |compiled, _| is_set(compiled))
        };
        settings.into_iter().map(change).collect::<Vec<_>>()
    };
    let example = |setting: Setting, goal: &str| edits(vec![setting], &|_| goal.to_owned());
    let namespace = |namespace: Namespace| {
        let sharing = if content.shared.contains(&namespace) { Sharing::Unshare } else { Sharing::Share };
        let goal = if sharing == Sharing::Share { "to share the host's" } else { "to have its own" };
        example(Setting::Namespace(namespace, sharing), goal)
    };
    let limit = |resource: Resource, most: u64| match content.limits.contains_key(&resource) {
        true => example(Setting::Limit(resource, None), "to lift the limit"),
        false => example(Setting::Limit(resource, Some(most)), "to set a limit, such as this one"),
    };
    match key {
        SettingKey::Network => {
            let other = if content.network == Network::None { Network::Host } else { Network::None };
            let goal = if other == Network::Host { "to open it" } else { "to close it" };
            example(Setting::Network(other), goal)
        }
        SettingKey::User => namespace(Namespace::User),
        SettingKey::Pid => namespace(Namespace::Pid),
        SettingKey::Ipc => namespace(Namespace::Ipc),
        SettingKey::Uts => namespace(Namespace::Uts),
        SettingKey::Cgroup => namespace(Namespace::Cgroup),
        SettingKey::Hostname => {
            example(Setting::Hostname(hostname(&context.compiled.plan.name)), "for another, such as this one")
        }
        SettingKey::Terminal => {
            let others = Terminal::ALL.iter().filter(|other| **other != content.terminal);
            edits(others.map(|other| Setting::Terminal(*other)).collect(), &|setting| match setting {
                Setting::Terminal(Terminal::Guarded) => "to use it without typing into it".to_owned(),
                Setting::Terminal(Terminal::NewSession) => "to keep it from the command".to_owned(),
                _ => "to allow everything".to_owned(),
            })
        }
        SettingKey::Lifetime if content.lifetime == Lifetime::WithParent => {
            example(Setting::Lifetime(Lifetime::Detached), "to let it go on")
        }
        SettingKey::Lifetime => example(Setting::Lifetime(Lifetime::WithParent), "to end it with the caller"),
        SettingKey::NestedSandboxes if content.nested_sandboxes == NestedSandboxes::Deny => {
            example(Setting::NestedSandboxes(NestedSandboxes::Allow), "to allow them")
        }
        SettingKey::NestedSandboxes => example(Setting::NestedSandboxes(NestedSandboxes::Deny), "to deny them"),
        SettingKey::Command => {
            let is_other = |command: &&str| content.command != [Text::literal(command)];
            let other = ["/bin/sh", "/bin/bash"].into_iter().find(is_other).unwrap_or("/bin/sh");
            example(Setting::Command(vec![Text::literal(other)]), "for another, such as this one")
        }
        SettingKey::Workdir => {
            let path = crate::path::SymbolicPath::of_root(crate::path::Root::Project);
            example(Setting::Workdir(path), "to start in the project always")
        }
        SettingKey::Processes => limit(Resource::Processes, 4096),
        SettingKey::Memory => limit(Resource::Memory, 8 << 30),
        SettingKey::OpenFiles => limit(Resource::OpenFiles, 4096),
        SettingKey::FileSize => limit(Resource::FileSize, 1 << 30),
    }
}

/// The sandbox's name as a host name.
fn hostname(name: &str) -> String {
    let kept: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(63).collect();
    let kept = kept.trim_matches('-');
    if kept.is_empty() { "inside".to_owned() } else { kept.to_owned() }
}
