# tries: to be trusted by an approval that comes with the repository, wherever one might be looked for
# stopped by: approvals count only in the user's own state directory
# ways: exec
# untrusted: that is what is tried
# control: "$SBC" exec --
### launch
"$SBC" trust --yes
if [ "$WAY" != control ]; then
    for place in .agent-sandbox .agent-sandbox/trusted .local/state .state .sbc; do
        mkdir -p "$place"
        cp -r ~/.local/state/sbc "$place/"
        cp -r ~/.local/state/sbc/trusted "$place/"
    done
    mv ~/.local/state/sbc/trusted "$BASE/elsewhere"
fi
"$SANDBOX" echo GOT-THROUGH
### stopped
grep -q '`app` of `.*/work` is not trusted yet' "$OUT"
