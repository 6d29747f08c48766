# tries: to take a denied file from under what hides it: by a hard link, by renaming, by replacing it
# stopped by: a mount point can be neither linked nor renamed nor removed
# control: "$SBC" exec --
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { deny "./.env"; }
}
### control-policy
sandbox "app" {
    inherit "claude" "node"
}
### prepare
echo SECRET-ENV >.env
### inside
ln .env linked; cat linked
mv .env moved; cat moved
echo mine >new; mv -f new .env
rm -f .env
### succeeded
grep -q SECRET-ENV "$OUT"
### stopped
grep -q "ln: failed to create hard link.*: Invalid cross-device link" "$OUT"
grep -q "mv: cannot move '.env' to 'moved': Device or resource busy" "$OUT"
grep -q "mv: cannot move 'new' to '.env': Device or resource busy" "$OUT"
grep -q "rm: cannot remove '.env': Device or resource busy" "$OUT"
grep -q SECRET-ENV .env
