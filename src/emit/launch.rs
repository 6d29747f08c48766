//! The part of a script that starts bubblewrap: environment, limits, descriptors.

use super::script::{DESCRIPTORS, FILTER, Script};
use super::shell::{self, literal};
use super::steps::annotation;
use crate::env;
use crate::plan::{Action, EnvValue};
use crate::policy::EnvRule;
use crate::steering;
use crate::words::Resource;
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Script<'_> {
    /// The environment, the limits and the start of bubblewrap.
    pub(super) fn launch(&self) -> String {
        let mut out = String::from(
            "# Starts bubblewrap with the environment of the command, so that /proc/1/environ holds no more.\n\
             # No value becomes a shell variable, and no program is looked up in the PATH of the command.\n\
             launch() {\n    set -- \"$bwrap\" --args 3 -- \"$@\"\n",
        );
        for (name, value) in self.content.env.iter().filter(|(name, _)| !name.contains('*')) {
            out.push_str(&annotation(&value.rules(name), &value.origins));
            out.push_str(&if env::steers_loader(name) { String::new() } else { assignment(name, value) });
        }
        for (name, value) in self.content.env.iter().filter(|(name, _)| name.contains('*')) {
            out.push_str(&annotation(&value.rules(name), &value.origins));
        }
        out.push_str(&self.unset());
        out.push_str(&self.limits());
        out.push_str(&self.redirections());
        out.push_str("}\n\n");
        out
    }

    /// Takes away what the policy does not pass. Names may be anything.
    pub(super) fn unset(&self) -> String {
        let mut out = String::from(
            "    names=$(LC_ALL=C awk 'BEGIN {\n\
             \x20       for (name in ENVIRON) if (name != \"\") {\n\
             \x20           gsub(/\\047/, \"\\047\\042\\047\\042\\047\", name)\n\
             \x20           printf \" \\047%s\\047\", name\n\
             \x20       }\n\
             \x20   }') || fail 'the environment cannot be read'\n\
             \x20   eval \"for name in $names; do\n        case \\$name in\n",
        );
        // bubblewrap itself must not see them; `loader` hands them on.
        let _ = writeln!(out, "        {}) set -- -u \\\"\\$name\\\" \\\"\\$@\\\" ;;", env::LOADER.join(" | "));
        let env = &self.content.env;
        let globs: Vec<&str> = env.keys().map(String::as_str).filter(|name| name.contains('*')).collect();
        // The script has given these other values.
        let own: Vec<&str> = shell::RESERVED
            .iter()
            .copied()
            .filter(|own| globs.iter().any(|glob| env::glob(glob, own)) && !env.contains_key(*own))
            .collect();
        if !own.is_empty() {
            let _ = writeln!(out, "        {}) set -- -u \\\"\\$name\\\" \\\"\\$@\\\" ;;", own.join(" | "));
        }
        let names: Vec<String> = env.keys().filter(|name| !name.contains('*')).map(|name| literal(name)).collect();
        if !names.is_empty() {
            let _ = writeln!(out, "        {}) ;;", names.join(" | "));
        }
        // No glob passes these.
        let steering: BTreeSet<&str> = globs.iter().flat_map(|glob| steering::reached(glob)).collect();
        if !steering.is_empty() {
            let steering: Vec<&str> = steering.into_iter().collect();
            let _ = writeln!(out, "        {}) set -- -u \\\"\\$name\\\" \\\"\\$@\\\" ;;", steering.join(" | "));
        }
        // `esac` would end the list; a glob must stay one.
        if !globs.is_empty() {
            let _ = writeln!(out, "        {}) ;;", globs.join(" | "));
        }
        out.push_str("        *) set -- -u \\\"\\$name\\\" \\\"\\$@\\\" ;;\n        esac\n    done\"\n");
        out
    }

    /// Variables that steer the dynamic loader, as options: for the command, not for bubblewrap.
    pub(super) fn loader(&self) -> String {
        let mut out = String::new();
        for (name, value) in self.content.env.iter().filter(|(name, _)| !name.contains('*') && env::steers_loader(name))
        {
            let prepended = value.prepend.iter().map(shell::text).collect::<Vec<_>>().join(":");
            let _ = match &value.rule {
                Some(EnvRule::Set(text)) if prepended.is_empty() => {
                    writeln!(out, "    arg --setenv {name} {}", shell::text(text))
                }
                Some(EnvRule::Set(text)) => writeln!(out, "    arg --setenv {name} {prepended}:{}", shell::text(text)),
                None => writeln!(out, "    arg --setenv {name} {prepended}"),
                Some(_) if prepended.is_empty() => {
                    writeln!(out, "    [ -z \"${{{name}+x}}\" ] || arg --setenv {name} \"${name}\"")
                }
                Some(_) => writeln!(out, "    arg --setenv {name} {prepended}\"${{{name}+:${name}}}\""),
            };
        }
        out
    }

    pub(super) fn redirections(&self) -> String {
        let mut out = format!("    [ -n \"$machine\" ] || exec {FILTER}<&-\n    exec \"$env\" \"$@\" 3<&0 <&4");
        for fd in DESCRIPTORS {
            let step = self.content.steps.iter().find(|step| self.data.get(&step.at) == Some(&fd));
            match step.map(|step| &step.action) {
                Some(Action::File { text }) if !text.as_str().is_empty() => {
                    let _ = write!(out, " {fd}<<DATA_{fd}");
                }
                Some(Action::File { .. }) => {
                    let _ = write!(out, " {fd}</dev/null");
                }
                Some(_) => {
                    let _ = write!(out, " {fd}<\"$data_{fd}\"");
                }
                None if fd == 4 => out.push_str(" 4<&-"),
                None => {}
            }
        }
        out.push('\n');
        for (at, fd) in &self.data {
            let has_text = self.content.steps.iter().any(|step| {
                step.at == **at && matches!(&step.action, Action::File { text } if !text.as_str().is_empty())
            });
            if has_text {
                let _ = writeln!(out, "$data_{fd}\nDATA_{fd}");
            }
        }
        out
    }

    /// Rounded down: a limit is never weaker than the policy says.
    pub(super) fn limits(&self) -> String {
        let line = |(resource, limit): (&Resource, &u64)| match resource {
            Resource::Processes => {
                format!(
                    "    # bash says -u, dash and busybox say -p.\n    option=-u\n    # shellcheck disable=SC3045\n    (ulimit -u) >/dev/null 2>&1 || option=-p\n    limit \"$option\" {limit}\n"
                )
            }
            Resource::Memory => format!("    limit -v {}\n", limit / 1024),
            Resource::OpenFiles => format!("    limit -n {limit}\n"),
            Resource::FileSize => format!("    limit -f {}\n", limit / 512),
        };
        self.content.limits.iter().map(line).collect()
    }
}

pub(super) fn is_passed(value: &EnvValue) -> bool {
    matches!(value.rule, Some(EnvRule::Pass | EnvRule::Secret))
}

/// The line that gives a variable its value; none for one that is passed as it is.
fn assignment(name: &str, value: &EnvValue) -> String {
    let passed = if name == "PATH" { "caller_path" } else { name };
    let parts: Vec<String> = value.prepend.iter().map(shell::text).collect();
    let prepended = parts.join(":");
    match &value.rule {
        Some(EnvRule::Set(text)) => {
            let all: Vec<String> = parts.into_iter().chain([shell::text(text)]).collect();
            format!("    set -- {name}={} \"$@\"\n", all.join(":"))
        }
        None => format!("    set -- {name}={prepended} \"$@\"\n"),
        Some(_) if !prepended.is_empty() => {
            format!("    set -- {name}={prepended}\"${{{passed}+:${passed}}}\" \"$@\"\n")
        }
        Some(_) if name == "PATH" => {
            "    [ -z \"${caller_path+x}\" ] || set -- PATH=\"$caller_path\" \"$@\"\n".to_owned()
        }
        Some(_) => String::new(),
    }
}
