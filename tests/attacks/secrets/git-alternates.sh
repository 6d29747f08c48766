# tries: to have git read the objects of another repository of the user
# stopped by: the other repository is not there
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
cd ~/other
git init -q && git add -A && git -c user.name=me -c user.email=me commit -qm secret
### inside
echo "$HOME/other/.git/objects" >.git/objects/info/alternates
git cat-file --batch-all-objects --batch | grep -a SECRET-NOTES
### succeeded
grep -qa SECRET-NOTES "$OUT"
### stopped
grep -q "error: unable to normalize alternate object path: .*/other/.git/objects" "$OUT"
