#!/usr/bin/env bash
# Runs the agent in a sandbox: the system read-only, the project in place.
set -euo pipefail

exec bwrap \
    --tmpfs /tmp \
    --dev /dev \
    --proc /proc \
    --hostname bubblewrap --unshare-uts \
    --ro-bind /bin /bin \
    --ro-bind /lib /lib \
    --ro-bind /lib64 /lib64 \
    --ro-bind /usr/bin /usr/bin \
    --ro-bind /usr/lib /usr/lib \
    --ro-bind-try /usr/local/bin /usr/local/bin \
    --ro-bind-try /etc/alternatives /etc/alternatives \
    --ro-bind /etc/resolv.conf /etc/resolv.conf \
    --ro-bind-try /etc/ssl/certs /etc/ssl/certs \
    --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache \
    --ro-bind /etc/nsswitch.conf /etc/nsswitch.conf \
    --ro-bind /etc/hosts /etc/hosts \
    --tmpfs "$HOME" \
    --ro-bind "$HOME/.bashrc" "$HOME/.bashrc" \
    --ro-bind "$HOME/.gitconfig" "$HOME/.gitconfig" \
    --bind "$HOME/.claude" "$HOME/.claude" \
    --bind "$HOME/.cache" "$HOME/.cache" \
    --file 3 "$HOME/.claude.json" \
    --bind "$PWD" "$PWD" \
    --chdir "$PWD" \
    claude --dangerously-skip-permissions "$@" \
    3<"$HOME/.claude.json"
