# tries: to send files through a program that the user's git knows for others, by attributes that no review shows
# stopped by: the file is read-only
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
### prepare
git config --global filter.notebook.clean "touch $HOME/ran; cat"
echo '*.ipynb filter=notebook' >.git/info/attributes
### inside
echo '* filter=notebook' >.git/info/attributes
echo '* filter=notebook' >new; mv -f new .git/info/attributes
mv .git/info .git/other; mkdir .git/info; echo '* filter=notebook' >.git/info/attributes
echo x >readme
### succeeded
git add readme src
test -e ~/ran
### stopped
grep -q "cannot create .git/info/attributes: Read-only file system" "$OUT"
grep -q "mv: .* 'new' to '.git/info/attributes'.*: Device or resource busy" "$OUT"
grep -q "mv: cannot move '.git/info' to '.git/other': Device or resource busy" "$OUT"
