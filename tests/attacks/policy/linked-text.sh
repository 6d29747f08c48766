# tries: to have a file of the user's printed in a message, by a policy or a profile that is a link to it
# stopped by: links that lead out of the project are not followed
# cve: CVE-2026-39861
# ways: exec
# untrusted: it does not compile
# control: sh
### launch
# Without the protection it would be as if the text itself stood there.
if [ "$WAY" = control ]; then put='cp'; else put='ln -sf'; fi
rm .agent-sandbox.kdl
$put ~/.ssh/id_ed25519 .agent-sandbox.kdl
"$SBC" check || true
rm .agent-sandbox.kdl
echo 'sandbox "app" { inherit "mine"; }' >.agent-sandbox.kdl
mkdir -p .agent-sandbox/profiles
$put ~/.aws/credentials .agent-sandbox/profiles/mine.kdl
"$SBC" check || true
rm -r .agent-sandbox/profiles
mkdir ~/.ssh/profiles
cp ~/.ssh/id_ed25519 ~/.ssh/profiles/mine.kdl
$put -r ~/.ssh/profiles .agent-sandbox/profiles 2>/dev/null || ln -s ~/.ssh/profiles .agent-sandbox/profiles
"$SBC" check
### succeeded
grep -q SECRET "$OUT"
### stopped
[ "$(grep -c "cannot be read: it leads out of the project" "$OUT")" = 3 ]
