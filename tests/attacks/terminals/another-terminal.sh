# tries: to write into another terminal of the user, where somebody reads it
# stopped by: `/dev/pts` is a file system of its own, with no terminal of the host
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev-bind /dev /dev --proc /proc --unshare-pid --
### launch
tools/terminal -- sh -c 'tty >"$BASE/tty"; echo $$ >"$BASE/pids"; exec sleep 20' >"$BASE/screen" &
until [ -s "$BASE/pids" ]; do sleep 0.01; done
"$SANDBOX" /bin/sh -c "$INSIDE" sh "$(cat "$BASE/tty")" || true
kill "$(cat "$BASE/pids")"
wait
cat "$BASE/screen"
### inside
echo "enter your password: GOT-THROUGH" >"$1"
### stopped
grep -q "cannot create /dev/pts/[0-9]*: \(Permission denied\|Read-only file system\|Directory nonexistent\)" "$OUT"
