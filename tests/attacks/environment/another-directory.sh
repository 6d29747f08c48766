# tries: to have another directory shown in the place of the project, by CDPATH, PWD, IFS and the like
# stopped by: the project is found by its physical path, and the script sets these variables itself
# control: sh -c 'cd src && cd .. && exec bwrap --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib --symlink usr/lib64 /lib64 --bind "$(pwd)" "$(pwd)" --dev /dev --proc /proc "$@"' sh
### launch
mkdir ~/other/src
CDPATH=$HOME/other PWD=$HOME/other OLDPWD=$HOME/other IFS=/ PS4='$(touch ~/ran)' "$SANDBOX" /bin/sh -c "$INSIDE"
### inside
cat ~/other/notes.txt
ls package.json
### succeeded
grep -q SECRET-NOTES "$OUT" || test -e ~/ran
### stopped
grep -q "notes.txt: No such file" "$OUT"
grep -qx package.json "$OUT"
