#!/bin/sh
# The settings of the machine as a whole, with the time zone as a link into /usr.
exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 \
    --ro-bind /etc /etc --proc /proc --dev /dev --tmpfs /tmp --bind "$PWD" "$PWD" --ro-bind-try ~/.gitconfig ~/.gitconfig \
    --unshare-all --share-net --die-with-parent --setenv NODE_ENV development -- bash "$@"
