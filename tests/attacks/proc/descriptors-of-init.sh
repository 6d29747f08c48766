# tries: to end the watch over the run: it takes what bubblewrap holds for the caller, writes to it and unlocks it, and leaves a trap
# stopped by: what bubblewrap holds is an empty lock, sbc has a hold of its own, and what is watched is looked at when all have ended
# ways: exec
# control: sh -c 'exec 9>>"$BASE/record" && flock 9 && bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --sync-fd 9 "$@"' sh
### prepare
echo "watch .mise.toml" >"$BASE/record"
### inside
perl -e '
    my ($getfd, $open) = (438, 434);
    my $init = syscall($open, 1, 0);
    for my $number (3 .. 40) {
        my $own = syscall($getfd, $init, $number, 0);
        if ($own >= 0) { open(my $file, "<&=", $own); print "taken $number\n"; flock($file, 8) and print "unlocked $number\n" }
        if (open(my $again, "+<", "/proc/1/fd/$number")) { truncate($again, 0) and print "emptied $number\n" }
        if (open(my $again, "<", "/proc/1/fd/$number")) { print "held $number\n" if -f $again }
        elsif ($!{EACCES}) { print "not to be reached\n" }
    }
'
echo '[env]' >mise.toml
### succeeded
if [ "$WAY" = control ]; then ! grep -q watch "$BASE/record"; else test -e mise.toml; fi
### stopped
# Where signals have a scope, that process is none of the command's.
grep -q "^held\|^not to be reached" "$OUT"
! grep -q "^emptied" "$OUT"
grep -q "mise.toml" "$OUT"
find ~/.local/state/sbc/quarantine -name 'mise.toml*' | grep -q .
