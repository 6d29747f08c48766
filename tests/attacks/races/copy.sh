# tries: to have a file of the user copied in, by a link that takes the place of the directory of a file to copy
# stopped by: what was looked at is what is read
# control: sh -c '[ ! -L "$PROJECT/conf" ] || exit 1; sleep 0.01; exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --ro-bind-data 9 /copied -- "$@" 9<"$PROJECT/conf/credentials"' sh
# ways: exec
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { copy "./conf/credentials" at="/copied"; }
}
### prepare
mkdir conf
echo harmless >conf/credentials
ln -s "$HOME/.aws" link
### launch
set +e
"$SANDBOX" tools/exchange conf link 20 &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^harmless$" "$OUT"; }
until grep -q SECRET-AWS "$OUT" || enough || passed 17; do
    "$SANDBOX" sh -c "echo ran; cat /copied"
done
touch stop
wait
### succeeded
grep -q SECRET-AWS "$OUT"
### stopped
grep -q "^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "^harmless$" "$OUT"
