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
        name: "arg",
        text: r#"# Adds words to what bubblewrap is told. A shell appends to a long text slowly, so that the last few stand apart.
arg() {
    for word; do
        case $word in
        *\'*) quote "$word" ;;
        *) quoted="'$word'" ;;
        esac
        words="$words $quoted"
    done
    [ ${#words} -lt 1000 ] || options=$options$words words=''
}
"#,
    },
    Function {
        name: "real",
        text: r#"# Puts the host path behind $1 into $real. Only a link to a file needs a program.
real() {
    real=$1
    [ -L "$1" ] || return 0
    if [ -d "$1" ] && cd -P -- "$1" 2>/dev/null; then
        real=$PWD
    else
        # The second path is the last line: a name may end in a newline.
        real=$(realpath "$1" /) || fail "the links of '$1' lead nowhere"
        real=${real%??}
    fi
    unlinked "$real"
}
"#,
    },
    Function {
        name: "reachable",
        text: r#"# Refuses $1 when it cannot be told whether it is there: the sandbox could have seen to that.
reached=''
reachable() {
    path=${1%/*}
    reached=$path
    while [ -n "$path" ] && [ ! -d "$path" ]; do path=${path%/*}; done
    [ -z "$path" ] || [ -x "$path" ] || fail "'$path' cannot be entered"
}
"#,
    },
    Function {
        name: "left_out",
        text: r#"# left_out PATH MISSING: whether nothing is there, and nothing has to be.
left_out() {
    unlinked "$1"
    [ ! -e "$1" ] || return 1
    [ "${1%/*}" = "$reached" ] || reachable "$1"
    [ "$2" = skip ]
}
"#,
    },
    Function {
        name: "bind",
        text: r#"# bind OPTION MISSING SOURCE [AT]: shows a host path; without AT where it really is.
bind() {
    ! left_out "$3" "$2" || return 0
    if [ ! -r "$3" ]; then
        [ -e "$3" ] || fail "'$3' does not exist"
        fail "'$3' cannot be read"
    fi
    real "$3"
    arg "$1" "$real" "${4-$real}"
}
"#,
    },
    Function {
        name: "show",
        text: r#"# show OPTION MISSING PATH: shows a host path in place; a file behind a link becomes a link, and is shown in the end.
show() {
    if [ -L "$3" ] && [ -f "$3" ]; then
        unlinked "$3"
        real "$3"
        arg --symlink "$real" "$3"
        visible "$real" && return
        quote "$real"
        targets="$targets $1 $quoted $quoted"
    else
        bind "$1" "$2" "$3" "$3"
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
        name: "hidden",
        text: r#"# hidden HOST AT: whether there is something to hide; its host path and its place.
hidden() {
    ! left_out "$1" skip || return 1
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
        text: r#"# deny MODE HOST AT: hides what is there; a directory is made read-only in the end.
deny() {
    hidden "$2" "$3" || return 0
    if [ -d "$real" ]; then
        arg --perms "$1" --tmpfs "$at"
        quote "$at"
        sealed="$sealed --remount-ro $quoted"
    else
        arg --ro-bind /dev/null "$at"
    fi
}
"#,
    },
    Function {
        name: "copy",
        text: r#"# copy OPTION FD SOURCE MISSING AT: a private copy of a file.
copy() {
    ! left_out "$3" "$4" || return 0
    [ -f "$3" ] || fail "'$3' is not a file"
    [ -r "$3" ] || fail "'$3' cannot be read"
    mode=0600
    [ ! -x "$3" ] || mode=0700
    arg --perms "$mode" "$1" "$2" "$5"
}
"#,
    },
    Function {
        name: "device",
        text: r#"# device MISSING SOURCE AT: shows a device.
device() {
    ! left_out "$2" "$1" || return 0
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
    ! left_out "$2" "$1" || return 0
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
    # Mostly none does, which is seen at once.
    case " $* " in *" ${above%/}"[/\ ]*) ;; *) return 0 ;; esac
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
        text: r#"# limit OPTION NUMBER: sets a limit, never above what the caller may use.
limit() {
    # shellcheck disable=SC3045 # dash, bash and busybox know it
    if ! ulimit -S "$1" "$2" 2>/dev/null; then
        most=$(ulimit -H "$1") || fail "there is no limit $1 here"
        [ "$most" -lt "$2" ] 2>/dev/null || fail "the limit $1 cannot be set"
        set -- "$1" "$most"
    fi
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
        name: "appeared",
        text: r#"# appeared PATH: tells of a path that was not there before the sandbox ran.
appeared() {
    [ ! -e "$1" ] && [ ! -L "$1" ] && return
    [ "$1" != "$name" ] || return
    name=$1
    printf '%s\n' "'$1' has appeared while the sandbox ran: look at it before a program on the host obeys it" >&2
}
"#,
    },
    Function {
        name: "watch",
        text: r#"# watch PATH: notes what is missing of a path, to tell of it when it has appeared after the run.
watching=''
watch() {
    [ ! -e "$1" ] && [ ! -L "$1" ] || return 0
    name=$1 path=${1%/*}
    # Most names lie beside the last one.
    if [ "$path" != "$watching" ]; then
        while [ -n "$path" ] && [ ! -e "$path" ] && [ ! -L "$path" ]; do name=$path path=${path%/*}; done
        [ -d "$path" ] || return 0
        watching=$path
    fi
    quote "$name"
    watched="$watched
appeared $quoted"
}
"#,
    },
    Function {
        name: "make",
        text: r#"# make dir|file PATH [TEXT]: notes what is missing, parents included, for `create`.
make() {
    unlinked "$2"
    if [ -e "$2" ]; then
        [ "$1" = file ] || [ -d "$2" ] || fail "'$2' is not a directory"
        return 0
    fi
    if [ -d "${2%/*}/" ]; then
        [ -w "${2%/*}/" ] || fail "'$2' cannot be created"
    else
        make dir "${2%/*}"
    fi
    quote "$2"
    if [ "$1" = file ]; then
        at=$quoted
        quote "${3-}"
        files="$files $at $quoted"
        return
    fi
    case "$missing " in
    *" $quoted "*) ;;
    *) missing="$missing $quoted" ;;
    esac
}
"#,
    },
    Function {
        name: "create",
        text: r#"# Creates what is noted, and notes how to remove it.
create() {
    eval "set -- $missing"
    missing=''
    [ $# = 0 ] || mkdir -- "$@" || fail 'what is missing cannot be created'
    for name; do
        quote "$name"
        made=" $quoted$made"
    done
    eval "set -- $files"
    files=''
    if [ $# != 0 ]; then
        mode=$(umask)
        umask 077
        set -C
    fi
    while [ $# != 0 ]; do
        { [ -z "$2" ] || printf '%s\n' "$2"; } >"$1" || fail "'$1' cannot be created"
        quote "$1"
        at=$quoted
        quote "$2"
        written="$written $at $quoted"
        shift 2
        [ $# != 0 ] || umask "$mode"
    done
    set +C
    eval "$unheld"
    unheld=''
}
"#,
    },
    Function {
        name: "hold",
        text: r#"# hold dir|file PATH [TEXT]: keeps a process inside from making PATH, by making it while the sandbox runs.
hold() {
    quote "${2%/*}"
    case "$missing " in
    *" $quoted "*) make "$@" ;;
    *)
        if [ -d "${2%/*}" ]; then
            make "$@"
        else
            quote "$2"
            unheld="$unheld
watch $quoted"
        fi
        ;;
    esac
}
"#,
    },
    Function {
        name: "finish",
        text: r#"# Removes what was created and is untouched, and tells of what must not be there.
finish() {
    words=''
    eval "set -- $written"
    while [ $# != 0 ]; do
        if ! planted "$1" && [ -f "$1" ]; then
            quote "$1"
            if [ -z "$2" ]; then [ ! -s "$1" ]; else [ "$(cat <"$1")" = "$2" ]; fi && words="$words $quoted"
        fi
        shift 2
    done
    [ -z "$words" ] || eval "rm -f -- $words"
    words=''
    eval "set -- $made"
    for name; do
        quote "$name"
        planted "$name" || words="$words $quoted"
    done
    [ -z "$words" ] || eval "rmdir -- $words" 2>/dev/null
    name=''
    eval "$watched"
}
"#,
    },
];
