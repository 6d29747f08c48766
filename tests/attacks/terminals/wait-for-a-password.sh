# tries: to stay at the terminal when the command has ended, and to read what the user types next
# stopped by: with the command all that is inside ends
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### launch
tools/terminal "password: " "SECRET-WORD
SECRET-WORD
" -- sh -c '"$SANDBOX" /bin/sh -c "$INSIDE"; printf "password: "; read word; echo "the caller read ${word#SECRET-}"'
### inside
(trap '' HUP; head -n 1 </dev/tty >stolen) >/dev/null 2>&1 </dev/null &
sleep 0.2
echo ended
### succeeded
for wait in 1 2 3; do grep -q SECRET-WORD stolen && exit; sleep 0.1; done
exit 1
### stopped
test -e stolen
grep -q ended "$OUT"
grep -q "the caller read WORD" "$OUT"
