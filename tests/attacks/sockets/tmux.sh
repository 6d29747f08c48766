# tries: to type into a shell of the host by the socket of tmux, which lies in /tmp
# stopped by: /tmp is the sandbox's own
# needs: command -v tmux
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
tmux -f /dev/null -S "$BASE/tmux" new-session -d /bin/sh
tmux -S "$BASE/tmux" display-message -p '#{pid}' >"$BASE/pids"
TMUX="$BASE/tmux,1,0" "$SANDBOX" /bin/sh -c "$INSIDE" sh "$BASE/tmux" "$HOME/ran" || true
for wait in 1 2 3 4 5 6; do [ -e ~/ran ] || sleep 0.05; done
### inside
tmux -S "$1" send-keys "touch $2" Enter
### succeeded
test -e ~/ran
### stopped
grep -q "^error connecting to .*/tmux (No such file or directory)" "$OUT"
