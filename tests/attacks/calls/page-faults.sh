# tries: to hold a thread in the middle of an access to memory, which wins the races that most holes of the kernel need
# stopped by: the filter refuses userfaultfd
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### inside
tools/serve-fault
### stopped
grep -qx "userfaultfd: Operation not permitted" "$OUT"
