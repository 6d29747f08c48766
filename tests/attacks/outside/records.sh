# tries: to change sbc's own records so that the next run shows another directory: the plan that it keeps, and the approval of it
# stopped by: the records are not there, and a policy that makes them writable does not compile
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### launch
set +e
"$SBC" exec -- true
"$SANDBOX" sh -c "$INSIDE"
"$SBC" exec -- cat "$HOME/.config/git/ignore/notes.txt"
### inside
sum() { printf %s "$1" | sha256sum | cut -d " " -f 1; }
forge() { sed 's,"source":"~/.config/git/ignore","source":"~/other",'; }
for file in ~/.local/state/sbc/plans/*; do
    body=$(sed 1d "$file" | forge)
    printf '%s\n%s' "$(sum "$body")" "$body" >"$file"
done
for file in ~/.local/state/sbc/trusted/*; do
    plan=$(sed 1d "$file" | forge)
    head=$(head -n 1 "$file" | sed "s,\"plan\":\"[0-9a-f]*\",\"plan\":\"$(sum "$plan")\",")
    printf '%s\n%s\n' "$head" "$plan" >"$file"
done
### succeeded
grep -q SECRET-NOTES "$OUT"
### stopped
[ "$(grep -c "^sed: .*/.local/state/sbc/.*: No such file or directory" "$OUT")" -ge 1 ]
grep -q "cat: .*/.config/git/ignore/notes.txt: No such file or directory" "$OUT"
