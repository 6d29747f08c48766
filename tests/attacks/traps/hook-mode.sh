# tries: to have git run a hook that is there and switched off, by making it executable
# stopped by: a read-only mount refuses to change modes, too
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
printf '#!/bin/sh\ntouch ~/ran\n' >.git/hooks/pre-commit
### inside
chmod +x .git/hooks/pre-commit
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "chmod: changing permissions of '.git/hooks/pre-commit': Read-only file system" "$OUT"
