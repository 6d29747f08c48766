# tries: to run on the host when the script is built or started, by texts of a policy that mean something to a shell, wherever a text may stand
# stopped by: every text is quoted in one place, and none of a policy is code
# control: sh -c 'eval "exec bwrap --ro-bind / / --dev /dev --setenv T \"$(sed -n "s/.*set T=\"\(.*\)\"$/\1/p" .agent-sandbox.kdl)\" $*"' sh
### policy
// touch $HOME/ran; `touch $HOME/ran`
sandbox "app" {
    about "a'; touch $HOME/ran; '\n touch $HOME/ran\n $(touch $HOME/ran)"
    inherit "claude" "node"
    filesystem {
        // '; touch $HOME/ran; `touch $HOME/ran` $(touch $HOME/ran)
        file "/etc/one" "DATA_4\nDATA_5\nDATA_6\nDATA_7\nDATA_8\ntouch $${HOME}/ran\n"
        file "/etc/two" "DATA_4\n$$(touch $${HOME}/ran)\nEOF\n`touch $${HOME}/ran`\n" reason="x\ntouch $HOME/ran\n`touch $HOME/ran`"
        tmpfs "/x'; touch $${HOME}/ran; '"
        dir "/y$$(touch $${HOME}/ran)`touch $${HOME}/ran`"
        symlink "/z\"; touch $${HOME}/ran; \"" to="$$(touch $${HOME}/ran)'\n; touch $${HOME}/ran"
        ro "./a'\"; touch $${HOME}/ran #" missing="skip"
        ro "./b$$(touch $${HOME}/ran)" missing="hold-dir"
    }
    env {
        set U="'; touch $${HOME}/ran; '\ntouch $${HOME}/ran\n\"; touch $${HOME}/ran; \""
        set LD_LIBRARY_PATH="/x'; touch $${HOME}/ran; '"
        prepend PATH="/x$$(touch $${HOME}/ran)`touch $${HOME}/ran`"
        set T="`touch ../ran`"
    }
    run { command "sh" "-c" "echo inside" "'; touch $${HOME}/ran; '" "$$(touch $${HOME}/ran)" "`touch $${HOME}/ran`"; }
}
### launch
case $WAY in
control) "$SANDBOX" true ;;
exec) "$SBC" exec ;;
script)
    for shell in dash bash "busybox sh"; do command -v "${shell% *}" >/dev/null && $shell .agent-sandbox/app.sh; done
    sh .agent-sandbox/app.sh
    ;;
esac
### succeeded
test -e ~/ran
### stopped
grep -qx inside "$OUT"
! grep -v "^inside$" "$OUT"
