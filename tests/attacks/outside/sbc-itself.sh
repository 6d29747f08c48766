# tries: to replace the program sbc: where it lies in the home, or by what /proc shows of programs and descriptors
# stopped by: its place is not there, and what the first process inside held of it is closed and cannot be written
# cve: CVE-2019-5736
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
mkdir -p ~/.cargo/bin
cp "$SBC" ~/.cargo/bin/sbc
### launch
if [ "$WAY" = exec ]; then set -- "$HOME/.cargo/bin/sbc" exec --; else set -- "$SANDBOX"; fi
"$@" sh -c "$INSIDE"
### inside
printf '#!/bin/sh\necho GOT-THROUGH\n' >~/evil; chmod +x ~/evil
for path in /proc/[0-9]*/exe /proc/[0-9]*/fd/[3-9]* /proc/1/root/proc/1/exe; do
    [ -f "$path" ] || continue
    echo "program $(readlink "$path")"
    cat ~/evil >"$path"
done
rm -f ~/.cargo/bin/sbc; cp ~/evil ~/.cargo/bin/sbc
### succeeded
~/.cargo/bin/sbc | grep -q GOT-THROUGH
### stopped
grep -q "cp: .*/.cargo/bin/sbc.: No such file or directory" "$OUT"
grep -q "cannot create /proc/[0-9]*/exe" "$OUT"
! grep -q "program .*/sbc" "$OUT"
cmp -s ~/.cargo/bin/sbc "$SBC"
