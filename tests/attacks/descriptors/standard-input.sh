# tries: to read the home by a directory that is standard input
# stopped by: a directory as standard input is refused
# cve: CVE-2024-21626
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
"$SANDBOX" /bin/sh -c "$INSIDE" </
### inside
cat "/proc/self/fd/0$HOME/.ssh/id_ed25519"
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "directory" "$OUT"
