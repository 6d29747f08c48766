# tries: to have a file or directory made anywhere on the host, by a link where a missing path is created
# stopped by: what is missing is made without following a link, and a link in the project ends the start
# cve: CVE-2026-39861
# control: sh -c 'mkdir -p "$PROJECT/build/out/cache"; exec bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid -- "$@"' sh
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "./build/out/cache" missing="create-dir"; }
}
### launch
set +e
ln -s "$HOME/.config" build
mkdir ~/.config
"$SANDBOX" true
### succeeded
test -d ~/.config/out/cache
### stopped
grep -q "/build. is a symbolic link" "$OUT"
! ls -d ~/.config/out
