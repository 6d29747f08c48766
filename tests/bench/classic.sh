#!/usr/bin/env bash
# A sandbox for Claude Code as people write it by hand: the benchmarks compare with it (tests/bench/run.sh).
# examples/claude-classic/.agent-sandbox.kdl says the same as a policy; a test compares what both show.
# It runs its arguments inside, in the directory that it is called from.
set -euo pipefail

project=$PWD
node=/opt/node/node-v22.11.0-linux-x64

args=(
    --die-with-parent
    --unshare-user --unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try
    --hostname bubblewrap

    # Private.
    --tmpfs /tmp
    --dev /dev
    --proc /proc

    # Programs and libraries.
    --ro-bind /bin /bin
    --ro-bind /lib /lib
    --ro-bind /lib64 /lib64
    --ro-bind /usr/bin /usr/bin
    --ro-bind /usr/lib /usr/lib
    --ro-bind /usr/local/bin /usr/local/bin
    --ro-bind /usr/local/lib /usr/local/lib

    # The agent writes into a home that is thrown away.
    --tmpfs "$HOME"
)

# ro PATH...: shows read-only what is there.
ro() {
    local path
    for path in "$@"; do
        if [ -e "$path" ]; then
            args+=(--ro-bind "$path" "$path")
        fi
    done
}

# 32-bit libraries, and the node that runs the agent.
ro /lib32 "$node"
# Just what programs look for in /etc.
ro /etc/alternatives /etc/resolv.conf /etc/profile.d /etc/bash_completion.d
ro /etc/ssl/certs /etc/ssl/openssl.cnf
ro /etc/ld.so.cache /etc/ld.so.conf /etc/ld.so.conf.d
ro /etc/localtime /etc/nsswitch.conf /etc/hosts
ro /usr/share/terminfo /usr/share/ca-certificates /usr/share/zoneinfo
# Your shell, your name for commits, your programs.
ro "$HOME/.bashrc" "$HOME/.profile" "$HOME/.gitconfig" "$HOME/.local"

# What the agent remembers.
for directory in "$HOME/.claude" "$HOME/.cache"; do
    [ -e "$directory" ] || mkdir -p "$directory"
    args+=(--bind "$directory" "$directory")
done
# A copy: what the agent changes in it does not come back.
if [ -e "$HOME/.claude.json" ]; then
    exec 3<"$HOME/.claude.json"
    args+=(--perms 0600 --file 3 "$HOME/.claude.json")
fi

# The work, in place.
args+=(--bind "$project" "$project" --chdir "$project")

args+=(--clearenv)
for name in HOME USER LOGNAME SHELL TERM COLORTERM LANG TZ ANTHROPIC_API_KEY ANTHROPIC_BASE_URL; do
    if [ -n "${!name-}" ]; then
        args+=(--setenv "$name" "${!name}")
    fi
done
args+=(--setenv PATH "$HOME/.local/bin:$node/bin:/usr/local/bin:/usr/bin:/bin")

exec bwrap "${args[@]}" -- "$@"
