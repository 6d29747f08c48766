# tries: to read the user's private SSH key
# stopped by: nothing of the home is there that no rule shows
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
cat ~/.ssh/id_ed25519
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "cat: .*/.ssh/id_ed25519: No such file or directory" "$OUT"
