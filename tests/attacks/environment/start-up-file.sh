# tries: to run on the host by a file of the project that the caller's BASH_ENV or ENV names
# stopped by: sbc starts no shell, and the script is one of `sh`, which reads neither when it runs a script
# control: bash -c 'exec bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-all "$@"' bash
### launch
printf '[ -d "$HOME/.ssh" ] && : >"$HOME/ran"\n' >.bash_env
BASH_ENV=./.bash_env ENV=./.bash_env "$SANDBOX" /bin/bash -c 'echo inside'
### succeeded
test -e ~/ran
### stopped
grep -qx inside "$OUT"
