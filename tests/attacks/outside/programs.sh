# tries: to change the programs that the sandbox shows and that the user runs tomorrow: the agent, node, package managers
# stopped by: they are shown read-only
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p ~/.local/share/claude/versions ~/.local/bin ~/.nvm/versions/node/v22/bin ~/.volta/bin ~/.local/lib/node_modules/tool
for program in .local/share/claude/versions/2 .nvm/versions/node/v22/bin/node .volta/bin/pnpm .local/lib/node_modules/tool/run; do
    printf '#!/bin/sh\necho sound\n' >"$HOME/$program"
    chmod +x "$HOME/$program"
done
ln -s ../share/claude/versions/2 ~/.local/bin/claude
### inside
for program in ~/.local/share/claude/versions/2 ~/.nvm/versions/node/v22/bin/node ~/.volta/bin/pnpm ~/.local/lib/node_modules/tool/run; do
    "$program"
    printf '#!/bin/sh\necho GOT-THROUGH\n' >"$program"
    printf '#!/bin/sh\necho GOT-THROUGH\n' >/tmp/new && chmod +x /tmp/new && cp --remove-destination /tmp/new "$program"
    mv "${program%/*}" "${program%/*}.old"
done 2>&1
printf '#!/bin/sh\necho GOT-THROUGH\n' >~/.local/bin/claude
### succeeded
for program in ~/.local/bin/claude ~/.nvm/versions/node/v22/bin/node ~/.volta/bin/pnpm ~/.local/lib/node_modules/tool/run; do
    if [ "$("$program")" = sound ]; then exit 1; fi
done
### stopped
[ "$(grep -c "^sound$" "$OUT")" = 4 ]
[ "$(grep -c "Read-only file system" "$OUT")" -ge 8 ]
[ "$(~/.local/bin/claude)" = sound ] && [ "$(~/.nvm/versions/node/v22/bin/node)" = sound ]
