# tries: to change mode, times and names of files that are only shown, so that others can read or the host runs them
# stopped by: a read-only mount refuses changes of what a file is like, too
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### prepare
git config --global alias.st status
mkdir -p ~/.nvm && echo text >~/.nvm/script && chmod 600 ~/.nvm/script ~/.gitconfig
### inside
chmod 777 ~/.nvm/script ~/.gitconfig
touch -d 2001-01-01 ~/.nvm/script
mv ~/.nvm/script ~/.nvm/other
ln ~/.nvm/script ~/.nvm/another
### succeeded
[ "$(stat -c %a ~/.gitconfig ~/.nvm/other | tr '\n' ' ')" = "777 777 " ]
### stopped
[ "$(grep -c "chmod: changing permissions of .*: Read-only file system" "$OUT")" = 2 ]
grep -q "touch: .*: Read-only file system" "$OUT"
grep -q "mv: .*: Read-only file system" "$OUT"
grep -q "ln: .*: Read-only file system" "$OUT"
[ "$(stat -c %a ~/.gitconfig)" = 600 ]
