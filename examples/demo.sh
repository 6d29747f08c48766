#!/bin/sh
# Installs bubblewrap if it is missing, builds sbc, and shows a sandbox from outside and inside.
# As a normal user with sudo, or as root; the sandbox itself runs as a normal user.
# shellcheck disable=SC2016 # what is quoted is for the shell inside
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n\033[1m%s\033[0m\n' "$1"; }

missing=
command -v bwrap >/dev/null 2>&1 || missing="$missing bubblewrap"
command -v cc >/dev/null 2>&1 || missing="$missing gcc libc6-dev"
if [ -n "$missing" ]; then
    say "Installing$missing"
    root=
    [ "$(id -u)" = 0 ] || root=sudo
    $root apt-get update -qq
    # shellcheck disable=SC2086 # a list of packages
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
fi

say 'Building sbc'
cargo build --release --target-dir target
target=$(find target -path '*/release/sbc' -type f | head -n 1)

# A home with something to lose, and the example as a project in it.
demo=$(mktemp -d)
trap 'rm -rf "$demo"' EXIT
mkdir -p "$demo/bin" "$demo/home/.ssh" "$demo/home/.aws" "$demo/home/project"
cp "$target" "$demo/bin/sbc"
cp examples/minimal/.agent-sandbox.kdl "$demo/home/project"
echo 'the private key' >"$demo/home/.ssh/id_ed25519"
echo 'the credentials' >"$demo/home/.aws/credentials"
echo 'hello' >"$demo/home/project/README"

user=
if [ "$(id -u)" = 0 ]; then
    user='setpriv --reuid 65534 --regid 65534 --clear-groups'
    chown -R 65534:65534 "$demo"
fi

# shellcheck disable=SC2086 # a command with its arguments
as_user() { (cd "$demo/home/project" && $user env -i HOME="$demo/home" USER=demo PATH="$demo/bin:/usr/bin:/bin" TERM="${TERM-dumb}" GH_TOKEN=s3cret "$@"); }

look='echo "I am $(id -un) on $(uname -n), in $(pwd)"
printf "%-36s" "  my home:";             ls -A ~ | tr "\n" " "; echo
printf "%-36s" "  the key in ~/.ssh:";   cat ~/.ssh/id_ed25519 2>/dev/null || echo "(not there)"
printf "%-36s" "  the keys in ~/.aws:";  cat ~/.aws/credentials 2>/dev/null || echo "(not there)"
printf "%-36s" "  the variable GH_TOKEN:"; echo "${GH_TOKEN-(not there)}"
printf "%-36s" "  processes that I see:"; ls /proc | grep -c "^[0-9]"
printf "%-36s" "  network interfaces:";  sed -n "s/^ *\([^:]*\):.*/\1/p" /proc/net/dev | tr "\n" " "; echo
printf "%-36s" "  writing here:";        echo "written by $(uname -n)" >>README && echo works || echo refused
printf "%-36s" "  changing the policy:"; { echo >>.agent-sandbox.kdl; } 2>/dev/null && echo works || echo refused'

say 'The policy'
cat "$demo/home/project/.agent-sandbox.kdl"
say 'sbc check'
as_user sbc check
say 'Without a sandbox'
as_user sh -c "$look"
cp examples/minimal/.agent-sandbox.kdl "$demo/home/project"
say 'Nothing runs that its user has not seen: sbc trust (at a terminal, sbc exec asks by itself)'
as_user sbc trust --yes
say 'The same commands inside: sbc exec -- sh -c …'
as_user sbc exec -- sh -c "$look"
say 'What the sandbox wrote, seen from outside'
cat "$demo/home/project/README"
say 'The same sandbox as a script for people without sbc: sbc build'
as_user sbc build
as_user sh .agent-sandbox/minimal.sh -- sh -c 'echo "on $(uname -n): $(ls -A ~)"'
