# tries: to make what other tools obey where none of it is there: as a file, a directory, a link, a pipe
# stopped by: whatever has appeared there is moved to the quarantine
# cve: CVE-2025-54135
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
rm .envrc
### inside
echo 'touch ~/ran' >.envrc
ln -s src/main.js mise.toml
mkfifo .mise.toml
echo '{"mcpServers":{}}' >.mcp.json
mkdir -p .devcontainer .cursor/rules .gemini/deep/er .husky/_
echo '{}' >.devcontainer/devcontainer.json
echo '{}' >.cursor/mcp.json
echo '{}' >.gemini/settings.json
echo 'touch ~/ran' >.husky/_/pre-commit
ln -s .cursor .codex
### succeeded
. ./.envrc
test -e ~/ran && test -e .codex/mcp.json
### stopped
[ "$(grep -c "has appeared while a sandbox ran" "$OUT")" = 9 ]
! ls -d .envrc mise.toml .mise.toml .mcp.json .devcontainer .cursor .gemini .husky .codex
grep -q 'touch ~/ran' ~/.local/state/sbc/quarantine/*/.envrc
