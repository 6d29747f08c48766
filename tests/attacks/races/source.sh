# tries: to have a directory of the user shown, by a link that takes the place of a directory after sbc has looked at it
# stopped by: what was looked at is what is mounted
# cve: CVE-2024-42472 CVE-2026-34078
# control: sh -c '[ ! -L "$PROJECT/data" ] || exit 1; sleep 0.01; exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --ro-bind "$PROJECT/data" /data -- "$@"' sh
# ways: exec
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "./data" at="/data"; }
}
### prepare
mkdir data
ln -s "$HOME/.ssh" link
### launch
set +e
"$SANDBOX" tools/exchange data link 20 &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^ran$" "$OUT"; }
until grep -q SECRET-KEY "$OUT" || enough || passed 17; do
    "$SANDBOX" sh -c "echo ran; cat /data/id_ed25519"
done
touch stop
wait
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "^[0-9]*[0-9]000* exchanges\|^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "^ran$" "$OUT"
