# tries: to change the policy while the user reads the question about it
# stopped by: an answer is for the plan that was shown, and another one does not run on it
# ways: exec
# untrusted: the question is the target
# control: sh -c 'cat .agent-sandbox.kdl; printf "[y/N] "; read answer; [ "$answer" = y ] && "$SBC" trust --yes && "$SBC" exec -- "$@"' sh
### launch
echo 'sandbox "app" { inherit "claude" "node"; filesystem { ro "~/other"; }; }' >next.kdl
tools/terminal "swapped" "y
" -- sh -c '
    (until grep -q "\[y/N\]" "$OUT"; do sleep 0.02; done; cp next.kdl .agent-sandbox.kdl; echo swapped) &
    "$SANDBOX" cat ~/other/notes.txt'
### succeeded
grep -q SECRET-NOTES "$OUT"
### stopped
grep -q "is not the plan that you trusted" "$OUT"
