# tries: to type a command for the caller's shell, by each descriptor of the terminal, and with bits in the request that hide it from a filter
# stopped by: the filter refuses TIOCSTI and TIOCLINUX by the low 32 bits of the request
# cve: CVE-2017-5226 CVE-2023-28100 CVE-2019-10063 CVE-2019-7303
# needs: [ "$(cat /proc/sys/dev/tty/legacy_tiocsti 2>/dev/null || echo 1)" = 1 ]
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all --
### launch
tools/terminal "next: " "quit
" -- sh -c '"$SANDBOX" tools/type-text "touch typed
"; printf "next: "; read line; case $line in touch*) $line ;; esac'
### succeeded
test -e typed
### stopped
# For four descriptors, with and without the high bits.
[ "$(grep -c "^TIOCSTI .*: Operation not permitted" "$OUT")" = 8 ]
[ "$(grep -c "^TIOCLINUX .*: Operation not permitted" "$OUT")" = 8 ]
