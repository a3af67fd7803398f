#!/usr/bin/env bash
# Installs libchdb, the embedded ClickHouse engine, into the user's cache, where
# the program looks for it. Does nothing when the pinned version is there.
#
# The package and the SHA-512 of its content are pinned in package-lock.json;
# npm fetches it from the registry it is configured for and refuses anything
# that differs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${XDG_CACHE_HOME:-${HOME:?HOME is not set, and neither is XDG_CACHE_HOME}/.cache}/hotline/libchdb
library=$cache/libchdb.so
stamp=$cache/libchdb.stamp

fail() {
	printf 'setup: %s\n' "$@" >&2
	exit 1
}

# What is installed is right when the lock file it came from and its size agree.
pinned=$(sha256sum "$here/package-lock.json" | cut -d' ' -f1)
if [[ -f $library && -f $stamp && $(cat "$stamp") == "$pinned $(stat -c %s "$library")" ]]; then
	exit 0
fi

own='or put a libchdb.so of your own somewhere and name it in HOTLINE_LIBCHDB'
case "$(uname -s)/$(uname -m)" in
Linux/x86_64) package=@chdb/lib-linux-x64-gnu ;;
*) fail "no engine is pinned for $(uname -s) on $(uname -m): use Linux on x86_64," "$own" ;;
esac

command -v node >/dev/null || fail "node is missing: install Node.js 18 or newer (Debian: apt-get install nodejs npm)," "$own"
command -v npm >/dev/null || fail "npm is missing: install it (Debian: apt-get install npm)," "$own"
major() { "$1" --version 2>/dev/null | sed -E 's/^v?([0-9]+).*/\1/'; }
[[ $(major node) -ge 18 ]] || fail "node $(node --version) is too old: install Node.js 18 or newer," "$own"
[[ $(major npm) -ge 8 ]] || fail "npm $(npm --version 2>/dev/null) is too old: install npm 8 or newer," "$own"

mkdir -p "$cache"
free=$(df -Pk "$cache" | awk 'NR == 2 { print $4 }')
[[ $free -ge 1200000 ]] || fail "$cache has $((free / 1024)) MB free, the engine needs 1200 MB while it is unpacked: free some, or set XDG_CACHE_HOME"

# Unpacked beside its final place, so that the last step is one rename: a
# running program keeps the file it has open, a killed setup leaves no half file.
staging=$(mktemp -d "$cache/.setup.XXXXXX")
trap 'rm -rf "$staging"' EXIT
cp "$here/package.json" "$here/package-lock.json" "$staging/"

printf 'setup: installing the embedded engine (%s, 180 MB to fetch) …\n' "$package" >&2
if ! (cd "$staging" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2); then
	fail "npm could not install $package; its message is above." \
		"Check that npm reaches its registry (npm ping) and try again, $own"
fi
unpacked=$staging/node_modules/$package/libchdb.so
[[ -f $unpacked ]] || fail "$package holds no libchdb.so: is this a glibc system? Otherwise $own"

rm -f "$stamp"
mv -f "$unpacked" "$library"
printf '%s %s\n' "$pinned" "$(stat -c %s "$library")" >"$staging/stamp"
mv -f "$staging/stamp" "$stamp"
printf 'setup: installed %s\n' "$library" >&2
