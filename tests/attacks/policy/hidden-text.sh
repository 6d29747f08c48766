# tries: to hide from the person who is asked what a policy opens, by escape sequences and by turning the direction of the text
# stopped by: control and bidirectional characters are escaped in all that sbc prints
# cve: CVE-2023-28101
# ways: exec
# untrusted: the question is the target
# control: perl -CS -pe 's/\\u\{(\w+)\}/chr hex $1/ge' .agent-sandbox.kdl
### policy
sandbox "app" {
    about "\u{1b}[8mhidden\u{202e}"
    inherit "claude" "node"
    filesystem {
        dir "/srv/\u{1b}[2K\u{1b}[1A\u{202e}txet"
        symlink "/srv/link" to="\u{9b}8m"
    }
    run { command "sh" "\u{1b}[2J" "\u{1b}]0;title\u{7}" "\u{202e}gnp.exe"; }
}
### launch
if [ "$WAY" = control ]; then exec "$SANDBOX"; fi
export NO_COLOR=1 TERM=dumb
tools/terminal "[y/N]" "n
" -- "$SBC" exec || true
"$SBC" show || true
"$SBC" explain /srv || true
"$SBC" check
### succeeded
# ESC, the C1 form of ESC [, and the override of the direction.
grep -q "$(printf '\033')\|$(printf '\302\233')\|$(printf '\342\200\256')" "$OUT"
### stopped
grep -q "Run this sandbox" "$OUT"
grep -q 'u{1b}' "$OUT"
