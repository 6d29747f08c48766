# tries: to have a script and a lock of its own believed: both say what they like
# stopped by: `exec` reads neither, and `build --check` tells
# ways: exec
# control: .agent-sandbox/app.sh
### launch
printf '#!/bin/sh\ncat ~/.ssh/id_ed25519\n' >.agent-sandbox/app.sh
chmod +x .agent-sandbox/app.sh
plan=$(sed -n 's/^# sandbox app plan \(sha256:[0-9a-f]*\).*/\1/p' .agent-sandbox/sbc.lock)
printf '# format 1\n# sandbox app plan %s\n%s  .agent-sandbox/app.sh\n' "$plan" "$(sha256sum <.agent-sandbox/app.sh | cut -d ' ' -f 1)" >.agent-sandbox/sbc.lock
"$SANDBOX" echo inside || true
[ "$WAY" = control ] || "$SBC" build --check
### succeeded
grep -q SECRET-KEY "$OUT"
### stopped
grep -qx inside "$OUT"
grep -q '`.agent-sandbox/app.sh` is not what the policy says' "$OUT"
