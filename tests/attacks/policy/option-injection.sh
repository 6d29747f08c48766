# tries: to have the words of a command taken as options of bubblewrap, which then shows the whole host
# stopped by: `--` stands before every command
# cve: CVE-2024-32462
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all
### launch
"$SANDBOX" --bind / / cat "$HOME/.ssh/id_ed25519" || true
sed -i 's/inherit/run { command "--bind" "\/" "\/" "cat" "~\/.ssh\/id_ed25519"; }\n    inherit/; s|~|'"$HOME|" .agent-sandbox.kdl
[ "$WAY" = control ] || { "$SBC" build && "$SBC" trust --yes; }
case $WAY in exec) "$SBC" exec ;; script) .agent-sandbox/app.sh ;; esac
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
# After `--` an option is one for the policy's command, with sbc.
[ "$WAY" = script ] || grep -q '`--bind` is not inside the sandbox' "$OUT"
[ "$WAY" = exec ] || [ "$(grep -c '^bwrap: execvp --bind: No such file' "$OUT")" = 2 ]
