//! The script: the sandbox as plain POSIX `sh` and `bwrap`, for people without sbc.
//!
//! Byte-identical on every machine. Paths of the host stay shell variables; what depends on the
//! host is decided when the script runs. Everything that sbc itself checks and a shell can check is
//! checked again there, and fails with 125.

use super::shell::{self, FUNCTIONS, comment, literal};
use crate::diagnostic::{Code, Diagnostic};
use crate::env;
use crate::invocation::isolation_options;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Content, EnvValue, FORMAT, Place, Plan, Step};
use crate::policy::{EnvRule, Grant};
use crate::text::{Piece, Text};
use crate::words::{Missing, Resource, Terminal, Variable};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// dash knows descriptors of one digit only; 3 carries the arguments.
const DESCRIPTORS: std::ops::RangeInclusive<usize> = 4..=9;

/// The whole text of `.agent-sandbox/NAME.sh`.
///
/// # Errors
/// When the plan holds something that no shell script can carry.
pub fn emit(plan: &Plan) -> Result<String, Diagnostic> {
    let content = &plan.content;
    let data = descriptors(plan)?;
    reserved(plan)?;
    let script = Script { plan, content, data };
    let (checks, prepare, options, launch) = (script.checks(), script.prepare(), script.options(), script.launch());
    let body = [checks.as_str(), &prepare, &options, &launch].concat();
    let mut out = script.header();
    out.push_str(&script.places());
    out.push_str(&script.functions(&body));
    out.push_str(&body);
    out.push_str(&script.start());
    Ok(out)
}

/// The descriptor of every step that brings contents, by its path.
fn descriptors(plan: &Plan) -> Result<BTreeMap<&SymbolicPath, usize>, Diagnostic> {
    let carries = |step: &&Step| matches!(step.action, Action::File { .. } | Action::Host { grant: Grant::Copy, .. });
    let steps: Vec<&Step> = plan.content.steps.iter().filter(carries).collect();
    let most = DESCRIPTORS.count();
    if let Some(extra) = steps.get(most) {
        let title =
            format!("a shell script can carry {most} `copy` and `file` rules, and `{}` has {}", plan.name, steps.len());
        let diagnostic = Diagnostic::error(Code::SBC0604, title)
            .help("write `ro` where the file need not be changed; `sbc exec` has no such limit");
        return Err(match extra.origins.first() {
            Some(origin) => diagnostic.at(origin.location, "one too many"),
            None => diagnostic,
        });
    }
    Ok(steps.into_iter().map(|step| &step.at).zip(DESCRIPTORS).collect())
}

/// Refuses to pass variables by names that the script uses itself.
fn reserved(plan: &Plan) -> Result<(), Diagnostic> {
    let own = |name: &str| shell::RESERVED.iter().any(|pattern| env::glob(pattern, name));
    match plan.content.env.iter().find(|(name, value)| is_passed(value) && own(name)) {
        None => Ok(()),
        Some((name, value)) => {
            let diagnostic = Diagnostic::error(Code::SBC0604, format!("the script uses a variable `{name}` itself"));
            let diagnostic = diagnostic.help("give the variable another name; `sbc exec` has no such limit");
            Err(match value.origins.first() {
                Some(origin) => diagnostic.at(origin.location, "this variable"),
                None => diagnostic,
            })
        }
    }
}

struct Script<'a> {
    plan: &'a Plan,
    content: &'a Content,
    data: BTreeMap<&'a SymbolicPath, usize>,
}

