# tries: to go on when the user has killed what started the sandbox, whatever it is
# stopped by: bubblewrap ends with its parent, and everything inside with bubblewrap
# ways: exec
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### launch
"$SANDBOX" /bin/sh -c "$INSIDE" &
until [ -e started ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
kill -9 $!
wait || true
sleep 0.2
rm -f later
sleep 0.4
echo looked
### inside
trap '' HUP TERM INT QUIT PIPE USR1 USR2
touch started
n=0
while [ "$n" -lt 25 ]; do touch later; sleep 0.1; n=$((n + 1)); done
### succeeded
test -e later
### stopped
test -e started
grep -qx looked "$OUT"
