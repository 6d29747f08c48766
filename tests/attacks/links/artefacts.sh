# tries: to have `sbc build` write outside of the project, by a link in the place of its directory or of a script
# stopped by: artefacts are not written through a link
# control: sh -c 'mkdir -p .agent-sandbox; echo "#!/bin/sh" >.agent-sandbox/app.sh; echo x >.agent-sandbox/sbc.lock' sh
# ways: exec
### launch
set +e
build() { if [ "$WAY" = control ]; then "$SANDBOX"; else "$SBC" build; fi; }
echo '# mine' >~/.profile
ln -sf "$HOME/.profile" .agent-sandbox/app.sh
build
rm -rf .agent-sandbox
mkdir ~/.config
ln -s "$HOME/.config" .agent-sandbox
build
### succeeded
test -e ~/.config/app.sh && [ "$(cat ~/.profile)" != "# mine" ]
### stopped
grep -q "wrote .agent-sandbox/app.sh" "$OUT"
grep -q "SBC0603" "$OUT" && grep -q "it leads out of the project" "$OUT"
[ "$(cat ~/.profile)" = "# mine" ] && [ -z "$(ls ~/.config)" ]
