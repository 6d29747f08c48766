# tries: to read a file of the home at the next start, by a link in the project where a link of the user's leads through it
# stopped by: every link on the way to what is shown is looked at, and one that the sandbox could have made ends the start
# control: bwrap --ro-bind / / --tmpfs "$HOME" --bind "$PROJECT" "$PROJECT" --ro-bind "$HOME/.toolrc" "$HOME/.toolrc" --dev /dev --proc /proc --unshare-pid --
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "~/.toolrc"; }
}
### prepare
mkdir -p settings ~/private
echo fine >settings/toolrc
echo GOT-THROUGH >~/private/toolrc
ln -s "$PROJECT/settings/toolrc" ~/.toolrc
### launch
"$SANDBOX" sh -c "cat ~/.toolrc && mv settings old && ln -s $HOME/private settings"
set +e
"$SANDBOX" sh -c 'cat ~/.toolrc'
### stopped
grep -q '^fine$' "$OUT"
grep -q "/settings. is a symbolic link" "$OUT"
