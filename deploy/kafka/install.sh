#!/usr/bin/env bash
# Installs the jars of a real Kafka broker into DIR/libs through Maven, which
# checks their checksums. Does nothing when the pinned version is there.
#
#   deploy/kafka/install.sh [DIR]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${1:-${HOTLINE_KAFKA_HOME:-${XDG_CACHE_HOME:-${HOME:?HOME is not set}/.cache}/hotline/kafka}}
stamp=$home/kafka.stamp
pinned=$(sha256sum "$here/pom.xml" | cut -d' ' -f1)

if [[ -d $home/libs && -f $stamp && $(cat "$stamp") == "$pinned" ]]; then
	exit 0
fi
for tool in mvn java; do
	if ! command -v "$tool" >/dev/null; then
		echo "setup: $tool is missing: install Maven and Java 17 or newer (Debian: apt-get install maven openjdk-17-jre-headless)" >&2
		exit 1
	fi
done

mkdir -p "$home"
staging=$(mktemp -d "$home/.setup.XXXXXX")
trap 'rm -rf "$staging"' EXIT
echo "setup: installing Kafka for the tests …" >&2
mvn -q -B -Dstyle.color=never -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$staging/libs" </dev/null >&2
rm -rf "$stamp" "$home/libs"
mv "$staging/libs" "$home/libs"
echo "$pinned" >"$stamp"
echo "setup: installed $home/libs" >&2
