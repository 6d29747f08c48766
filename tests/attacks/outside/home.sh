# tries: to make the user run a program, by the files that shells and sessions start with
# stopped by: the home inside is another one, in memory; what is written there is gone
# control: bwrap --ro-bind / / --bind "$HOME" "$HOME" --dev /dev --proc /proc --unshare-pid --
### inside
for file in .bashrc .profile .bash_profile .bash_logout .zshrc .zshenv .config/fish/config.fish .config/autostart/x.desktop \
    .config/environment.d/x.conf .config/systemd/user/x.service .ssh/rc .ssh/authorized_keys .inputrc .vimrc; do
    mkdir -p "$HOME/${file%/*}" 2>/dev/null || mkdir -p ~
    rmdir "$HOME/$file" 2>/dev/null
    echo 'touch ~/ran' >>"$HOME/$file" && echo "wrote $file"
done
### succeeded
HOME=$HOME bash --rcfile ~/.bashrc -ic true 2>/dev/null </dev/null
test -e ~/ran && test -e ~/.config/systemd/user/x.service
### stopped
[ "$(grep -c "^wrote " "$OUT")" = 14 ]
[ "$(cat ~/.bashrc)" = "# start-up" ]
! ls -d ~/.profile ~/.zshrc ~/.config/systemd ~/.config/autostart ~/.ssh/rc ~/.ssh/authorized_keys ~/.vimrc
