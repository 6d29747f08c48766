//! The functions that scripts carry, in POSIX shell.
//!
//! Data. Nothing of a policy stands in them; what they are called with is made in `shell.rs`.

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