impl Script<'_> {
    fn header(&self) -> String {
        let about = self.plan.about.as_deref().map(|about| format!(": {}", comment(about))).unwrap_or_default();
        format!(
            "#!/bin/sh\n\
             # {name}{about}\n\
             #\n\
             # Compiled by sbc from .agent-sandbox.kdl. To change it, change the policy and run `sbc build`.\n\
             # Arguments go to the command of the policy; after `--` stands another command.\n\
             # Fails with 125 when the sandbox cannot be set up as written.\n\
             # plan sha256:{hash} format {FORMAT}\n\
             #\n\
             # What `sbc exec` does and a shell cannot: let Ctrl-C reach the command alone (here it ends the\n\
             # sandbox), tell a failure of bubblewrap (status 1) from one of the command, pass on other\n\
             # signals, leave the session keyring, close descriptors above 9, keep two running sandboxes\n\
             # from removing each other's empty directories.\n\
             # shellcheck disable=SC1003,SC2016 # what looks like a slip is text of the policy\n\
             set -fu\n\
             \n\
             fail() {{\n    printf '%s\\n' \"{name}.sh: $1\" >&2\n    exit 125\n}}\n\n",
            name = self.plan.name,
            hash = self.plan.hash(),
        )
    }

    /// Finds the project and whatever else the plan names.
    fn places(&self) -> String {
        let mut out =
            String::from("(: 3<&0) 2>/dev/null || exec </dev/null\nexec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-\n");
        let passes_path = self.content.env.get("PATH").is_some_and(is_passed);
        if passes_path {
            out.push_str("caller_path=${PATH-}\n");
        }
        out.push_str("PATH=/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin\n");
        if passes_path {
            out.push_str("[ \"$(awk 'BEGIN { print \"PATH\" in ENVIRON }')\" = 1 ] || unset caller_path\n");
        }
        out.push_str(
            "\n\
             # The script lies in the project's .agent-sandbox. A name may end in a newline.\n\
             script=$0\n\
             if [ -L \"$script\" ]; then\n\
             \x20   script=$(readlink -f -- \"$script\" && printf x) || fail 'the script cannot be found'\n\
             \x20   script=${script%??}\n\
             fi\n\
             case $script in\n*/*) project=${script%/*}/.. ;;\n*) project=.. ;;\nesac\n\
             project=$(CDPATH='' cd -- \"$project\" && pwd -P && printf x) || fail 'the project cannot be entered'\n\
             project=${project%??}\n\
             case $project in\n'' | /) fail 'the project is the root directory' ;;\nesac\n",
        );
        let name = &self.plan.name;
        let _ = writeln!(
            out,
            "[ -f \"$project\"/.agent-sandbox/{name}.sh ] || fail 'the script is not in the .agent-sandbox of a project'"
        );
        out.push_str(
            "case ${HOME-} in\n/*) home=$HOME ;;\n*) fail 'HOME is not an absolute path' ;;\nesac\n\
             real=$(CDPATH='' cd -- \"$home\" 2>/dev/null && pwd -P && printf x)\n\
             case ${real%??}/ in\n\"$project\"/*) fail 'the project contains your home directory' ;;\nesac\n",
        );
        out.push_str(&self.values());
        out.push_str(
            "bwrap=$(command -v bwrap) || fail 'bubblewrap is not installed'\n\
             [ ! -u \"$bwrap\" ] || fail 'bubblewrap is set-user-ID, which is not safe'\n\
             env=$(command -v env) || fail 'env is not installed'\n\
             [ \"$(id -u)\" != 0 ] || fail 'not as root: nothing would be denied to it'\n\n",
        );
        out
    }

    /// The shell variables for what only the host knows.
    fn values(&self) -> String {
        let used = self.variables(|_| true);
        let mut out = String::new();
        if used.contains(&Variable::User) {
            out.push_str("user=${USER:-${LOGNAME:-$(id -un)}}\ncase $user in\n*/* | . | .. | '') fail 'USER is not a name' ;;\nesac\n");
        }
        for (name, option) in [(Variable::Uid, "-u"), (Variable::Gid, "-g")] {
            if used.contains(&name) {
                let _ = writeln!(out, "{}=$(id {option})", shell::variable(name));
            }
        }
        let directories = [
            (Variable::ConfigHome, Some(".config")),
            (Variable::CacheHome, Some(".cache")),
            (Variable::DataHome, Some(".local/share")),
            (Variable::StateHome, Some(".local/state")),
            (Variable::RuntimeDir, None),
        ];
        let needed = self.variables(|step| !may_be_left_out(step));
        for (name, default) in directories.into_iter().filter(|(name, _)| used.contains(name)) {
            let (word, variable) = (name.word(), shell::variable(name));
            let otherwise = match default {
                Some(below) => format!("{variable}=$home/{below}"),
                None if needed.contains(&name) => format!("fail '{word} is not set'"),
                // Nothing is there, and so each of its rules is left out.
                None => format!("{variable}=/dev/null/unset"),
            };
            let _ = writeln!(out, "case ${{{word}-}} in\n/*) {variable}=${word} ;;\n*) {otherwise} ;;\nesac");
        }
        for up in 1..=self.highest() {
            let below = if up == 1 { "project".to_owned() } else { format!("above_{}", up - 1) };
            let _ = writeln!(out, "above_{up}=${{{below}%/*}}");
        }
        out
    }

    /// The variables of everything but steps that are not `wanted`.
    fn variables(&self, wanted: impl Fn(&Step) -> bool) -> BTreeSet<Variable> {
        let mut used = BTreeSet::new();
        for step in self.content.steps.iter().filter(|step| wanted(step)) {
            used.extend(step.at.variables());
            match &step.action {
                Action::Host { source, .. } | Action::Pin { source } => used.extend(source.variables()),
                Action::File { text } | Action::Symlink { to: text } => used.extend(text.variables()),
                _ => {}
            }
        }
        for value in self.content.env.values() {
            used.extend(value.prepend.iter().flat_map(Text::variables));
            if let Some(EnvRule::Set(text)) = &value.rule {
                used.extend(text.variables());
            }
        }
        used.extend(self.content.command.iter().flat_map(Text::variables));
        used.extend(self.content.workdir.iter().flat_map(SymbolicPath::variables));
        used
    }

    /// How far above the project the plan reaches.
    fn highest(&self) -> u8 {
        let up = |path: &SymbolicPath| if let Root::AboveProject(Reverse(up)) = path.root() { up } else { 0 };
        let source = |step: &Step| match &step.action {
            Action::Host { source, .. } | Action::Pin { source } => up(source),
            _ => 0,
        };
        self.content
            .steps
            .iter()
            .map(|step| up(&step.at).max(source(step)))
            .chain(self.content.workdir.iter().map(up))
            .max()
            .unwrap_or(0)
    }

    /// The functions that `body` calls, and those that they call.
    fn functions(&self, body: &str) -> String {
        let calls = |text: &str, name: &str| {
            text.lines().any(|line| {
                line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == name)
                    && !line.trim_start().starts_with('#')
            })
        };
        let mut wanted: BTreeSet<&str> =
            FUNCTIONS.iter().map(|function| function.name).filter(|name| calls(body, name)).collect();
        for function in FUNCTIONS.iter().rev() {
            let needed = wanted.contains(function.name);
            wanted.extend(FUNCTIONS.iter().map(|other| other.name).filter(|name| needed && calls(function.text, name)));
        }
        let mut out: String = FUNCTIONS
            .iter()
            .filter(|function| wanted.contains(function.name))
            .map(|function| format!("{}\n", function.text))
            .collect();
        out.push_str(&self.unlinked());
        if wanted.contains("target") || wanted.contains("hidden") {
            out.push_str(&self.visible());
        }
        out
    }

    /// The check for links in directories that the sandbox can write.
    fn unlinked(&self) -> String {
        let source = |step: &Step| match &step.action {
            Action::Host { grant: Grant::ReadWrite, source, .. } => Some(shell::path(source)),
            _ => None,
        };
        let trees: Vec<String> = self.content.steps.iter().filter_map(source).collect();
        if trees.is_empty() {
            return "# Nothing is writable, so no link can have been planted.\nunlinked() { :; }\n\n".to_owned();
        }
        let calls: String = trees.iter().map(|tree| format!("    unlinked_in {tree} \"$1\"\n")).collect();
        format!(
            "# Refuses $1 when a part of it is a link that the sandbox could have made.\nunlinked() {{\n{calls}}}\n\n{UNLINKED_IN}\n"
        )
    }

    /// Whether a path is shown already, in place.
    fn visible(&self) -> String {
        let in_place = |step: &Step| match &step.action {
            Action::Host { grant: Grant::ReadOnly | Grant::ReadWrite, source, .. } if *source == step.at => {
                Some(shell::path(&step.at))
            }
            _ => None,
        };
        let patterns: Vec<String> =
            self.content.steps.iter().filter_map(in_place).map(|path| format!("{path} | {path}/*")).collect();
        if patterns.is_empty() {
            return "visible() { return 1; }\n\n".to_owned();
        }
        format!(
            "# Whether a host path is shown already.\nvisible() {{\n    case $1 in\n    {}) ;;\n    *) return 1 ;;\n    esac\n}}\n\n",
            patterns.join(" | ")
        )
    }

    /// The host must not turn the order of the mounts around.
    fn checks(&self) -> String {
        let mut out = String::new();
        let steps = &self.content.steps;
        let words = |steps: Vec<&Step>| steps.iter().map(|step| shell::path(&step.at)).collect::<Vec<_>>().join(" ");
        for step in steps {
            let root = step.at.root();
            let is_top = root != Root::Absolute
                && !steps.iter().any(|other| other.at != step.at && step.at.is_within(&other.at));
            let earlier: Vec<&Step> = steps.iter().filter(|other| other.at.root() < root).collect();
            if is_top && !earlier.is_empty() {
                let _ = writeln!(out, "apart {} {}", shell::path(&step.at), words(earlier.clone()));
            }
            let writable = |step: &&Step| matches!(step.action, Action::Host { grant: Grant::ReadWrite, .. });
            let trees: Vec<&Step> = earlier.into_iter().filter(writable).collect();
            if root != Root::Absolute && step.place == Place::Root && !writable(&step) && !trees.is_empty() {
                let _ = writeln!(out, "protected {} {}", shell::path(&step.at), words(trees));
            }
        }
        if out.is_empty() { out } else { format!("{out}\n") }
    }

    /// Creates what has to exist, and gathers what is copied.
    fn prepare(&self) -> String {
        let (mut makes, mut needs) = (String::new(), String::new());
        for step in &self.content.steps {
            match &step.action {
                Action::Host { source, missing: missing @ (Missing::CreateDir | Missing::CreateFile), .. } => {
                    let kind = if *missing == Missing::CreateDir { "dir" } else { "file" };
                    let _ = writeln!(makes, "make {kind} {}", shell::path(source));
                }
                Action::Tmpfs { .. } | Action::Proc | Action::Dev if step.place == Place::Writable => {
                    let _ = writeln!(makes, "make dir {}", self.host(step));
                }
                Action::File { .. } if step.place == Place::Writable => {
                    let _ = writeln!(makes, "make file {}", self.host(step));
                }
                Action::Tmpfs { .. } | Action::Proc | Action::Dev | Action::File { .. } if is_fixed(step.place) => {
                    let _ = writeln!(needs, "needs {}", self.host(step));
                }
                _ => {}
            }
            if let Action::Host { source, .. } = &step.action
                && *source != step.at
            {
                let (source, host) = (shell::path(source), self.host(step));
                if step.place == Place::Writable {
                    let _ = writeln!(
                        makes,
                        "if [ -d {source} ]; then make dir {host}; elif [ -e {source} ]; then make file {host}; fi"
                    );
                } else if is_fixed(step.place) {
                    let _ = writeln!(needs, "[ ! -e {source} ] || needs {host}");
                }
            }
        }
        if !makes.is_empty() {
            makes = format!(
                "made=\n# What is missing is created, and removed again when it is still empty.\ntrap unmake EXIT\ntrap 'exit 129' HUP\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n{makes}\n"
            );
        }
        if !needs.is_empty() {
            needs = format!("# What cannot be created must be there.\n{needs}\n");
        }
        needs + &makes + &self.gather()
    }

    /// Puts contents, or the files that hold them, into shell variables.
    fn gather(&self) -> String {
        let mut data = String::new();
        for step in &self.content.steps {
            let Some(fd) = self.data.get(&step.at) else { continue };
            match &step.action {
                Action::Host { source, .. } => {
                    let source = shell::path(source);
                    let _ = writeln!(
                        data,
                        "data_{fd}=/dev/null\nif [ -f {source} ]; then\n    real {source}\n    data_{fd}=$real\nfi"
                    );
                }
                Action::File { text } if !text.as_str().is_empty() => {
                    let _ = writeln!(
                        data,
                        "# {}\ndata_{fd}={}",
                        comment(&step.at.to_string()),
                        shell::text(&without_newline(text))
                    );
                    if let Some(Piece::Variable(_)) = text.pieces().last() {
                        let _ = writeln!(data, "data_{fd}=${{data_{fd}%'\n'}}");
                    }
                }
                _ => {}
            }
        }
        if !data.is_empty() {
            data.push('\n');
        }
        data
    }

    /// The host path behind the place of a step, where another step shows a host path there.
    fn host(&self, step: &Step) -> String {
        let above = |other: &&Step| step.at != other.at && step.at.is_within(&other.at);
        let tree = self.content.steps.iter().filter(above).max_by_key(|other| other.at.components().len());
        match tree.map(|tree| (tree, &tree.action)) {
            Some((tree, Action::Host { source, .. } | Action::Pin { source })) => {
                shell::path(&source.join(step.at.below(&tree.at).unwrap_or_default()))
            }
            _ => shell::path(&step.at),
        }
    }

    /// The options of bubblewrap, in order.
    fn options(&self) -> String {
        let mut out = String::from("# What bubblewrap is told.\noptions() {\n");
        let isolation: Vec<String> = isolation_options(self.content).into_iter().map(str::to_owned).collect();
        let _ = writeln!(out, "    arg {}", isolation.join(" "));
        if let Some(hostname) = &self.content.hostname {
            let _ = writeln!(out, "    arg --hostname {}", literal(hostname));
        }
        out.push_str(match self.content.terminal {
            Terminal::Guarded => "    # Where the kernel lets a process type into its terminal, it gets none.\n    tiocsti=1\n    [ ! -r /proc/sys/dev/tty/legacy_tiocsti ] || read -r tiocsti </proc/sys/dev/tty/legacy_tiocsti\n    [ \"$tiocsti\" = 0 ] || arg --new-session\n",
            Terminal::NewSession => "    arg --new-session\n",
            Terminal::Inherit => "",
        });
        let mut group = "";
        for step in &self.content.steps {
            let line = self.step(step);
            if !line.is_empty() {
                if group != title(step.at.root()) {
                    group = title(step.at.root());
                    let _ = write!(out, "\n    # ---- {group} ----\n");
                }
                let reason = step.reason().map(|reason| format!(" {}", comment(reason))).unwrap_or_default();
                let _ = write!(out, "\n    # {} [{}]{reason}\n    {line}\n", comment(&step.rule()), step.layers());
            }
        }
        out.push_str(&self.endings());
        out.push_str("}\n\n");
        out
    }

    /// The call that a step becomes; empty where nothing has to be done.
    fn step(&self, step: &Step) -> String {
        let at = shell::path(&step.at);
        match &step.action {
            Action::Host { grant, source, missing, merged_usr } => {
                let (option, word, source_word) = (bind_option(*grant), missing.word(), shell::path(source));
                let in_place = *source == step.at;
                match (grant, merged_usr) {
                    (Grant::Copy, _) => {
                        let option = if step.place == Place::Memory { "--file" } else { "--bind-data" };
                        format!("copy {option} {} {source_word} {word} {at}", self.descriptor(step))
                    }
                    (Grant::Device, _) => format!("device {word} {source_word} {at}"),
                    (Grant::Overlay, _) => format!("overlay {word} {source_word} {at}"),
                    (_, Some(link)) => format!("merged {option} {word} {at} {link}"),
                    _ if in_place && matches!(step.place, Place::Root | Place::Memory) => {
                        format!("show {option} {word} {at}")
                    }
                    _ if in_place => format!("inside {option} {word} {at}"),
                    _ => format!("bind {option} {word} {source_word} {at}"),
                }
            }
            Action::Pin { source } => format!("pin {} {at}", shell::path(source)),
            Action::File { .. } => {
                let option = if step.place == Place::Root { "--file" } else { "--ro-bind-data" };
                format!("arg --perms 0444 {option} {} {at}", self.descriptor(step))
            }
            Action::Tmpfs { size, mode } => {
                let size = size.map(|size| format!("--size {size} ")).unwrap_or_default();
                format!("arg {size}--perms {:04o} --tmpfs {at}", mode.unwrap_or(0o755))
            }
            Action::Directory => format!("arg --perms 0755 --dir {at}"),
            Action::Symlink { to } => format!("arg --symlink {} {at}", shell::text(to)),
            Action::Deny { .. } if nothing_there(step) => String::new(),
            Action::Deny { open } => format!("deny {} {} {at}", if *open { "0555" } else { "0000" }, self.host(step)),
            Action::Proc => format!("arg --proc {at}"),
            Action::Dev => format!("arg --dev {at}"),
        }
    }

    fn descriptor(&self, step: &Step) -> usize {
        self.data.get(&step.at).copied().unwrap_or_default()
    }

    /// What comes after all steps: the targets of links, what gets read-only, the directory.
    fn endings(&self) -> String {
        let mut out = String::new();
        let linked = |step: &&Step| self.step(step).starts_with("show ");
        let targets: Vec<String> = self
            .content
            .steps
            .iter()
            .filter(linked)
            .map(|step| {
                let option = if matches!(step.action, Action::Host { grant: Grant::ReadWrite, .. }) {
                    "--bind"
                } else {
                    "--ro-bind"
                };
                format!("    target {option} {}\n", shell::path(&step.at))
            })
            .collect();
        if !targets.is_empty() {
            let _ = write!(out, "\n    # Files behind links.\n{}", targets.concat());
        }
        out.push_str("\n    # Nothing is added to the sandbox's own directories.\n");
        for step in &self.content.steps {
            if matches!(step.action, Action::Deny { .. }) && !nothing_there(step) {
                let _ = writeln!(out, "    seal {} {}", self.host(step), shell::path(&step.at));
            }
        }
        let root = SymbolicPath::of_root(Root::Absolute);
        if !self.content.steps.iter().any(|step| step.at == root) {
            out.push_str("    arg --remount-ro /\n");
        }
        out.push_str("    arg --chdir \"$directory\"\n");
        out
    }

    /// The environment, the limits and the start of bubblewrap.
    fn launch(&self) -> String {
        let mut out = String::from(
            "# Starts bubblewrap with the environment of the command, so that /proc/1/environ holds no more.\n\
             # No value becomes a shell variable, and no program is looked up in the PATH of the command.\n\
             launch() {\n    set -- \"$bwrap\" --args 3 -- \"$@\"\n",
        );
        for (name, value) in self.content.env.iter().filter(|(name, _)| !name.contains('*')) {
            out.push_str(&assignment(name, value));
        }
        out.push_str(&self.unset());
        out.push_str(&self.limits());
        out.push_str(&self.redirections());
        out.push_str("}\n\n");
        out
    }

    /// Takes away what the policy does not pass. Names may be anything.
    fn unset(&self) -> String {
        let mut out = String::from(
            "    names=$(LC_ALL=C awk 'BEGIN {\n\
             \x20       for (name in ENVIRON) if (name != \"\") {\n\
             \x20           gsub(/\\047/, \"\\047\\042\\047\\042\\047\", name)\n\
             \x20           printf \" \\047%s\\047\", name\n\
             \x20       }\n\
             \x20   }') || fail 'the environment cannot be read'\n\
             \x20   eval \"for name in $names; do\n        case \\$name in\n",
        );
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
        // `esac` would end the list; a glob must stay one.
        let names: Vec<String> =
            env.keys().map(|name| if name.contains('*') { name.clone() } else { literal(name) }).collect();
        if !names.is_empty() {
            let _ = writeln!(out, "        {}) ;;", names.join(" | "));
        }
        out.push_str("        *) set -- -u \\\"\\$name\\\" \\\"\\$@\\\" ;;\n        esac\n    done\"\n");
        out
    }

    fn redirections(&self) -> String {
        let mut out = String::from("    exec \"$env\" \"$@\" 3<&0 <&4");
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
    fn limits(&self) -> String {
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

    /// Chooses the directory and the command, checks once, and goes.
    fn start(&self) -> String {
        let mut out = String::new();
        let shows_project =
            self.content.steps.iter().any(|step| {
                step.at == SymbolicPath::of_root(Root::Project) && matches!(step.action, Action::Host { .. })
            });
        match &self.content.workdir {
            Some(path) => {
                let _ = writeln!(out, "directory={}", shell::path(path));
            }
            None if shows_project => out.push_str(
                "# The caller's directory where it is in the project, else the project.\n\
                 directory=$(pwd -P && printf x)\n\
                 directory=${directory%??}\n\
                 case $directory/ in\n\"$project\"/*) ;;\n*) directory=$project ;;\nesac\n",
            ),
            None => out.push_str("directory=/\n"),
        }
        let command: Vec<String> = self.content.command.iter().map(shell::text).collect();
        let own = if command.is_empty() {
            "fail 'the policy names no command; write one after --'".to_owned()
        } else {
            format!("set -- {} \"$@\"", command.join(" "))
        };
        let _ = write!(
            out,
            "if [ \"${{1-}}\" = -- ]; then\n    shift\n    [ $# != 0 ] || fail 'there is no command after --'\nelse\n    {own}\nfi\n\n\
             # Once to find what is wrong, once for bubblewrap; what goes wrong only then stops it, too.\n\
             (options) >/dev/null || exit\n\
             {{\n    {{ (options) || arg --refused; }} 4<&- | launch \"$@\"\n}} 4<&0\n",
        );
        out
    }
}

/// Looks at each component below a writable tree.
const UNLINKED_IN: &str = r#"unlinked_in() {
    path=${1%/}
    case $2 in
    "$path"/*) rest=${2#"$path"/} ;;
    *) return 0 ;;
    esac
    while [ -n "$rest" ]; do
        path=$path/${rest%%/*}
        [ ! -L "$path" ] || fail "'$path' is a symbolic link in a directory that the sandbox can write"
        case $rest in
        */*) rest=${rest#*/} ;;
        *) rest= ;;
        esac
    done
}
"#;

