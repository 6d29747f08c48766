# tries: to go on when the command has ended, in a session of its own
# stopped by: with the command all that is inside ends
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### launch
"$SANDBOX" /bin/sh -c "$INSIDE"
echo ended
sleep 0.5
### inside
setsid sh -c '(trap "" HUP TERM INT; echo alive; sleep 0.3; touch later) &' </dev/null >started 2>&1
until [ -s started ]; do sleep 0.01; done
cat started
### succeeded
test -e later
### stopped
grep -qx alive "$OUT"
grep -qx ended "$OUT"
