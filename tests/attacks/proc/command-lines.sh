# tries: to read what other processes of the user were started with, such as a password
# stopped by: a PID namespace of its own with a `/proc` of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### prepare
sh -c 'exec sleep 20.25' "--password=SECRET" </dev/null >/dev/null 2>&1 &
echo $! >"$BASE/pids"
echo $! >"$PROJECT/pid"
### inside
read -r pid <pid
tr '\0' '\n' <"/proc/$pid/cmdline"
### succeeded
grep -qx 20.25 "$OUT"
### stopped
grep -q "/proc/[0-9]*/cmdline: No such file" "$OUT"
