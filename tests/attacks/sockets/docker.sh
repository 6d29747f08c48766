# tries: to give a command to a container engine, whose socket a read-only mount does not protect
# stopped by: nothing of the runtime directory is there
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
tools/socket serve "$XDG_RUNTIME_DIR/docker.sock" >"$BASE/pids"
DOCKER_HOST="unix://$XDG_RUNTIME_DIR/docker.sock" "$SANDBOX" tools/socket send "$XDG_RUNTIME_DIR/docker.sock" "touch $HOME/ran"
### succeeded
test -e ~/ran
### stopped
grep -qx "connect: No such file or directory" "$OUT"
