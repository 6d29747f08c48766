# tries: to find any secret of the user by reading every small file that can be reached
# stopped by: nothing of the home, of other homes and of /tmp is there that no rule shows
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --dev /dev --proc /proc --unshare-pid --
### prepare
for file in .netrc .git-credentials .pgpass .config/gh/hosts.yml .config/gcloud/credentials.db .docker/config.json \
    .kube/config .gnupg/private-keys-v1.d/key .local/share/keyrings/login.keyring .mozilla/firefox/me/logins.json \
    .cargo/credentials.toml .password-store/mail.gpg .zsh_history .python_history .claude.json.backup; do
    mkdir -p "$HOME/${file%/*}" 2>/dev/null || true
    [ -d "$HOME/$file" ] && rmdir "$HOME/$file"
    echo "SECRET-$file" >"$HOME/$file"
done
echo SECRET-TMP >"$BASE/session"
### inside
find ~ /home /root /tmp /var/tmp /run /mnt /media /srv/www -type f -size -9 -exec grep -l "^SECRET-" {} + 2>/dev/null | grep "^$HOME\|^${HOME%/*}"
ls -A ~
echo searched
### succeeded
grep -q "/.ssh/id_ed25519$" "$OUT" && grep -q /.gnupg/ "$OUT" && grep -q /session$ "$OUT"
### stopped
grep -q "^work$" "$OUT" && grep -q "^searched$" "$OUT"
! grep -q "^/\|ssh\|gnupg\|history\|netrc" "$OUT"
