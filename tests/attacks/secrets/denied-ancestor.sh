# tries: to carry a denied file away with its directory in one run, and to read it there in the next
# stopped by: each directory between a denied file and the writable tree is a mount of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind /dev/null "$PROJECT/config/prod/key.pem" --dev /dev --proc /proc --unshare-pid --
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { deny "./config/prod/key.pem"; }
}
### prepare
mkdir -p config/prod
echo SECRET-PEM >config/prod/key.pem
### launch
set +e
"$SANDBOX" sh -c 'mv config/prod config/old; mv config settings'
"$SANDBOX" sh -c 'cat config/old/key.pem settings/prod/key.pem settings/old/key.pem config/prod/key.pem'
### succeeded
grep -q SECRET-PEM "$OUT"
### stopped
[ "$(grep -c "mv: cannot move .*: Device or resource busy" "$OUT")" = 2 ]
grep -q "cat: config/prod/key.pem: Permission denied" "$OUT"
