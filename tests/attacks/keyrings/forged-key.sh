# tries: to put a key of its own in the place of one in the user's keyring, which a program of the host then uses
# stopped by: the filter refuses every call about keys
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
# needs: keyctl unlink "$(keyctl add user sbc-attack-probe x @u)" @u
### launch
key=$(keyctl add user "sbc-attack-$$" true-token @u)
keyctl setperm "$key" 0x3f3f0000
KEY=$key "$SANDBOX" /bin/sh -c "$INSIDE" sh "$key" || true
echo "the host reads $(keyctl print "$key")"
keyctl unlink "$key" @u
### inside
keyctl update "$1" GOT-THROUGH
### stopped
grep -q "^keyctl_update: Operation not permitted" "$OUT"
grep -qx "the host reads true-token" "$OUT"
