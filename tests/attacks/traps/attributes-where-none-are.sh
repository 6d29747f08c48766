# tries: to make such attributes where there are none, with their directory, or behind a link
# stopped by: what has appeared is moved to the quarantine, and so is a link or a directory on the way
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --ro-bind "$PROJECT/.git/hooks" "$PROJECT/.git/hooks" --ro-bind "$PROJECT/.git/config" "$PROJECT/.git/config" --dev /dev --proc /proc --unshare-pid --
# ways: exec
### prepare
git config --global filter.notebook.clean "touch $HOME/ran; cat"
rm -rf .git/info
### inside
mkdir planted; echo '* filter=notebook' >planted/attributes
ln -s ../planted .git/info
echo x >readme
### succeeded
git add readme src
test -e ~/ran
### stopped
grep -q "/.git/info. has appeared" "$OUT"
! ls -d .git/info
