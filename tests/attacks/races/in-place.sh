# tries: to have keys shown where the built-in profile protects a name, which is a directory for the look and a link for the mount
# stopped by: what was looked at is what is mounted
# cve: CVE-2026-34079
# control: sh -c '[ ! -L "$PROJECT/.husky" ] || exit 1; sleep 0.01; exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --ro-bind "$PROJECT/.husky" "$PROJECT/.husky" -- "$@"' sh
# ways: exec
### prepare
ln -s "$HOME/.ssh" link
### launch
set +e
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- sh -c 'mkdir .husky; tools/exchange .husky link 20' &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^ran$" "$OUT"; }
until grep -q SECRET-KEY "$OUT" || enough || passed 17; do
    "$SANDBOX" sh -c "echo ran; cat .husky/id_ed25519"
done
touch stop
wait
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "^ran$" "$OUT"
