# tries: in a linked worktree, to turn the file `.git` to a directory of the agent's own
# stopped by: the file is mounted on itself, read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$HOME/main/.git" "$HOME/main/.git" --ro-bind "$HOME/main/.git/hooks" "$HOME/main/.git/hooks" --ro-bind "$HOME/main/.git/config" "$HOME/main/.git/config" --dev /dev --proc /proc --unshare-pid --
### prepare
git branch -q other
git worktree add -q ~/tree other
mv "$PROJECT" ~/main
git -C ~/main worktree repair ~/tree 2>/dev/null || true
mv ~/tree "$PROJECT"
git -C ~/main worktree repair "$PROJECT"
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git init -q planted && git -C planted config core.fsmonitor "$PWD/evil.sh"
git -C planted config core.worktree "$PWD"
rm -f .git
echo "gitdir: $PWD/planted/.git" >new; mv -f new .git
echo "gitdir: $PWD/planted/.git" >.git
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "cannot create .git: Read-only file system" "$OUT"
grep -q "mv: cannot move 'new' to '.git': Device or resource busy" "$OUT"
grep -q "rm: cannot remove '.git': Device or resource busy" "$OUT"
