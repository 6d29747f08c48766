# tries: to plant a repository and an entry in the index that makes git in the root look into it
# stopped by: the repository is found after the run, and its settings are moved to the quarantine
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git init -q lib && git -C lib -c user.name=me -c user.email=me commit -q --allow-empty -m lib
git -C lib config core.fsmonitor "$PWD/evil.sh"
git update-index --add --cacheinfo "160000,$(git -C lib rev-parse HEAD),lib"
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "/lib/.git/config. has appeared" "$OUT"
! ls lib/.git/config
