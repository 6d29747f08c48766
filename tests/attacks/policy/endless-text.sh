# tries: to hang the tools of whoever only looks, by a policy or profile that never ends
# stopped by: only regular files of a limited size are read
# ways: exec
# untrusted: it does not compile
# control: cat
### launch
mkdir -p .agent-sandbox/profiles
look() {
    if [ "$WAY" = control ]; then timeout 1 cat "$1" >/dev/null; else timeout 10 "$SBC" check; fi || [ $? != 124 ] || echo GOT-THROUGH
}
rm .agent-sandbox.kdl
mkfifo .agent-sandbox.kdl
look .agent-sandbox.kdl
rm .agent-sandbox.kdl
ln -s /dev/zero .agent-sandbox.kdl
[ "$WAY" = control ] || look .agent-sandbox.kdl
rm .agent-sandbox.kdl
truncate -s 4G .agent-sandbox.kdl
[ "$WAY" = control ] || look .agent-sandbox.kdl
echo 'sandbox "app" { inherit "mine"; }' >.agent-sandbox.kdl
mkfifo .agent-sandbox/profiles/mine.kdl
look .agent-sandbox/profiles/mine.kdl
### stopped
[ "$(grep -c "^SBC[0-9]*" "$OUT")" -ge 4 ]
