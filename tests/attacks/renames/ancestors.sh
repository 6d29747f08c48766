# tries: to carry a protected file away with any directory above it, and to put another tree in its place
# stopped by: each directory between a protected path and the writable tree is a mount of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/deploy/keys/prod/hosts" "$PROJECT/deploy/keys/prod/hosts" --dev /dev --proc /proc --unshare-pid --
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "./deploy/keys/prod/hosts"; }
}
### prepare
mkdir -p deploy/keys/prod
echo sound >deploy/keys/prod/hosts
### inside
for directory in deploy deploy/keys deploy/keys/prod; do mv "$directory" "old-${directory##*/}"; done
rm -rf deploy
mkdir -p deploy/keys/prod && echo planted >deploy/keys/prod/hosts
### succeeded
grep -q planted deploy/keys/prod/hosts
### stopped
[ "$(grep -c "mv: .* 'deploy.*': Device or resource busy" "$OUT")" = 3 ]
grep -q "rm: cannot remove 'deploy/keys/prod/hosts': Device or resource busy" "$OUT"
grep -q "cannot create deploy/keys/prod/hosts: Read-only file system" "$OUT"
grep -q sound deploy/keys/prod/hosts
