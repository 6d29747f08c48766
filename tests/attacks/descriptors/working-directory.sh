# tries: by a working directory that is a descriptor of bubblewrap's, to start in a directory of the host and to read the home from there
# stopped by: a working directory must be a directory inside, and the script carries none that lies in `/proc` or behind a link
# cve: CVE-2024-21626
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --dev /dev --proc /proc --unshare-all --chdir /proc/self/fd/3 --
### launch
for directory in /proc/self/fd/3 /dev/fd/3 /there; do
    cat >.agent-sandbox.kdl <<POLICY
sandbox "app" {
    inherit "claude" "node"
    filesystem { symlink "/there" to="/proc/self/fd/3"; }
    run { workdir "$directory"; }
}
POLICY
    "$SBC" trust --yes || true
    "$SBC" build || true
    "$SANDBOX" /bin/sh -c "$INSIDE" || true
done
### inside
cat "..$HOME/.ssh/id_ed25519"
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
if [ "$WAY" = exec ]; then code=SBC0707; else code=SBC0604; fi
[ "$(grep -c "^$code" "$OUT")" = 3 ]
