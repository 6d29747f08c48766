//! The functions that scripts carry, in POSIX shell.
//!
//! Data. Nothing of a policy stands in them; what they are called with is made in `shell.rs`.

use super::placeholders::PLACEHOLDERS;
use super::refusals::REFUSALS;

/// A function of the script: its name, and its text.
pub struct Function {
    pub name: &'static str,
    pub text: &'static str,
}

/// The functions that scripts are made of. A script carries those that it calls, in this order.
pub fn all() -> impl DoubleEndedIterator<Item = &'static Function> {
    FUNCTIONS.iter().chain(REFUSALS).chain(PLACEHOLDERS)
}

const FUNCTIONS: &[Function] = &[
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
    line=''
    for word; do
        case $word in
        *\'*) quote "$word" ;;
        *) quoted="'$word'" ;;
        esac
        line="$line $quoted"
    done
    words=$words$line count=$count.
    case $count in ........) options=$options$words words='' count='' ;; esac
}
"#,
    },
    Function {
        name: "ask",
        text: r#"# Asks one process for the names of the caller's variables, and where those of these paths lead that are links to
# files. Into $leads come lines, each such path and after it where it leads.
leads=''
ask() {
    for name; do
        shift
        if [ -L "$name" ] && [ -f "$name" ]; then
            case $name in
            *'
'*) ;;
            *) set -- "$@" "$name" ;;
            esac
        fi
    done
    exported=$(
        export -p
        [ $# != 0 ] || exit 0
        echo ///
        export LC_ALL=C
        exec realpath -- "$@"
    ) || return 0
    [ $# != 0 ] || return 0
    IFS='
'
    count=$# words=$*
    # shellcheck disable=SC2086 # a line for each, unless a name holds a newline
    set -- $exported
    shift $(($# - count - 1))
    if [ "$1" = /// ]; then
        for name in $words; do
            shift
            leads="$leads
$name
=$1
"
        done
    fi
    unset IFS
}
"#,
    },
    Function {
        name: "real",
        text: r#"# Refuses $1 when a link on the way to where it leads could have been made by the sandbox.
trail() {
    trail_at='' trail_left=$1/
    while [ -n "$trail_left" ]; do
        trail_name=${trail_left%%/*} trail_left=${trail_left#*/}
        case $trail_name in
        '' | .) continue ;;
        ..) trail_at=${trail_at%/*} && continue ;;
        esac
        trail_at=$trail_at/$trail_name
        [ -L "$trail_at" ] || continue
        unlinked "$trail_at"
        trail_name=$(LC_ALL=C readlink -- "$trail_at" && printf x) || fail "the link '$trail_at' cannot be read"
        case $trail_name in
        /*) trail_at='' ;;
        *) trail_at=${trail_at%/*} ;;
        esac
        trail_left=${trail_name%??}/$trail_left
    done
}

# Puts the host path behind $1 into $real. Only a link to a file needs a program, and one into what is the user's.
real() {
    real=$1
    [ -L "$1" ] || return 0
    case $leads in
    *"
$1
="*)
        real=${leads#*"
$1
="}
        real=${real%%"
"*}
        ;;
    *)
        if [ -d "$1" ] && cd -P -- "$1" 2>/dev/null; then
            real=$PWD
        else
            # The second path is the last line: a name may end in a newline.
            real=$(LC_ALL=C realpath "$1" /) || fail "the links of '$1' lead nowhere"
            real=${real%??}
        fi
        ;;
    esac
    # What lies there, everybody may read.
    case $real in /usr/* | /etc/* | /run/[!u]*) ;; *) trail "$1" ;; esac
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
    while [ ! -d "$path/" ]; do path=${path%/*}; done
    [ -x "$path/" ] || fail "'$path' cannot be entered"
}
"#,
    },
    Function {
        name: "left_out",
        text: r#"# left_out PATH MISSING: whether nothing is there, and nothing has to be.
left_out() {
    unlinked "$1"
    [ ! -e "$1" ] || return 1
    case ${1%/*} in "$reached") ;; *) reachable "$1" ;; esac
    case $2 in skip) ;; *) return 1 ;; esac
}
"#,
    },
    Function {
        name: "found",
        text: r#"# found MISSING PATH: whether something is there; what has to be must be readable.
found() {
    ! left_out "$2" "$1" || return 1
    [ ! -r "$2" ] || return 0
    [ -e "$2" ] || fail "'$2' does not exist"
    fail "'$2' cannot be read"
}
"#,
    },
    Function {
        name: "bind",
        text: r#"# bind OPTION MISSING SOURCE [AT]: shows a host path; without AT where it really is.
bind() {
    found "$2" "$3" || return 0
    real "$3"
    arg "$1" "$real" "${4-$real}"
}
"#,
    },
    Function {
        name: "covered",
        text: r#"# covered OPTION MISSING PATH TREE: shows a path in place that TREE shows already, if a link is on the way.
covered() {
    found "$2" "$3" || return 0
    path=$3
    while [ ! -L "$path" ]; do
        case $path in "$4") return ;; esac
        path=${path%/*}
    done
    bind "$1" "$2" "$3"
}
"#,
    },
    Function {
        name: "in_place",
        text: r#"# in_place OPTION PATH: shows a readable path that is no link.
in_place() {
    case ${2%/*} in "$beside") ;; *) unlinked "$2" ;; esac
    case $2 in
    *\'*) arg "$1" "$2" "$2" ;;
    *)
        words="$words $1 '$2' '$2'" count=$count.
        case $count in ........) options=$options$words words='' count='' ;; esac
        ;;
    esac
}
"#,
    },
    Function {
        name: "show",
        text: r#"# show OPTION MISSING PATH: shows a host path in place; a file behind a link becomes a link, and is shown in the end.
show() {
    if [ ! -L "$3" ]; then
        if [ -r "$3" ]; then in_place "$1" "$3"; else bind "$1" "$2" "$3" "$3"; fi
    elif [ -f "$3" ]; then
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
        name: "private",
        text: r#"# private OPTION MISSING PATH: a copy of a file in its place, while descriptors are left; after that it is shown.
private() {
    if [ -z "$spare" ] || [ ! -e "$3" ]; then
        show "$1" "$2" "$3"
        return
    fi
    real "$3"
    eval "data_${spare%% *}=\$real"
    copy --file "${spare%% *}" "$3" "$2" "$3"
    spare=${spare#* }
}
"#,
    },
    Function {
        name: "siblings",
        text: r#"# siblings bind|show|private OPTION DIRECTORY NAME...: does so in place with what is there of these names.
siblings() {
    verb=$1 option=$2 parent=$3
    shift 3
    unlinked "$parent/$1"
    reachable "$parent/$1"
    case $path in "$parent") ;; *) return 0 ;; esac
    for name; do
        name=$parent/$name
        if [ ! -L "$name" ]; then
            [ -e "$name" ] || continue
            [ "$verb" = private ] || [ ! -r "$name" ] || {
                in_place "$option" "$name"
                continue
            }
        fi
        "$verb" "$option" skip "$name"
    done
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
        text: r#"# pin HOST AT [BELOW...]: keeps a directory from being renamed, unless all is missing that would be mounted below it; and
# a file in its place as it is.
pin() {
    unlinked "$1"
    if [ -d "$1" ]; then
        parent=$1 at=$2 name=$1
        shift 2
        for name; do
            [ ! -e "$name" ] || break
            name=''
        done
        [ -z "$name" ] || arg --bind "$parent" "$at"
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
];
