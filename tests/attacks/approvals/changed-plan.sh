# tries: to open the home after the user has said yes, by a change of the policy and of a profile that it inherits
# stopped by: the approval is for the hash of the whole plan, and an approval is no longer one when it is edited
# ways: exec
# control: "$SBC" exec --
### policy
sandbox "app" { inherit "mine" "node"; }
profile "mine" { inherit "claude"; }
### launch
yes() { if [ "$WAY" = control ]; then "$SBC" trust --yes; fi; }
echo 'sandbox "app" { inherit "mine" "node"; } profile "mine" { inherit "claude"; filesystem { ro "~/other"; }; }' | sed 's/} p/}\np/' >.agent-sandbox.kdl
yes
"$SANDBOX" cat ~/other/notes.txt || true
printf 'sandbox "app" { inherit "mine" "node"; filesystem { ro "~/other"; }; }\nprofile "mine" { inherit "claude"; }\n' >.agent-sandbox.kdl
yes
"$SANDBOX" cat ~/other/notes.txt || true
# The approval says the same of the new plan.
plan=$("$SBC" trust 2>&1 | grep -o 'sha256:[0-9a-f]*' | head -n 1)
sed -i "1s/\"plan\":\"[0-9a-f]*/\"plan\":\"${plan#sha256:}/" ~/.local/state/sbc/trusted/*
"$SANDBOX" cat ~/other/notes.txt
### succeeded
grep -q SECRET-NOTES "$OUT"
### stopped
[ "$(grep -c 'has changed since you trusted it' "$OUT")" -ge 2 ]
grep -q "is not trusted yet" "$OUT"
