# tries: as the agent, to trust a policy that it has written into a directory of the project, for the user to start there
# stopped by: what is approved inside stays in the sandbox's own home, and the records are not there
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-all --
### launch
cp "$SBC" tools/sbc 2>/dev/null || { mkdir tools && cp "$SBC" tools/sbc; }
"$SANDBOX" /bin/sh -c "$INSIDE" || true
cd src
# The user has it back from the quarantine.
[ -e .agent-sandbox.kdl ] || mv ~/.local/state/sbc/quarantine/*/.agent-sandbox.kdl .
"$SBC" exec -- echo GOT-THROUGH
### inside
cd src
echo 'sandbox "app" { inherit "claude"; filesystem { ro "~/.aws"; }; }' >.agent-sandbox.kdl
sed -i 's/; filesystem.*/; }/' .agent-sandbox.kdl
../tools/sbc trust --yes && echo "trusted inside"
mkdir -p ~/.local/state/sbc/trusted
cp -r ~/.local/state/sbc/trusted /var/tmp 2>/dev/null
ls ~/.local/state/sbc/trusted
### stopped
grep -q "trusted inside" "$OUT"
grep -q '`app` of `.*/work/src` is not trusted yet' "$OUT"
