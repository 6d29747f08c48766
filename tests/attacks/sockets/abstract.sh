# tries: to give a command to a program of the host that listens on an abstract socket, as X11 and desktop services do
# stopped by: with `network "none"` a network namespace of its own, to which these sockets belong
# control: "$SBC" exec --
### policy
sandbox "app" {
    inherit "claude" "node"
    network "none"
}
### control-policy
sandbox "app" {
    inherit "claude" "node"
}
### launch
tools/socket serve "@attack-$BASE" >"$BASE/pids"
"$SANDBOX" tools/socket send "@attack-$BASE" "touch $HOME/ran"
### succeeded
test -e ~/ran
### stopped
grep -qx "connect: Connection refused" "$OUT"
