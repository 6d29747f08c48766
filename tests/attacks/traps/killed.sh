# tries: to plant what is only watched, and to have it stay because sbc is killed before it looks
# stopped by: a second process looks when the first is gone
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --die-with-parent --
# ways: exec
### launch
mkfifo "$BASE/ready"
"$SANDBOX" sh -c "echo '[env]' >mise.toml; echo ready; sleep 20" >"$BASE/ready" &
read -r _ <"$BASE/ready"
kill -9 $!
sleep 0.5
for _ in 1 2 3 4 5 6 7 8 9 10; do
    if [ ! -e mise.toml ]; then break; fi
    sleep 0.2
done
### succeeded
test -e mise.toml
### stopped
grep -q "/mise.toml. has appeared" "$OUT"
test -e ~/.local/state/sbc/quarantine/*/mise.toml
