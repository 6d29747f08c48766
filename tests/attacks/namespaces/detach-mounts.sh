# tries: to give git a hook although `.git/hooks` is a read-only mount, by leaving that mount behind in namespaces of its own
# stopped by: no user namespace can be made inside, and without one a process has no rights over mounts
# control: "$SBC" exec --
### control-policy
sandbox "app" {
    inherit "claude" "node"
    isolation { nested-sandboxes "allow"; }
}
### inside
tools/detach-mounts "$PWD/.git" hooks/pre-commit '#!/bin/sh
touch "$HOME/hooked"
'
### succeeded
git commit -q --allow-empty -m later
test -e ~/hooked
### stopped
grep -qx "unshare: No space left on device" "$OUT"
