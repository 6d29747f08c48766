# tries: to use the user's keys by the ssh agent, named in a variable or found in the directory of sockets
# stopped by: neither the variable nor the socket is there
# needs: command -v ssh-agent ssh-add ssh-keygen
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
ssh-keygen -q -t ed25519 -N '' -C user-key -f "$BASE/key"
eval "$(ssh-agent -a "$XDG_RUNTIME_DIR/agent")" >/dev/null
echo "$SSH_AGENT_PID" >"$BASE/pids"
ssh-add -q "$BASE/key"
"$SANDBOX" /bin/sh -c "$INSIDE"
### inside
echo "named: ${SSH_AUTH_SOCK-nothing}"
ssh-add -l
SSH_AUTH_SOCK=${PWD%/home/*}/run/agent ssh-add -l
### succeeded
grep -q "^256 .* user-key" "$OUT"
### stopped
grep -qx "named: nothing" "$OUT"
grep -q "^Error connecting to agent: No such file or directory" "$OUT"
