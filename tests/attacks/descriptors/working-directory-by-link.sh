# tries: the same by a link that it leaves in the project where the policy has its working directory
# stopped by: the working directory is looked at with links followed; the script takes no link that the sandbox could have made
# cve: CVE-2024-21626
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --chdir "$PROJECT/src" --
### policy
sandbox "app" {
    inherit "claude" "node"
    run { workdir "./src"; }
}
### launch
rm -r src
ln -s /proc/self/fd/3 src
"$SANDBOX" /bin/sh -c "$INSIDE"
### inside
cat "..$HOME/.ssh/id_ed25519"
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q SBC0707 "$OUT" || grep -q "app.sh: '.*/src' is a symbolic link in a directory that the sandbox can write" "$OUT"
