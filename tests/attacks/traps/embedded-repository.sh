# tries: to plant a repository that git in the root looks into as soon as the user adds all files
# stopped by: the project is searched after the run, and the settings that name a program are moved to the quarantine
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git init -q lib && git -C lib -c user.name=me -c user.email=me commit -q --allow-empty -m lib
git -C lib config core.fsmonitor "$PWD/evil.sh"
### succeeded
git add -A 2>/dev/null
git status >/dev/null
test -e ~/ran
### stopped
grep -q "/lib/.git.*appeared while a sandbox ran" "$OUT"
! ls lib/.git/config
