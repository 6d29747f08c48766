# tries: to exhaust the machine's memory by files in the directories that lie in memory
# stopped by: each of them that can be written has a size
# control: "$SBC" exec --
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem {
        tmpfs "/tmp" size="4M" mode="1777"
        tmpfs "/dev/shm" size="4M" mode="1777"
        tmpfs "~" size="4M" mode="0700"
        tmpfs "~/.claude" size="4M" mode="0700"
    }
}
### control-policy
sandbox "app" {
    inherit "claude" "node"
    filesystem {
        tmpfs "/tmp" mode="1777"
        tmpfs "/dev/shm" size="4M" mode="1777"
        tmpfs "~" size="4M" mode="0700"
        tmpfs "~/.claude" size="4M" mode="0700"
    }
}
### inside
awk '$(NF - 2) == "tmpfs" || $(NF - 1) == "tmpfs" { print $5 }' /proc/self/mountinfo | while read -r at; do
    if head -c 16M /dev/zero >"$at/big"; then echo "GOT-THROUGH in $at"; fi
done
### stopped
[ "$(grep -c "No space left on device" "$OUT")" = 4 ]
[ "$(grep -c "Read-only file system" "$OUT")" = 2 ]
