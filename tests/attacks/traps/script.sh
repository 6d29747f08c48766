# tries: to have the user run commands by starting the compiled script, while it runs or later
# stopped by: the directory of scripts is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >new; chmod +x new
cp new .agent-sandbox/app.sh
cp new .agent-sandbox/other.sh
echo 'touch ~/ran' >>.agent-sandbox/app.sh
mv -f new .agent-sandbox/app.sh
### succeeded
.agent-sandbox/app.sh -- true
test -e ~/ran
### stopped
[ "$(grep -c "cp: cannot create regular file '.agent-sandbox/.*': Read-only file system" "$OUT")" = 2 ]
grep -q "cannot create .agent-sandbox/app.sh: Read-only file system" "$OUT"
grep -q "mv: .*: Read-only file system" "$OUT"
sha256sum --check --quiet .agent-sandbox/sbc.lock
