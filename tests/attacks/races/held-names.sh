# tries: to make settings of an editor in the moment in which another run ends and gives their name free
# stopped by: a name stays held as long as a run needs it
# control: sh -c 'mkdir -p .vscode; bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --ro-bind "$PROJECT/.vscode" "$PROJECT/.vscode" -- "$@"; rmdir .vscode 2>/dev/null' sh
# ways: exec
### launch
set +e
"$SANDBOX" sh -c 'while [ ! -e stop ]; do mkdir .vscode; echo "{}" >.vscode/tasks.json; done 2>/dev/null; echo tried' &
sleep 0.3
start=$(date +%s)
passed() { [ $(($(date +%s) - start)) -ge "$1" ]; }
enough() { [ "$WAY" != control ] && passed 2 && [ "$(grep -c "^ran$" "$OUT")" -ge 3 ]; }
until [ -e .vscode/tasks.json ] || enough || passed 17; do
    "$SANDBOX" echo ran
done
touch stop
wait
### succeeded
test -e .vscode/tasks.json
### stopped
[ "$(grep -c "^ran$" "$OUT")" -ge 3 ]
grep -q "^tried$" "$OUT"
! ls -d .vscode
