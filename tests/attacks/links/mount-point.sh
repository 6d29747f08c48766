# tries: to make bubblewrap create a file anywhere on the host at the next start, by a link on the way to a mount point
# stopped by: every place is resolved before, and a link in a directory that the sandbox can write ends the start
# cve: CVE-2026-87766
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind-try /dev/null "$PROJECT/settings/secrets.json" --dev /dev --proc /proc --unshare-pid --
# control needs: mkdir "$BASE/there" && ln -s "/oldroot$BASE/there" "$BASE/link" && { bwrap --ro-bind / / --bind "$BASE" "$BASE" --dir "$BASE/link/made" true || true; } && test -d "$BASE/there/made"
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { deny "./settings/secrets.json"; }
}
### prepare
mkdir ~/.config
### launch
set +e
"$SANDBOX" sh -c "mv settings old 2>/dev/null; ln -s /oldroot$HOME/.config settings"
"$SANDBOX" true
### succeeded
test -e ~/.config/secrets.json
### stopped
grep -q "/settings. is a symbolic link" "$OUT"
! ls ~/.config/secrets.json
