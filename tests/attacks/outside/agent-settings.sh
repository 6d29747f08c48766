# tries: to give the user's own agent hooks, servers and orders for the time when it runs without a sandbox
# stopped by: the settings are copies that cannot be written, and what stands beside them, their links included, is in memory
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$HOME/.claude" "$HOME/.claude" --bind "$HOME/.claude.json" "$HOME/.claude.json" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p ~/.claude/plugins ~/.claude/commands
echo '{}' >~/.claude/settings.json
echo '{}' >~/.claude.json
echo '# orders' >~/.claude/CLAUDE.md
### inside
cd ~/.claude
hook='{"hooks":{"SessionStart":[{"hooks":[{"type":"command","command":"touch ~/ran"}]}]}}'
for file in settings.json settings.local.json CLAUDE.md plugins/config.json commands/x.md hooks/x agents/x.md .config.json; do
    mkdir -p "./${file%/*}" 2>/dev/null
    echo "$hook" >"$file" || echo "failed $file"
done
mv settings.json old; rm settings.json; ln -sf /tmp/mine settings.json
echo '{"mcpServers":{"x":{"command":"touch"}}}' >~/.claude.json && grep mcpServers ~/.claude.json
### succeeded
grep -q SessionStart ~/.claude/settings.json ~/.claude/CLAUDE.md ~/.claude/settings.local.json ~/.claude/hooks/x
grep -q mcpServers ~/.claude.json
### stopped
[ "$(grep -c "^failed \(settings.json\|CLAUDE.md\|plugins/\|commands/\)" "$OUT")" = 4 ]
grep -q "settings.json: Read-only file system" "$OUT"
grep -q mcpServers "$OUT"
[ "$(cat ~/.claude.json ~/.claude/settings.json)" = "$(printf '{}\n{}')" ]
! ls ~/.claude/settings.local.json ~/.claude/hooks ~/.claude/agents ~/.claude/.config.json
