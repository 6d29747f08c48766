//! The script: the sandbox as plain POSIX `sh` and `bwrap`, for people without sbc.
//!
//! Byte-identical on every machine. Paths of the host stay shell variables; what depends on the
//! host is decided when the script runs. Everything that sbc itself checks and a shell can check is
//! checked again there, and fails with 125.

use super::shell::{self, FUNCTIONS, comment, literal};
use crate::diagnostic::{Code, Diagnostic};
use crate::invocation::isolation_options;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Content, FORMAT, Place, Plan, Step};
use crate::policy::{EnvRule, Grant};
use crate::text::Text;
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
    match plan.content.env.iter().find(|(name, _)| shell::RESERVED.contains(&name.as_str())) {
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
             set -fu\n\
             \n\
             fail() {{\n    printf '%s\\n' \"{name}.sh: $1\" >&2\n    exit 125\n}}\n\n",
            name = self.plan.name,
            hash = self.plan.hash(),
        )
    }

    /// Finds the project and whatever else the plan names.
    fn places(&self) -> String {
        let used = self.variables();
        let mut out = String::from("exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-\n");
        if self.content.env.get("PATH").is_some_and(|value| !matches!(value.rule, None | Some(EnvRule::Set(_)))) {
            out.push_str("caller_path=${PATH-}\n");
        }
        out.push_str(
            "PATH=/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin\n\
             \n\
             # The script lies in the project's .agent-sandbox. A name may end in a newline.\n\
             case $0 in\n*/*) project=${0%/*}/.. ;;\n*) project=.. ;;\nesac\n\
             project=$(CDPATH='' cd -- \"$project\" && pwd -P && printf x) || fail 'the project cannot be entered'\n\
             project=${project%??}\n\
             case $project in\n'' | /) fail 'the project is the root directory' ;;\nesac\n\
             case ${HOME-} in\n/*) home=$HOME ;;\n*) fail 'HOME is not an absolute path' ;;\nesac\n\
             case $(CDPATH='' cd -- \"$home\" && pwd -P)/ in\n\"$project\"/*) fail 'the project contains your home directory' ;;\nesac\n",
        );
        if used.contains(&Variable::User) {
            out.push_str("user=${USER:-${LOGNAME:-$(id -un)}}\ncase $user in\n*/* | . | .. | '') fail 'USER is not a name' ;;\nesac\n");
        }
        if used.contains(&Variable::Gid) {
            out.push_str("gid=$(id -g)\n");
        }
        let directories = [
            (Variable::ConfigHome, Some(".config")),
            (Variable::CacheHome, Some(".cache")),
            (Variable::DataHome, Some(".local/share")),
            (Variable::StateHome, Some(".local/state")),
            (Variable::RuntimeDir, None),
        ];
        for (name, default) in directories.into_iter().filter(|(name, _)| used.contains(name)) {
            let (word, variable) = (name.word(), shell::variable(name));
            let otherwise =
                default.map_or(format!("fail '{word} is not set'"), |below| format!("{variable}=$home/{below}"));
            let _ = writeln!(out, "case ${{{word}-}} in\n/*) {variable}=${word} ;;\n*) {otherwise} ;;\nesac");
        }
        for up in 1..=self.highest() {
            let below = if up == 1 { "project".to_owned() } else { format!("above_{}", up - 1) };
            let _ = writeln!(out, "above_{up}=${{{below}%/*}}");
        }
        out.push_str(
            "bwrap=${SBC_BWRAP:-$(command -v bwrap)}\n\
             [ -x \"$bwrap\" ] || fail 'bubblewrap is not installed'\n\
             [ ! -u \"$bwrap\" ] || fail 'bubblewrap is set-user-ID, which is not safe'\n\
             uid=$(id -u)\n\
             [ \"$uid\" != 0 ] || fail 'not as root: nothing would be denied to it'\n\n",
        );
        out
    }

    fn variables(&self) -> BTreeSet<Variable> {
        let mut used = BTreeSet::new();
        for step in &self.content.steps {
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
        if wanted.contains("target") {
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
        let mut makes = String::new();
        let mut data = String::new();
        for step in &self.content.steps {
            let at = shell::path(&step.at);
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
                _ => {}
            }
            if let Action::Host { source, .. } = &step.action
                && *source != step.at
                && step.place == Place::Writable
            {
                let (source, host) = (shell::path(source), self.host(step));
                let _ = writeln!(
                    makes,
                    "if [ -d {source} ]; then make dir {host}; elif [ -e {source} ]; then make file {host}; fi"
                );
            }
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
                    let _ = writeln!(data, "# {at}\ndata_{fd}={}", shell::text(&without_newline(text)));
                }
                _ => {}
            }
        }
        if !makes.is_empty() {
            makes = format!(
                "made=\n# What is missing is created, and removed again when it is still empty.\ntrap unmake EXIT\ntrap 'exit 129' HUP\ntrap 'exit 130' INT\ntrap 'exit 143' TERM\n{makes}\n"
            );
        }
        if !data.is_empty() {
            data.push('\n');
        }
        makes + &data
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
             launch() {\n    set -- \"$bwrap\" --args 3 -- \"$@\"\n    IFS='\n'\n    # shellcheck disable=SC2013,SC2046 # one name a line\n\
             \x20   for name in $(awk 'BEGIN { for (name in ENVIRON) print name }'); do\n        case $name in\n",
        );
        let names: Vec<&str> = self.content.env.keys().map(String::as_str).collect();
        if !names.is_empty() {
            let _ = writeln!(out, "        {}) ;;", names.join(" | "));
        }
        out.push_str("        *) set -- -u \"$name\" \"$@\" ;;\n        esac\n    done\n");
        for (name, value) in self.content.env.iter().filter(|(name, _)| !name.contains('*')) {
            let passed = if name == "PATH" { "caller_path" } else { name };
            let own = match &value.rule {
                Some(EnvRule::Set(text)) => Some(shell::text(text)),
                Some(_) if name == "PATH" || !value.prepend.is_empty() => Some(format!("\"${{{passed}-}}\"")),
                _ => None,
            };
            let parts: Vec<String> = value.prepend.iter().map(shell::text).chain(own).collect();
            if !parts.is_empty() {
                let _ = writeln!(out, "    export {name}={}", parts.join(":"));
            }
        }
        out.push_str(&self.limits());
        out.push_str("    exec env \"$@\" 3<&0 <&4");
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
        out.push_str("}\n\n");
        out
    }

    fn limits(&self) -> String {
        let line = |(resource, limit): (&Resource, &u64)| {
            let command = match resource {
                Resource::Processes => format!("ulimit -u {limit} 2>/dev/null || ulimit -p {limit}"),
                Resource::Memory => format!("ulimit -v {}", limit.div_ceil(1024)),
                Resource::OpenFiles => format!("ulimit -n {limit}"),
                // In blocks: of 512 bytes by POSIX, of 1024 in bash unless it obeys POSIX.
                Resource::FileSize => format!(
                    "case ${{BASH_VERSION-}}:${{SHELLOPTS-}} in :* | *posix*) ulimit -f {} ;; *) ulimit -f {} ;; esac",
                    limit.div_ceil(512),
                    limit.div_ceil(1024)
                ),
            };
            format!("    # shellcheck disable=SC3045 # dash, bash and busybox know it\n    {command} || exit\n")
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
    case $2 in
    "$1"/*) ;;
    *) return 0 ;;
    esac
    rest=${2#"$1"/} path=$1
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
