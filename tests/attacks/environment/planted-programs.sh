# tries: to run on the host at the next start, by programs in `node_modules/.bin` that are called like those that start a sandbox
# stopped by: sbc and the script look for programs in places of the system, not on the caller's PATH
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### policy
sandbox "app" {
    inherit "claude" "node"
    waive "not-writable" "./node_modules/.bin" reason="npm installs programs there"
}
### launch
mkdir -p node_modules/.bin
for name in bwrap git env awk id uname readlink cat wc mkdir rmdir stat ls grep sed find flock true; do
    printf '#!/bin/sh\n[ -d "$HOME/.ssh" ] && : >"$HOME/ran"\n' >"node_modules/.bin/$name"
done
chmod +x node_modules/.bin/*
PATH="$PROJECT/node_modules/.bin:$PATH" "$SANDBOX" /bin/sh -c 'echo inside'
### succeeded
test -e ~/ran
### stopped
grep -qx inside "$OUT"
