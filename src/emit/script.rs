//! The script: the sandbox as plain POSIX `sh` and `bwrap`, for people without sbc.
//!
//! Byte-identical on every machine. Paths of the host stay shell variables; what depends on the
//! host is decided when the script runs. Everything that sbc itself checks and a shell can check is
//! checked again there, and fails with 125.

use super::functions;
use super::launch::is_passed;
use super::shell::{self, comment};
use super::steps::CLEANING;
use crate::cover;
use crate::diagnostic::{Code, Diagnostic};
use crate::env;
use crate::path::SymbolicPath;
use crate::plan::{Action, Content, FORMAT, Plan, Step};
use crate::policy::Grant;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// dash knows descriptors of one digit only; 3 carries the arguments.
pub(super) const DESCRIPTORS: std::ops::RangeInclusive<usize> = 4..=8;

/// The descriptor of the filter of system calls.
pub(super) const FILTER: usize = 9;

/// The whole text of `.agent-sandbox/NAME.sh`.
///
/// # Errors
/// When the plan holds something that no shell script can carry.
pub fn emit(plan: &Plan) -> Result<String, Diagnostic> {
    let content = &plan.content;
    let data = descriptors(plan)?;
    reserved(plan)?;
    workdir(content)?;
    let script = Script { plan, content, data, covered: cover::in_plan(content) };
    let prepare = script.prepare();
    let cleans = prepare.contains(CLEANING);
    let body = [script.checks(), script.ask(), prepare, script.options(), script.launch(), script.filter()].concat();
    let mut out = script.header();
    out.push_str(&script.places());
    out.push_str(&script.git());
    out.push_str(&script.functions(&body));
    out.push_str(&body);
    out.push_str(&script.start(cleans));
    Ok(out)
}

/// Whether a step brings contents by a descriptor of its own. Of those there are few, so that copies which cannot be
/// written take what is left, and are shown in place where nothing is.
pub(super) fn carries(step: &Step) -> bool {
    match step.action {
        Action::File { .. } => true,
        Action::Host { grant: Grant::Copy, .. } => step.is_writable_copy(),
        _ => false,
    }
}

/// Whether a step takes one of the descriptors that are left: a copy that cannot be written, and is no mount.
pub(super) fn borrows(step: &Step) -> bool {
    let is_copy = matches!(&step.action, Action::Host { grant: Grant::Copy, source, .. } if *source == step.at);
    is_copy && step.is_plain_file() && !carries(step)
}

/// The descriptor of every step that brings contents, by its path.
fn descriptors(plan: &Plan) -> Result<BTreeMap<&SymbolicPath, usize>, Diagnostic> {
    let steps: Vec<&Step> = plan.content.steps.iter().filter(|step| carries(step)).collect();
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

/// Refuses to start where only a look from inside could tell what is there. bubblewrap enters the directory when it
/// still has the host's `/proc` open, and so a path through `/proc` or a link can lead back to the host.
fn workdir(content: &Content) -> Result<(), Diagnostic> {
    let above = content.workdir.as_ref().and_then(|path| content.steps.iter().rfind(|step| path.is_within(&step.at)));
    let Some(Step { action: Action::Proc | Action::Dev | Action::Symlink { .. }, origins, .. }) = above else {
        return Ok(());
    };
    let diagnostic = Diagnostic::error(Code::SBC0604, "the script cannot start in a directory behind this")
        .help("write where it leads, or another directory, as `workdir`");
    Err(match origins.first() {
        Some(origin) => diagnostic.at(origin.location, "the working directory lies below"),
        None => diagnostic,
    })
}

/// A script in the making.
pub(super) struct Script<'a> {
    pub(super) plan: &'a Plan,
    pub(super) content: &'a Content,
    /// The descriptor of every step that brings contents.
    pub(super) data: BTreeMap<&'a SymbolicPath, usize>,
    /// What needs no mount unless the host has a link on the way, each with what shows it.
    pub(super) covered: BTreeMap<&'a SymbolicPath, &'a SymbolicPath>,
}

