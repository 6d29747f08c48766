# tries: to run a program when somebody compares two policies, by the settings of the repository
# stopped by: git is asked for contents only, with everything switched off that starts a program
# ways: exec
# control: git diff
### launch
printf '#!/bin/sh\n: >"$HOME/ran"\ncat "$@"\n' >../evil
chmod +x ../evil
for name in core.fsmonitor core.pager diff.external core.sshCommand diff.x.textconv filter.x.smudge filter.x.clean core.alternateRefsCommand; do
    git config "$name" "$HOME/evil"
done
echo '*.kdl diff=x filter=x' >.gitattributes
cp .git/config .git/hooks/post-index-change 2>/dev/null || true
echo '// a comment' >>.agent-sandbox.kdl
if [ "$WAY" = control ]; then "$SANDBOX"; else "$SBC" diff HEAD; echo "ended with $?"; fi
### succeeded
test -e ~/ran
### stopped
grep -qx "ended with 0" "$OUT"
