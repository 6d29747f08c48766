#!/bin/sh
# Installs what the tests need, then runs all of them: formatting, lints, tests, examples, book.
# As a normal user with sudo, or as root; the tests themselves always run as a normal user.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$1"; }

# install PROGRAM PACKAGE...: installs packages when a program is missing.
install() {
    program=$1
    shift
    if command -v "$program" >/dev/null 2>&1; then return 0; fi
    if ! command -v apt-get >/dev/null 2>&1; then
        echo "tests/run.sh: please install $program first (this script knows apt-get only)" >&2
        exit 1
    fi
    missing="$missing $*"
}

PATH=$PATH:/usr/sbin:/sbin
missing=
install bwrap bubblewrap
install cc gcc libc6-dev
install dash dash
install busybox busybox
install shellcheck shellcheck
install git git
install keyctl keyutils
install pgrep procps
install strace strace
install valgrind valgrind
install strip binutils
install curl curl
install openssl openssl
install script bsdutils
install setpriv util-linux
install ssh-agent openssh-client
install sshd openssh-server
install tmux tmux
install npm nodejs npm
install pip3 python3-pip
install chromium chromium
install ccache ccache
install gpg gnupg
# Toolchains whose profiles the tests try. GHC and Gradle are too large for every run: they are tried where they are.
install go golang-go
install bundle bundler
install composer composer php-cli
install mix elixir
install javac openjdk-17-jdk-headless
install mvn maven
for plugin in compiler resources; do
    [ -d "/usr/share/maven-repo/org/apache/maven/plugins/maven-$plugin-plugin" ] ||
        missing="$missing libmaven-$plugin-plugin-java"
done
python3 -c 'import ensurepip' 2>/dev/null || missing="$missing python3-venv"
if [ -n "$missing" ]; then
    say "installing$missing"
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    # The tests start their own; no server shall run on this machine that did not before.
    case $missing in
        *openssh-server*) $root mkdir -p /etc/ssh && $root touch /etc/ssh/sshd_not_to_be_run ;;
    esac
    $root apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

# The test user must be able to read the tree.
if [ "$(id -u)" = 0 ]; then
    user=sbc-test
    id -u "$user" >/dev/null 2>&1 || useradd --create-home "$user"
    # Root's toolchain of Rust, for the test that builds with it: by links, where that is possible.
    if [ -d ~/.rustup ] && [ ! -e "/home/$user/.rustup" ]; then
        mkdir -p "/home/$user/.cargo"
        cp -al ~/.cargo/bin "/home/$user/.cargo/" 2>/dev/null || cp -a ~/.cargo/bin "/home/$user/.cargo/"
        cp -al ~/.rustup "/home/$user/" 2>/dev/null || cp -a ~/.rustup "/home/$user/"
    fi
    if ! setpriv --reuid "$user" --regid "$user" --init-groups test -r "$PWD/Cargo.toml"; then
        tree=/home/$user/tree
        say "copying the tree to $tree, where $user can read it"
        mkdir -p "$tree"
        tar --exclude ./target -cf - . | tar -xf - -C "$tree"
        chmod 755 "/home/$user"
        chmod -R a+rX "$tree"
        cd "$tree"
    fi
fi

say 'formatting'
cargo fmt --check
say 'lints'
cargo clippy --quiet --all-targets -- -D warnings
say 'tests'
cargo test --quiet --no-run
cargo test
