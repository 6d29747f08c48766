# tries: to make settings of editors and agents where there are none, which are obeyed at once
# stopped by: the names are held by empty directories that are read-only
# cve: CVE-2026-25725 CVE-2025-53773
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
for file in .vscode/tasks.json .vscode/settings.json .idea/workspace.xml .claude/settings.json .claude/commands/x.md; do
    mkdir -p "${file%/*}"
    echo '{}' >"$file"
done
for directory in .vscode .idea .claude; do
    mv "$directory" moved; rmdir "$directory"
done
### succeeded
test -e .vscode/tasks.json -o -e moved/tasks.json && test -e .claude/settings.json -o -e moved/.claude/settings.json
### stopped
[ "$(grep -c "cannot create .*: Read-only file system" "$OUT")" -ge 4 ]
[ "$(grep -c "mv: .*: Device or resource busy" "$OUT")" = 3 ]
[ "$(grep -c "rmdir: .*: Device or resource busy" "$OUT")" = 3 ]
! ls -d .vscode .idea .claude
