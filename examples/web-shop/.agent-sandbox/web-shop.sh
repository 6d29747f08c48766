#!/bin/sh
# web-shop: Claude Code on a Node project, by the team's rules.
#
# Compiled by sbc from .agent-sandbox.kdl. To change it, change the policy and run `sbc build`.
# Arguments go to the command of the policy; after `--` stands another command.
# Fails with 125 when the sandbox cannot be set up as written.
# plan sha256:4479f1f93e227dd5ede0b1e23454f5258c93ab71f694d690be1b7d4d86a3c919 format 1
#
# What `sbc exec` does and a shell cannot: let Ctrl-C reach the command alone (here it ends the
# sandbox), tell a failure of bubblewrap (status 1) from one of the command, pass on other
# signals, close descriptors above 9, keep two running sandboxes
# from removing each other's empty directories, check assertions where links of the host lead,
# limit the processes of the command alone.
#
# Waived, with the reasons:
#   waive "denied" "~/.claude/.credentials.json": the agent needs its own login
#   waive "network" "none": the agent talks to its service; agreed by the team
# shellcheck disable=SC1003,SC2016,SC2195 # what looks like a slip is text of the policy
set -fu

fail() {
    printf '%s\n' "web-shop.sh: $1" >&2
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
    read -r name rest gid rest
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
[ -f "$project"/.agent-sandbox/web-shop.sh ] || fail 'the script is not in the .agent-sandbox of a project'
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
user=${USER:-${LOGNAME:-$(id -un)}}
case $user in
*/* | . | .. | '') fail 'USER is not a name' ;;
esac
above_1=${project%/*}
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

# small FILE MOST: whether it is a regular file of no more bytes, not through a link.
small() {
    [ -f "$1" ] && [ ! -L "$1" ] && [ -r "$1" ] && [ "$(wc -c <"$1")" -le "$2" ]
}

# one_line FILE: puts the path that it holds into $rest.
one_line() {
    small "$1" 4096 || return 1
    { rest=$(cat <"$1"); } 2>/dev/null
    case $rest in
    '' | *'
'*) return 1 ;;
    esac
}

# seen_from DIRECTORY PATH: puts a path as git writes it into $path. No link is followed.
seen_from() {
    path=$1 rest=${2%/}
    case $rest in
    /*)
        path=$rest
        return
        ;;
    esac
    while :; do
        case $rest in
        ./*) rest=${rest#./} ;;
        ../*) path=${path%/*} rest=${rest#../} ;;
        ..)
            path=${path%/*}
            return
            ;;
        *)
            path=$path/$rest
            return
            ;;
        esac
    done
}

# directory PATH: whether it is a directory, by a path without links.
directory() {
    [ -d "$1" ] && cd -P -- "$1" 2>/dev/null && [ "$PWD" = "$1" ]
}

# work_tree CONFIG: puts core.worktree into $git_found, if it stands there once and as git writes it.
work_tree() {
    small "$1" 65536 || return 1
    git_section='' git_found=''
    while read -r rest || [ -n "$rest" ]; do
        case $rest in
        *\\) return 1 ;;
        '['*) git_section=$rest ;;
        'worktree = '*)
            [ "$git_section" = '[core]' ] || continue
            [ -z "$git_found" ] || return 1
            git_found=${rest#'worktree = '}
            case $git_found in *[\"\\\#\;]*) return 1 ;; esac
            ;;
        esac
    done <"$1"
    [ -n "$git_found" ]
}

# Where the project's git directory is when .git is a file, as in a worktree and in a submodule. A
# process inside could have written that file: what lies outside of the project must point back.
git_common_dir=/dev/null/GIT_COMMON_DIR
git_worktree_id=../HEAD/none
git_directory() {
    [ -f "$project/.git" ] && one_line "$project/.git" || return 0
    case $rest in
    'gitdir: '?*) seen_from "$project" "${rest#'gitdir: '}" ;;
    *) return 0 ;;
    esac
    git_dir=$path git_id=../HEAD/none
    directory "$git_dir" && [ -f "$git_dir/HEAD" ] && [ ! -L "$git_dir/HEAD" ] || return 0
    if [ -e "$git_dir/commondir" ] || [ -L "$git_dir/commondir" ]; then
        one_line "$git_dir/commondir" || return 0
        seen_from "$git_dir" "$rest"
        git_id=${git_dir##*/}
        [ "$git_dir" = "$path/worktrees/$git_id" ] || return 0
        git_common=$path
        if one_line "$git_dir/gitdir"; then seen_from "$git_dir" "$rest"; else path=; fi
        git_back=${path%/.git}
        [ "$path" = "$git_back/.git" ] || git_back=
    else
        git_common=$git_dir
        if work_tree "$git_dir/config"; then seen_from "$git_dir" "$git_found"; else path=; fi
        git_back=$path
    fi
    for path in objects refs; do
        [ -d "$git_common/$path" ] && [ ! -L "$git_common/$path" ] || return 0
    done
    case $project/ in "$git_common"/*) return 0 ;; esac
    case $git_common in
    "$project"/*/*) return 0 ;;
    "$project"/*) ;;
    *) [ "$git_back" = "$project" ] || return 0 ;;
    esac
    git_common_dir=$git_common
    git_worktree_id=$git_id
}
git_directory

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

# covered OPTION MISSING PATH TREE: shows a path in place that TREE shows already, if a link is on the way.
covered() {
    found "$2" "$3" || return 0
    path=$3
    while [ ! -L "$path" ]; do
        case $path in "$4") return ;; esac
        path=${path%/*}
    done
    bind "$1" "$2" "$3"
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

# pin HOST AT [BELOW...]: keeps a directory from being renamed, unless all is missing that would be mounted below it; and
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

# limit OPTION NUMBER: sets a limit, never above what the caller may use.
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

# hold dir|file PATH [TEXT]: keeps a process inside from making PATH, by making it while the sandbox runs, if its
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
    for tree in "$home"/.cache/sbc/node "$home"/.claude/.credentials.json "$home"/.claude/history.jsonl "$home"/.local/share/sbc/claude "$home"/.claude/projects "${project%/}" "${git_common_dir%/}"; do
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
    case $1 in "$home"/.cache/sbc/node/* | "$home"/.claude/.credentials.json/* | "$home"/.claude/history.jsonl/* | "$home"/.local/share/sbc/claude/* | "$home"/.claude/projects/* | "${project%/}"/* | "${git_common_dir%/}"/*) ! planted "$1" || fail "'$path' is a symbolic link in a directory that the sandbox can write" ;; esac
    beside=${1%/*}
}

# Whether a host path is shown already.
visible() {
    case $1 in
    /bin | /bin/* | /etc/alternatives | /etc/alternatives/* | /etc/ca-certificates/extracted | /etc/ca-certificates/extracted/* | /etc/claude-code | /etc/claude-code/* | /etc/localtime | /etc/localtime/* | /etc/pki | /etc/pki/* | /etc/ssl | /etc/ssl/* | /lib | /lib/* | /lib32 | /lib32/* | /lib64 | /lib64/* | /libx32 | /libx32/* | /nix/store | /nix/store/* | /opt | /opt/* | /sbin | /sbin/* | /usr | /usr/* | "$home"/.agents | "$home"/.agents/* | "$home"/.cache/sbc/node | "$home"/.cache/sbc/node/* | "$home"/.claude/.credentials.json | "$home"/.claude/.credentials.json/* | "$home"/.claude/agents | "$home"/.claude/agents/* | "$home"/.claude/commands | "$home"/.claude/commands/* | "$home"/.claude/history.jsonl | "$home"/.claude/history.jsonl/* | "$home"/.claude/hooks | "$home"/.claude/hooks/* | "$home"/.claude/keybindings.json | "$home"/.claude/keybindings.json/* | "$home"/.claude/output-styles | "$home"/.claude/output-styles/* | "$home"/.claude/plugins | "$home"/.claude/plugins/* | "$home"/.claude/projects | "$home"/.claude/projects/* | "$home"/.claude/rules | "$home"/.claude/rules/* | "$home"/.claude/skills | "$home"/.claude/skills/* | "$home"/.claude/statusline-command.sh | "$home"/.claude/statusline-command.sh/* | "$home"/.claude/statusline.sh | "$home"/.claude/statusline.sh/* | "$home"/.claude/themes | "$home"/.claude/themes/* | "$home"/.config/git/config | "$home"/.config/git/config/* | "$home"/.config/git/ignore | "$home"/.config/git/ignore/* | "$home"/.config/team-lint | "$home"/.config/team-lint/* | "$home"/.gitconfig | "$home"/.gitconfig/* | "$home"/.local/bin/claude | "$home"/.local/bin/claude/* | "$home"/.local/lib/node_modules | "$home"/.local/lib/node_modules/* | "$home"/.local/lib/node_modules/@anthropic-ai/claude-code | "$home"/.local/lib/node_modules/@anthropic-ai/claude-code/* | "$home"/.local/share/claude | "$home"/.local/share/claude/* | "$home"/.local/share/fnm | "$home"/.local/share/fnm/* | "$home"/.nvm | "$home"/.nvm/* | "$home"/.volta | "$home"/.volta/* | "$project" | "$project"/* | "$project"/.agent-sandbox | "$project"/.agent-sandbox/* | "$project"/.agent-sandbox.kdl | "$project"/.agent-sandbox.kdl/* | "$project"/.agent-sandbox.local.kdl | "$project"/.agent-sandbox.local.kdl/* | "$project"/.agents | "$project"/.agents/* | "$project"/.aider.conf.yml | "$project"/.aider.conf.yml/* | "$project"/.aider.model.settings.yml | "$project"/.aider.model.settings.yml/* | "$project"/.amp | "$project"/.amp/* | "$project"/.augment | "$project"/.augment/* | "$project"/.claude | "$project"/.claude/* | "$project"/.cline | "$project"/.cline/* | "$project"/.clinerules | "$project"/.clinerules/* | "$project"/.codex | "$project"/.codex/* | "$project"/.crush.json | "$project"/.crush.json/* | "$project"/.cursor | "$project"/.cursor/* | "$project"/.devcontainer | "$project"/.devcontainer/* | "$project"/.envrc | "$project"/.envrc/* | "$project"/.factory | "$project"/.factory/* | "$project"/.gemini | "$project"/.gemini/* | "$project"/.git/commondir | "$project"/.git/commondir/* | "$project"/.git/config | "$project"/.git/config/* | "$project"/.git/config.worktree | "$project"/.git/config.worktree/* | "$project"/.git/hooks | "$project"/.git/hooks/* | "$project"/.git/info/attributes | "$project"/.git/info/attributes/* | "$project"/.git/modules | "$project"/.git/modules/* | "$project"/.github/hooks | "$project"/.github/hooks/* | "$project"/.goose | "$project"/.goose/* | "$project"/.grok | "$project"/.grok/* | "$project"/.husky | "$project"/.husky/* | "$project"/.idea | "$project"/.idea/* | "$project"/.kilo | "$project"/.kilo/* | "$project"/.kilocode | "$project"/.kilocode/* | "$project"/.kimi-code | "$project"/.kimi-code/* | "$project"/.kiro | "$project"/.kiro/* | "$project"/.mcp.json | "$project"/.mcp.json/* | "$project"/.mise.toml | "$project"/.mise.toml/* | "$project"/.opencode | "$project"/.opencode/* | "$project"/.pi | "$project"/.pi/* | "$project"/.qwen | "$project"/.qwen/* | "$project"/.vscode | "$project"/.vscode/* | "$project"/crush.json | "$project"/crush.json/* | "$project"/kilo.json | "$project"/kilo.json/* | "$project"/kilo.jsonc | "$project"/kilo.jsonc/* | "$project"/mise.toml | "$project"/mise.toml/* | "$project"/opencode.json | "$project"/opencode.json/* | "$project"/opencode.jsonc | "$project"/opencode.jsonc/* | "$git_common_dir" | "$git_common_dir"/* | "$git_common_dir"/commondir | "$git_common_dir"/commondir/* | "$git_common_dir"/config | "$git_common_dir"/config/* | "$git_common_dir"/config.worktree | "$git_common_dir"/config.worktree/* | "$git_common_dir"/hooks | "$git_common_dir"/hooks/* | "$git_common_dir"/info/attributes | "$git_common_dir"/info/attributes/* | "$git_common_dir"/modules | "$git_common_dir"/modules/* | "$git_common_dir"/worktrees/"$git_worktree_id"/commondir | "$git_common_dir"/worktrees/"$git_worktree_id"/commondir/* | "$git_common_dir"/worktrees/"$git_worktree_id"/config.worktree | "$git_common_dir"/worktrees/"$git_worktree_id"/config.worktree/* | "$git_common_dir"/worktrees/"$git_worktree_id"/gitdir | "$git_common_dir"/worktrees/"$git_worktree_id"/gitdir/* | "$git_common_dir"/worktrees/"$git_worktree_id"/modules | "$git_common_dir"/worktrees/"$git_worktree_id"/modules/*) ;;
    *) return 1 ;;
    esac
}

case "$home" in / | /bin | /dev | /dev/shm | /etc | /etc/alternatives | /etc/ca-certificates | /etc/ca-certificates/extracted | /etc/claude | /etc/claude/CLAUDE.md | /etc/claude/settings.json | /etc/claude-code | /etc/group | /etc/hosts | /etc/ld.so.cache | /etc/localtime | /etc/nsswitch.conf | /etc/passwd | /etc/pki | /etc/resolv.conf | /etc/ssl | /etc/terminfo | /etc/terminfo/l | /etc/terminfo/l/linux | /etc/terminfo/s | /etc/terminfo/s/screen | /etc/terminfo/s/screen-256color | /etc/terminfo/t | /etc/terminfo/t/tmux-256color | /etc/terminfo/x | /etc/terminfo/x/xterm | /etc/terminfo/x/xterm-256color | /lib | /lib32 | /lib64 | /libx32 | /nix | /nix/store | /opt | /proc | /sbin | /tmp | /usr) hides "$home" ;; esac
case "$project" in / | /bin | /dev | /dev/shm | /etc | /etc/alternatives | /etc/ca-certificates | /etc/ca-certificates/extracted | /etc/claude | /etc/claude/CLAUDE.md | /etc/claude/settings.json | /etc/claude-code | /etc/group | /etc/hosts | /etc/ld.so.cache | /etc/localtime | /etc/nsswitch.conf | /etc/passwd | /etc/pki | /etc/resolv.conf | /etc/ssl | /etc/terminfo | /etc/terminfo/l | /etc/terminfo/l/linux | /etc/terminfo/s | /etc/terminfo/s/screen | /etc/terminfo/s/screen-256color | /etc/terminfo/t | /etc/terminfo/t/tmux-256color | /etc/terminfo/x | /etc/terminfo/x/xterm | /etc/terminfo/x/xterm-256color | /lib | /lib32 | /lib64 | /libx32 | /nix | /nix/store | /opt | /proc | /sbin | /tmp | /usr | "$home"/.agents | "$home"/.cache | "$home"/.cache/sbc | "$home"/.cache/sbc/node | "$home"/.cache/yarn | "$home"/.claude | "$home"/.claude/.credentials.json | "$home"/.claude/CLAUDE.md | "$home"/.claude/agents | "$home"/.claude/commands | "$home"/.claude/file-history | "$home"/.claude/history.jsonl | "$home"/.claude/hooks | "$home"/.claude/keybindings.json | "$home"/.claude/output-styles | "$home"/.claude/plans | "$home"/.claude/plugins | "$home"/.claude/projects | "$home"/.claude/rules | "$home"/.claude/settings.json | "$home"/.claude/skills | "$home"/.claude/statusline-command.sh | "$home"/.claude/statusline.sh | "$home"/.claude/tasks | "$home"/.claude/themes | "$home"/.claude.json | "$home"/.config | "$home"/.config/git | "$home"/.config/git/config | "$home"/.config/git/ignore | "$home"/.config/pnpm | "$home"/.config/pnpm/rc | "$home"/.config/team-lint | "$home"/.gitconfig | "$home"/.local | "$home"/.local/bin | "$home"/.local/bin/claude | "$home"/.local/lib | "$home"/.local/lib/node_modules | "$home"/.local/lib/node_modules/@anthropic-ai | "$home"/.local/lib/node_modules/@anthropic-ai/claude-code | "$home"/.local/share | "$home"/.local/share/claude | "$home"/.local/share/fnm | "$home"/.npmrc | "$home"/.nvm | "$home"/.volta | "$home"/.yarnrc.yml) hides "$project" ;; esac
case "$home"/ in "${project%/}"/*) hides "$project" ;; esac
nested "$project" "$home"/.cache/sbc/node "$home"/.claude/.credentials.json "$home"/.claude/history.jsonl "$home"/.claude/plans "$home"/.claude/projects
if [ -d "$git_common_dir" ]; then
    case "$git_common_dir" in / | /bin | /dev | /dev/shm | /etc | /etc/alternatives | /etc/ca-certificates | /etc/ca-certificates/extracted | /etc/claude | /etc/claude/CLAUDE.md | /etc/claude/settings.json | /etc/claude-code | /etc/group | /etc/hosts | /etc/ld.so.cache | /etc/localtime | /etc/nsswitch.conf | /etc/passwd | /etc/pki | /etc/resolv.conf | /etc/ssl | /etc/terminfo | /etc/terminfo/l | /etc/terminfo/l/linux | /etc/terminfo/s | /etc/terminfo/s/screen | /etc/terminfo/s/screen-256color | /etc/terminfo/t | /etc/terminfo/t/tmux-256color | /etc/terminfo/x | /etc/terminfo/x/xterm | /etc/terminfo/x/xterm-256color | /lib | /lib32 | /lib64 | /libx32 | /nix | /nix/store | /opt | /proc | /sbin | /tmp | /usr | "$home"/.agents | "$home"/.cache | "$home"/.cache/sbc | "$home"/.cache/sbc/node | "$home"/.cache/yarn | "$home"/.claude | "$home"/.claude/.credentials.json | "$home"/.claude/CLAUDE.md | "$home"/.claude/agents | "$home"/.claude/commands | "$home"/.claude/file-history | "$home"/.claude/history.jsonl | "$home"/.claude/hooks | "$home"/.claude/keybindings.json | "$home"/.claude/output-styles | "$home"/.claude/plans | "$home"/.claude/plugins | "$home"/.claude/projects | "$home"/.claude/rules | "$home"/.claude/settings.json | "$home"/.claude/skills | "$home"/.claude/statusline-command.sh | "$home"/.claude/statusline.sh | "$home"/.claude/tasks | "$home"/.claude/themes | "$home"/.claude.json | "$home"/.config | "$home"/.config/git | "$home"/.config/git/config | "$home"/.config/git/ignore | "$home"/.config/pnpm | "$home"/.config/pnpm/rc | "$home"/.config/team-lint | "$home"/.gitconfig | "$home"/.local | "$home"/.local/bin | "$home"/.local/bin/claude | "$home"/.local/lib | "$home"/.local/lib/node_modules | "$home"/.local/lib/node_modules/@anthropic-ai | "$home"/.local/lib/node_modules/@anthropic-ai/claude-code | "$home"/.local/share | "$home"/.local/share/claude | "$home"/.local/share/fnm | "$home"/.npmrc | "$home"/.nvm | "$home"/.volta | "$home"/.yarnrc.yml | "$project"/.agent-sandbox | "$project"/.agent-sandbox.kdl | "$project"/.agent-sandbox.local.kdl | "$project"/.agents | "$project"/.aider.conf.yml | "$project"/.aider.model.settings.yml | "$project"/.amp | "$project"/.augment | "$project"/.claude | "$project"/.cline | "$project"/.clinerules | "$project"/.codex | "$project"/.crush.json | "$project"/.cursor | "$project"/.devcontainer | "$project"/.env | "$project"/.env.local | "$project"/.envrc | "$project"/.factory | "$project"/.gemini | "$project"/.git | "$project"/.git/commondir | "$project"/.git/config | "$project"/.git/config.worktree | "$project"/.git/hooks | "$project"/.git/info | "$project"/.git/info/attributes | "$project"/.git/modules | "$project"/.github | "$project"/.github/hooks | "$project"/.goose | "$project"/.grok | "$project"/.husky | "$project"/.idea | "$project"/.kilo | "$project"/.kilocode | "$project"/.kimi-code | "$project"/.kiro | "$project"/.mcp.json | "$project"/.mise.toml | "$project"/.next | "$project"/.opencode | "$project"/.pi | "$project"/.qwen | "$project"/.vscode | "$project"/crush.json | "$project"/kilo.json | "$project"/kilo.jsonc | "$project"/mise.toml | "$project"/opencode.json | "$project"/opencode.jsonc | "$project"/vendor | "$project"/vendor/design-system) hides "$git_common_dir" ;; esac
    case "$home"/ in "${git_common_dir%/}"/*) hides "$git_common_dir" ;; esac
    case "$project"/ in "${git_common_dir%/}"/*) hides "$git_common_dir" ;; esac
    nested "$git_common_dir" "$home"/.cache/sbc/node "$home"/.claude/.credentials.json "$home"/.claude/history.jsonl "$home"/.claude/plans "$home"/.claude/projects "$project"
fi

ask /etc/alternatives /etc/ca-certificates/extracted /etc/claude-code /etc/hosts /etc/ld.so.cache \
        /etc/localtime /etc/nsswitch.conf /etc/pki /etc/resolv.conf /etc/ssl /etc/terminfo/l/linux \
        /etc/terminfo/s/screen /etc/terminfo/s/screen-256color /etc/terminfo/t/tmux-256color \
        /etc/terminfo/x/xterm /etc/terminfo/x/xterm-256color /nix/store /opt /usr "$home"/.agents \
        "$home"/.cache/sbc/node "$home"/.claude/.credentials.json "$home"/.claude/agents \
        "$home"/.claude/commands "$home"/.claude/history.jsonl "$home"/.claude/hooks \
        "$home"/.claude/keybindings.json "$home"/.claude/output-styles "$home"/.claude/plugins \
        "$home"/.claude/projects "$home"/.claude/rules "$home"/.claude/skills \
        "$home"/.claude/statusline-command.sh "$home"/.claude/statusline.sh "$home"/.claude/themes \
        "$home"/.config/git/config "$home"/.config/git/ignore "$home"/.config/team-lint "$home"/.gitconfig \
        "$home"/.local/bin/claude "$home"/.local/lib/node_modules "$home"/.local/share/claude \
        "$home"/.local/share/fnm "$home"/.nvm "$home"/.volta

# What is missing is created, and removed again when it is untouched.
missing='' files='' made='' written='' watched=''
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
make dir "$home"/.cache/sbc/node
make file "$home"/.claude/.credentials.json
make file "$home"/.claude/history.jsonl
make dir "$home"/.local/share/sbc/claude
make dir "$home"/.claude/projects
create
hold dir "$project"/.agent-sandbox
hold dir "$project"/.claude
hold file "$project"/.git/commondir .
hold dir "$project"/.git/hooks
hold dir "$project"/.idea
make dir "$project"/.next
hold dir "$project"/.vscode
if [ -d "$above_1"/design-system ]; then make dir "$project"/vendor/design-system; elif [ -e "$above_1"/design-system ]; then make file "$project"/vendor/design-system; fi
if [ -d "$git_common_dir" ]; then
    hold file "$git_common_dir"/commondir .
    hold dir "$git_common_dir"/hooks
fi
create

# /etc/group
data_4="$user":x:"$gid"':
nogroup:x:65534:'
# /etc/passwd
data_5="$user":x:"$uid":"$gid"::"$home"':/bin/sh
nobody:x:65534:65534:nobody:/:/usr/sbin/nologin'
data_6=/dev/null
if [ -f "$home"/.claude.json ]; then
    unlinked "$home"/.claude.json
    real "$home"/.claude.json
    data_6=$real
fi
# Descriptors that are left, each with a space, and what is read by them.
spare='7 8 ' data_7=/dev/null data_8=/dev/null

quote "$home"
quoted_home=$quoted
quote "$project"
quoted_project=$quoted
quote "$user"
quoted_user=$quoted
# What bubblewrap is told, as words of the shell.
options() {
    options='' words='' count='' targets='' sealed=''
    # network "host" [settings]
    # terminal "guarded" [settings]
    # lifetime "with-parent" [settings]
    # nested-sandboxes "deny" [settings]
    # hostname "sandbox" [settings]
    # command "claude" "--permission-mode" "acceptEdits" [settings]
    # processes "4K" [settings]
    words="$words --unshare-user --disable-userns --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent --cap-drop ALL"
    words="$words --hostname sandbox"
    [ -z "$machine" ] || arg --seccomp 9
    # Without a filter, and where the kernel lets a process type into its terminal, it gets none.
    tiocsti=1
    [ ! -r /proc/sys/dev/tty/legacy_tiocsti ] || read -r tiocsti </proc/sys/dev/tty/legacy_tiocsti
    [ -n "$machine" ] || [ "$tiocsti" = 0 ] || arg --new-session

    # ---- the environment ----

    # secret "ANTHROPIC_API_KEY" [claude] The key to its service.
    # secret "ANTHROPIC_AUTH_TOKEN" [claude] The key to its service.
    # pass "ANTHROPIC_BASE_URL" [claude] Another service or model.
    # pass "ANTHROPIC_MODEL" [claude] Another service or model.
    # pass "ANTHROPIC_SMALL_FAST_MODEL" [claude] Another service or model.
    # pass "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC" [claude] Telemetry and other calls that no task needs.
    # secret "CLAUDE_CODE_OAUTH_TOKEN" [claude] The key to its service.
    # pass "COLORTERM" [base-dev] What the terminal can do, and the language.
    # set COREPACK_HOME="${HOME}/.cache/sbc/node/corepack" [node] Package managers that corepack fetches.
    words="$words --setenv COREPACK_HOME $quoted_home/.cache/sbc/node/corepack"
    # set DISABLE_AUTOUPDATER="1" [claude] Its files are read-only here.
    words="$words --setenv DISABLE_AUTOUPDATER 1"
    # set HOME="${HOME}" [base-dev] Who runs, and where things are.
    words="$words --setenv HOME $quoted_home"
    # secret "HTTPS_PROXY" [base-agent] The proxy on the way, with a password perhaps.
    # secret "HTTP_PROXY" [base-agent] The proxy on the way, with a password perhaps.
    # pass "LANG" [base-dev] What the terminal can do, and the language.
    # pass "LC_*" [base-dev] What the terminal can do, and the language.
    # set LOGNAME="${USER}" [base-dev] Who runs, and where things are.
    words="$words --setenv LOGNAME $quoted_user"
    # set NODE_ENV="development" [web-shop]
    words="$words --setenv NODE_ENV development"
    # pass "NODE_EXTRA_CA_CERTS" [base-agent, node] Certificates of a company, for programs in JavaScript.
    # pass "NO_COLOR" [base-dev] What the terminal can do, and the language.
    # pass "NO_PROXY" [base-agent] What is reached without it.
    # set NPM_CONFIG_CACHE="${HOME}/.cache/sbc/node/npm" [node] What npm downloads.
    words="$words --setenv NPM_CONFIG_CACHE $quoted_home/.cache/sbc/node/npm"
    # set NPM_CONFIG_UPDATE_NOTIFIER="false" [node] Nothing to decide inside.
    words="$words --setenv NPM_CONFIG_UPDATE_NOTIFIER false"
    # prepend PATH="${HOME}/.local/bin"; set PATH="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" [base-dev, base-agent] The system's programs.
    words="$words --setenv PATH $quoted_home/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    # set PNPM_CONFIG_STORE_DIR="${HOME}/.cache/sbc/node" [node] The same for pnpm.
    words="$words --setenv PNPM_CONFIG_STORE_DIR $quoted_home/.cache/sbc/node"
    # set SHELL="/bin/sh" [base-dev] Who runs, and where things are.
    words="$words --setenv SHELL /bin/sh"
    # pass "TERM" [base-dev] What the terminal can do, and the language.
    # set TZ="Europe/Berlin" [web-shop] Everything the team sets, and the time zone of the customers.
    words="$words --setenv TZ Europe/Berlin"
    # set USER="${USER}" [base-dev] Who runs, and where things are.
    words="$words --setenv USER $quoted_user"
    # set YARN_GLOBAL_FOLDER="${HOME}/.cache/sbc/node/yarn" [node] The same for yarn since version 2.
    words="$words --setenv YARN_GLOBAL_FOLDER $quoted_home/.cache/sbc/node/yarn"
    # secret "http_proxy" [base-agent] The proxy on the way, with a password perhaps.
    # secret "https_proxy" [base-agent] The proxy on the way, with a password perhaps.
    # pass "no_proxy" [base-agent] What is reached without it.
    # What the caller has of these; a shell prints them as `export NAME='VALUE'`.
    IFS='
'
    for name in $exported; do
        name=${name#export }
        name=${name%%=*}
        case $name in
        ANTHROPIC_API_KEY | ANTHROPIC_AUTH_TOKEN | ANTHROPIC_BASE_URL | ANTHROPIC_MODEL | ANTHROPIC_SMALL_FAST_MODEL | CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC | CLAUDE_CODE_OAUTH_TOKEN | COLORTERM | HTTPS_PROXY | HTTP_PROXY | LANG | NODE_EXTRA_CA_CERTS | NO_COLOR | NO_PROXY | TERM | http_proxy | https_proxy | no_proxy) ;;
        '' | [0-9]* | *[!A-Za-z0-9_]* | LD_* | MALLOC_* | GLIBC_TUNABLES | GCONV_PATH | GETCONF_DIR | LOCPATH | NLSPATH | RESOLV_*) continue ;;
        LC_*) ;;
        *) continue ;;
        esac
        eval "[ -z \"\${$name+x}\" ] || arg --setenv \"\$name\" \"\$$name\""
    done
    unset IFS

    # ---- the system ----

    # ro "/bin" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /bin usr/bin

    # dev "/dev" [base-dev] Null, zero, random, terminals.
    words="$words --dev /dev"

    # tmpfs "/dev/shm" size="1G" mode="1777" [base-dev] Shared memory, which browsers and databases need.
    words="$words --size 1073741824 --perms 1777 --tmpfs /dev/shm"

    # ro "/etc/alternatives" missing="skip" [base-dev] Which of several programs a name means.
    show --ro-bind skip /etc/alternatives

    # ro "/etc/ca-certificates/extracted" missing="skip" [base-dev] Certificates of the system, where Debian, Fedora and Arch keep them.
    show --ro-bind skip /etc/ca-certificates/extracted

    # copy "~/.claude/CLAUDE.md" at="/etc/claude/CLAUDE.md" missing="skip" [claude] What you taught the agent, in the same way: the host's agent obeys it.
    bind --ro-bind skip "$home"/.claude/CLAUDE.md /etc/claude/CLAUDE.md

    # copy "~/.claude/settings.json" at="/etc/claude/settings.json" missing="skip" [claude] Your settings. Read-only: their hooks run on the host. Copies at a place of the system's cost no mount.
    bind --ro-bind skip "$home"/.claude/settings.json /etc/claude/settings.json

    # ro "/etc/claude-code" missing="skip" [claude] Settings of an organisation.
    show --ro-bind skip /etc/claude-code

    # file "/etc/group" "${USER}:x:${GID}:\nnogroup:x:65534:\n" [base-dev] The same for groups.
    words="$words --perms 0444 --file 4 /etc/group"

    # copy "/etc/hosts" missing="skip" [base-dev] Name resolution. Copies, here and below, cost no mount.
    # copy "/etc/ld.so.cache" missing="skip" [base-dev] Where the dynamic loader finds libraries.
    siblings private --ro-bind /etc hosts ld.so.cache

    # ro "/etc/localtime" missing="skip" [base-dev] The time zone.
    show --ro-bind skip /etc/localtime

    # copy "/etc/nsswitch.conf" missing="skip" [base-dev] Name resolution. Copies, here and below, cost no mount.
    private --ro-bind skip /etc/nsswitch.conf

    # file "/etc/passwd" "${USER}:x:${UID}:${GID}::${HOME}:/bin/sh\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n" [base-dev] One user and one group: who runs, and nobody else.
    words="$words --perms 0444 --file 5 /etc/passwd"

    # ro "/etc/pki" missing="skip" [base-dev] Certificates of the system, where Debian, Fedora and Arch keep them.
    show --ro-bind skip /etc/pki

    # copy "/etc/resolv.conf" missing="skip" [base-dev] Name resolution. Copies, here and below, cost no mount.
    private --ro-bind skip /etc/resolv.conf

    # ro "/etc/ssl" missing="skip" [base-dev] Certificates of the system, where Debian, Fedora and Arch keep them.
    show --ro-bind skip /etc/ssl

    # copy "/etc/terminfo/l/linux" missing="skip" [base-dev] What the usual terminals can do, where Alpine keeps it.
    private --ro-bind skip /etc/terminfo/l/linux

    # copy "/etc/terminfo/s/screen" missing="skip" [base-dev] What the usual terminals can do, where Alpine keeps it.
    # copy "/etc/terminfo/s/screen-256color" missing="skip" [base-dev] What the usual terminals can do, where Alpine keeps it.
    siblings private --ro-bind /etc/terminfo/s screen screen-256color

    # copy "/etc/terminfo/t/tmux-256color" missing="skip" [base-dev] The same for emulators.
    private --ro-bind skip /etc/terminfo/t/tmux-256color

    # copy "/etc/terminfo/x/xterm" missing="skip" [base-dev] The same for emulators.
    # copy "/etc/terminfo/x/xterm-256color" missing="skip" [base-dev] The same for emulators.
    siblings private --ro-bind /etc/terminfo/x xterm xterm-256color

    # ro "/lib" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /lib usr/lib

    # ro "/lib32" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /lib32 usr/lib32

    # ro "/lib64" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /lib64 usr/lib64

    # ro "/libx32" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /libx32 usr/libx32

    # ro "/nix/store" missing="skip" [base-dev] Programs of Nix, and the dotfiles that home-manager links to. Everybody can read it.
    show --ro-bind skip /nix/store

    # ro "/opt" missing="skip" [base-dev] Software outside of the package manager.
    show --ro-bind skip /opt

    # proc "/proc" [base-dev] Processes of the sandbox only.
    words="$words --proc /proc"

    # ro "/sbin" missing="skip" [base-dev] The same programs where /usr is not merged; links into it where it is.
    merged --ro-bind skip /sbin usr/sbin

    # tmpfs "/tmp" size="2G" mode="1777" [base-dev] Private, and gone afterwards.
    words="$words --size 2147483648 --perms 1777 --tmpfs /tmp"

    # ro "/usr" [base-dev] Programs and libraries.
    show --ro-bind error /usr

    # ---- home ----

    # tmpfs "~" size="2G" mode="0700" [base-dev] Home is empty unless a profile opens a part of it.
    words="$words --size 2147483648 --perms 0700 --tmpfs $quoted_home"

    # ro "~/.agents" missing="skip" [base-agent] Skills that agents share. Read-only: those on the host obey them.
    show --ro-bind skip "$home"/.agents

    # rw "~/.cache/sbc/node" missing="create-dir" [node] Downloaded packages, of all sandboxes and none of the host's: it would install what was planted in its own.
    show --bind create-dir "$home"/.cache/sbc/node

    # symlink "~/.cache/yarn" to="${HOME}/.cache/sbc/node" [node] yarn 1 has no variable for it that yarn 4 does not take for something else.
    words="$words --symlink $quoted_home/.cache/sbc/node $quoted_home/.cache/yarn"

    # rw "~/.claude/.credentials.json" missing="create-file" [claude] The login. What is renewed inside must reach the host, whose copy is no longer valid then.
    show --bind create-file "$home"/.claude/.credentials.json

    # symlink "~/.claude/CLAUDE.md" to="/etc/claude/CLAUDE.md" [claude] Where it looks for it.
    words="$words --symlink /etc/claude/CLAUDE.md $quoted_home/.claude/CLAUDE.md"

    # ro "~/.claude/agents" missing="skip" [claude] The same, with programs of their own.
    # ro "~/.claude/commands" missing="skip" [claude] The same, with programs of their own.
    siblings show --ro-bind "$home"/.claude agents commands

    # symlink "~/.claude/file-history" to="${HOME}/.claude/plans" [claude] In the same directory, which saves a mount: plans are files there, and these a directory for each session.
    words="$words --symlink $quoted_home/.claude/plans $quoted_home/.claude/file-history"

    # rw "~/.claude/history.jsonl" missing="create-file" [claude] What you typed.
    show --bind create-file "$home"/.claude/history.jsonl

    # ro "~/.claude/hooks" missing="skip" [claude] Programs that settings tend to name.
    # ro "~/.claude/keybindings.json" missing="skip" [claude] More of your settings.
    # ro "~/.claude/output-styles" missing="skip" [claude] What you taught the agent, in directories.
    siblings show --ro-bind "$home"/.claude hooks keybindings.json output-styles

    # rw "~/.local/share/sbc/claude" at="~/.claude/plans" missing="create-dir" [claude] Plans; by session also tasks, and files as they were. Of all sandboxes and none of the host's, which would show files of other projects.
    bind --bind create-dir "$home"/.local/share/sbc/claude "$home"/.claude/plans

    # ro "~/.claude/plugins" missing="skip" [claude] The same, with programs of their own.
    show --ro-bind skip "$home"/.claude/plugins

    # rw "~/.claude/projects" missing="create-dir" [claude] `~/.claude` itself is in memory, as the home is, and gone afterwards. Claude Code on the host runs what it finds there: hooks, plugins, daemons, a second `.config.json`, and with every version something new. Sessions, with what the agent noted for each project.
    show --bind create-dir "$home"/.claude/projects

    # ro "~/.claude/rules" missing="skip" [claude] What you taught the agent, in directories.
    show --ro-bind skip "$home"/.claude/rules

    # symlink "~/.claude/settings.json" to="/etc/claude/settings.json" [claude] Where it looks for them.
    words="$words --symlink /etc/claude/settings.json $quoted_home/.claude/settings.json"

    # ro "~/.claude/skills" missing="skip" [claude] The same, with programs of their own.
    # ro "~/.claude/statusline-command.sh" missing="skip" [claude] Programs that settings tend to name.
    # ro "~/.claude/statusline.sh" missing="skip" [claude] Programs that settings tend to name.
    siblings show --ro-bind "$home"/.claude skills statusline-command.sh statusline.sh

    # symlink "~/.claude/tasks" to="${HOME}/.claude/plans" [claude] The same for tasks, whose names are others.
    words="$words --symlink $quoted_home/.claude/plans $quoted_home/.claude/tasks"

    # ro "~/.claude/themes" missing="skip" [claude] More of your settings.
    show --ro-bind skip "$home"/.claude/themes

    # copy "~/.claude.json" missing="skip" [claude] Saved by lock directory, temporary file and rename, which a mounted file does not allow: a private copy, and what is saved in it is gone afterwards.
    copy --file 6 "$home"/.claude.json skip "$home"/.claude.json

    # ro "~/.config/git/config" missing="skip" [base-agent] Name and address for commits.
    # ro "~/.config/git/ignore" missing="skip" [base-agent] Name and address for commits.
    siblings show --ro-bind "$home"/.config/git config ignore

    # ro "~/.config/team-lint" missing="skip" [team] The team's lint rules, maintained outside of the projects.
    show --ro-bind skip "$home"/.config/team-lint

    # ro "~/.gitconfig" missing="skip" [base-agent] Name and address for commits.
    show --ro-bind skip "$home"/.gitconfig

    # ro "~/.local/bin/claude" missing="skip" [claude] The program and its versions. Read-only, so that nothing inside changes what the host runs tomorrow.
    show --ro-bind skip "$home"/.local/bin/claude

    # ro "~/.local/lib/node_modules" missing="skip" [node] Packages installed for the user.
    show --ro-bind skip "$home"/.local/lib/node_modules

    # ro "~/.local/lib/node_modules/@anthropic-ai/claude-code" missing="skip" [claude] The same, installed by npm into the home.
    covered --ro-bind skip "$home"/.local/lib/node_modules/@anthropic-ai/claude-code "$home"/.local/lib/node_modules

    # ro "~/.local/share/claude" missing="skip" [claude] The program and its versions. Read-only, so that nothing inside changes what the host runs tomorrow.
    # ro "~/.local/share/fnm" missing="skip" [node] Runtimes of version managers. Read-only: a writable one would be a way to the host.
    siblings show --ro-bind "$home"/.local/share claude fnm

    # ro "~/.nvm" missing="skip" [node] Runtimes of version managers. Read-only: a writable one would be a way to the host.
    # ro "~/.volta" missing="skip" [node] Runtimes of version managers. Read-only: a writable one would be a way to the host.
    siblings show --ro-bind "$home" .nvm .volta

    # ---- the project ----

    # rw "." [base-dev] The work, in place.
    show --bind error "$project"

    # ro "./.agent-sandbox" missing="hold-dir" [base-dev] Its profiles and its scripts.
    # ro "./.agent-sandbox.kdl" missing="watch" [base-dev] What this sandbox may do is not for the sandbox to decide.
    # ro "./.agent-sandbox.local.kdl" missing="watch" [base-dev] What this sandbox may do is not for the sandbox to decide.
    # ro "./.agents" missing="watch" [base-dev] Skills that agents share, and settings of Aider, Amp and Auggie.
    # ro "./.aider.conf.yml" missing="watch" [base-dev] Skills that agents share, and settings of Aider, Amp and Auggie.
    # ro "./.aider.model.settings.yml" missing="watch" [base-dev] Skills that agents share, and settings of Aider, Amp and Auggie.
    # ro "./.amp" missing="watch" [base-dev] Skills that agents share, and settings of Aider, Amp and Auggie.
    # ro "./.augment" missing="watch" [base-dev] Skills that agents share, and settings of Aider, Amp and Auggie.
    # ro "./.claude" missing="hold-dir" [base-dev] Agents obey these when they run without a sandbox.
    # ro "./.cline" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    # ro "./.clinerules" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    # ro "./.codex" missing="watch" [base-dev] Codex, Cursor, Gemini CLI, and the servers that Claude Code starts.
    # ro "./.crush.json" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    # ro "./.cursor" missing="watch" [base-dev] Codex, Cursor, Gemini CLI, and the servers that Claude Code starts.
    # ro "./.devcontainer" missing="watch" [base-dev] The same for containers.
    guards --ro-bind "$project" .agent-sandbox .agent-sandbox.kdl .agent-sandbox.local.kdl .agents .aider.conf.yml \
        .aider.model.settings.yml .amp .augment .claude .cline .clinerules .codex .crush.json .cursor \
        .devcontainer

    # deny "./.env" [web-shop] Keys of the payment provider.
    deny 0000 "$project"/.env "$project"/.env

    # deny "./.env.local" [web-shop] Keys of the payment provider.
    deny 0000 "$project"/.env.local "$project"/.env.local

    # ro "./.envrc" missing="watch" [base-dev] direnv and mise run these when you enter the directory.
    # ro "./.factory" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    # ro "./.gemini" missing="watch" [base-dev] Codex, Cursor, Gemini CLI, and the servers that Claude Code starts.
    guards --ro-bind "$project" .envrc .factory .gemini

    # pin "./.git" [base-dev] Git looks for its settings where this file says. A dot is where they are.
    pin "$project"/.git "$project"/.git "$project"/.git/commondir "$project"/.git/config \
        "$project"/.git/config.worktree "$project"/.git/hooks "$project"/.git/info/attributes \
        "$project"/.git/modules

    # ro "./.git/commondir" missing="hold-file" text="." [base-dev] Git looks for its settings where this file says. A dot is where they are.
    # ro "./.git/config" missing="watch" [base-dev] It can name programs.
    # ro "./.git/config.worktree" missing="watch" [base-dev] Another worktree's settings can name programs, too.
    # ro "./.git/hooks" missing="hold-dir" [base-dev] git runs these on the host.
    guards --ro-bind "$project"/.git commondir config config.worktree hooks

    # pin "./.git/info" [base-dev] Another worktree's settings can name programs, too.
    pin "$project"/.git/info "$project"/.git/info "$project"/.git/info/attributes

    # ro "./.git/info/attributes" missing="watch" [base-dev] Another worktree's settings can name programs, too.
    guards --ro-bind "$project"/.git/info attributes

    # ro "./.git/modules" missing="skip" [base-dev] What git keeps of submodules, with their hooks and settings.
    bind --ro-bind skip "$project"/.git/modules

    # pin "./.github" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    pin "$project"/.github "$project"/.github "$project"/.github/hooks

    # ro "./.github/hooks" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    guards --ro-bind "$project"/.github hooks

    # ro "./.goose" missing="watch" [base-dev] Cline, Crush, Droid, Goose, and hooks of Copilot.
    # ro "./.grok" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.husky" missing="watch" [base-dev] git runs these through husky.
    # ro "./.idea" missing="hold-dir" [base-dev] Editors run tasks and settings from here.
    # ro "./.kilo" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.kilocode" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.kimi-code" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.kiro" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.mcp.json" missing="watch" [base-dev] Codex, Cursor, Gemini CLI, and the servers that Claude Code starts.
    # ro "./.mise.toml" missing="watch" [base-dev] direnv and mise run these when you enter the directory.
    guards --ro-bind "$project" .goose .grok .husky .idea .kilo .kilocode .kimi-code .kiro .mcp.json .mise.toml

    # tmpfs "./.next" size="512M" [web-shop] Rebuilt on every run, so keep it off the disk.
    words="$words --size 536870912 --perms 0755 --tmpfs $quoted_project/.next"

    # ro "./.opencode" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.pi" missing="watch" [base-dev] Grok, Kilo, Kimi, Kiro, OpenCode and Pi.
    # ro "./.qwen" missing="watch" [base-dev] Qwen Code, and settings of Crush, Kilo and OpenCode in a file.
    # ro "./.vscode" missing="hold-dir" [base-dev] Editors run tasks and settings from here.
    # ro "./crush.json" missing="watch" [base-dev] Qwen Code, and settings of Crush, Kilo and OpenCode in a file.
    # ro "./kilo.json" missing="watch" [base-dev] Qwen Code, and settings of Crush, Kilo and OpenCode in a file.
    # ro "./kilo.jsonc" missing="watch" [base-dev] Qwen Code, and settings of Crush, Kilo and OpenCode in a file.
    # ro "./mise.toml" missing="watch" [base-dev] direnv and mise run these when you enter the directory.
    # ro "./opencode.json" missing="watch" [base-dev] Qwen Code, and settings of Crush, Kilo and OpenCode in a file.
    # ro "./opencode.jsonc" missing="watch" [base-dev] OpenCode reads this one, too.
    guards --ro-bind "$project" .opencode .pi .qwen .vscode crush.json kilo.json kilo.jsonc mise.toml opencode.json \
        opencode.jsonc

    # pin "./vendor" [web-shop] A second checkout that the shop links against.
    pin "$project"/vendor "$project"/vendor "$above_1"/design-system

    # ro "./../design-system" at="./vendor/design-system" [web-shop] A second checkout that the shop links against.
    bind --ro-bind error "$above_1"/design-system "$project"/vendor/design-system

    # ---- git ----
    [ -d "$git_common_dir" ] || return 0

    # rw "${GIT_COMMON_DIR}" missing="skip" [base-dev] Where `.git` is a file, as in a worktree or a submodule: what git shares, in place.
    show --bind skip "$git_common_dir"

    # ro "${GIT_COMMON_DIR}/commondir" missing="hold-file" text="." [base-dev] Git looks for its settings where this file says. A dot is where they are.
    # ro "${GIT_COMMON_DIR}/config" missing="watch" [base-dev] It can name programs.
    # ro "${GIT_COMMON_DIR}/config.worktree" missing="watch" [base-dev] Settings of the main worktree, and attributes, can name programs, too.
    # ro "${GIT_COMMON_DIR}/hooks" missing="hold-dir" [base-dev] git runs these on the host.
    guards --ro-bind "$git_common_dir" commondir config config.worktree hooks

    # pin "${GIT_COMMON_DIR}/info" [base-dev] Settings of the main worktree, and attributes, can name programs, too.
    pin "$git_common_dir"/info "$git_common_dir"/info "$git_common_dir"/info/attributes

    # ro "${GIT_COMMON_DIR}/info/attributes" missing="watch" [base-dev] Settings of the main worktree, and attributes, can name programs, too.
    guards --ro-bind "$git_common_dir"/info attributes

    # ro "${GIT_COMMON_DIR}/modules" missing="skip" [base-dev] What git keeps of submodules, with their hooks and settings.
    bind --ro-bind skip "$git_common_dir"/modules

    # pin "${GIT_COMMON_DIR}/worktrees" [base-dev] Where git on the host finds this worktree, and its settings.
    pin "$git_common_dir"/worktrees "$git_common_dir"/worktrees \
        "$git_common_dir"/worktrees/"$git_worktree_id"/commondir \
        "$git_common_dir"/worktrees/"$git_worktree_id"/config.worktree \
        "$git_common_dir"/worktrees/"$git_worktree_id"/gitdir \
        "$git_common_dir"/worktrees/"$git_worktree_id"/modules

    # pin "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}" [base-dev] Where git on the host finds this worktree, and its settings.
    pin "$git_common_dir"/worktrees/"$git_worktree_id" "$git_common_dir"/worktrees/"$git_worktree_id" \
        "$git_common_dir"/worktrees/"$git_worktree_id"/commondir \
        "$git_common_dir"/worktrees/"$git_worktree_id"/config.worktree \
        "$git_common_dir"/worktrees/"$git_worktree_id"/gitdir \
        "$git_common_dir"/worktrees/"$git_worktree_id"/modules

    # ro "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/commondir" missing="skip" [base-dev] Where git on the host finds this worktree, and its settings.
    bind --ro-bind skip "$git_common_dir"/worktrees/"$git_worktree_id"/commondir

    # ro "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/config.worktree" missing="watch" [base-dev] They can name programs.
    guards --ro-bind "$git_common_dir"/worktrees/"$git_worktree_id" config.worktree

    # ro "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/gitdir" missing="skip" [base-dev] Where git of the main checkout finds this worktree.
    # ro "${GIT_COMMON_DIR}/worktrees/${GIT_WORKTREE_ID}/modules" missing="skip" [base-dev] What git keeps of submodules, with their hooks and settings.
    siblings bind --ro-bind "$git_common_dir"/worktrees/"$git_worktree_id" gitdir modules
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
    # bash says -u, dash and busybox say -p.
    option=-u
    # shellcheck disable=SC3045
    ulimit -u >/dev/null 2>&1 || option=-p
    limit "$option" 4096
    exec 4<<DATA_4 5<<DATA_5 6<"$data_6" 7<"$data_7" 8<"$data_8"
$data_4
DATA_4
$data_5
DATA_5
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
    set -- claude --permission-mode acceptEdits "$@"
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
