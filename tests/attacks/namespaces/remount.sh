# tries: to make the read-only `.git/hooks` writable again, as root of the sandbox
# stopped by: nobody inside has a capability, and the filter refuses `mount`
# control: bwrap --unshare-user --uid 0 --gid 0 --cap-add ALL --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --dev /dev --proc /proc --
### inside
id -u
mount -o remount,bind,rw "$PWD/.git/hooks"
umount "$PWD/.git/hooks"
printf '#!/bin/sh\ntouch "$HOME/hooked"\n' >.git/hooks/pre-commit
chmod +x .git/hooks/pre-commit
### succeeded
git commit -q --allow-empty -m later
test -e ~/hooked
### stopped
! grep -qx 0 "$OUT"
grep -q "^mount: .*hooks: must be superuser" "$OUT"
grep -q "hooks/pre-commit: Read-only file system" "$OUT"
