# tries: to change a hook where the repository says that hooks are in the project
# stopped by: the directory is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p .husky/_
printf '#!/bin/sh\nexit 0\n' >.husky/_/pre-commit
chmod +x .husky/_/pre-commit
git config core.hooksPath .husky/_
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >.husky/_/pre-commit
mv .husky .old; mkdir -p .husky/_
printf '#!/bin/sh\ntouch ~/ran\n' >.husky/_/pre-commit; chmod +x .husky/_/pre-commit
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "cannot create .husky/_/pre-commit: Read-only file system" "$OUT"
grep -q "mv: .*: Device or resource busy" "$OUT"
