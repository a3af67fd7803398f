#!/usr/bin/env bash
# Makes reports, opens them in LibreOffice and writes every page as a picture, to be looked
# at: report.sh HOTLINE OUT [CALLS]. CALLS is a file of the anonymous-bank data set; without
# it only the simulated year is shown.
set -euo pipefail

hotline=$1 out=$2 calls=${3:-}
for tool in soffice pdftoppm; do
	command -v "$tool" >/dev/null || {
		echo "report-look: $tool is missing (Debian: apt-get install libreoffice-calc libreoffice-writer poppler-utils fonts-noto-cjk)" >&2
		exit 1
	}
done
mkdir -p "$out"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# show FILE writes FILE's pages to OUT/NAME-EXTENSION-PAGE.png
show() {
	local name
	name=$(basename "$1")
	soffice "-env:UserInstallation=file://$work/profile" --headless --convert-to pdf --outdir "$work" "$1" >/dev/null 2>&1
	pdftoppm -r 80 -png "$work/${name%.*}.pdf" "$out/${name/./-}"
	echo "$name: $(find "$out" -name "${name/./-}-*.png" | wc -l) pages"
}

# report NAME ARGUMENTS… analyzes into a workbook and a document, in both languages.
report() {
	local name=$1 lang format
	shift
	for lang in zh en; do
		for format in xlsx docx; do
			"$hotline" analyze "$@" --lang "$lang" --report "$out/$name-$lang.$format" >/dev/null
			show "$out/$name-$lang.$format"
		done
	done
}

"$hotline" simulate --format generic-csv --from 2026-01-01 --to 2027-01-01 --out "$work/year" 2>/dev/null
report year "$work"/year/calls.* --source generic-csv --set rules.calendar=cn-2026
[[ -z $calls ]] || report february "$calls" --source anonymous-bank --zone Asia/Jerusalem
echo "look at $out"
