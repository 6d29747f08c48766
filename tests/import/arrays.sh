#!/bin/bash
# Agent sandbox with an argument array.
set -eu

args=(
    # The system, read-only.
    --ro-bind /usr /usr
    --symlink usr/bin /bin
    --symlink usr/lib /lib
    --symlink usr/lib64 /lib64
    --ro-bind-try /etc/ssl /etc/ssl  # certificates
    --ro-bind-try /etc/resolv.conf /etc/resolv.conf

    --proc /proc
    --dev /dev
    --tmpfs /tmp
)

# State of the tools.
for dir in .cache .npm .local/bin; do
    [ -d "$HOME/$dir" ] && args+=(--bind "$HOME/$dir" "$HOME/$dir")
done

if [[ -f ~/.gitconfig ]]; then
    args+=(--ro-bind ~/.gitconfig ~/.gitconfig)
fi

for file in /etc/{passwd,group}; do
    args+=("--ro-bind" "$file" "$file")
done

[ -e "$HOME/.vimrc" ] && args+=(--ro-bind "$HOME/.vimrc" "$HOME/.vimrc")

exec bwrap "${args[@]}" \
    --bind "$(pwd)" "$(pwd)" \
    --chdir "$(pwd)" \
    --unshare-all --share-net \
    --die-with-parent \
    -- "${@:-bash}"
