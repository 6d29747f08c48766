# tries: to read the home by a directory that the caller had open
# stopped by: sbc and the script close what they inherit
# cve: CVE-2024-21626
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
"$SANDBOX" /bin/sh -c "$INSIDE" 3</ 4</ 5</ 6</ 7</ 8</ 9</
### inside
for number in 3 4 5 6 7 8 9; do cat "/proc/self/fd/$number$HOME/.ssh/id_ed25519"; done
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
[ "$(grep -c "^cat: /proc/self/fd/[3-9]/.*: \(No such file or directory\|Not a directory\)$" "$OUT")" = 7 ]
