# tries: to answer the question in the user's place, through a pipe, or typed before the question stands there
# stopped by: the answer is read from a terminal, and what came before the question is thrown away
# ways: exec
# untrusted: that is what is tried
# control: sh -c 'printf "Run this sandbox? [y/N] " >&2; read answer && [ "$answer" = y ] && exec "$@"' sh
### launch
if [ "$WAY" = control ]; then command='"$SANDBOX" echo GOT-"THROUGH"'; else command='"$SBC" exec -- echo GOT-"THROUGH"'; fi
yes y 2>/dev/null | sh -c "$command" || true
# Typed when the terminal shows the first word, long before the question.
tools/terminal "ready" "y
y
y
" "[y/N]" "
" -- sh -c "echo ready; sleep 0.3; $command"
### stopped
grep -q "is not trusted yet" "$OUT"
grep -q "nothing was run" "$OUT"
