# tries: to kill the caller, who is in the same process group although in no common namespace
# stopped by: sbc gives the command a scope for signals, where the kernel has that (Landlock, Linux 6.12); the script cannot
# ways: exec
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
setsid --wait /bin/sh -c '"$SANDBOX" /bin/sh -c "$INSIDE"; echo "the caller goes on"' || true
### inside
trap '' TERM
kill -TERM 0
echo "kill ended with $?"
kill -KILL 0
### succeeded
! grep -qx "the caller goes on" "$OUT"
### stopped
grep -qx "kill ended with 0" "$OUT"
