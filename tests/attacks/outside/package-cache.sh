# tries: to have the host's npm install a package from its cache that the agent has put there
# stopped by: the cache inside is that of the sandboxes, and none of the host's
# control: bwrap --ro-bind / / --bind "$PROJECT" "$PROJECT" --bind "$HOME/.npm" "$HOME/.npm" --dev /dev --proc /proc --unshare-pid --
### prepare
mkdir -p ~/.npm/_cacache/content-v2/sha512/aa ~/.npm/_cacache/index-v5
echo sound >~/.npm/_cacache/content-v2/sha512/aa/package
### inside
for cache in ~/.npm "${NPM_CONFIG_CACHE:-$HOME/.npm}"; do
    mkdir -p "$cache/_cacache/content-v2/sha512/aa"
    echo planted >"$cache/_cacache/content-v2/sha512/aa/package"
    cat "$cache/_cacache/content-v2/sha512/aa/package"
done
### succeeded
grep -q planted ~/.npm/_cacache/content-v2/sha512/aa/package
### stopped
grep -q planted "$OUT"
grep -q sound ~/.npm/_cacache/content-v2/sha512/aa/package
grep -q planted ~/.cache/sbc/node/npm/_cacache/content-v2/sha512/aa/package
