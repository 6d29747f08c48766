# tries: to open the keys for the next run, by changing the policy
# stopped by: it is read-only, and a mount point cannot be replaced
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
printf 'sandbox "app" {\n    filesystem { ro "~/other"; }\n    run { command "cat" "/x"; }\n}\n' >new
rm -f .agent-sandbox.kdl
cat new >.agent-sandbox.kdl
mv -f new .agent-sandbox.kdl
### succeeded
"$SBC" build --emit json | grep -q '/other"'
### stopped
grep -q "cannot create .agent-sandbox.kdl: Read-only file system" "$OUT"
grep -q "mv: cannot move 'new' to '.agent-sandbox.kdl': Device or resource busy" "$OUT"
grep -q "rm: cannot remove '.agent-sandbox.kdl': Device or resource busy" "$OUT"
"$SBC" build --check
