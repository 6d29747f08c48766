//! Shell words, and the functions that a script carries.
//!
//! Text of a policy becomes shell text here and nowhere else: literals in single quotes, variables
//! in double quotes, so that nothing of it can become syntax.

use crate::path::{Root, SymbolicPath};
use crate::text::{Piece, Text};
use crate::words::Variable;
use std::cmp::Reverse;

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
    }
}

/// Every name that the script uses for itself. None of them can be passed to the command.
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
    "above",
    "bwrap",
    "caller_path",
    "data",
    "directory",
    "host",
    "made",
    "mode",
    "name",
    "path",
    "real",
    "rest",
    "source",
    "start",
    "status",
    "tiocsti",
    "tree",
    "kind",
    "IFS",
];

/// A literal as one word.
pub fn literal(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_./,:@%+=-".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A symbolic text as one word.
pub fn text(text: &Text) -> String {
    let pieces = text.pieces();
    if pieces.is_empty() {
        return "''".to_owned();
    }
    pieces.into_iter().map(piece).collect()
}

fn piece(piece: Piece<'_>) -> String {
    match piece {
        Piece::Literal(text) => literal(text),
        Piece::Variable(name) => format!("\"${}\"", variable(name)),
    }
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
    [ "$2" != skip ] || [ -e "$3" ] || return 0
    [ -e "$3" ] || fail "'$3' does not exist"
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
        text: r#"# pin HOST AT: keeps a directory from being renamed.
pin() {
    unlinked "$1"
    [ ! -d "$1" ] || arg --bind "$1" "$2"
}
"#,
    },
    Function {
        name: "deny",
        text: r#"# deny MODE HOST AT: hides what is there.
deny() {
    unlinked "$2"
    if [ -d "$2" ]; then
        arg --perms "$1" --tmpfs "$3"
    elif [ -e "$2" ]; then
        arg --ro-bind /dev/null "$3"
    fi
}
"#,
    },
    Function {
        name: "seal",
        text: r#"# seal HOST AT: makes a hidden directory read-only.
seal() { [ ! -d "$1" ] || arg --remount-ro "$2"; }
"#,
    },
    Function {
        name: "copy",
        text: r#"# copy OPTION FD SOURCE MISSING AT: a private copy of a file.
copy() {
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
        "$above"/*) fail "on this host '$path' lies inside '$above', which is placed after it" ;;
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
        "$tree"/*) fail "on this host '$path' lies inside '$tree', which is writable" ;;
        esac
    done
}
"#,
    },
    Function {
        name: "make",
        text: r#"# make dir|file PATH: creates what is missing, parents included, and notes it for later.
make() {
    [ ! -e "$2" ] || return 0
    unlinked "$2"
    [ "${2%/*}" = '' ] || make dir "${2%/*}"
    if [ "$1" = dir ]; then
        mkdir -- "$2" || fail "'$2' cannot be created"
    else
        (umask 077 && : >"$2") || fail "'$2' cannot be created"
    fi
    made="$1 $2
$made"
}
"#,
    },
    Function {
        name: "unmake",
        text: r#"# Removes what was created and is still empty.
unmake() {
    printf '%s' "$made" | while read -r kind path; do
        if [ "$kind" = dir ]; then
            rmdir -- "$path" 2>/dev/null || :
        elif [ ! -s "$path" ]; then
            rm -f -- "$path"
        fi
    done
}
"#,
    },
];
