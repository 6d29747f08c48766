# tries: to put a link in the place of each protected name, so that the host follows it to a file of the agent's
# stopped by: a mount point can be neither removed nor replaced
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p .vscode .claude .husky
### inside
mkdir mine; echo 'touch ~/ran' >mine/file
for name in .envrc .agent-sandbox.kdl .git/config .vscode .claude .husky .agent-sandbox .git/hooks; do
    ln -sfn "$PWD/mine/file" "$name" 2>&1 | grep "busy\|overwrite" || { rm -rf "$name"; ln -sfn "$PWD/mine/file" "$name"; }
    rm -rf "$name" 2>/dev/null && ln -sfn "$PWD/mine/file" "$name"
done
### succeeded
test -L .envrc && test -L .vscode && test -L .agent-sandbox.kdl && test -L .git/hooks
### stopped
[ "$(grep -c "ln: .*: Device or resource busy\|ln: .*cannot overwrite" "$OUT")" -ge 3 ]
! find .envrc .agent-sandbox.kdl .git/config .vscode .claude .husky .agent-sandbox .git/hooks -maxdepth 0 -type l | grep .
