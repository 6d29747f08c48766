# tries: to have git on the host run a program, by the repository's configuration
# stopped by: the file is read-only, and a mount point cannot be replaced
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --dev /dev --proc /proc --unshare-pid --
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
mkdir hooks; cp evil.sh hooks/pre-commit
cp .git/config new; rm -f .git/config; mv -f new .git/config
printf '[core]\n\thooksPath = hooks\n' >>.git/config
git config core.fsmonitor "$PWD/evil.sh"
### succeeded
git status >/dev/null
git commit -q --allow-empty -m later
test -e ~/ran
### stopped
grep -q "error: could not write config file .*.git/config: Device or resource busy" "$OUT"
grep -q "cannot create .git/config: Read-only file system" "$OUT"
grep -q "mv: .* 'new' to '.git/config'.*: Device or resource busy" "$OUT"
grep -q "rm: cannot remove '.git/config': Device or resource busy" "$OUT"
