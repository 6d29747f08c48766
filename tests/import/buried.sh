#!/bin/sh
# Later mounts bury earlier ones.
exec bwrap \
    --ro-bind "$HOME/.gitconfig" "$HOME/.gitconfig" \
    --bind "$HOME/.cache" "$HOME/.cache" \
    --ro-bind /usr /usr --ro-bind /bin /bin --ro-bind /lib /lib --ro-bind /lib64 /lib64 \
    --tmpfs "$HOME" \
    --bind "$PWD" "$PWD" \
    --bind "$HOME/.npm" "$HOME/.npm" \
    --remount-ro "$HOME/.npm" \
    --perms 0700 --size 1048576 --tmpfs /scratch \
    --perms 0000 --tmpfs "$PWD/private" --remount-ro "$PWD/private" \
    --proc /proc --dev /dev --remount-ro / \
    /bin/sh