/// Whether a step has no place on a host where a variable of its has no value.
fn may_be_left_out(step: &Step) -> bool {
    matches!(step.action, Action::Deny { .. } | Action::Pin { .. } | Action::Host { missing: Missing::Skip, .. })
}

/// Whether bubblewrap cannot make a mount point there.
fn is_fixed(place: Place) -> bool {
    matches!(place, Place::ReadOnly | Place::Overlay)
}

fn is_passed(value: &EnvValue) -> bool {
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

/// The heading of the steps with this root.
fn title(root: Root) -> &'static str {
    match root {
        Root::Absolute | Root::RuntimeDir => "the system",
        Root::Home | Root::CacheHome | Root::ConfigHome | Root::DataHome | Root::StateHome => "home",
        Root::AboveProject(_) | Root::Project => "the project",
    }
}

fn bind_option(grant: Grant) -> &'static str {
    if grant == Grant::ReadWrite { "--bind" } else { "--ro-bind" }
}

/// Whether a `deny` stands where nothing is shown anyway.
fn nothing_there(step: &Step) -> bool {
    let known = matches!(step.place, Place::Memory | Place::Denied)
        || step.place == Place::Root && step.at.root() == Root::Absolute;
    known && matches!(step.action, Action::Deny { .. })
}

/// A here-document adds the newline at its end.
fn without_newline(text: &Text) -> Text {
    let shortened = text.as_str().strip_suffix('\n').unwrap_or(text.as_str());
    Text::parse(shortened).unwrap_or_else(|_| text.clone())
}

/// A rule as it stands in a script's comments, for comparing scripts.
pub fn rules(script: &str) -> Vec<&str> {
    script.lines().filter_map(|line| line.strip_prefix("    # ")).filter(|line| line.contains(" [")).collect()
}
