# tries: to give git on the host a hook, by renaming `.git` and making another one with it
# stopped by: `.git` is a mount of its own, and a mount point cannot be renamed
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --dev /dev --proc /proc --unshare-pid --
### inside
mv .git .git2 && cp -r .git2 .git && rm -rf .git/hooks && mkdir .git/hooks
printf '#!/bin/sh\ntouch "$HOME/hooked"\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
### succeeded
git commit -q --allow-empty -m later
test -e ~/hooked
### stopped
grep -q "mv: .*: Device or resource busy" "$OUT"
