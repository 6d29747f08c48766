# tries: to change hooks that lie elsewhere in the project, where `.git/hooks` is a link to them
# stopped by: nothing starts where a protected name is a link that the sandbox could write through
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
mv .git/hooks scripts
ln -s ../scripts .git/hooks
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >scripts/pre-commit; chmod +x scripts/pre-commit
### succeeded
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "/.git/hooks. is a symbolic link" "$OUT"
