#!/usr/bin/env bash
# Installs the Debian packages of the full test run, the missing ones only.
set -euo pipefail

wanted=(prometheus prometheus-alertmanager kcat chromium fonts-noto-cjk maven)
command -v java >/dev/null || wanted+=(default-jre-headless)
command -v node >/dev/null || wanted+=(nodejs npm)
command -v gcc >/dev/null || wanted+=(gcc libc6-dev)

if ! command -v dpkg-query >/dev/null; then
	echo "setup: this is not Debian: install by other means: ${wanted[*]}" >&2
	exit 1
fi
missing=()
for package in "${wanted[@]}"; do
	[[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
done
# A Maven or Chromium that came another way will do.
for tool in mvn:maven chromium:chromium; do
	command -v "${tool%%:*}" >/dev/null || continue
	for i in "${!missing[@]}"; do
		[[ ${missing[i]} != "${tool##*:}" ]] || unset 'missing[i]'
	done
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

root=()
if [[ $(id -u) -ne 0 ]]; then
	command -v sudo >/dev/null || { echo "setup: run as root: apt-get install ${missing[*]}" >&2; exit 1; }
	root=(sudo)
fi
export DEBIAN_FRONTEND=noninteractive
echo "setup: installing ${missing[*]} …" >&2
"${root[@]}" apt-get update -q </dev/null >&2
"${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" </dev/null >&2
