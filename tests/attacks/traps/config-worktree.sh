# tries: to make the second configuration, which git reads where the first says so
# stopped by: it is moved to the quarantine when it appears
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
git config extensions.worktreeConfig true
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
printf '[core]\n\tfsmonitor = %s/evil.sh\n' "$PWD" >.git/config.worktree
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "SBC0901" "$OUT"
grep -q "/.git/config.worktree. has appeared" "$OUT"
! ls .git/config.worktree
