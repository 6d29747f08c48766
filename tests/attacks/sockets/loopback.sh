# tries: to give a command to a service of the host on loopback, such as a debugger or a database without a password
# stopped by: with `network "none"` a loopback of its own
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
port=$((20000 + $$ % 20000))
tools/socket serve "$port" >"$BASE/pids"
"$SANDBOX" tools/socket send "$port" "touch $HOME/ran"
### succeeded
test -e ~/ran
### stopped
grep -qx "connect: Connection refused" "$OUT"
