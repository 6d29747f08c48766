# tries: to give git on the host a hook, new or in the place of one that is there
# stopped by: the directory of hooks is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
printf '#!/bin/sh\nexit 0\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >hook; chmod +x hook
cp hook .git/hooks/pre-commit
cp hook .git/hooks/post-commit
mv hook .git/hooks/post-index-change
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
[ "$(grep -c "cp: cannot create regular file '.git/hooks/.*': Read-only file system" "$OUT")" = 2 ]
grep -q "mv: .*: Read-only file system" "$OUT"
