//! Shell words, and the functions that a script carries.
//!
//! Text of a policy becomes shell text here and nowhere else: literals in single quotes, variables
//! in double quotes, so that nothing of it can become syntax.

use crate::diagnostic::printable;
use crate::path::{Root, SymbolicPath};
use crate::text::{Piece, Text};
use crate::words::Variable;
use std::cmp::Reverse;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The shell variable that holds a value of the host.
pub const fn variable(variable: Variable) -> &'static str {
    match variable {
        Variable::Home => "home",
        Variable::Project => "project",
        Variable::User => "user",
        Variable::Uid => "uid",
        Variable::Gid => "gid",
        Variable::RuntimeDir => "runtime_dir",
        Variable::ConfigHome => "config_home",
        Variable::CacheHome => "cache_home",
        Variable::DataHome => "data_home",
        Variable::StateHome => "state_home",
        Variable::GitCommonDir => "git_common_dir",
        Variable::GitWorktreeId => "git_worktree_id",
    }
}

/// Every name that the script or a shell uses for itself; `*` stands for any characters. None of
/// them can be passed to the command.
pub const RESERVED: &[&str] = &[
    "home",
    "project",
    "user",
    "uid",
    "gid",
    "runtime_dir",
    "config_home",
    "cache_home",
    "data_home",
    "state_home",
    "git_*",
    "above",
    "above_*",
    "at",
    "bwrap",
    "caller_path",
    "data_*",
    "directory",
    "env",
    "machine",
    "made",
    "mode",
    "most",
    "name",
    "names",
    "option",
    "path",
    "quoted",
    "real",
    "rest",
    "script",
    "tiocsti",
    "tree",
    "watched",
    // What shells themselves change.
    "BASHOPTS",
    "EUID",
    "GROUPS",
    "IFS",
    "LINENO",
    "OPTIND",
    "PPID",
    "RANDOM",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "UID",
    "_",
];

/// Words that are syntax in some places, and look like it in all.
const SYNTAX: &[&str] =
    &["case", "do", "done", "elif", "else", "esac", "fi", "for", "if", "in", "then", "until", "while"];

/// A literal as one word.
pub fn literal(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:@%+=-".contains(c);
    if !text.is_empty() && text.chars().all(plain) && !SYNTAX.contains(&text) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A path as one word, without a character that a terminal does not show: bash, zsh and busybox know
/// this form.
pub fn host_path(path: &Path) -> String {
    let plain = path.to_str().filter(|text| printable(text) == **text && !text.contains(['\n', '\t']));
    plain.map_or_else(
        || {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./,:@%+=-".contains(&byte);
            let sign = |byte: &u8| match *byte {
                byte if is_plain(byte) => char::from(byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            };
            format!("$'{}'", path.as_os_str().as_bytes().iter().map(sign).collect::<String>())
        },
        literal,
    )
}

/// A symbolic text as one word.
pub fn text(text: &Text) -> String {
    let mut out = String::new();
    let mut plain = String::new();
    for piece in text.pieces() {
        match piece {
            // A dollar sign is a piece of its own.
            Piece::Literal(text) => plain.push_str(text),
            Piece::Variable(name) => {
                out.push_str(&nonempty(&std::mem::take(&mut plain)));
                out.push_str(&format!("\"${}\"", variable(name)));
            }
        }
    }
    out.push_str(&nonempty(&plain));
    if out.is_empty() { "''".to_owned() } else { out }
}

fn nonempty(text: &str) -> String {
    if text.is_empty() { String::new() } else { literal(text) }
}

/// A symbolic path as one word.
pub fn path(path: &SymbolicPath) -> String {
    let root = match path.root() {
        Root::Absolute if path.components().is_empty() => return "/".to_owned(),
        Root::Absolute => String::new(),
        // Empty above a project right below `/`.
        Root::AboveProject(Reverse(up)) if path.components().is_empty() => format!("\"${{above_{up}:-/}}\""),
        Root::AboveProject(Reverse(up)) => format!("\"$above_{up}\""),
        root => format!("\"${}\"", root.variable().map_or("", variable)),
    };
    path.components().iter().fold(root, |word, component| format!("{word}/{}", text(component)))
}

/// Bytes as a format of `printf`, whatever they are.
pub fn octal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("\\{byte:o}")).collect()
}

