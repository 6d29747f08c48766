# tries: to open the home by a profile of the repository that is called like a built-in one
# stopped by: a name that is found twice is an error
# ways: exec
# untrusted: it does not compile
# control: "$SBC" exec --
### launch
name=claude
[ "$WAY" != control ] || name=another
mkdir -p .agent-sandbox/profiles
printf 'profile "%s" { inherit "base-dev"; filesystem { ro "~/other"; }; }\n' $name >".agent-sandbox/profiles/$name.kdl"
printf 'sandbox "app" { inherit "%s" "node"; }\n' $name >.agent-sandbox.kdl
"$SBC" trust --yes || true
"$SANDBOX" cat ~/other/notes.txt
### succeeded
grep -q SECRET-NOTES "$OUT"
### stopped
[ "$(grep -c 'there are 2 profiles named `claude`' "$OUT")" = 2 ]
