# tries: the same with bubblewrap itself: a sandbox in the sandbox has no mount on `.git/hooks`, and reaches it by a descriptor
# stopped by: user namespaces are used up (`--disable-userns`), and the filter refuses them
# control: "$SBC" exec --
### control-policy
sandbox "app" {
    inherit "claude" "node"
    isolation { nested-sandboxes "allow"; }
}
### inside
printf '#!/bin/sh\ntouch "$HOME/hooked"\n' >hook
chmod +x hook
exec 9<.
bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --proc /proc -- \
    /bin/sh -c 'cd /proc/self/fd/9/.git && mv hooks away && mkdir hooks && cp ../hook hooks/pre-commit'
### succeeded
git commit -q --allow-empty -m later
test -e ~/hooked
### stopped
grep -q "^bwrap: Creating new namespace failed: .*(ENOSPC)" "$OUT" || grep -q "^bwrap: No permissions to creat" "$OUT"
