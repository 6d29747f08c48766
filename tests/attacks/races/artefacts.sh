# tries: to have `sbc build` write into the home, by a link that takes the place of its directory after the look
# stopped by: the directory is held open, and what is written goes into that one
# control: sh -c '[ ! -L .agent-sandbox ] && sleep 0.01 && echo "#!/bin/sh" >.agent-sandbox/app.sh' sh
# ways: exec
### prepare
mkdir ~/.config
ln -s "$HOME/.config" link
### launch
set +e
build() { if [ "$WAY" = control ]; then "$SANDBOX"; else "$SBC" build; fi; }
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- tools/exchange .agent-sandbox link 20 &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^wrote .agent-sandbox/app.sh" "$OUT"; }
until [ -n "$(ls -A ~/.config)" ] || enough || passed 17; do
    build
done
touch stop
wait
### succeeded
[ -n "$(ls -A ~/.config)" ]
### stopped
grep -q "^[1-9][0-9]\{3,\} exchanges" "$OUT"
grep -q "^wrote .agent-sandbox/app.sh" "$OUT"
