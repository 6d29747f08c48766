# tries: to carry the whole project away, and to put another one with other files in its place
# stopped by: it is a mount in a directory that is another one on the host
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### inside
cd ..
mv work old
mkdir -p work && echo 'touch ~/ran' >work/.envrc
### succeeded
. ~/work/.envrc
test -e ~/ran
### stopped
grep -q "mv: cannot move 'work' to 'old': Device or resource busy" "$OUT"
grep -q "cannot create work/.envrc: Read-only file system" "$OUT"
