//! The part of a script that finds out where it is: descriptors, user, project, home, programs.
//!
//! Uses the shell alone wherever that can tell: each program that a script starts costs as much as several mounts.

use super::launch::is_passed;
use super::script::Script;
use super::shell;
use crate::path::{Root, SymbolicPath};
use crate::plan::{Action, Step};
use crate::words::Variable;
use std::cmp::Reverse;
use std::fmt::Write as _;

impl Script<'_> {
    /// Finds the project and whatever else the plan names.
    pub(super) fn places(&self) -> String {
        let group = self.content.variables(|_| true).contains(&Variable::Gid);
        let mut out = START.replace("GROUP", if group { "    read -r name rest gid rest\n" } else { "" });
        if self.content.env.get("PATH").is_some_and(is_passed) {
            out.push_str("caller_path=${PATH-}\n");
        }
        let _ = writeln!(out, "PATH={}", PROGRAMS.join(":"));
        if self.follows_caller() {
            out.push_str("# Where the caller is.\ndirectory=''\ncd -P . 2>/dev/null && directory=$PWD\n");
        }
        out.push_str(PROJECT);
        let name = &self.plan.name;
        let _ = writeln!(
            out,
            "[ -f \"$project\"/.agent-sandbox/{name}.sh ] || fail 'the script is not in the .agent-sandbox of a project'"
        );
        out.push_str(HOME);
        out.push_str(&self.values());
        let programs: Vec<String> = PROGRAMS.iter().map(|path| format!("{path}/bwrap")).collect();
        let _ = writeln!(
            out,
            "bwrap=${{SBC_BWRAP-}}\ncase $bwrap in\n/*) ;;\n'')\n    for bwrap in {}; do\n        [ ! -x \"$bwrap\" ] || break\n    done\n    ;;\n*) fail 'SBC_BWRAP is not an absolute path' ;;\nesac",
            programs.join(" ")
        );
        out.push_str(
            "[ -x \"$bwrap\" ] || fail 'bubblewrap is not installed'\n\
             [ ! -u \"$bwrap\" ] || fail 'bubblewrap is set-user-ID, which is not safe'\n",
        );
        out.push_str(&Script::machine());
        out.push('\n');
        out
    }

    /// Whether the command starts where the caller is.
    pub(super) fn follows_caller(&self) -> bool {
        let project = SymbolicPath::of_root(Root::Project);
        let shows = |step: &Step| step.at == project && matches!(step.action, Action::Host { .. });
        self.content.workdir.is_none() && self.content.steps.iter().any(shows)
    }

    /// The shell variables for what only the host knows.
    fn values(&self) -> String {
        let used = self.content.variables(|_| true);
        let mut out = String::new();
        if used.contains(&Variable::User) {
            out.push_str("user=${USER:-${LOGNAME:-$(id -un)}}\ncase $user in\n*/* | . | .. | '') fail 'USER is not a name' ;;\nesac\n");
        }
        let directories = [
            (Variable::ConfigHome, Some(".config")),
            (Variable::CacheHome, Some(".cache")),
            (Variable::DataHome, Some(".local/share")),
            (Variable::StateHome, Some(".local/state")),
            (Variable::RuntimeDir, None),
        ];
        let needed = self.content.variables(|step| !step.may_be_left_out());
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
}

/// Where programs are looked for, whatever the caller's PATH.
const PROGRAMS: [&str; 4] = ["/usr/bin", "/bin", "/usr/local/bin", "/run/current-system/sw/bin"];

/// What comes before anything of the caller's is used.
const START: &str = r#"# bash counts limits and prints variables as other shells do.
# shellcheck disable=SC3040
command set -o posix 2>/dev/null
{ :; } 2>/dev/null 3<&0 || exec </dev/null
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
# From a directory /proc/self/fd/0/.. would reach the whole host.
for name in 0 1 2; do
    if [ -d "/proc/self/fd/$name" ] || [ -b "/proc/self/fd/$name" ]; then
        fail "descriptor $name is a directory or a disk, which leads out of the sandbox"
    fi
done
{
    while read -r name rest uid rest && [ "$name" != Uid: ]; do :; done
GROUP} </proc/self/status
case $uid in
0) fail 'not as root: nothing would be denied to it' ;;
'' | *[!0-9]*) fail 'nothing in /proc says who runs this' ;;
esac
"#;

/// The directory above the script's.
const PROJECT: &str = r#"
# The script lies in the project's .agent-sandbox. A name may end in a newline.
script=$0
if [ -L "$script" ]; then
    script=$(readlink -f -- "$script" && printf x) || fail 'the script cannot be found'
    script=${script%??}
fi
case $script in
*/*) project=${script%/*}/.. ;;
*) project=.. ;;
esac
CDPATH='' cd -P -- "$project" || fail 'the project cannot be entered'
project=$PWD
case $project in
'' | /) fail 'the project is the root directory' ;;
esac
"#;

/// The home, which need not exist.
const HOME: &str = r#"case ${HOME-} in
/*) home=$HOME ;;
*) fail 'HOME is not an absolute path' ;;
esac
if cd -P -- "$home" 2>/dev/null; then
    home=$PWD
    case $home/ in
    "$project"/*) fail 'the project contains your home directory' ;;
    esac
fi
"#;
