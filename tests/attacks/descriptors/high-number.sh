# tries: the same by a number that a shell cannot close
# stopped by: sbc closes all above 2; a POSIX shell knows one digit only, so with the script these stay open
# ways: exec
# cve: CVE-2024-21626
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
perl -MPOSIX -e '$^F = 255; open(D, "<", "/dev/null"); dup2(open_root(), 200); exec(@ARGV); sub open_root { require POSIX; POSIX::open("/", 0) }' "$SANDBOX" /bin/sh -c "$INSIDE"
### inside
cat "/proc/self/fd/200$HOME/.ssh/id_ed25519"
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "^cat: /proc/self/fd/200/.*: No such file or directory$" "$OUT"
