# tries: to find a directory in memory that takes whatever is written, up to half of the machine's memory
# stopped by: each one in the built-in profiles that can be written has a size
# control: bwrap --ro-bind / / --tmpfs /tmp --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### inside
# A file system in memory without a size says none among its options.
awk '$(NF - 2) == "tmpfs" && $6 !~ /^ro/ && $NF !~ /size=/ { print "no size: " $5 }' /proc/self/mountinfo
awk '$(NF - 2) == "tmpfs" && $6 !~ /^ro/ && $NF ~ /size=/ { print "bounded: " $5 }' /proc/self/mountinfo
### succeeded
grep -q "^no size" "$OUT"
### stopped
grep -qx "bounded: /tmp" "$OUT"
grep -qx "bounded: $HOME" "$OUT"
grep -qx "bounded: /dev/shm" "$OUT"
