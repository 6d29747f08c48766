# tries: as another program of the machine, to read a secret that the sandbox gets in the list of processes, which everybody can read
# stopped by: values stand in no process's arguments
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --setenv ANTHROPIC_API_KEY "$ANTHROPIC_API_KEY" --
### launch
export ANTHROPIC_API_KEY="key-of-$$"
"$SANDBOX" /bin/sh -c "$INSIDE" &
until [ -e "$PROJECT/started" ] || ! kill -0 $! 2>/dev/null; do sleep 0.02; done
# Not its own arguments, and not its environment.
for process in /proc/[0-9]*; do
    { tr '\0' '\n' <"$process/cmdline"; } 2>/dev/null | grep -qx "key-of-$$" && echo "seen from outside: GOT-THROUGH"
done
touch looked
wait
### inside
[ -n "$ANTHROPIC_API_KEY" ] && echo "inside it is there"
touch started
n=0
until [ -e looked ] || [ "$n" = 300 ]; do sleep 0.02; n=$((n + 1)); done
### stopped
grep -qx "inside it is there" "$OUT"
