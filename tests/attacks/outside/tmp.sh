# tries: to write where programs of the host look for their files in /tmp
# stopped by: /tmp inside is another one
# control: bwrap --ro-bind / / --bind /tmp /tmp --dev /dev --proc /proc --unshare-pid --
### launch
"$SANDBOX" sh -c "mkdir -p $BASE && echo planted >$BASE/spool && ls $BASE"
### succeeded
grep -q planted "$BASE/spool"
### stopped
grep -q "^spool$\|Read-only file system" "$OUT"
! ls "$BASE/spool"
