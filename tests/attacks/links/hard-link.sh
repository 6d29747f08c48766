# tries: to write a protected file by another name, or to give the host the agent's file under a protected one
# stopped by: a link cannot be made from one mount to another
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
git config core.fsmonitor false
### inside
ln .envrc other && echo 'touch ~/ran' >>other
ln .git/config config && git config --file config core.fsmonitor /bin/false
echo '#!/bin/sh' >hook; chmod +x hook; echo 'touch ~/ran' >>hook
ln -f hook .git/hooks/pre-commit
ln -f hook .envrc
### succeeded
git commit -q --allow-empty -m later
test -e ~/ran && test "$(stat -c %h .envrc)" -ge 2
### stopped
[ "$(grep -c "ln: .*: Invalid cross-device link" "$OUT")" = 2 ]
grep -q "ln: .* '.git/hooks/pre-commit': Read-only file system" "$OUT"
grep -q "ln: .* '.envrc' => 'hook': Device or resource busy" "$OUT"
[ "$(stat -c %h .envrc .git/config | tr '\n' ' ')" = "1 1 " ]
