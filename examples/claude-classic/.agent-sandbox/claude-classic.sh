#!/bin/sh
# claude-classic: Claude Code in a hand-picked system, with the state of your home that it needs.
#
# Compiled by sbc from .agent-sandbox.kdl. To change it, change the policy and run `sbc build`.
# Arguments go to the command of the policy; after `--` stands another command.
# Fails with 125 when the sandbox cannot be set up as written.
# plan sha256:92182cb314c9c7390543f596e1490440437861a9d3acf9f797166a0e731c8eeb format 1
#
# What `sbc exec` does and a shell cannot: let Ctrl-C reach the command alone (here it ends the
# sandbox), tell a failure of bubblewrap (status 1) from one of the command, pass on other
# signals, close descriptors above 9, keep two running sandboxes
# from removing each other's empty directories, check assertions where links of the host lead,
# limit the processes of the command alone.
# shellcheck disable=SC1003,SC2016 # what looks like a slip is text of the policy
set -fu

fail() {
    printf '%s\n' "claude-classic.sh: $1" >&2
    exit 125
}

(: 3<&0) 2>/dev/null || exec </dev/null
exec 3<&- 4<&- 5<&- 6<&- 7<&- 8<&- 9<&-
# From a directory /proc/self/fd/0/.. would reach the whole host.
for name in 0 1 2; do
    if [ -d "/proc/self/fd/$name" ] || [ -b "/proc/self/fd/$name" ]; then
        fail "descriptor $name is a directory or a disk, which leads out of the sandbox"
    fi
