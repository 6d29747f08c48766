# tries: to put a file of its own over `/etc/passwd` by the calls for mounts that came later than most filters
# stopped by: the filter knows these calls, and refuses them whatever the rights
# cve: CVE-2021-41133
# control: "$SBC" exec --
### control-policy
sandbox "app" {
    inherit "claude" "node"
    isolation { nested-sandboxes "allow"; }
}
### inside
tools/new-mounts
### stopped
for call in fsopen fsconfig fsmount move_mount open_tree mount_setattr; do
    grep -qx "$call: Operation not permitted" "$OUT"
done
