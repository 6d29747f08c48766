#!/usr/bin/env bash
set -euo pipefail

declare -a BWRAP_ARGS=()

ro() { local path; for path in "$@"; do BWRAP_ARGS+=(--ro-bind "$path" "$path"); done; }

ro_if() {
    local path="$1"
    [[ -e "$path" ]] || return 0
    BWRAP_ARGS+=(--ro-bind "$path" "$path")
}

function rw_if {
    if [ ! -e "$1" ]; then
        return
    fi
    BWRAP_ARGS+=(--bind "$1" "${2:-$1}")
}

die() { echo "error: $*" >&2; exit 1; }

main() {
    command -v bwrap >/dev/null || die "bubblewrap is not installed"

    # Programs.
    ro /usr /etc/alternatives
    ro_if /bin
    ro_if /lib
    ro_if /lib64
    # Only where it is used.
    ro_if "$HOME/.config/git"
    rw_if "$HOME/.cache"
    rw_if "$PWD"
    rw_if "$HOME/.missing"

    BWRAP_ARGS+=(--proc /proc --dev /dev --tmpfs /tmp --tmpfs /run)
    if [[ "${NO_NET:-0}" == "1" ]]; then
        BWRAP_ARGS+=(--unshare-net)
    fi
    exec bwrap "${BWRAP_ARGS[@]}" --unshare-pid --chdir "$PWD" /bin/sh "$@"
}

main "$@"
