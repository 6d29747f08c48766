//! What a setting is inside: what the policy says, or what goes where it says nothing.

use super::change::Edit;
use super::{Change, Context, Explanation, shown};
use crate::compile::Compiled;
use crate::path::{Root, SymbolicPath};
use crate::plan::Plan;
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
        format!("The `{}` namespace is the host's, {host} with it.", namespace.word())
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
    let change = |(goal, setting): (&str, Setting)| {
        let is_set = |compiled: &Compiled| {
            compiled.merged.settings.get(&key).is_some_and(|now| now.value.as_ref() == Some(&setting))
        };
        context.change(goal, &Edit::Setting(setting.clone()), |compiled, _| is_set(compiled))
    };
    others(&context.compiled.plan, key).into_iter().map(change).collect()
}

/// What else could be written, and what for.
fn others(plan: &Plan, key: SettingKey) -> Vec<(&'static str, Setting)> {
    let content = &plan.content;
    let one = |goal, setting| vec![(goal, setting)];
    match key {
        SettingKey::Network => match content.network {
            Network::None => one("to open it", Setting::Network(Network::Host)),
            Network::Host => one("to close it", Setting::Network(Network::None)),
        },
        SettingKey::User => namespace_goal(plan, Namespace::User),
        SettingKey::Pid => namespace_goal(plan, Namespace::Pid),
        SettingKey::Ipc => namespace_goal(plan, Namespace::Ipc),
        SettingKey::Uts => namespace_goal(plan, Namespace::Uts),
        SettingKey::Cgroup => namespace_goal(plan, Namespace::Cgroup),
        SettingKey::Hostname => one(EXAMPLE, Setting::Hostname(hostname(&plan.name))),
        SettingKey::Terminal => {
            let others = Terminal::ALL.iter().filter(|other| **other != content.terminal);
            others.map(|other| (terminal_goal(*other), Setting::Terminal(*other))).collect()
        }
        SettingKey::Lifetime => match content.lifetime {
            Lifetime::WithParent => one("to let it go on", Setting::Lifetime(Lifetime::Detached)),
            Lifetime::Detached => one("to end it with the caller", Setting::Lifetime(Lifetime::WithParent)),
        },
        SettingKey::NestedSandboxes => match content.nested_sandboxes {
            NestedSandboxes::Deny => one("to allow them", Setting::NestedSandboxes(NestedSandboxes::Allow)),
            NestedSandboxes::Allow => one("to deny them", Setting::NestedSandboxes(NestedSandboxes::Deny)),
        },
        SettingKey::Command => {
            let is_other = |command: &&str| content.command != [Text::literal(command)];
            let other = ["/bin/sh", "/bin/bash"].into_iter().find(is_other).unwrap_or("/bin/sh");
            one(EXAMPLE, Setting::Command(vec![Text::literal(other)]))
        }
        SettingKey::Workdir => {
            one("to start in the project always", Setting::Workdir(SymbolicPath::of_root(Root::Project)))
        }
        SettingKey::Processes => limit_goal(plan, Resource::Processes, 4096),
        SettingKey::Memory => limit_goal(plan, Resource::Memory, 8 << 30),
        SettingKey::OpenFiles => limit_goal(plan, Resource::OpenFiles, 4096),
        SettingKey::FileSize => limit_goal(plan, Resource::FileSize, 1 << 30),
    }
}

/// The goal of a value of which there are too many to name.
const EXAMPLE: &str = "for another, such as this one";

fn terminal_goal(terminal: Terminal) -> &'static str {
    match terminal {
        Terminal::Guarded => "to use it without typing into it",
        Terminal::NewSession => "to keep it from the command",
        Terminal::Inherit => "to allow everything",
    }
}

fn namespace_goal(plan: &Plan, namespace: Namespace) -> Vec<(&'static str, Setting)> {
    let (goal, sharing) = match plan.content.shared.contains(&namespace) {
        true => ("to have its own", Sharing::Unshare),
        false => ("to share the host's", Sharing::Share),
    };
    vec![(goal, Setting::Namespace(namespace, sharing))]
}

fn limit_goal(plan: &Plan, resource: Resource, most: u64) -> Vec<(&'static str, Setting)> {
    vec![match plan.content.limits.contains_key(&resource) {
        true => ("to lift the limit", Setting::Limit(resource, None)),
        false => ("to set a limit, such as this one", Setting::Limit(resource, Some(most))),
    }]
}

/// The sandbox's name as a host name.
fn hostname(name: &str) -> String {
    let kept: String = name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').take(63).collect();
    let kept = kept.trim_matches('-');
    if kept.is_empty() { "inside".to_owned() } else { kept.to_owned() }
}
