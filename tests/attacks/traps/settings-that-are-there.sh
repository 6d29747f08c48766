# tries: to change the settings of editors and agents that are there, also by another name and by replacing them
# stopped by: the directories and files are read-only
# cve: CVE-2025-54136
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p .vscode .idea .claude/hooks .devcontainer .codex .cursor .gemini
echo sound | tee .vscode/settings.json .idea/x.xml .claude/settings.json .claude/hooks/x .devcontainer/devcontainer.json \
    .codex/config.toml .cursor/mcp.json .gemini/settings.json .mcp.json mise.toml >/dev/null
### inside
for file in .vscode/settings.json .idea/x.xml .claude/settings.json .claude/hooks/x .devcontainer/devcontainer.json \
    .codex/config.toml .cursor/mcp.json .gemini/settings.json .mcp.json mise.toml; do
    echo planted >"$file"
    echo planted >new; mv -f new "$file"
    echo planted >"/proc/self/cwd/$file"
    directory=${file%%/*}
    mv "$directory" "$directory.old" && mkdir "$directory" && echo planted >"$file"
done
### succeeded
! grep -r sound .vscode .idea .claude .devcontainer .codex .cursor .gemini .mcp.json mise.toml
### stopped
[ "$(grep -c "cannot create .*: Read-only file system" "$OUT")" -ge 20 ]
[ "$(grep -c "mv: .*: Read-only file system" "$OUT")" -ge 8 ]
[ "$(grep -c "mv: .*: Device or resource busy" "$OUT")" -ge 11 ]
! grep -r planted .vscode .idea .claude .devcontainer .codex .cursor .gemini .mcp.json mise.toml
