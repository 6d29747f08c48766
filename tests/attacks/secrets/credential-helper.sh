# tries: to be told a password by the program that the user's git asks for it
# stopped by: what the program reads is not there
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
git config --global credential.helper store
echo "https://me:SECRET-PASSWORD@example.org" >~/.git-credentials
### inside
printf 'protocol=https\nhost=example.org\n\n' | GIT_TERMINAL_PROMPT=0 git credential fill
### succeeded
grep -q "password=SECRET-PASSWORD" "$OUT"
### stopped
grep -q "fatal: could not read Username for 'https://example.org': terminal prompts disabled" "$OUT"
