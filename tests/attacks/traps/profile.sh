# tries: to open the keys for the next run, by a profile of the project that the policy inherits
# stopped by: the directory of profiles is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### policy
sandbox "app" {
    inherit "claude" "node" "team"
}
### prepare
mkdir -p .agent-sandbox/profiles
echo 'profile "team" { env { set TEAM="1"; }; }' >.agent-sandbox/profiles/team.kdl
### inside
echo 'profile "team" { filesystem { ro "~/secret-directory"; }; }' >.agent-sandbox/profiles/team.kdl
echo 'profile "team" { filesystem { ro "~/secret-directory"; }; }' >new && mv -f new .agent-sandbox/profiles/team.kdl
mv .agent-sandbox .old && cp -r .old .agent-sandbox
### succeeded
"$SBC" build --emit json | grep -q secret-directory
### stopped
grep -q "cannot create .agent-sandbox/profiles/team.kdl: Read-only file system" "$OUT"
grep -q "mv: .* 'new' to '.agent-sandbox/profiles/team.kdl'.*: Read-only file system" "$OUT"
grep -q "mv: cannot move '.agent-sandbox' to '.old': Device or resource busy" "$OUT"
"$SBC" build --check
