# tries: to read the caller's secrets in the environment of bubblewrap, the first process inside
# stopped by: bubblewrap starts with the environment of the command, or by the script with none, and never had another
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --clearenv --setenv HOME "$HOME" --
### launch
DEPLOY_TOKEN=GOT-THROUGH "$SANDBOX" /bin/sh -c "$INSIDE"
### inside
tr '\0' '\n' </proc/1/environ
### stopped
# Where signals have a scope, that process is none of the command's.
[ "$WAY" = script ] || grep -qx "HOME=$HOME" "$OUT" || grep -q "cannot open /proc/1/environ: Permission denied" "$OUT"
! grep -q DEPLOY_TOKEN "$OUT"