impl Script<'_> {
    /// The descriptors that are left for copies which need none.
    pub(super) fn spare(&self) -> impl Iterator<Item = usize> {
        let wanted = self.content.steps.iter().filter(|step| borrows(step)).count();
        DESCRIPTORS.skip(self.data.len()).take(wanted)
    }

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
             # signals, close descriptors above 9, keep two running sandboxes\n\
             # from removing each other's empty directories, check assertions where links of the host lead,\n\
             # limit the processes of the command alone.\n\
             {waived}\
             # shellcheck disable=SC1003,SC2016,SC2195 # what looks like a slip is text of the policy\n\
             set -fu\n\
             \n\
             fail() {{\n    printf '%s\\n' \"{name}.sh: $1\" >&2\n    exit 125\n}}\n\n",
            name = self.plan.name,
            hash = self.plan.hash(),
            waived = self.waived(),
        )
    }

    /// What the policy lifts, with its reasons.
    fn waived(&self) -> String {
        let waived = self.content.waived.iter();
        let lines: String = waived
            .map(|one| {
                let reasons: String = one.reasons.iter().map(|reason| format!(" {}", comment(reason))).collect();
                format!("#   {}:{reasons}\n", comment(&one.rule()))
            })
            .collect();
        if lines.is_empty() { lines } else { format!("#\n# Waived, with the reasons:\n{lines}") }
    }

    /// The functions that `body` calls, and those that they call.
    fn functions(&self, body: &str) -> String {
        let (mut wanted, mut texts) = (BTreeSet::new(), vec![body]);
        while let Some(text) = texts.pop() {
            let words = words(text);
            let called = functions::all().filter(|function| words.contains(function.name));
            texts.extend(called.filter(|function| wanted.insert(function.name)).map(|function| function.text));
        }
        let mut out: String = functions::all()
            .filter(|function| wanted.contains(function.name))
            .map(|function| format!("{}\n", function.text))
            .collect();
        out.push_str(&self.unlinked(wanted.contains("finish"), wanted.contains("in_place")));
        if wanted.contains("show") || wanted.contains("hidden") {
            out.push_str(&self.visible());
        }
        out
    }

    /// The check for links in directories that the sandbox can write.
    fn unlinked(&self, asks: bool, places: bool) -> String {
        let source = |step: &Step| match &step.action {
            Action::Host { grant: Grant::ReadWrite, source, .. } => Some(source.clone()),
            _ => None,
        };
        let all: Vec<SymbolicPath> = self.content.steps.iter().filter_map(source).collect();
        let is_outer = |path: &&SymbolicPath| !all.iter().any(|other| other != *path && path.is_within(other));
        let trees: Vec<String> = all.iter().filter(is_outer).map(shell::directory).collect();
        if trees.is_empty() {
            let beside = if places { "beside=''\n" } else { "" };
            let planted = if asks { "planted() { return 1; }\n" } else { "" };
            return format!(
                "# Nothing is writable, so no link can have been planted.\n{beside}unlinked() {{ :; }}\n{planted}\n"
            );
        }
        // A loop over one tree looks like a mistake to shellcheck.
        let one = if trees.len() == 1 { "    # shellcheck disable=SC2043\n" } else { "" };
        let patterns: Vec<String> = all.iter().filter(is_outer).map(shell::below).collect();
        PLANTED
            .replace("    for tree in TREES", &format!("{one}    for tree in {}", trees.join(" ")))
            .replace("PATTERNS", &patterns.join(" | "))
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

    /// The host path that is shown at a path inside.
    fn behind(&self, path: &SymbolicPath) -> Option<SymbolicPath> {
        let step = self.content.steps.iter().rfind(|step| path.is_within(&step.at))?;
        let (Action::Host { source, .. } | Action::Pin { source }) = &step.action else { return None };
        Some(source.join(path.below(&step.at)?))
    }

    /// Chooses the directory and the command, checks once, and goes.
    fn start(&self, cleans: bool) -> String {
        let mut out = String::new();
        match &self.content.workdir {
            Some(path) => {
                let _ = writeln!(out, "directory={}", shell::path(path));
                if let Some(source) = self.behind(path) {
                    let _ = writeln!(
                        out,
                        "# bubblewrap follows links when it still has the host's /proc open.\nunlinked {}",
                        shell::path(&source)
                    );
                }
            }
            None if self.follows_caller() => out.push_str(
                "# The caller's directory where it is in the project, else the project.\n\
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
             options\nendings\n{}{}",
            HAND_OVER,
            WORDS.replace("START", if cleans { AND_CLEAN } else { "    launch \"$@\"" })
        );
        out
    }
}

/// A here-document is a pipe, or a file without a name, into which the shell itself can write more.
const HAND_OVER: &str = r#"# The filter waits in a pipe: no variable and no here-document holds a zero byte.
if [ -n "$machine" ]; then
    exec 9<<PIPE

PIPE
    read -r rest <&9
    filter >>/proc/self/fd/9 || fail 'the filter cannot be handed over'
fi
"#;

/// The words, and the start. A pipe holds 4096 bytes even when the user has too many of them.
const WORDS: &str = r#"# The words go through a pipe, so that nobody reads them in a list of processes. What every pipe can hold waits
# there; more is written by another process.
LC_ALL=C
if [ ${#options} -lt 4096 ]; then
    exec 3<<PIPE

PIPE
    read -r rest <&3
    eval "printf '%s\\0' $options" >>/proc/self/fd/3 || fail 'the words cannot be handed over'
START
else
    { eval "printf '%s\\0' $options" | { exec 3<&0 <&4; launch "$@"; }; } 4<&0
fi
"#;

/// The shell stays only where something is left for it to do.
const AND_CLEAN: &str = r#"    [ -n "$made$written$watched" ] || launch "$@"
    (launch "$@")"#;

/// Looks at each component below a writable tree.
const PLANTED: &str = r#"# planted PATH: whether a part of it is a link that the sandbox could have made, which is then $path.
planted() {
    for tree in TREES; do
        case $1 in "$tree"/*) ;; *) continue ;; esac
        path=$1
        while [ ! -L "$path" ]; do
            path=${path%/*}
            case $path in "$tree") continue 2 ;; esac
        done
        return 0
    done
    return 1
}

# Refuses $1 when a part of it is such a link. What lies beside the last one has the same directories above.
beside=''
unlinked() {
    case ${1%/*} in "$beside") [ -L "$1" ] || return 0 ;; esac
    case $1 in PATTERNS) ! planted "$1" || fail "'$path' is a symbolic link in a directory that the sandbox can write" ;; esac
    beside=${1%/*}
}

"#;

/// The words of shell text outside of comments, of which some are names of functions.
fn words(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(|line| line.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')).collect()
}

/// A rule as it stands in a script's comments, for comparing scripts.
pub fn rules(script: &str) -> Vec<&str> {
    script.lines().filter_map(|line| line.strip_prefix("    # ")).filter(|line| line.contains(" [")).collect()
}
