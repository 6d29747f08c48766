# tries: to exhaust the machine by processes that start each other
# stopped by: `limits` bounds the processes of the sandbox; with the script it counts all of the user's, so that what is outside decides
# ways: exec
# control: "$SBC" exec --
### policy
sandbox "app" {
    inherit "claude" "node"
    limits { processes "40"; }
}
### control-policy
sandbox "app" {
    inherit "claude" "node"
    limits { processes "none"; }
}
### inside
# Two from each, seven times: 255 if nothing stops it.
bomb='[ "$1" = 0 ] && { echo x; exec sleep 1; }; sh -c "$0" "$0" $(($1 - 1)) & sh -c "$0" "$0" $(($1 - 1)) & wait'
sh -c "$bomb" "$bomb" 7
### succeeded
[ "$(grep -cx x "$OUT")" = 128 ]
### stopped
grep -q "Cannot fork" "$OUT"
