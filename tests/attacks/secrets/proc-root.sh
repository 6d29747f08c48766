# tries: to read a key through the root, the working directory or the descriptors of any process
# stopped by: there are no processes but those of the sandbox, and their root is the sandbox
# control: env
### inside
for process in /proc/[0-9]* /proc/self /proc/thread-self; do
    cat "$process/root$HOME/.ssh/id_ed25519" "$process/cwd/../.ssh/id_ed25519"
    for descriptor in "$process"/fd/*; do cat "$descriptor/.ssh/id_ed25519" "$descriptor/../.ssh/id_ed25519"; done
done 2>&1 | grep "SECRET-KEY\|No such file\|denied"
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "/proc/1/root/.*/.ssh/id_ed25519: \(No such file or directory\|Permission denied\)" "$OUT"
grep -q "/proc/self/root/.*/.ssh/id_ed25519: No such file or directory" "$OUT"
