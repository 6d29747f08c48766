# tries: in a linked worktree, to change hooks and settings of the repository, and how git finds them
# stopped by: what the file `.git` leads to is protected as `.git` is
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$HOME/main/.git" "$HOME/main/.git" --dev /dev --proc /proc --unshare-pid --
### prepare
git branch -q other
git worktree add -q ~/tree other
mv "$PROJECT" ~/main
git -C ~/main worktree repair ~/tree 2>/dev/null || true
mv ~/tree "$PROJECT"
git -C ~/main worktree repair "$PROJECT"
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
common=$(git rev-parse --path-format=absolute --git-common-dir) own=$(git rev-parse --absolute-git-dir)
git init -q planted && git -C planted config core.fsmonitor "$PWD/evil.sh"
cp evil.sh "$common/hooks/post-commit"
git config core.fsmonitor "$PWD/evil.sh"
echo "$PWD/planted/.git" >"$own/commondir"
echo "$PWD/planted/.git" >"$common/commondir"
for directory in "$common/worktrees" "$own"; do mv "$directory" "$directory.old" && mv "$directory.old" "$directory"; done
### succeeded
git status >/dev/null
test -e ~/ran
### stopped
grep -q "cp: .*/main/.git/hooks/post-commit': Read-only file system" "$OUT"
grep -q "could not write config file .*/main/.git/config: Device or resource busy" "$OUT"
grep -q "cannot create .*/main/.git/worktrees/.*/commondir: Read-only file system" "$OUT"
grep -q "cannot create .*/main/.git/commondir: \(Read-only file system\|Permission denied\)" "$OUT"
[ "$(grep -c "mv: .*: Device or resource busy" "$OUT")" = 2 ]
