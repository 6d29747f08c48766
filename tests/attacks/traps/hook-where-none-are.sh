# tries: to make the directory of hooks where there is none, and hooks in it
# stopped by: the name is held by an empty directory that is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind-try "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --dev /dev --proc /proc --unshare-pid --
### prepare
rm -rf .git/hooks
### inside
mkdir -p .git/hooks
printf '#!/bin/sh\ntouch ~/ran\n' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit
rmdir .git/hooks; mv .git/hooks .git/other && mv .git/other .git/hooks
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "cannot create .git/hooks/pre-commit: Read-only file system" "$OUT"
grep -q "rmdir: .*: Device or resource busy" "$OUT"
grep -q "mv: .*: Device or resource busy" "$OUT"
! ls -d .git/hooks
