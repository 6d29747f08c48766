# tries: to read a password that the caller has in the session keyring
# stopped by: the filter refuses every call about keys; sbc also leaves the keyring behind
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
# needs: keyctl session - true
### launch
keyctl session - sh -c 'keyctl add user mail GOT-THROUGH @s && "$SANDBOX" /bin/sh -c "$INSIDE"'
### inside
keyctl print "$(keyctl search @s user mail)"
### stopped
grep -q "^keyctl_search: Operation not permitted" "$OUT"
