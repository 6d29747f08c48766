# tries: to open and read a file by io_uring, past every filter of system calls
# stopped by: the filter refuses io_uring
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
# needs: [ "$(cat /proc/sys/kernel/io_uring_disabled 2>/dev/null || echo 0)" = 0 ]
### prepare
echo GOT-THROUGH >"$PROJECT/file"
### inside
tools/ring-read file
### stopped
grep -qx "io_uring_setup: Operation not permitted" "$OUT"
