#!/usr/bin/env bash
# Checks, tests and builds the scripts and styles of the pages into
# internal/web/page/built, which is committed: the program is built without
# Node.js. The same sources give the same bytes.
#
# With --if-possible, a machine without a fitting Node.js is told how to get one
# and nothing is built, unless HOTLINE_REQUIRE names npm.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/../../internal/web/ui"

missing() {
	local how='install Node.js 20.19, 22.12 or newer with npm (Debian 13: apt-get install nodejs npm)'
	if [[ ${1:-} == --if-possible && ,${HOTLINE_REQUIRE:-}, != *,npm,* ]]; then
		printf 'ui: skipped, %s: %s\n' "$2" "$how" >&2
		exit 0
	fi
	printf 'ui: %s: %s\n' "$2" "$how" >&2
	exit 1
}
mode=${1:-}
command -v node >/dev/null || missing "$mode" 'node is missing'
command -v npm >/dev/null || missing "$mode" 'npm is missing'
node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || a === 22 && b >= 12 || a === 20 && b >= 19 ? 0 : 1)' ||
	missing "$mode" "node $(node --version) is too old"

# What is installed is right when it came from this lock file.
stamp=node_modules/.lock.sha256
pinned=$(sha256sum package-lock.json | cut -d' ' -f1)
if [[ ! -f $stamp || $(cat "$stamp") != "$pinned" ]]; then
	npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2
	printf '%s\n' "$pinned" >"$stamp"
fi
npm run --silent check
npm run --silent test -- --silent
npm run --silent build -- --logLevel warn