/// Text on one line of a comment, with nothing that could end the line or drive a terminal.
pub fn comment(text: &str) -> String {
    crate::diagnostic::printable(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A function of the script: its name, and its text.
pub struct Function {
    pub name: &'static str,
    pub text: &'static str,
}

/// The functions that scripts are made of. A script carries those that it calls, in this order.
pub const FUNCTIONS: &[Function] = &[
    Function {
        name: "arg",
        text: r#"# Hands arguments to bubblewrap.
arg() { printf '%s\0' "$@"; }
"#,
    },
    Function {
        name: "real",
        text: r#"# Puts the host path behind $1 into $real.
real() {
    unlinked "$1"
    real=$1
    [ -L "$1" ] || return 0
    real=$(readlink -f -- "$1" && printf x) || fail "the links of '$1' lead nowhere"
    real=${real%??}
    unlinked "$real"
}
"#,
    },
    Function {
        name: "bind",
        text: r#"# bind OPTION MISSING SOURCE AT: shows a host path.
bind() {
    unlinked "$3"
    reachable "$3"
    [ "$2" != skip ] || [ -e "$3" ] || return 0
    [ -e "$3" ] || fail "'$3' does not exist"
    [ -r "$3" ] || fail "'$3' cannot be read"
    real "$3"
    arg "$1" "$real" "$4"
}
"#,
    },
    Function {
        name: "inside",
        text: r#"# inside OPTION MISSING PATH: shows a host path in a directory that is shown already.
inside() {
    unlinked "$3"
    reachable "$3"
    [ "$2" != skip ] || [ -e "$3" ] || return 0
    [ -e "$3" ] || fail "'$3' does not exist"
    [ -r "$3" ] || fail "'$3' cannot be read"
    real "$3"
    arg "$1" "$real" "$real"
}
"#,
    },
    Function {
        name: "show",
        text: r#"# show OPTION MISSING PATH: shows a host path in place; a file behind a link becomes a link.
show() {
    if [ -L "$3" ] && [ -f "$3" ]; then
        real "$3"
        arg --symlink "$real" "$3"
    else
        bind "$1" "$2" "$3" "$3"
    fi
}
"#,
    },
    Function {
        name: "target",
        text: r#"# target OPTION PATH: shows the file that a link made by show leads to.
target() {
    if [ -L "$2" ] && [ -f "$2" ]; then
        real "$2"
        visible "$real" || arg "$1" "$real" "$real"
    fi
}
"#,
    },
    Function {
        name: "merged",
        text: r#"# merged OPTION MISSING PATH LINK: a link into /usr where the host has one.
merged() {
    # shellcheck disable=SC3013 # dash, bash and busybox know -ef
    if [ -L "$3" ] && [ "$3" -ef "/$4" ]; then
        arg --symlink "$4" "$3"
    else
        bind "$1" "$2" "$3" "$3"
    fi
}
"#,
    },
    Function {
        name: "pin",
        text: r#"# pin HOST AT: keeps a directory from being renamed, and a file in its place as it is.
pin() {
    unlinked "$1"
    if [ -d "$1" ]; then
        arg --bind "$1" "$2"
    elif [ -f "$1" ]; then
        arg --ro-bind "$1" "$2"
    fi
}
"#,
    },
    Function {
        name: "reachable",
        text: r#"# Refuses $1 when it cannot be told whether it is there: the sandbox could have seen to that.
reachable() {
    path=${1%/*}
    while [ -n "$path" ] && [ ! -d "$path" ]; do path=${path%/*}; done
    [ -z "$path" ] || [ -x "$path" ] || fail "'$path' cannot be entered"
}
"#,
    },
    Function {
        name: "hidden",
        text: r#"# hidden HOST AT: whether there is something to hide; its host path and its place.
hidden() {
    unlinked "$1"
    reachable "$1"
    [ -e "$1" ] || return 1
    real "$1"
    at=$2
    [ -L "$1" ] || return 0
    [ "$1" = "$2" ] || fail "'$1' is a symbolic link"
    at=$real
    visible "$real"
}
"#,
    },
    Function {
        name: "deny",
        text: r#"# deny MODE HOST AT: hides what is there.
deny() {
    hidden "$2" "$3" || return 0
    if [ -d "$real" ]; then
        arg --perms "$1" --tmpfs "$at"
    else
        arg --ro-bind /dev/null "$at"
    fi
}
"#,
    },
    Function {
        name: "seal",
        text: r#"# seal HOST AT: makes a hidden directory read-only.
seal() {
    hidden "$1" "$2" || return 0
    [ ! -d "$real" ] || arg --remount-ro "$at"
}
"#,
    },
    Function {
        name: "copy",
        text: r#"# copy OPTION FD SOURCE MISSING AT: a private copy of a file.
copy() {
    unlinked "$3"
    reachable "$3"
    [ "$4" != skip ] || [ -e "$3" ] || return 0
    [ -f "$3" ] || fail "'$3' is not a file"
    [ -r "$3" ] || fail "'$3' cannot be read"
    mode=0600
    [ ! -x "$3" ] || mode=0700
    real "$3"
    arg --perms "$mode" "$1" "$2" "$5"
}
"#,
    },
    Function {
        name: "device",
        text: r#"# device MISSING SOURCE AT: shows a device.
device() {
    unlinked "$2"
    reachable "$2"
    [ "$1" != skip ] || [ -e "$2" ] || return 0
    [ -c "$2" ] || [ -b "$2" ] || fail "'$2' is not a device"
    real "$2"
    arg --dev-bind "$real" "$3"
}
"#,
    },
    Function {
        name: "overlay",
        text: r#"# overlay MISSING SOURCE AT: a directory whose changes are discarded.
overlay() {
    unlinked "$2"
    reachable "$2"
    [ "$1" != skip ] || [ -e "$2" ] || return 0
    [ -d "$2" ] || fail "'$2' is not a directory"
    real "$2"
    arg --overlay-src "$real" --tmp-overlay "$3"
}
"#,
    },
    Function {
        name: "apart",
        text: r#"# apart ABOVE PATH...: refuses a host on which ABOVE would hide one of the paths.
apart() {
    above=$1
    shift
    for path; do
        case $path/ in
        "${above%/}"/*) fail "on this host '$path' lies inside '$above', which is placed after it" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "nested",
        text: r#"# nested PATH TREE...: refuses a host on which PATH lies deeper in a writable tree than directly in it.
nested() {
    path=$1
    shift
    for tree; do
        case ${path%/*} in
        "$tree"/*) fail "on this host '$path' lies inside '$tree', which is writable, and cannot be protected there" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "protected",
        text: r#"# protected PATH TREE...: refuses a host on which PATH lies in a writable tree.
protected() {
    path=$1
    shift
    for tree; do
        case $path/ in
        "${tree%/}"/*) fail "on this host '$path' lies inside '$tree', which is writable" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "limit",
        text: r#"# limit OPTION NUMBER: sets a limit, never above what the caller may use. bash counts as POSIX says.
limit() {
    # shellcheck disable=SC3040
    (set -o posix) 2>/dev/null && set -o posix
    # shellcheck disable=SC3045 # dash, bash and busybox know it
    most=$(ulimit -H "$1") || fail "there is no limit $1 here"
    [ "$most" = unlimited ] || [ "$most" -ge "$2" ] || set -- "$1" "$most"
    # shellcheck disable=SC3045
    ulimit "$1" "$2" || fail "the limit $1 cannot be set"
}
"#,
    },
    Function {
        name: "needs",
        text: r#"# needs PATH: refuses a mount point that is not there and cannot be made.
needs() {
    unlinked "$1"
    [ -e "$1" ] || fail "'$1' must exist to be mounted on, and it does not"
}
"#,
    },
    Function {
        name: "quote",
        text: r#"# Puts $1 as a word of the shell into $quoted.
quote() {
    quoted='' rest=$1
    while :; do
        case $rest in
        *\'*) quoted=$quoted${rest%%\'*}"'\\''" rest=${rest#*\'} ;;
        *) break ;;
        esac
    done
    quoted="'$quoted$rest'"
}
"#,
    },
    Function {
        name: "appeared",
        text: r#"# appeared PATH: tells of a path that was not there before the sandbox ran.
appeared() {
    [ ! -e "$1" ] && [ ! -L "$1" ] && return
    printf '%s\n' "'$1' has appeared while the sandbox ran: look at it before a program on the host obeys it" >&2
}
"#,
    },
    Function {
        name: "watch",
        text: r#"# watch PATH: notes what is missing of a path, to tell of it when it has appeared after the run.
watch() {
    path=$1 name=''
    while [ -n "$path" ] && [ ! -e "$path" ] && [ ! -L "$path" ]; do name=$path path=${path%/*}; done
    [ -n "$name" ] && [ -d "$path" ] || return 0
    quote "$name"
    case $watched in *"appeared $quoted
"*) return 0 ;; esac
    watched="appeared $quoted
$watched"
}
"#,
    },
    Function {
        name: "make",
        text: r#"# make dir|file PATH [LINE]: creates what is missing, parents included, and notes how to remove it.
make() {
    unlinked "$2"
    if [ -e "$2" ]; then
        [ "$1" = file ] || [ -d "$2" ] || fail "'$2' is not a directory"
        return 0
    fi
    [ "${2%/*}" = '' ] || make dir "${2%/*}"
    quote "$2"
    if [ "$1" = dir ]; then
        mkdir -- "$2" || fail "'$2' cannot be created"
        made="rmdir -- $quoted
$made"
    else
        (umask 077 && set -C && if [ $# = 3 ]; then printf '%s\n' "$3"; else :; fi >"$2") ||
            fail "'$2' cannot be created"
        at=$quoted
        quote "${3-}"
        made="[ \"\$(cat <$at)\" = $quoted ] && rm -f -- $at
$made"
        quoted=$at
    fi
    made="(unlinked $quoted) && $made"
}
"#,
    },
    Function {
        name: "hold",
        text: r#"# hold dir|file PATH [LINE]: keeps a process inside from making PATH, by making it while the sandbox runs.
hold() {
    if [ -d "${2%/*}" ]; then make "$@"; else watch "$2"; fi
}
"#,
    },
    Function {
        name: "finish",
        text: r#"# Removes what was created and is untouched, and tells of what must not be there.
finish() {
    eval "$made" 2>/dev/null
    eval "$watched"
}
"#,
    },
];
