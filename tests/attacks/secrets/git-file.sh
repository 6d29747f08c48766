# tries: to have the next start show another repository, by a `.git` that names it
# stopped by: a `.git` counts for nothing if what it names does not point back; `exec` has also moved it away before
# control: sh -c 'git=$(git rev-parse --path-format=absolute --git-common-dir || echo "$PROJECT"); exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --bind "$git" "$git" --dev /dev --proc /proc --unshare-pid -- "$@"' sh
### prepare
cd ~/other
git init -q && git add -A && git -c user.name=me -c user.email=me commit -qm secret
cd "$PROJECT"
rm -rf .git
### launch
set +e
"$SANDBOX" sh -c "echo 'gitdir: $HOME/other/.git' >.git"
"$SANDBOX" sh -c 'git cat-file --batch-all-objects --batch | grep -a SECRET-NOTES'
"$SANDBOX" ls "$HOME/other/.git"
### succeeded
grep -qa SECRET-NOTES "$OUT" && grep -q objects "$OUT"
### stopped
grep -q "fatal: not a git repository" "$OUT"
grep -q "cannot access '.*/other/.git': No such file or directory" "$OUT"
