# tries: to keep sbc waiting for ever, by a pipe that takes the place of a file which it reads
# stopped by: what is read is opened without waiting, and looked at when it is open
# control: sh -c '[ -f .envrc ] && sleep 0.01 && cat .envrc' sh
# ways: exec
### prepare
mkfifo pipe other-pipe
### launch
set +e
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- tools/exchange .envrc pipe 4 &
bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent -- tools/exchange .agent-sandbox.kdl other-pipe 20 &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && grep -q "^ran$" "$OUT"; }
until grep -q HANGS "$OUT" || enough || passed 17; do
    timeout --kill-after=1 4 "$SANDBOX" echo ran; [ $? != 124 ] || echo HANGS
done
touch stop
wait
### succeeded
grep -q HANGS "$OUT"
### stopped
[ "$(grep -c "^[1-9][0-9]\{3,\} exchanges" "$OUT")" = 2 ]
grep -q "^ran$" "$OUT"
