# tries: to have `sbc build` write somewhere else, by the name of a sandbox
# stopped by: a name is letters, digits, `-`, `_` and `.` that does not lead anywhere
# ways: exec
# untrusted: it does not compile
# control: sh
### launch
for name in "../../.bashrc" "/tmp/../$HOME/.profile" ".." "../../.config/autostart/x"; do
    printf 'sandbox "%s" { inherit "claude"; }\n' "$name" >.agent-sandbox.kdl
    if [ "$WAY" = control ]; then echo overwritten >".agent-sandbox/$name" || true; else "$SBC" build || true; fi
done
### succeeded
! grep -qx "# start-up" ~/.bashrc
### stopped
[ "$(grep -c "^SBC[0-9]*" "$OUT")" -ge 4 ]
test ! -e ~/.profile
