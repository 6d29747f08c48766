# tries: to be started where the agent wants to write, as a wrapper that binds the working directory would allow
# stopped by: what is writable is the directory of the approved policy, wherever the caller stands
# cve: CVE-2025-59532
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$(pwd)" "$(pwd)" --dev /dev --proc /proc --unshare-pid --
### launch
set +e
cd ~/other
"$SANDBOX" sh -c "echo GOT >$HOME/other/planted"
cd "$PROJECT/src"
"$SANDBOX" sh -c "echo GOT >$HOME/other/planted; pwd"
### succeeded
test -e ~/other/planted
### stopped
grep -q "SBC0007\|/other/planted: Directory nonexistent" "$OUT"
grep -q "^$PROJECT/src$" "$OUT"
! ls ~/other/planted
