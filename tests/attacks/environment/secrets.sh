# tries: to read the secrets among the caller's variables
# stopped by: only variables that a rule names get in
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
AWS_SECRET_ACCESS_KEY=SECRET-1 GITHUB_TOKEN=SECRET-2 NPM_TOKEN=SECRET-3 SSH_AUTH_SOCK=SECRET-4 "$SANDBOX" env
### succeeded
grep -q =SECRET "$OUT"
### stopped
grep -qx "HOME=$HOME" "$OUT"
