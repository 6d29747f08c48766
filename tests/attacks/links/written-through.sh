# tries: to have a file of the home overwritten at the next start, by a link where the policy puts a file
# stopped by: nothing is ever written to the host by a mount, and a link in a directory that the sandbox can write ends the start
# cve: CVE-2026-87766
# control: sh -c 'exec bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --file 9 "$PROJECT/generated.sh" --dev /dev --proc /proc --unshare-pid -- "$@" 9<"$BASE/text"' sh
# control needs: mkdir "$BASE/there" && ln -s "/oldroot$BASE/there" "$BASE/link" && { bwrap --ro-bind / / --bind "$BASE" "$BASE" --dir "$BASE/link/made" true || true; } && test -d "$BASE/there/made"
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { file "./generated.sh" "touch ~/ran"; }
}
### control-policy
sandbox "app" {
    inherit "claude" "node"
}
### prepare
echo 'touch ~/ran' >"$BASE/text"
### launch
set +e
ln -sf "/oldroot$HOME/.bashrc" generated.sh
"$SANDBOX" true
### succeeded
. ~/.bashrc
test -e ~/ran
### stopped
grep -q "/generated.sh. is a symbolic link" "$OUT"
[ "$(cat ~/.bashrc)" = "# start-up" ]
