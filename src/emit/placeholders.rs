//! The functions that scripts carry for what a run leaves on the host: what is made before it, what is removed after it,
//! and what must not have appeared meanwhile.
//!
//! Data, as in `functions.rs`.

use super::functions::Function;

/// They come after all others.
pub const PLACEHOLDERS: &[Function] = &[
    Function {
        name: "appeared",
        text: r#"# appeared DIRECTORY NAME...: tells of what was not there before the sandbox ran.
seen=''
appeared() {
    parent=$1
    shift
    for name; do
        path=$parent/$name
        [ -e "$path" ] || [ -L "$path" ] || continue
        [ "$path" != "$seen" ] || continue
        seen=$path
        printf '%s\n' "'$path' has appeared while the sandbox ran: look at it before a program on the host obeys it" >&2
    done
}
"#,
    },
    Function {
        name: "guards",
        text: r#"# guards OPTION DIRECTORY NAME...: shows in place what is there of these names in a writable tree. What is missing is
# noted, to tell of it when it has appeared after the run; of a missing directory the first that would have to appear.
guards() {
    option=$1 parent=$2 absent=''
    shift 2
    unlinked "$parent/$1"
    reachable "$parent/$1"
    case $path in
    "$parent") ;;
    *)
        while [ -n "$parent" ] && [ ! -e "$parent" ] && [ ! -L "$parent" ]; do name=${parent##*/} parent=${parent%/*}; done
        [ -d "$parent" ] || return 0
        set -- "$name"
        ;;
    esac
    for name; do
        at=$parent/$name
        if [ ! -L "$at" ] && [ ! -e "$at" ]; then
            case $name in
            *\'*) quote "$name" && absent="$absent $quoted" ;;
            *) absent="$absent '$name'" ;;
            esac
        elif [ ! -L "$at" ] && [ -r "$at" ]; then
            in_place "$option" "$at"
        else
            bind "$option" skip "$at"
        fi
    done
    [ -n "$absent" ] || return 0
    quote "$parent"
    watched="$watched
appeared $quoted$absent"
}
"#,
    },
    Function {
        name: "make",
        text: r#"# make dir|file PATH [TEXT]: notes what is missing, parents included, for `create`.
make() {
    unlinked "$2"
    [ ! -d "$2" ] || return 0
    if [ -e "$2" ]; then
        [ "$1" = file ] || fail "'$2' is not a directory"
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
}
"#,
    },
    Function {
        name: "hold",
        text: r#"# hold dir|file PATH [TEXT]: keeps a process inside from making PATH, by making it while the sandbox runs, if its
# directory is there.
hold() {
    if [ ! -d "${2%/*}" ]; then
        quote "${2%/*}"
        case "$missing " in
        *" $quoted "*) ;;
        *) return 0 ;;
        esac
    fi
    make "$@"
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
    eval "$watched"
}
"#,
    },
];
