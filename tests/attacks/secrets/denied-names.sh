# tries: to read a denied file of the project by other names and by other programs
# stopped by: what is mounted on it cannot be opened, whoever opens it by whatever way
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
ln -s .env link
mkdir below && ln -s ../.env below/link
for name in .env ./src/../.env "$PWD/.env" link below/link "/proc/self/cwd/.env" "/proc/1/root$PWD/.env"; do
    cat "$name"
done
cp .env copied && cat copied
tar -cf - .env
dd if=.env
git add -f .env && git cat-file -p :.env
perl -e 'open(F, "+<", ".env") or die "$!\n"; print <F>'
exec 9<.env && cat <&9
### succeeded
[ "$(grep -ac SECRET-ENV "$OUT")" -ge 10 ]
### stopped
! grep -qa SECRET-ENV "$OUT"
[ "$(grep -c "Permission denied" "$OUT")" -ge 10 ]
grep -q "error: .env: can only add regular files" "$OUT"
