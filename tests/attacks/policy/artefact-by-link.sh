# tries: to have `sbc build` write into a file of the user's, by a link in the place of the script, of the lock or of their directory
# stopped by: artefacts are not written through links
# cve: CVE-2026-39861
# ways: exec
# control: cp
### launch
write() {
    if [ "$WAY" = control ]; then echo overwritten >.agent-sandbox/app.sh; else "$SBC" build || true; fi
}
ln -sf ~/.bashrc .agent-sandbox/app.sh
write
ln -sf ~/.ssh/authorized_keys .agent-sandbox/app.sh
write
rm .agent-sandbox/app.sh
ln -sf ~/.bash_profile .agent-sandbox/sbc.lock
write
rm -r .agent-sandbox
ln -s ~/other .agent-sandbox
write
echo ended
### succeeded
test -e ~/.bash_profile || test -e ~/.ssh/authorized_keys || test -e ~/other/app.sh || ! grep -qx "# start-up" ~/.bashrc
### stopped
grep -q '`.*/work/.agent-sandbox` cannot be written: it leads out of the project' "$OUT"
[ "$(grep -c "^wrote .agent-sandbox/app.sh" "$OUT")" = 2 ]
grep -q '`.agent-sandbox/sbc.lock` cannot be read: it is no regular text file' "$OUT"
