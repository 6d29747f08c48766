# tries: to have sbc read, and print in its message, a file of the user, by a profile that is a link to it
# stopped by: a text that a link leads out of the project to is not read
# control: cat --
# ways: exec
### launch
set +e
mkdir -p .agent-sandbox/profiles
ln -s "$HOME/.ssh/id_ed25519" .agent-sandbox/profiles/team.kdl
if [ "$WAY" = control ]; then "$SANDBOX" .agent-sandbox/profiles/team.kdl; else "$SBC" check; fi
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "SBC0006" "$OUT" && grep -q "it leads out of the project" "$OUT"
