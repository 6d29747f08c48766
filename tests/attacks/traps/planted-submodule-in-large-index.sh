# tries: to hide that entry in an index that is too large to be looked through
# stopped by: the repository is found wherever it lies, and the index is read to its end, however large it is
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git init -q lib && git -C lib -c user.name=me -c user.email=me commit -q --allow-empty -m lib
git -C lib config core.fsmonitor "$PWD/evil.sh"
git update-index --add --cacheinfo "160000,$(git -C lib rev-parse HEAD),lib"
truncate -s -20 .git/index
perl -e 'print "XTRA", pack("N", 1100 << 20)' >>.git/index
truncate -s +1100M .git/index
truncate -s +20 .git/index
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "/lib/.git/config. has appeared" "$OUT"
! ls lib/.git/config
