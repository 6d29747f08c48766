# tries: to run with the approval of another project whose plan is the same, put in the place of its own
# stopped by: an approval names its project and sandbox, and so does its file's name
# ways: exec
# untrusted: that is what is tried
# control: "$SBC" exec --
### launch
trusted=$HOME/.local/state/sbc/trusted
if [ "$WAY" = control ]; then "$SBC" trust --yes; exec "$SANDBOX" echo GOT-THROUGH; fi
cp -r . ../twin
"$SBC" trust --yes
own=$(ls "$trusted")
mv "$trusted/$own" "$BASE/own"
(cd ../twin && "$SBC" trust --yes)
other=$(ls "$trusted")
"$SANDBOX" echo GOT-THROUGH || true
cp "$trusted/$other" "$trusted/$own"
"$SANDBOX" echo GOT-THROUGH || true
ln -sf "$BASE/own" "$trusted/$own"
"$SANDBOX" echo GOT-THROUGH
### stopped
[ "$(grep -c 'is not trusted yet' "$OUT")" = 3 ]
grep -q "the approval is of another project or sandbox" "$OUT"
grep -q "the approval is a symbolic link" "$OUT"
