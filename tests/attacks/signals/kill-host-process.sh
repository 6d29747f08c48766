# tries: to stop a program of the host, such as a screen lock or a guard, by its number
# stopped by: a PID namespace of its own
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --
### prepare
sleep 30 </dev/null >/dev/null 2>&1 &
echo $! >"$BASE/pids"
echo $! >"$PROJECT/pid"
### inside
read -r pid <pid
kill -9 "$pid" && echo sent
### succeeded
# Nobody may have taken note of its end.
case $(ps -o state= -p "$(cat "$PROJECT/pid")") in Z | "") ;; *) exit 1 ;; esac
### stopped
grep -q "kill: No such process" "$OUT"