done
PATH=/usr/bin:/bin:/usr/local/bin:/run/current-system/sw/bin

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
project=$(CDPATH='' cd -- "$project" && pwd -P && printf x) || fail 'the project cannot be entered'
project=${project%??}
case $project in
'' | /) fail 'the project is the root directory' ;;
esac
[ -f "$project"/.agent-sandbox/claude-classic.sh ] || fail 'the script is not in the .agent-sandbox of a project'
case ${HOME-} in
/*) home=$HOME ;;
*) fail 'HOME is not an absolute path' ;;
esac
real=$(CDPATH='' cd -- "$home" 2>/dev/null && pwd -P && printf x)
case ${real%??}/ in
"$project"/*) fail 'the project contains your home directory' ;;
esac
[ -z "$real" ] || home=${real%??}
bwrap=${SBC_BWRAP:-$(command -v bwrap)}
case $bwrap in
/* | '') ;;
*) fail 'SBC_BWRAP is not an absolute path' ;;
esac
[ -x "$bwrap" ] || fail 'bubblewrap is not installed'
[ ! -u "$bwrap" ] || fail 'bubblewrap is set-user-ID, which is not safe'
env=$(command -v env) || fail 'env is not installed'
uid=$(id -u)
[ "$uid" != 0 ] || fail 'not as root: nothing would be denied to it'
machine=$(uname -m)
case $machine in
x86_64 | aarch64) ;;
*) machine= ;;
esac

# Hands arguments to bubblewrap.
arg() { printf '%s\0' "$@"; }

# Puts the host path behind $1 into $real.
real() {
    unlinked "$1"
    real=$1
    [ -L "$1" ] || return 0
    real=$(readlink -f -- "$1" && printf x) || fail "the links of '$1' lead nowhere"
    real=${real%??}
    unlinked "$real"
}

# bind OPTION MISSING SOURCE AT: shows a host path.
bind() {
    unlinked "$3"
    reachable "$3"
    [ "$2" != skip ] || [ -e "$3" ] || return 0
    [ -e "$3" ] || fail "'$3' does not exist"
    [ -r "$3" ] || fail "'$3' cannot be read"
    real "$3"
    arg "$1" "$real" "$4"
}

# inside OPTION MISSING PATH: shows a host path in a directory that is shown already.
inside() {
    unlinked "$3"
    reachable "$3"
    [ "$2" != skip ] || [ -e "$3" ] || return 0
    [ -e "$3" ] || fail "'$3' does not exist"
    [ -r "$3" ] || fail "'$3' cannot be read"
    real "$3"
    arg "$1" "$real" "$real"
}

# show OPTION MISSING PATH: shows a host path in place; a file behind a link becomes a link.
show() {
    if [ -L "$3" ] && [ -f "$3" ]; then
        real "$3"
        arg --symlink "$real" "$3"
    else
        bind "$1" "$2" "$3" "$3"
    fi
}

# target OPTION PATH: shows the file that a link made by show leads to.
target() {
    if [ -L "$2" ] && [ -f "$2" ]; then
        real "$2"
        visible "$real" || arg "$1" "$real" "$real"
    fi
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

# Refuses $1 when it cannot be told whether it is there: the sandbox could have seen to that.
reachable() {
    path=${1%/*}
    while [ -n "$path" ] && [ ! -d "$path" ]; do path=${path%/*}; done
    [ -z "$path" ] || [ -x "$path" ] || fail "'$path' cannot be entered"
}

# hidden HOST AT: whether there is something to hide; its host path and its place.
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

# deny MODE HOST AT: hides what is there.
deny() {
    hidden "$2" "$3" || return 0
    if [ -d "$real" ]; then
        arg --perms "$1" --tmpfs "$at"
    else
        arg --ro-bind /dev/null "$at"
    fi
}

# seal HOST AT: makes a hidden directory read-only.
seal() {
    hidden "$1" "$2" || return 0
    [ ! -d "$real" ] || arg --remount-ro "$at"
}

# copy OPTION FD SOURCE MISSING AT: a private copy of a file.
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

# apart ABOVE PATH...: refuses a host on which ABOVE would hide one of the paths.
apart() {
    above=$1
    shift
    for path; do
        case $path/ in
        "${above%/}"/*) fail "on this host '$path' lies inside '$above', which is placed after it" ;;
        esac
    done
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

# appeared PATH: tells of a path that was not there before the sandbox ran.
appeared() {
    [ ! -e "$1" ] && [ ! -L "$1" ] && return
    printf '%s\n' "'$1' has appeared while the sandbox ran: look at it before a program on the host obeys it" >&2
}

# watch PATH: notes what is missing of a path, to tell of it when it has appeared after the run.
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

# make dir|file PATH [LINE]: creates what is missing, parents included, and notes how to remove it.
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

# Removes what was created and is untouched, and tells of what must not be there.
finish() {
    eval "$made" 2>/dev/null
    eval "$watched"
}

# Refuses $1 when a part of it is a link that the sandbox could have made.
unlinked() {
    unlinked_in "$home"/.cache "$1"
    unlinked_in "$home"/.claude "$1"
    unlinked_in "$project" "$1"
}

unlinked_in() {
    path=${1%/}
    case $2 in
    "$path"/*) rest=${2#"$path"/} ;;
    *) return 0 ;;
    esac
    while [ -n "$rest" ]; do
        path=$path/${rest%%/*}
        [ ! -L "$path" ] || fail "'$path' is a symbolic link in a directory that the sandbox can write"
        case $rest in
        */*) rest=${rest#*/} ;;
        *) rest= ;;
        esac
    done
}

