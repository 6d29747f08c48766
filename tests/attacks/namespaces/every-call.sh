# tries: to get the rights of root in a user namespace, by each call that can make one
# stopped by: the filter refuses `unshare` and `clone` by their flag, and knows no `clone3`, whose flags it cannot see
# cve: CVE-2021-41133 CVE-2022-0185 CVE-2024-1086
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### inside
tools/own-namespaces
### stopped
printf '%s\n' "unshare: No space left on device" "clone: No space left on device" "clone3: Function not implemented" |
    cmp - "$OUT"
