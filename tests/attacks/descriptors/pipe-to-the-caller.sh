# tries: to send commands through a pipe that a program of the host reads, such as the one between `make` and its children
# stopped by: sbc and the script close what they inherit, and their own pipes do not reach the command
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
mkfifo "$BASE/jobs"
sh <"$BASE/jobs" >/dev/null 2>&1 &
"$SANDBOX" /bin/sh -c "$INSIDE" 3>"$BASE/jobs" 4>&3 5>&3 6>&3 7>&3 8>&3 9>&3
wait
### inside
for number in 3 4 5 6 7 8 9; do
    (echo "touch $HOME/ran" >"/proc/self/fd/$number") 2>/dev/null && echo "sent by $number"
done
ls -l /proc/self/fd
echo tried
### succeeded
test -e ~/ran
### stopped
grep -qx tried "$OUT"
! grep -q "$BASE/jobs" "$OUT"
