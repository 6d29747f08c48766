# tries: to have git run programs in a submodule, by what git keeps of it in `.git/modules`
# stopped by: it is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
### prepare
git init -q ~/lib && git -C ~/lib -c user.name=me -c user.email=me commit -q --allow-empty -m lib
git -c protocol.file.allow=always submodule --quiet add ~/lib lib
git commit -qm lib
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git config --file .git/modules/lib/config core.fsmonitor "$PWD/evil.sh"
cp evil.sh .git/modules/lib/hooks/post-index-change
mv .git/modules .git/other && cp -r .git/other .git/modules
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "could not lock config file .git/modules/lib/config: Read-only file system" "$OUT"
grep -q "cp: .*: Read-only file system" "$OUT"
grep -q "mv: .*: Device or resource busy" "$OUT"