# Whether a host path is shown already.
visible() {
    case $1 in
    /bin | /bin/* | /etc/alternatives | /etc/alternatives/* | /etc/bash_completion.d | /etc/bash_completion.d/* | /etc/ld.so.conf.d | /etc/ld.so.conf.d/* | /etc/localtime | /etc/localtime/* | /etc/profile.d | /etc/profile.d/* | /etc/ssl/certs | /etc/ssl/certs/* | /lib | /lib/* | /lib32 | /lib32/* | /lib64 | /lib64/* | /opt/node/node-v22.11.0-linux-x64 | /opt/node/node-v22.11.0-linux-x64/* | /usr/bin | /usr/bin/* | /usr/lib | /usr/lib/* | /usr/local/bin | /usr/local/bin/* | /usr/local/lib | /usr/local/lib/* | /usr/share/ca-certificates | /usr/share/ca-certificates/* | /usr/share/terminfo | /usr/share/terminfo/* | /usr/share/zoneinfo | /usr/share/zoneinfo/* | "$home"/.bashrc | "$home"/.bashrc/* | "$home"/.cache | "$home"/.cache/* | "$home"/.claude | "$home"/.claude/* | "$home"/.claude/plugins | "$home"/.claude/plugins/* | "$home"/.claude/settings.json | "$home"/.claude/settings.json/* | "$home"/.gitconfig | "$home"/.gitconfig/* | "$home"/.local | "$home"/.local/* | "$home"/.profile | "$home"/.profile/* | "$project" | "$project"/*) ;;
    *) return 1 ;;
    esac
}

apart "$home" /bin /dev /etc/alternatives /etc/bash_completion.d /etc/hosts /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/localtime /etc/nsswitch.conf /etc/profile.d /etc/resolv.conf /etc/ssl/certs /etc/ssl/openssl.cnf /lib /lib32 /lib64 /opt/node/node-v22.11.0-linux-x64 /proc /tmp /usr/bin /usr/lib /usr/local/bin /usr/local/lib /usr/share/ca-certificates /usr/share/terminfo /usr/share/zoneinfo
apart "$project" /bin /dev /etc/alternatives /etc/bash_completion.d /etc/hosts /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d /etc/localtime /etc/nsswitch.conf /etc/profile.d /etc/resolv.conf /etc/ssl/certs /etc/ssl/openssl.cnf /lib /lib32 /lib64 /opt/node/node-v22.11.0-linux-x64 /proc /tmp /usr/bin /usr/lib /usr/local/bin /usr/local/lib /usr/share/ca-certificates /usr/share/terminfo /usr/share/zoneinfo "$home" "$home"/.bashrc "$home"/.cache "$home"/.claude "$home"/.claude/plugins "$home"/.claude/settings.json "$home"/.claude.json "$home"/.gitconfig "$home"/.local "$home"/.local/share/fish/fish_history "$home"/.local/share/keyrings "$home"/.local/share/kwalletd "$home"/.profile
nested "$project" "$home"/.cache "$home"/.claude

made='' watched=''
# What is missing is created, and removed again when it is untouched.
trap finish EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
make dir "$home"/.cache
make dir "$home"/.claude
watch "$home"/.claude/plugins
watch "$home"/.claude/settings.json

data_4=/dev/null
if [ -f "$home"/.claude.json ]; then
    real "$home"/.claude.json
    data_4=$real
fi

# What bubblewrap is told.
options() {
    # network "host" [settings]
    # terminal "guarded" [settings]
    # lifetime "with-parent" [settings]
    # nested-sandboxes "deny" [settings]
    # hostname "bubblewrap" [settings]
    # command "claude" "--dangerously-skip-permissions" [settings]
    arg --unshare-user --disable-userns --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent --cap-drop ALL
    arg --hostname bubblewrap
    [ -z "$machine" ] || arg --seccomp 9
    # Without a filter, and where the kernel lets a process type into its terminal, it gets none.
    tiocsti=1
    [ ! -r /proc/sys/dev/tty/legacy_tiocsti ] || read -r tiocsti </proc/sys/dev/tty/legacy_tiocsti
    [ -n "$machine" ] || [ "$tiocsti" = 0 ] || arg --new-session

    # ---- the system ----

    # ro "/bin" [claude-classic] Programs and libraries.
    merged --ro-bind error /bin usr/bin

    # dev "/dev" [claude-classic]
    arg --dev /dev

    # ro "/etc/alternatives" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/alternatives

    # ro "/etc/bash_completion.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/bash_completion.d

    # copy "/etc/hosts" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    show --ro-bind skip /etc/hosts

    # copy "/etc/ld.so.cache" missing="skip" [claude-classic]
    show --ro-bind skip /etc/ld.so.cache

    # copy "/etc/ld.so.conf" missing="skip" [claude-classic]
    show --ro-bind skip /etc/ld.so.conf

    # ro "/etc/ld.so.conf.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/ld.so.conf.d

    # ro "/etc/localtime" missing="skip" [claude-classic] A link, which tells the name of the zone.
    show --ro-bind skip /etc/localtime

    # copy "/etc/nsswitch.conf" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    show --ro-bind skip /etc/nsswitch.conf

    # ro "/etc/profile.d" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/profile.d

    # copy "/etc/resolv.conf" missing="skip" [claude-classic] Copies, because a copy of a single file costs no mount.
    show --ro-bind skip /etc/resolv.conf

    # ro "/etc/ssl/certs" missing="skip" [claude-classic] Just what programs look for in /etc.
    show --ro-bind skip /etc/ssl/certs

    # copy "/etc/ssl/openssl.cnf" missing="skip" [claude-classic]
    show --ro-bind skip /etc/ssl/openssl.cnf

    # ro "/lib" [claude-classic] Programs and libraries.
    merged --ro-bind error /lib usr/lib

    # ro "/lib32" missing="skip" [claude-classic] 32-bit libraries, where there are any.
    show --ro-bind skip /lib32

    # ro "/lib64" [claude-classic] Programs and libraries.
    show --ro-bind error /lib64

    # ro "/opt/node/node-v22.11.0-linux-x64" missing="skip" [claude-classic] The node that runs the agent.
    show --ro-bind skip /opt/node/node-v22.11.0-linux-x64

    # proc "/proc" [claude-classic]
    arg --proc /proc

    # tmpfs "/tmp" mode="1777" [claude-classic] Private.
    arg --perms 1777 --tmpfs /tmp

    # ro "/usr/bin" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/bin

    # ro "/usr/lib" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/lib

    # ro "/usr/local/bin" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/local/bin

    # ro "/usr/local/lib" [claude-classic] Programs and libraries.
    show --ro-bind error /usr/local/lib

    # ro "/usr/share/ca-certificates" missing="skip" [claude-classic] A link, which tells the name of the zone.
    show --ro-bind skip /usr/share/ca-certificates

    # ro "/usr/share/terminfo" missing="skip" [claude-classic] A link, which tells the name of the zone.
    show --ro-bind skip /usr/share/terminfo

    # ro "/usr/share/zoneinfo" missing="skip" [claude-classic] A link, which tells the name of the zone.
    show --ro-bind skip /usr/share/zoneinfo

    # ---- home ----

    # tmpfs "~" mode="0700" [claude-classic] Where the agent puts the new copy before it renames it.
    arg --perms 0700 --tmpfs "$home"

    # ro "~/.bashrc" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.bashrc

    # rw "~/.cache" missing="create-dir" [claude-classic] What the agent remembers.
    show --bind create-dir "$home"/.cache

    # rw "~/.claude" missing="create-dir" [claude-classic] What the agent remembers.
    show --bind create-dir "$home"/.claude

    # ro "~/.claude/plugins" missing="watch" [claude-classic] Not in the script: what the agent runs outside of the sandbox is not for it to change.
    inside --ro-bind skip "$home"/.claude/plugins

    # ro "~/.claude/settings.json" missing="watch" [claude-classic] Not in the script: what the agent runs outside of the sandbox is not for it to change.
    inside --ro-bind skip "$home"/.claude/settings.json

    # copy "~/.claude.json" missing="skip" [claude-classic] A copy: what the agent changes in it does not come back.
    copy --file 4 "$home"/.claude.json skip "$home"/.claude.json

    # ro "~/.gitconfig" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.gitconfig

    # ro "~/.local" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.local

    # deny "~/.local/share/fish/fish_history" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/fish/fish_history "$home"/.local/share/fish/fish_history

    # deny "~/.local/share/keyrings" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/keyrings "$home"/.local/share/keyrings

    # deny "~/.local/share/kwalletd" [claude-classic] Not in the script: passwords and what was typed, which `~/.local` would show.
    deny 0000 "$home"/.local/share/kwalletd "$home"/.local/share/kwalletd

    # ro "~/.profile" missing="skip" [claude-classic] Your shell, your name for commits, your programs.
    show --ro-bind skip "$home"/.profile

    # ---- the project ----

    # rw "." [claude-classic] The work, in place.
    show --bind error "$project"

    # Files behind links.
    target --ro-bind /etc/alternatives
    target --ro-bind /etc/bash_completion.d
    target --ro-bind /etc/hosts
    target --ro-bind /etc/ld.so.cache
    target --ro-bind /etc/ld.so.conf
    target --ro-bind /etc/ld.so.conf.d
    target --ro-bind /etc/localtime
    target --ro-bind /etc/nsswitch.conf
    target --ro-bind /etc/profile.d
    target --ro-bind /etc/resolv.conf
    target --ro-bind /etc/ssl/certs
    target --ro-bind /etc/ssl/openssl.cnf
    target --ro-bind /lib32
    target --ro-bind /lib64
    target --ro-bind /opt/node/node-v22.11.0-linux-x64
    target --ro-bind /usr/bin
    target --ro-bind /usr/lib
    target --ro-bind /usr/local/bin
    target --ro-bind /usr/local/lib
    target --ro-bind /usr/share/ca-certificates
    target --ro-bind /usr/share/terminfo
    target --ro-bind /usr/share/zoneinfo
    target --ro-bind "$home"/.bashrc
    target --bind "$home"/.cache
    target --bind "$home"/.claude
    target --ro-bind "$home"/.gitconfig
    target --ro-bind "$home"/.local
    target --ro-bind "$home"/.profile
    target --bind "$project"

    # Nothing is added to the sandbox's own directories.
    arg --remount-ro /dev
    seal "$home"/.local/share/fish/fish_history "$home"/.local/share/fish/fish_history
    seal "$home"/.local/share/keyrings "$home"/.local/share/keyrings
    seal "$home"/.local/share/kwalletd "$home"/.local/share/kwalletd
    arg --remount-ro /
    arg --chdir "$directory"
}

# Starts bubblewrap with the environment of the command, so that /proc/1/environ holds no more.
# No value becomes a shell variable, and no program is looked up in the PATH of the command.
launch() {
    set -- "$bwrap" --args 3 -- "$@"
    # secret "ANTHROPIC_API_KEY" [claude-classic]
    # pass "ANTHROPIC_BASE_URL" [claude-classic]
    # pass "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC" [claude-classic]
    # pass "COLORTERM" [claude-classic] The caller's environment, as far as programs need it.
    # pass "HOME" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LANG" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LOGNAME" [claude-classic] The caller's environment, as far as programs need it.
    # prepend PATH="${HOME}/.local/bin"; set PATH="/opt/node/node-v22.11.0-linux-x64/bin:/usr/local/bin:/usr/bin:/bin" [claude-classic]
    set -- PATH="$home"/.local/bin:/opt/node/node-v22.11.0-linux-x64/bin:/usr/local/bin:/usr/bin:/bin "$@"
    # pass "SHELL" [claude-classic] The caller's environment, as far as programs need it.
    # pass "TERM" [claude-classic] The caller's environment, as far as programs need it.
    # pass "TZ" [claude-classic] The caller's environment, as far as programs need it.
    # pass "USER" [claude-classic] The caller's environment, as far as programs need it.
    # pass "LC_*" [claude-classic] The caller's environment, as far as programs need it.
    names=$(LC_ALL=C awk 'BEGIN {
        for (name in ENVIRON) if (name != "") {
            gsub(/\047/, "\047\042\047\042\047", name)
            printf " \047%s\047", name
        }
    }') || fail 'the environment cannot be read'
    eval "for name in $names; do
        case \$name in
        LD_* | MALLOC_* | GLIBC_TUNABLES | GCONV_PATH | GETCONF_DIR | LOCPATH | NLSPATH | RESOLV_*) set -- -u \"\$name\" \"\$@\" ;;
        ANTHROPIC_API_KEY | ANTHROPIC_BASE_URL | CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC | COLORTERM | HOME | LANG | LOGNAME | PATH | SHELL | TERM | TZ | USER) ;;
        LC_*) ;;
        *) set -- -u \"\$name\" \"\$@\" ;;
        esac
    done"
    [ -n "$machine" ] || exec 9<&-
    exec "$env" "$@" 3<&0 <&4 4<"$data_4"
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
        printf '\40\0\0\0\0\0\0\0\65\0\0\1\0\0\0\100\6\0\0\0\46\0\5\0\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300'
        printf '\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\20\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0'
        printf '\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\22\124\0\0\6\0\0\0\1\0\5\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\34\124\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\147\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\206\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\232\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\233\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\243\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\245\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\246\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\247\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\250\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\251\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\254\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\255\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\257\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\260\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\263\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\264\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\324\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\366\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\370\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\371\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\372\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\52\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\60\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\64\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\71\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\100\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\101\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\103\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\251\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\252\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\253\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\254\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\255\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\256\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\257\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\260\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\261\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\272\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\273\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\25\0\0\1\323\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0'
        printf '\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0'
        printf '\25\0\0\1\70\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20'
        printf '\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\20\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0'
        printf '\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\76\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0'
        printf '\25\0\0\1\263\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\46\0\5\0\6\0\0\0\0\0\377\177'
        printf '\6\0\0\0\0\0\377\177'
        ;;
    aarch64)
        printf '\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\22\0\0\0'
        printf '\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\35\0\0\0'
        printf '\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377\25\0\0\1\22\124\0\0'
        printf '\6\0\0\0\1\0\5\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\30\0\0\0\124\0\0\0\377\377\377\377'
        printf '\25\0\0\1\34\124\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\47\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\50\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\51\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\52\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\74\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\131\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\150\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\151\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\152\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\164\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\216\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\331\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\332\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\333\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\340\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\341\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\361\0\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\11\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\14\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\21\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\30\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\32\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\46\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\251\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\252\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\253\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\254\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\255\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\256\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\257\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\260\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\261\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\272\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\273\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\25\0\0\1\323\1\0\0\5\0\0\0\1\0\0\0'
        printf '\5\0\0\0\2\0\0\0\6\0\0\0\1\0\5\0\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300'
        printf '\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\141\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0'
        printf '\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177'
        printf '\25\0\0\1\334\0\0\0\5\0\0\0\1\0\0\0\5\0\0\0\5\0\0\0\40\0\0\0\20\0\0\0\124\0\0\0\0\0\0\20'
        printf '\25\0\0\1\0\0\0\20\6\0\0\0\34\0\5\0\6\0\0\0\0\0\377\177\40\0\0\0\4\0\0\0\25\0\1\0\267\0\0\300'
        printf '\6\0\0\0\0\0\0\200\40\0\0\0\0\0\0\0\25\0\0\1\263\1\0\0\5\0\0\0\1\0\0\0\5\0\0\0\2\0\0\0'
        printf '\6\0\0\0\46\0\5\0\6\0\0\0\0\0\377\177\6\0\0\0\0\0\377\177'
        ;;
    esac
}

# The caller's directory where it is in the project, else the project.
directory=$(pwd -P && printf x)
directory=${directory%??}
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

# Once to find what is wrong, once for bubblewrap; what goes wrong only then stops it, too.
(options) >/dev/null || exit
{
    filter | {
        { (options) || arg --refused; } </dev/null 4<&- 9<&- | launch "$@"
    } 9<&0
} 4<&0
