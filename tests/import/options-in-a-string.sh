#!/bin/sh
SYSTEM="--ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64"
PRIVATE="--proc /proc --dev /dev --tmpfs /tmp"
BOX="$HOME/.local/share/box"
mkdir -p "$BOX"
# The home of the box is a directory of its own.
set -- --chdir "$PWD" "$@"
bwrap $SYSTEM $PRIVATE --bind "$BOX" "$HOME" --bind "$PWD" "$PWD" --unshare-all $EXTRA "$@"
