# tries: to read what the user's programs keep in shared memory
# stopped by: /dev/shm is the sandbox's own
# control: bwrap --ro-bind / / --dev-bind /dev /dev --bind "$PROJECT" "$PROJECT" --proc /proc --unshare-all --
### launch
segment=/dev/shm/sbc-attack-$$
trap 'rm -f "$segment"' EXIT
echo SECRET-SHARED >"$segment"
"$SANDBOX" sh -c "cat $segment; ls /dev/shm"
### succeeded
grep -q SECRET-SHARED "$OUT"
### stopped
grep -q "cat: /dev/shm/sbc-attack-.*: No such file or directory" "$OUT"
! grep -q "^sbc-attack" "$OUT"
