#!/usr/bin/env bash
# An editor with the agent's keys and a window.
: "${XDG_RUNTIME_DIR:=/run/user/$(id -u)}"
WAYLAND="${WAYLAND_DISPLAY:-wayland-0}"
args=(--ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64)
args+=(--proc /proc --dev /dev --tmpfs /tmp)
# The screen.
args+=(--tmpfs "$XDG_RUNTIME_DIR" --ro-bind-try "$XDG_RUNTIME_DIR/$WAYLAND" "$XDG_RUNTIME_DIR/$WAYLAND")
# Keys.
if [ -n "${SSH_AUTH_SOCK:-}" ]; then
    args+=(--bind "$SSH_AUTH_SOCK" "$SSH_AUTH_SOCK" --setenv SSH_AUTH_SOCK "$SSH_AUTH_SOCK")
fi
args+=(--bind-try "$XDG_RUNTIME_DIR/keyring" "$XDG_RUNTIME_DIR/keyring")
args+=(--dev-bind-try /dev/dri /dev/dri)
exec bwrap "${args[@]}" --tmpfs "$HOME" --bind "$PWD" "$PWD" code "$@"
