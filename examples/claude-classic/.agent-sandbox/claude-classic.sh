#!/bin/sh
# claude-classic: Claude Code in a hand-picked system, with the state of your home that it needs.
#
# Compiled by sbc from .agent-sandbox.kdl. To change it, change the policy and run `sbc build`.
# Arguments go to the command of the policy; after `--` stands another command.
# Fails with 125 when the sandbox cannot be set up as written.
# plan sha256:dab00c7e6117d27c784f4a44fc949592b6ea7f600f11c7722140a3d60617d0c2 format 1
#
# What `sbc exec` does and a shell cannot: let Ctrl-C reach the command alone (here it ends the
# sandbox), tell a failure of bubblewrap (status 1) from one of the command, pass on other
# signals, close descriptors above 9, keep two running sandboxes
# from removing each other's empty directories, check assertions where links of the host lead,
# limit the processes of the command alone.
#
# Waived, with the reasons:
#   waive "denied" "~/.claude/.credentials.json": the agent needs its own login
# shellcheck disable=SC1003,SC2016,SC2195 # what looks like a slip is text of the policy
set -fu

fail() {
    printf '%s\n' "claude-classic.sh: $1" >&2
    exit 125
}

# bash counts limits and prints variables as other shells do.
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
} </proc/self/status
case $uid in
0) fail 'not as root: nothing would be denied to it' ;;
'' | *[!0-9]*) fail 'nothing in /proc says who runs this' ;;
esac
PATH=/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin
# Where the caller is.
directory=''
cd -P . 2>/dev/null && directory=$PWD

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
[ -f "$project"/.agent-sandbox/claude-classic.sh ] || fail 'the script is not in the .agent-sandbox of a project'
case ${HOME-} in
/*) home=$HOME ;;
*) fail 'HOME is not an absolute path' ;;
esac
if cd -P -- "$home" 2>/dev/null; then
    home=$PWD
    case $home/ in
    "$project"/*) fail 'the project contains your home directory' ;;
    esac
fi
bwrap=${SBC_BWRAP-}
case $bwrap in
/*) ;;
'')
    for bwrap in /usr/bin/bwrap /bin/bwrap /usr/local/bin/bwrap /run/current-system/sw/bin/bwrap; do
        [ ! -x "$bwrap" ] || break
    done
    ;;
*) fail 'SBC_BWRAP is not an absolute path' ;;
esac
[ -x "$bwrap" ] || fail 'bubblewrap is not installed'
[ ! -u "$bwrap" ] || fail 'bubblewrap is set-user-ID, which is not safe'
machine='' rest=''
{ read -r rest </proc/self/personality && [ "$rest" = 00000000 ] && read -r machine </proc/sys/kernel/arch; } 2>/dev/null ||
    machine=$(uname -m)
case $machine in
x86_64 | aarch64) ;;
*) machine= ;;
esac

# Puts $1 as a word of the shell into $quoted.
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

# Adds words to what bubblewrap is told. A shell appends to a long text slowly, so that the last few stand apart.
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

# Asks one process for the names of the caller's variables, and where those of these paths lead that are links to
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

# Refuses $1 when a link on the way to where it leads could have been made by the sandbox.
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

# Refuses $1 when it cannot be told whether it is there: the sandbox could have seen to that.
reached=''
reachable() {
    path=${1%/*}
    reached=$path
    while [ ! -d "$path/" ]; do path=${path%/*}; done
    [ -x "$path/" ] || fail "'$path' cannot be entered"
}

# left_out PATH MISSING: whether nothing is there, and nothing has to be.
left_out() {
    unlinked "$1"
    [ ! -e "$1" ] || return 1
    case ${1%/*} in "$reached") ;; *) reachable "$1" ;; esac
    case $2 in skip) ;; *) return 1 ;; esac
}

# found MISSING PATH: whether something is there; what has to be must be readable.
found() {
    ! left_out "$2" "$1" || return 1
    [ ! -r "$2" ] || return 0
    [ -e "$2" ] || fail "'$2' does not exist"
    fail "'$2' cannot be read"
}

# bind OPTION MISSING SOURCE [AT]: shows a host path; without AT where it really is.
bind() {
    found "$2" "$3" || return 0
    real "$3"
    arg "$1" "$real" "${4-$real}"
}

# in_place OPTION PATH: shows a readable path that is no link.
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

# show OPTION MISSING PATH: shows a host path in place; a file behind a link becomes a link, and is shown in the end.
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

# private OPTION MISSING PATH: a copy of a file in its place, while descriptors are left; after that it is shown.
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

# siblings bind|show|private OPTION DIRECTORY NAME...: does so in place with what is there of these names.
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

# merged OPTION MISSING PATH LINK: a link into /usr where the host has one.
merged() {
    # shellcheck disable=SC3013 # dash, bash and busybox know -ef
    if [ -L "$3" ] && [ "$3" -ef "/$4" ]; then
        arg --symlink "$4" "$3"
    else
        bind "$1" "$2" "$3" "$3"
    fi
}

# hidden HOST AT: whether there is something to hide; its host path and its place.
hidden() {
    ! left_out "$1" skip || return 1
    real "$1"
    at=$2
    [ -L "$1" ] || return 0
    [ "$1" = "$2" ] || fail "'$1' is a symbolic link"
    at=$real
    visible "$real"
}

# deny MODE HOST AT: hides what is there; a directory is made read-only in the end.
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

# copy OPTION FD SOURCE MISSING AT: a private copy of a file.
copy() {
    ! left_out "$3" "$4" || return 0
    [ -f "$3" ] || fail "'$3' is not a file"
    [ -r "$3" ] || fail "'$3' cannot be read"
    mode=0600
    [ ! -x "$3" ] || mode=0700
    arg --perms "$mode" "$1" "$2" "$5"
}

# hides PATH: refuses a host on which PATH is, or contains, what is placed before it.
hides() {
    fail "on this host '$1' is placed after what lies in it, and would hide that"
}

# nested PATH TREE...: refuses a host on which PATH lies deeper in a writable tree than directly in it.
nested() {
    path=$1
    shift
    for tree; do
        case ${path%/*} in
        "$tree"/*) fail "on this host '$path' lies inside '$tree', which is writable, and cannot be protected there" ;;
        esac
    done
}

# protected PATH TREE...: refuses a host on which PATH lies in a writable tree.
protected() {
    path=$1
    shift
    for tree; do
        case $path/ in
        "${tree%/}"/*) fail "on this host '$path' lies inside '$tree', which is writable" ;;
        esac
    done
}

# appeared DIRECTORY NAME...: tells of what was not there before the sandbox ran.
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

# guards OPTION DIRECTORY NAME...: shows in place what is there of these names in a writable tree. What is missing is
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

# make dir|file PATH [TEXT]: notes what is missing, parents included, for `create`.
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

# Creates what is noted, and notes how to remove it.
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

# Removes what was created and is untouched, and tells of what must not be there.
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

# planted PATH: whether a part of it is a link that the sandbox could have made, which is then $path.
planted() {
    for tree in "$home"/.cache "$home"/.claude "${project%/}"; do
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
    case $1 in "$home"/.cache/* | "$home"/.claude/* | "${project%/}"/*) ! planted "$1" || fail "'$path' is a symbolic link in a directory that the sandbox can write" ;; esac
    beside=${1%/*}
}

# Whether a host path is shown already.
visible() {
    case $1 in
    /bin | /bin/* | /etc/alternatives | /etc/alternatives/* | /etc/bash_completion.d | /etc/bash_completion.d/* | /etc/ld.so.conf.d | /etc/ld.so.conf.d/* | /etc/localtime | /etc/localtime/* | /etc/profile.d | /etc/profile.d/* | /etc/ssl/certs | /etc/ssl/certs/* | /lib | /lib/* | /lib32 | /lib32/* | /lib64 | /lib64/* | /opt/node/node-v22.11.0-linux-x64 | /opt/node/node-v22.11.0-linux-x64/* | /usr/bin | /usr/bin/* | /usr/lib | /usr/lib/* | /usr/local/bin | /usr/local/bin/* | /usr/local/lib | /usr/local/lib/* | /usr/share/ca-certificates | /usr/share/ca-certificates/* | /usr/share/terminfo | /usr/share/terminfo/* | /usr/share/zoneinfo | /usr/share/zoneinfo/* | "$home"/.bashrc | "$home"/.bashrc/* | "$home"/.cache | "$home"/.cache/* | "$home"/.claude | "$home"/.claude/* | "$home"/.claude/plugins | "$home"/.claude/plugins/* | "$home"/.claude/settings.json | "$home"/.claude/settings.json/* | "$home"/.gitconfig | "$home"/.gitconfig/* | "$home"/.local | "$home"/.local/* | "$home"/.profile | "$home"/.profile/* | "$project" | "$project"/*) ;;
    *) return 1 ;;
    esac
}

case "$home" in / | /bin | /dev | /etc | /etc/alternatives | /etc/bash_completion.d | /etc/hosts | /etc/ld.so.cache | /etc/ld.so.conf | /etc/ld.so.conf.d | /etc/localtime | /etc/nsswitch.conf | /etc/profile.d | /etc/resolv.conf | /etc/ssl | /etc/ssl/certs | /etc/ssl/openssl.cnf | /lib | /lib32 | /lib64 | /opt | /opt/node | /opt/node/node-v22.11.0-linux-x64 | /proc | /tmp | /usr | /usr/bin | /usr/lib | /usr/local | /usr/local/bin | /usr/local/lib | /usr/share | /usr/share/ca-certificates | /usr/share/terminfo | /usr/share/zoneinfo) hides "$home" ;; esac
case "$project" in / | /bin | /dev | /etc | /etc/alternatives | /etc/bash_completion.d | /etc/hosts | /etc/ld.so.cache | /etc/ld.so.conf | /etc/ld.so.conf.d | /etc/localtime | /etc/nsswitch.conf | /etc/profile.d | /etc/resolv.conf | /etc/ssl | /etc/ssl/certs | /etc/ssl/openssl.cnf | /lib | /lib32 | /lib64 | /opt | /opt/node | /opt/node/node-v22.11.0-linux-x64 | /proc | /tmp | /usr | /usr/bin | /usr/lib | /usr/local | /usr/local/bin | /usr/local/lib | /usr/share | /usr/share/ca-certificates | /usr/share/terminfo | /usr/share/zoneinfo | "$home"/.bashrc | "$home"/.cache | "$home"/.claude | "$home"/.claude/plugins | "$home"/.claude/settings.json | "$home"/.claude.json | "$home"/.gitconfig | "$home"/.local | "$home"/.local/share | "$home"/.local/share/amp | "$home"/.local/share/crush | "$home"/.local/share/fish | "$home"/.local/share/fish/fish_history | "$home"/.local/share/keyrings | "$home"/.local/share/kilo | "$home"/.local/share/kiro-cli | "$home"/.local/share/kwalletd | "$home"/.local/share/opencode | "$home"/.profile) hides "$project" ;; esac
case "$home"/ in "${project%/}"/*) hides "$project" ;; esac
nested "$project" "$home"/.cache "$home"/.claude

ask /etc/alternatives /etc/bash_completion.d /etc/hosts /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d \
        /etc/localtime /etc/nsswitch.conf /etc/profile.d /etc/resolv.conf /etc/ssl/certs /etc/ssl/openssl.cnf \
        /lib32 /lib64 /opt/node/node-v22.11.0-linux-x64 /usr/bin /usr/lib /usr/local/bin /usr/local/lib \
        /usr/share/ca-certificates /usr/share/terminfo /usr/share/zoneinfo "$home"/.bashrc "$home"/.cache \
        "$home"/.claude "$home"/.gitconfig "$home"/.local "$home"/.profile

# What is missing is created, and removed again when it is untouched.
missing='' files='' made='' written='' watched=''
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
make dir "$home"/.cache
make dir "$home"/.claude
create

data_4=/dev/null
if [ -f "$home"/.claude.json ]; then
    unlinked "$home"/.claude.json
    real "$home"/.claude.json
    data_4=$real
fi
# Descriptors that are left, each with a space, and what is read by them.
spare='5 6 7 8 ' data_5=/dev/null data_6=/dev/null data_7=/dev/null data_8=/dev/null

quote "$home"
quoted_home=$quoted
# What bubblewrap is told, as words of the shell.
options() {
    options='' words='' count='' targets='' sealed=''
    # network "host" [settings]
    # terminal "guarded" [settings]
    # lifetime "with-parent" [settings]
    # nested-sandboxes "deny" [settings]
    # hostname "bubblewrap" [settings]
    # command "claude" "--dangerously-skip-permissions" [settings]
    words="$words --unshare-user --disable-userns --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent --cap-drop ALL"
    words="$words --hostname bubblewrap"
    [ -z "$machine" ] || arg --seccomp 9
    # Without a filter, and where the kernel lets a process type into its terminal, it gets none.
    tiocsti=1
    [ ! -r /proc/sys/dev/tty/legacy_tiocsti ] || read -r tiocsti </proc/sys/dev/tty/legacy_tiocsti
    [ -n "$machine" ] || [ "$tiocsti" = 0 ] || arg --new-session

    # ---- the environment ----

    # secret "ANTHROPIC_API_KEY" [claude-classic]
    # pass "ANTHROPIC_BASE_URL" [claude-classic]
    # pass "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC" [claude-classic]
    # pass "COLORTERM" [claude-classic] The caller's environment, as far as programs need it.
    # pass "HOME" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LANG" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LC_*" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LOGNAME" [claude-classic] The caller's environment, as far as programs need it.
    # prepend PATH="${HOME}/.local/bin"; set PATH="/opt/node/node-v22.11.0-linux-x64/bin:/usr/local/bin:/usr/bin:/bin" [claude-classic]
    words="$words --setenv PATH $quoted_home/.local/bin:/opt/node/node-v22.11.0-linux-x64/bin:/usr/local/bin:/usr/bin:/bin"
    # pass "SHELL" [claude-classic] The caller's environment, as far as programs need it.
    # pass "TERM" [claude-classic] The caller's environment, as far as programs need it.
    # pass "TZ" [claude-classic] The caller's environment, as far as programs need it.
    # pass "USER" [claude-classic] The caller's environment, as far as programs need it.
    # What the caller has of these; a shell prints them as `export NAME='VALUE'`.
    IFS='
'
    for name in $exported; do
        name=${name#export }
        name=${name%%=*}
        case $name in
        ANTHROPIC_API_KEY | ANTHROPIC_BASE_URL | CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC | COLORTERM | HOME | LANG | LOGNAME | SHELL | TERM | TZ | USER) ;;
        '' | [0-9]* | *[!A-Za-z0-9_]* | LD_* | MALLOC_* | GLIBC_TUNABLES | GCONV_PATH | GETCONF_DIR | LOCPATH | NLSPATH | RESOLV_*) continue ;;
        LC_*) ;;
        *) continue ;;
        esac
        eval "[ -z \"\${$name+x}\" ] || arg --setenv \"\$name\" \"\$$name\""
    done
    unset IFS

    # ---- the system ----

    # ro "/bin" [claude-classic] Programs and libraries.
    merged --ro-bind error /bin usr/bin

    # dev "/dev" [claude-classic]
    words="$words --dev /dev"

    # ro "/etc/alternatives" missing="skip" [claude-classic] Just what programs look for in /etc.
    # ro "/etc/bash_completion.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    siblings show --ro-bind /etc alternatives bash_completion.d

    # copy "/etc/hosts" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    # copy "/etc/ld.so.cache" missing="skip" [claude-classic]
    # copy "/etc/ld.so.conf" missing="skip" [claude-classic]
    siblings private --ro-bind /etc hosts ld.so.cache ld.so.conf

    # ro "/etc/ld.so.conf.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    # ro "/etc/localtime" missing="skip" [claude-classic] A link, which tells the name of the zone.
    siblings show --ro-bind /etc ld.so.conf.d localtime

    # copy "/etc/nsswitch.conf" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    private --ro-bind skip /etc/nsswitch.conf

    # ro "/etc/profile.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/profile.d

    # copy "/etc/resolv.conf" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    private --ro-bind skip /etc/resolv.conf

    # ro "/etc/ssl/certs" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/ssl/certs

    # copy "/etc/ssl/openssl.cnf" missing="skip" [claude-classic]
    private --ro-bind skip /etc/ssl/openssl.cnf

    # ro "/lib" [claude-classic] Programs and libraries.
    merged --ro-bind error /lib usr/lib

    # ro "/lib32" missing="skip" [claude-classic] 32-bit libraries, where there are any.
    show --ro-bind skip /lib32

    # ro "/lib64" [claude-classic] Programs and libraries.
    show --ro-bind error /lib64

    # ro "/opt/node/node-v22.11.0-linux-x64" missing="skip" [claude-classic] The node that runs the agent.
    show --ro-bind skip /opt/node/node-v22.11.0-linux-x64

    # proc "/proc" [claude-classic]
    words="$words --proc /proc"

    # tmpfs "/tmp" mode="1777" [claude-classic] Private.
    words="$words --perms 1777 --tmpfs /tmp"

    # ro "/usr/bin" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/bin

    # ro "/usr/lib" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/lib

    # ro "/usr/local/bin" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/local/bin

    # ro "/usr/local/lib" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/local/lib

    # ro "/usr/share/ca-certificates" missing="skip" [claude-classic] A link, which tells the name of the zone.
    # ro "/usr/share/terminfo" missing="skip" [claude-classic] A link, which tells the name of the zone.
    # ro "/usr/share/zoneinfo" missing="skip" [claude-classic] A link, which tells the name of the zone.
    siblings show --ro-bind /usr/share ca-certificates terminfo zoneinfo

    # ---- home ----

    # tmpfs "~" mode="0700" [claude-classic] Where the agent puts the new copy before it renames it.
    words="$words --perms 0700 --tmpfs $quoted_home"

    # ro "~/.bashrc" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.bashrc

    # rw "~/.cache" missing="create-dir" [claude-classic] What the agent remembers.
    show --bind create-dir "$home"/.cache

    # rw "~/.claude" missing="create-dir" [claude-classic] What the agent remembers.
    show --bind create-dir "$home"/.claude

    # ro "~/.claude/plugins" missing="watch" [claude-classic] Not in the script: what the agent runs outside of the sandbox is not for it to change.
    # ro "~/.claude/settings.json" missing="watch" [claude-classic] Not in the script: what the agent runs outside of the sandbox is not for it to change.
    guards --ro-bind "$home"/.claude plugins settings.json

    # copy "~/.claude.json" missing="skip" [claude-classic] A copy: what the agent changes in it does not come back.
    copy --file 4 "$home"/.claude.json skip "$home"/.claude.json

    # ro "~/.gitconfig" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    # ro "~/.local" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    siblings show --ro-bind "$home" .gitconfig .local

    # deny "~/.local/share/amp" [claude-classic] Not in the script either: the state of other agents, with their logins.
    deny 0000 "$home"/.local/share/amp "$home"/.local/share/amp

    # deny "~/.local/share/crush" [claude-classic] Not in the script either: the state of other agents, with their logins.
    deny 0000 "$home"/.local/share/crush "$home"/.local/share/crush

    # deny "~/.local/share/fish/fish_history" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/fish/fish_history "$home"/.local/share/fish/fish_history

    # deny "~/.local/share/keyrings" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/keyrings "$home"/.local/share/keyrings

    # deny "~/.local/share/kilo" [claude-classic] Not in the script either: the state of other agents, with their logins.
    deny 0000 "$home"/.local/share/kilo "$home"/.local/share/kilo

    # deny "~/.local/share/kiro-cli" [claude-classic] Not in the script either: the state of other agents, with their logins.
    deny 0000 "$home"/.local/share/kiro-cli "$home"/.local/share/kiro-cli

    # deny "~/.local/share/kwalletd" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/kwalletd "$home"/.local/share/kwalletd

    # deny "~/.local/share/opencode" [claude-classic] Not in the script either: the state of other agents, with their logins.
    deny 0000 "$home"/.local/share/opencode "$home"/.local/share/opencode

    # ro "~/.profile" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.profile

    # ---- the project ----

    # rw "." [claude-classic] The work, in place.
    show --bind error "$project"
}

# The end of it: files behind links; and nothing is added to the sandbox's own directories.
endings() {
    options=$options$words$targets$sealed words=''
    words="$words --remount-ro /dev"
    words="$words --remount-ro /"
    arg --chdir "$directory"
    options=$options$words
}

# Starts bubblewrap without a variable, so that nothing steers it, and /proc/1/environ is empty.
launch() {
    cd /
    exec 4<"$data_4" 5<"$data_5" 6<"$data_6" 7<"$data_7" 8<"$data_8"
    set -- "$bwrap" --args 3 -- "$@"
    # dash hands on what `export -p` names, and takes over no other name. Of other shells nobody knows that.
    # shellcheck disable=SC3013 # dash, bash and busybox know -ef
    if [ ! /proc/self/exe -ef /usr/bin/dash ]; then
        command -v env >/dev/null || fail 'env is not installed'
        exec env -i "$@"
    fi
    # A line of a value may look like a name; no variable is needed any more.
    IFS='
'
    for name in $exported PWD OLDPWD; do
        name=${name#export }
        name=${name%%=*}
        case $name in
        '' | [0-9]* | *[!A-Za-z0-9_]*) ;;
        *) unset "$name" ;;
        esac
    done
    exec "$@"
}

# Which system calls are refused, in the form that the kernel reads. sbc made it, and its book says how to
# check that. Calls of another kind, such as those of 32-bit programs, end the caller.
# EPERM: add_key, request_key, keyctl, bpf, userfaultfd, perf_event_open, io_uring_setup, io_uring_enter,
#   io_uring_register, init_module, finit_module, delete_module, kexec_load, kexec_file_load, reboot, swapon,
#   swapoff, acct, quotactl, quotactl_fd, syslog, open_by_handle_at, lookup_dcookie, nfsservctl, uselib,
#   modify_ldt, iopl, ioperm, ioctl TIOCSTI, ioctl TIOCLINUX, mount, umount2, pivot_root, open_tree,
#   move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr, open_tree_attr, setns
# ENOSPC: unshare CLONE_NEWUSER, clone CLONE_NEWUSER
# ENOSYS: clone3
filter() {
    case $machine in
    x86_64)
        printf '\40\0\0\0\0\0\0\0\65\0\0\1\0\0\0\100\6\0\0\0\46\0\5\0\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300'\
'\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\20\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0'\
'\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\22\124\0\0\6\0\0\0\1\0\5\0\5\0\0\0\1\0\0\0'\
'\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\34\124\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1%b\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0' '\0147\00' \
        '\0206\00' '\0232\00' '\0233\00' '\0243\00' '\0245\00' '\0246\00' '\0247\00' '\0250\00' '\0251\00' \
        '\0254\00' '\0255\00' '\0257\00' '\0260\00' '\0263\00' '\0264\00' '\0324\00' '\0366\00' '\0370\00' \
        '\0371\00' '\0372\00' '\052\01' '\060\01' '\064\01' '\071\01' '\0100\01' '\0101\01' '\0103\01' \
        '\0251\01' '\0252\01' '\0253\01' '\0254\01' '\0255\01' '\0256\01' '\0257\01' '\0260\01' '\0261\01' \
        '\0272\01' '\0273\01' '\0323\01'
        printf '\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0'\
'\25\0\0\1\70\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20'\
'\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\20\1\0\0\5\0\0\0\1\0\0\0'\
'\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0'\
'\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0'\
'\25\0\0\1\263\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\46\0\5\0\6\0\0\0\0\0\377\177'\
'\6\0\0\0\0\0\377\177'
        ;;
    aarch64)
        printf '\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\22\0\0\0'\
'\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\35\0\0\0'\
'\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\22\124\0\0'\
'\6\0\0\0\1\0\5\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377'\
'\25\0\0\1\34\124\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\47\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1%b\0\0\5\0\0\0\1\0\0\0' '\050\00' \
        '\051\00' '\052\00' '\074\00' '\0131\00' '\0150\00' '\0151\00' '\0152\00' '\0164\00' '\0216\00' \
        '\0331\00' '\0332\00' '\0333\00' '\0340\00' '\0341\00' '\0361\00' '\011\01' '\014\01' '\021\01' \
        '\030\01' '\032\01' '\046\01' '\0251\01' '\0252\01' '\0253\01' '\0254\01' '\0255\01' '\0256\01' \
        '\0257\01' '\0260\01' '\0261\01' '\0272\01' '\0273\01' '\0323\01'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300'\
'\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\141\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0'\
'\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177'\
'\25\0\0\1\334\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20'\
'\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300'\
'\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\263\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0'\
'\6\0\0\0\46\0\5\0\6\0\0\0\0\0\377\177\6\0\0\0\0\0\377\177'
        ;;
    esac
}

# The caller's directory where it is in the project, else the project.
case $directory/ in
"$project"/*) ;;
*) directory=$project ;;
esac
if [ "${1-}" = -- ]; then
    shift
    [ $# != 0 ] || fail 'there is no command after --'
else
    set -- claude --dangerously-skip-permissions "$@"
fi

options
endings
# The filter waits in a pipe: no variable and no here-document holds a zero byte.
if [ -n "$machine" ]; then
    exec 9<<PIPE

PIPE
    read -r rest <&9
    filter >>/proc/self/fd/9 || fail 'the filter cannot be handed over'
fi
# The words go through a pipe, so that nobody reads them in a list of processes. What every pipe can hold waits
# there; more is written by another process.
LC_ALL=C
if [ ${#options} -lt 4096 ]; then
    exec 3<<PIPE

PIPE
    read -r rest <&3
    eval "printf '%s\\0' $options" >>/proc/self/fd/3 || fail 'the words cannot be handed over'
    [ -n "$made$written$watched" ] || launch "$@"
    (launch "$@")
else
    { eval "printf '%s\\0' $options" | { exec 3<&0 <&4; launch "$@"; }; } 4<&0
fi
