# tries: to leave the caller in the background of the terminal, where it can read no answer any more
# stopped by: sbc gives the terminal back to whoever had it; a script of `sh` cannot
# ways: exec
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
tools/terminal "next: " "hello
" -- sh -c '"$SANDBOX" perl -e "$INSIDE"
    perl -e "\$| = 1; print qq(next: ); print defined(\$line = <STDIN>) ? qq(it is \$line) : qq(nothing: \$!\n)"'
### inside
use POSIX;
$SIG{TTOU} = "IGNORE";
setpgid(0, 0);
tcsetpgrp(0, getpgrp());
### succeeded
grep -q "nothing: Input/output error" "$OUT"
### stopped
grep -q "it is hello" "$OUT"
