# tries: to have a rule of the next run show the keys, by a link where the rule shows a directory of the project
# stopped by: a rule about the project does not follow a link out of it (the script does, and is documented to)
# cve: CVE-2024-42472 CVE-2026-34078
# control: bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/data" /data --dev /dev --proc /proc --unshare-pid --
# ways: exec
### policy
sandbox "app" {
    inherit "claude" "node"
    filesystem { ro "./data" at="/data"; }
}
### prepare
mkdir data
### launch
"$SANDBOX" sh -c "mv data old && ln -s $HOME/.ssh data"
"$SANDBOX" cat /data/id_ed25519
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -q "SBC0408" "$OUT"
grep -q "data. is a symbolic link to .*/.ssh. in a directory that the sandbox can write" "$OUT"
