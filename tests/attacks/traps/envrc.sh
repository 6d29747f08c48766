# tries: to have commands run when the user enters the directory
# stopped by: the file is read-only, and a mount point cannot be replaced
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
rm -f .envrc
ln -sf new .envrc
echo 'touch ~/ran' >new; mv -f new .envrc
echo 'touch ~/ran' >>.envrc
### succeeded
. ./.envrc
test -e ~/ran
### stopped
grep -q "cannot create .envrc: Read-only file system" "$OUT"
grep -q "mv: cannot move 'new' to '.envrc': Device or resource busy" "$OUT"
grep -q "ln: .*: Device or resource busy" "$OUT"
grep -q "rm: cannot remove '.envrc': Device or resource busy" "$OUT"
