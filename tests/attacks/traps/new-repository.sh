# tries: to make a repository where the project has none, with a program in its settings
# stopped by: it is moved to the quarantine whole
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
rm -rf .git
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git init -q . && git config core.fsmonitor "$PWD/evil.sh"
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "/.git. has appeared" "$OUT"
! ls -d .git
