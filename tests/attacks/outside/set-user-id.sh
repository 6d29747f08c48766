# tries: to become root by a program of the system that has the set-user-ID bit
# stopped by: nothing inside gains rights by starting a program
# control: env
### inside
program=$(command -v su || command -v passwd || command -v mount)
sleep 2 | "$program" >/dev/null 2>&1 &
for _ in 1 2 3 4 5 6 7 8 9 10; do
    sleep 0.1
    grep -l "^Name:.*\(su\|passwd\|mount\)$" /proc/[0-9]*/status 2>/dev/null | while read -r status; do
        sed -n '/^Name\|^Uid\|^NoNewPrivs/p' "$status" | tr '\n\t' '  '
        echo
    done
done
### succeeded
grep -q "Uid: *[1-9][0-9]* *0 *0 *0 " "$OUT"
### stopped
grep -q "NoNewPrivs: 1" "$OUT"
! grep -q "Uid:.* 0 " "$OUT"
