# tries: the same with XDG_STATE_HOME turned to the project, as its `.envrc` can do
# stopped by: records that the sandbox could write stop it; a relative XDG_STATE_HOME counts for nothing
# ways: exec
# untrusted: that is what is tried
# control: "$SBC" exec --
### launch
"$SBC" trust --yes
mv ~/.local/state "$BASE/state"
cp -r "$BASE/state" .state
ln -s ../.state .state/inner
if [ "$WAY" = control ]; then XDG_STATE_HOME=$BASE/state "$SANDBOX" echo GOT-THROUGH; exit; fi
ln -s "$PROJECT/.state" ~/link
for state in "$PROJECT/.state" "$PROJECT/src/../.state" "$HOME/link" .state; do
    XDG_STATE_HOME=$state "$SANDBOX" echo GOT-THROUGH || true
done
### stopped
[ "$(grep -c '^SBC0504' "$OUT")" = 3 ]
[ "$(grep -c 'is not trusted yet' "$OUT")" = 1 ]
