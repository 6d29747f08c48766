# tries: to keep what must not appear from being moved away, by taking the rights to it and to the directories around it
# stopped by: it is moved to the quarantine all the same: the rights are given back first
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
git config extensions.worktreeConfig true
### inside
mkdir -p .codex .gemini
echo planted >.codex/config.toml
echo planted >.gemini/settings.json
echo planted >mise.toml
printf '[core]\n\tfsmonitor = touch ~/ran; false\n' >.git/config.worktree
chmod 555 .codex
chmod 000 .gemini .git
chmod 111 .
### succeeded
chmod u+rwx . .git .codex .gemini 2>/dev/null || true
git status >/dev/null
ls .codex/config.toml || ls .gemini/settings.json || ls mise.toml || test -e ~/ran
### stopped
[ "$(grep -c "has appeared while a sandbox ran" "$OUT")" = 4 ]
! grep -q "could not be moved away" "$OUT"
