# tries: to exchange the git directory, the hooks or the policy for others in one step
# stopped by: a mount point cannot be exchanged
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --dev /dev --proc /proc --unshare-pid --
### inside
cp -r .git planted
rm -rf planted/hooks && mkdir planted/hooks
printf '#!/bin/sh\ntouch ~/ran\n' >planted/hooks/pre-commit; chmod +x planted/hooks/pre-commit
printf 'sandbox "app" {\n    filesystem { ro "~/other"; }\n}\n' >policy
tools/exchange planted/hooks .git/hooks
tools/exchange planted .git
tools/exchange policy .agent-sandbox.kdl
### succeeded
git commit -q --allow-empty -m later
test -e ~/ran
"$SBC" build --emit json | grep -q '/other"'
### stopped
grep -q "exchange planted .git: Device or resource busy" "$OUT"
grep -q "exchange policy .agent-sandbox.kdl: \(Device or resource busy\|Invalid cross-device link\)" "$OUT"
grep -q "exchange planted/hooks .git/hooks: \(Device or resource busy\|Invalid cross-device link\)" "$OUT"
