//! The part of a script that starts bubblewrap: the environment of the command, limits, descriptors.

use super::calls::wrapped;
use super::script::{DESCRIPTORS, Script};
use super::shell;
use super::steps::annotation;
use crate::env;
use crate::path::Root;
use crate::plan::{Action, EnvValue, Step};
use crate::policy::EnvRule;
use crate::steering;
use crate::words::Resource;
use std::collections::BTreeSet;
use std::fmt::Write as _;

impl Script<'_> {
    /// Whether the script has to know which variables the caller has.
    pub(super) fn reads_names(&self) -> bool {
        self.content.env.iter().any(|(name, value)| is_passed(value) && (value.prepend.is_empty() || name == "PATH"))
    }

    /// The limits and the start of bubblewrap.
    pub(super) fn launch(&self) -> String {
        format!(
            "# Starts bubblewrap without a variable, so that nothing steers it, and /proc/1/environ is empty.\n\
             launch() {{\n    cd /\n{}{}{BARE}}}\n\n",
            self.limits(),
            self.redirections()
        )
    }

    /// The environment of the command, as options of bubblewrap. No value stands in the arguments of a process.
    pub(super) fn environment(&self) -> String {
        let mut out = String::new();
        for (name, value) in &self.content.env {
            out.push_str(&annotation(&value.rules(name), &value.origins));
            out.push_str(&assignment(name, value));
        }
        if self.reads_names() {
            out.push_str(&self.passing());
        }
        out
    }

    /// Asks for what only another process can tell.
    pub(super) fn ask(&self) -> String {
        let is_asked = |step: &&Step| {
            let call = self.step(step);
            matches!(step.at.root(), Root::Absolute | Root::Home)
                && ["show ", "private "].iter().any(|verb| call.starts_with(verb))
        };
        let paths = self.content.steps.iter().filter(is_asked).map(|step| shell::path(&step.at));
        let mut out = wrapped("ask", paths) + "\n";
        if self.content.env.get("PATH").is_some_and(is_passed) {
            out.push_str("case \"\n$exported\" in\n*'\nexport PATH='*) ;;\n*) unset caller_path ;;\nesac\n");
        }
        out.push('\n');
        out
    }

    /// Passes on what the caller has. Names may be anything, and a line of a value may look like one: it has no
    /// effect unless there is such a variable.
    fn passing(&self) -> String {
        let mut out = String::from(
            "    # What the caller has of these; a shell prints them as `export NAME='VALUE'`.\n    IFS='\n'\n    for name in $exported; do\n        name=${name#export }\n        name=${name%%=*}\n        case $name in\n",
        );
        let env = &self.content.env;
        let is_plain =
            |(name, value): &(&String, &EnvValue)| is_passed(value) && value.prepend.is_empty() && !name.contains('*');
        let plain: Vec<&str> = env.iter().filter(is_plain).map(|(name, _)| name.as_str()).collect();
        let (path, names): (Vec<&str>, Vec<&str>) = plain.into_iter().partition(|name| *name == "PATH");
        if !path.is_empty() {
            out.push_str("        PATH) arg --setenv PATH \"$caller_path\" && continue ;;\n");
        }
        if !names.is_empty() {
            let _ = writeln!(out, "        {}) ;;", names.join(" | "));
        }
        let globs: Vec<&str> = env.keys().map(String::as_str).filter(|name| name.contains('*')).collect();
        if !globs.is_empty() {
            let _ = writeln!(
                out,
                "        {}) continue ;;\n        {}) ;;",
                self.unpassed(&globs).join(" | "),
                globs.join(" | ")
            );
        }
        out.push_str(
            "        *) continue ;;\n        esac\n        eval \"[ -z \\\"\\${$name+x}\\\" ] || arg --setenv \\\"\\$name\\\" \\\"\\$$name\\\"\"\n    done\n    unset IFS\n",
        );
        out
    }

    /// Patterns of names that no glob passes: what is no name, what has a rule, what the script has given another
    /// value, and what steers programs.
    fn unpassed(&self, globs: &[&str]) -> Vec<&str> {
        let fits = |name: &str| globs.iter().any(|glob| env::glob(glob, name));
        let named = self.content.env.keys().map(String::as_str).filter(|name| !name.contains('*') && fits(name));
        let own = shell::RESERVED.iter().copied().filter(|own| fits(own));
        let steering: BTreeSet<&str> = globs.iter().flat_map(|glob| steering::reached(glob)).collect();
        ["'' | [0-9]* | *[!A-Za-z0-9_]*"]
            .into_iter()
            .chain(named)
            .chain(own)
            .chain(env::LOADER)
            .chain(steering)
            .collect()
    }

    pub(super) fn redirections(&self) -> String {
        let mut out = String::from("    exec");
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
                None if self.spare().any(|spare| spare == fd) => {
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
                    "    # bash says -u, dash and busybox say -p.\n    option=-u\n    # shellcheck disable=SC3045\n    ulimit -u >/dev/null 2>&1 || option=-p\n    limit \"$option\" {limit}\n"
                )
            }
            Resource::Memory => format!("    limit -v {}\n", limit / 1024),
            Resource::OpenFiles => format!("    limit -n {limit}\n"),
            Resource::FileSize => format!("    limit -f {}\n", limit / 512),
        };
        self.content.limits.iter().map(line).collect()
    }
}

/// Becomes bubblewrap. `env` is one program more to start, which dash can do without.
const BARE: &str = r#"    set -- "$bwrap" --args 3 -- "$@"
    # dash hands on what `export -p` names, and takes over no other name. Of other shells nobody knows that.
    # shellcheck disable=SC3013 # dash, bash and busybox know -ef
    if [ ! /proc/self/exe -ef /usr/bin/dash ]; then
        command -v env >/dev/null || fail 'env is not installed'
        exec env -i "$@"
    fi
    # A line of a value may look like a name; no variable is needed any more.
    IFS='
'
    for name in $exported PWD OLDPWD; do
        name=${name#export }
        name=${name%%=*}
        case $name in
        '' | [0-9]* | *[!A-Za-z0-9_]*) ;;
        *) unset "$name" ;;
        esac
    done
    exec "$@"
"#;

pub(super) fn is_passed(value: &EnvValue) -> bool {
    matches!(value.rule, Some(EnvRule::Pass | EnvRule::Secret))
}

/// The line that gives a variable its value; none for one that is passed as it is.
fn assignment(name: &str, value: &EnvValue) -> String {
    let mut parts: Vec<String> = value.prepend.iter().map(shell::text).collect();
    match &value.rule {
        Some(EnvRule::Set(text)) => parts.push(shell::text(text)),
        Some(_) if parts.is_empty() => return String::new(),
        Some(_) | None => {}
    }
    let passed = if name == "PATH" { "caller_path" } else { name };
    let rest = if is_passed(value) { format!("\"${{{passed}+:${passed}}}\"") } else { String::new() };
    format!("    arg --setenv {name} {}{rest}\n", parts.join(":"))
}
