# tries: to turn the rules about the home against it, by a HOME with `..`, with a newline, below the project or relative
# stopped by: a HOME that is no absolute path or lies below the project is refused; another one is followed to its real path
# control: sh -c 'exec bwrap --ro-bind / / --tmpfs "$HOME" --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all "$@"' sh
### launch
true_home=$HOME
for HOME in "$PROJECT/src" "$true_home/other/../.." "relative" "$true_home/other
$true_home"; do
    "$SANDBOX" /bin/cat "$true_home/.ssh/id_ed25519" "$true_home/other/notes.txt" || true
done
echo ended
### succeeded
grep -q SECRET "$OUT"
### stopped
grep -qx ended "$OUT"
