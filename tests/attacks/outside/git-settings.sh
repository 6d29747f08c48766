# tries: to make the user's git run a program everywhere, by its global configuration
# stopped by: it is shown read-only, and a mount point cannot be replaced
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### prepare
git config --global alias.st status
### inside
printf '#!/bin/sh\ntouch ~/ran\n' >evil.sh; chmod +x evil.sh
git config --global core.fsmonitor "$PWD/evil.sh"
printf '[core]\n\tfsmonitor = %s/evil.sh\n' "$PWD" >>~/.gitconfig
mkdir -p ~/.config/git && printf '[core]\n\tfsmonitor = %s/evil.sh\n' "$PWD" >~/.config/git/config
### succeeded
cd ~/other && git init -q && git st >/dev/null
test -e ~/ran
### stopped
grep -q "error: could not write config file .*/.gitconfig: Device or resource busy" "$OUT"
grep -q "/.gitconfig: Read-only file system" "$OUT"
! ls ~/.config/git
