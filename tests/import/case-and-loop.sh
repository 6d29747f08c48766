#!/usr/bin/env bash
NET=host
PROJECT="$PWD"
while [ $# -gt 0 ]; do
    case "$1" in
        --no-net) NET=none; shift ;;
        --project) PROJECT="$2"; shift 2 ;;
        --) shift; break ;;
        *) break ;;
    esac
done

args=(--die-with-parent --new-session --unshare-ipc)
case "$NET" in
    none) args+=(--unshare-net) ;;
    *) args+=(--share-net) ;;
esac

for library in /lib /lib64 /lib32 /libx32; do
    if test -L "$library"; then
        args+=(--ro-bind "$library" "$library")
    fi
done

env -i HOME="$HOME" PATH="/usr/local/bin:/usr/bin:/bin" TERM="${TERM:-xterm}" \
    bwrap "${args[@]}" --ro-bind /usr /usr --ro-bind /bin /bin --tmpfs /tmp --proc /proc --dev /dev \
    --dir "$HOME" --bind "$PROJECT" "$PROJECT" --chdir "$PROJECT" bash
