# tries: to run on the host when a sandbox starts, by the name of the project's directory
# stopped by: paths are words of their own, never parts of a line
# control: sh -c 'exec sh -c "bwrap --ro-bind / / --bind $(pwd) $(pwd) --dev /dev $*"' sh
### launch
here=$PWD
for name in 'x$(touch $HOME_OF_USER)' '-e; touch $HOME_OF_USER' "x'; touch \$HOME_OF_USER; '" 'x
touch $HOME_OF_USER
'; do
    export HOME_OF_USER="$HOME/ran"
    cp -r "$here" "$HOME/$name"
    cd "./../$name"
    case $WAY in
    control) "$SANDBOX" true ;;
    exec) "$SBC" trust --yes 2>/dev/null && "$SANDBOX" sh -c 'cat package.json' ;;
    script) ./.agent-sandbox/app.sh -- sh -c 'cat package.json' ;;
    esac || true
done
### succeeded
test -e ~/ran
### stopped
[ "$(grep -c '"name": "app"' "$OUT")" = 4 ]
