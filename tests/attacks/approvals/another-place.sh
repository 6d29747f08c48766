# tries: to be trusted in the place of a project that is: moved away, and a link to another one in its place
# stopped by: an approval is for a real path
# ways: exec
# control: "$SBC" exec --
### launch
mkdir ../evil
cp -r .agent-sandbox.kdl .agent-sandbox ../evil
cd ..
mv work moved
ln -s evil work
if [ "$WAY" = control ]; then (cd evil && "$SBC" trust --yes); fi
cd "$HOME/work"
"$SANDBOX" echo GOT-THROUGH || true
cd "$HOME/moved"
"$SANDBOX" echo GOT-THROUGH
### stopped
grep -q '`app` of `.*/home/evil` is not trusted yet' "$OUT"
grep -q '`app` of `.*/home/moved` is not trusted yet' "$OUT"
