# tries: to make a user namespace by the entry for 32-bit programs, where calls have other numbers than the filter knows
# stopped by: a call by that entry ends the process
# cve: CVE-2019-10063
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
# needs: [ "$(uname -m)" = x86_64 ]
### inside
# 310 is `unshare` there, and 20 `getpid`.
tools/try-syscall int80 20
tools/try-syscall int80 310 0x10000000 || true
### succeeded
[ "$(tail -n 1 "$OUT")" = 0 ]
### stopped
[ "$(grep -c "^Bad system call" "$OUT")" = 2 ]
! grep -q "^[0-9]*$" "$OUT"
