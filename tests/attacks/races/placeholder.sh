# tries: to have directories made in the home, by a link that takes the place of a directory in which something missing is created
# stopped by: what is missing is made below directories that are held open, and no link is followed
# control: sh -c '[ ! -L "$PROJECT/build" ] && sleep 0.01 && mkdir -p "$PROJECT/build/out/cache"; rmdir "$PROJECT/build/out/cache" "$PROJECT/build/out"' sh
# ways: exec
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "./build/out/cache" missing="create-dir"; }
}
### prepare
mkdir build ~/.config
ln -s "$HOME/.config" link
### launch
set +e
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- tools/exchange build link 20 &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^ran$" "$OUT"; }
until [ -e ~/.config/out ] || enough || passed 17; do
    "$SANDBOX" echo ran
done
touch stop
wait
### succeeded
test -e ~/.config/out
### stopped
grep -q "^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "SBC0408\|SBC0603" "$OUT"
