# tries: to have another repository of the user's shown and writable, by a file `.git` that names it
# stopped by: what lies outside of the project must point back to it
# control: sh -c 'git=$(git rev-parse --path-format=absolute --git-common-dir) && exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$PWD" "$PWD" --bind "$git" "$git" --dev /dev --proc /proc "$@"' sh
### launch
git init -q ~/other
rm -rf .git
echo "gitdir: $HOME/other/.git" >.git
"$SANDBOX" /bin/sh -c 'printf "#!/bin/sh\n" >~/other/.git/hooks/pre-commit'
### succeeded
test -e ~/other/.git/hooks/pre-commit
### stopped
grep -q "cannot create .*/other/.git/hooks/pre-commit: Directory nonexistent" "$OUT"
