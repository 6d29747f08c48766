# tries: to have sbc move a file of the user away, by a link that takes the place of the directory in which something has appeared
# stopped by: what is moved away lies in a directory that is held open, and no link is followed
# control: sh -c '[ ! -L .git/info ] && sleep 0.01 && [ -e .git/info/attributes ] && mv .git/info/attributes "$BASE/quarantined"' sh
# ways: exec
### prepare
rm -rf .git/info
mkdir .git/info ~/victim
echo mine >~/victim/attributes
ln -s "$HOME/victim" link
### launch
set +e
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- sh -c 'tools/exchange .git/info link 20' &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^ran$" "$OUT"; }
until [ ! -e ~/victim/attributes ] || enough || passed 17; do
    "$SANDBOX" echo ran
done
touch stop
wait
### succeeded
test ! -e ~/victim/attributes
### stopped
grep -q "^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "^ran$" "$OUT"
grep -q mine ~/victim/attributes
