# tries: to take a message from a queue of the user that has a name
# stopped by: an IPC namespace of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### launch
tools/queue put "/sbc-attack-$$" SECRET-MESSAGE
"$SANDBOX" tools/queue take "/sbc-attack-$$" || tools/queue take "/sbc-attack-$$" >/dev/null
### succeeded
grep -qx SECRET-MESSAGE "$OUT"
### stopped
grep -qx "mq_open: No such file or directory" "$OUT"
