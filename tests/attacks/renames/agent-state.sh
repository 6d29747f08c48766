# tries: to replace what the agent keeps on the host by links, so that the next run mounts, or the agent outside writes, what they lead to
# stopped by: each of it is a mount point, but for links in memory, which are gone afterwards
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$HOME/.claude" "$HOME/.claude" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir ~/.claude
### launch
set +e
"$SANDBOX" sh -c 'cd ~/.claude; for name in projects plans tasks file-history; do
    mv $name old-$name; rmdir $name; ln -sfT ../.ssh $name
done
for name in history.jsonl .credentials.json; do mv $name old; ln -sf ../.bashrc $name; done'
echo spoken >>~/.claude/history.jsonl
"$SANDBOX" ls -la "$HOME/.claude/projects/"
### succeeded
grep -q spoken ~/.bashrc
### stopped
[ "$(grep -c "mv: .*: Device or resource busy" "$OUT")" = 4 ]
[ "$(grep -c "ln: .*: Device or resource busy\|ln: .*: cannot overwrite directory" "$OUT")" = 4 ]
! grep -q id_ed25519 "$OUT"
