#!/bin/sh
# Keeps a bounded part of what fuzzing found on this machine as seeds of the project: every
# input in Go's cache reached code that none before it had. Per target there are 20 in
# testdata/fuzz then, those that once failed among them, none above 2 kB; of more in the
# cache some of each size are taken.
set -eu
most=20
cache=$(go env GOCACHE)/fuzz
go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}' ./... | while read -r package dir; do
	[ -d "$cache/$package" ] || continue
	for found in "$cache/$package"/Fuzz*; do
		[ -d "$found" ] || continue
		target=$(basename "$found")
		grep -qs "^func $target(" "$dir"/*_test.go || continue
		kept=$dir/testdata/fuzz/$target
		mkdir -p "$kept"
		room=$((most - $(find "$kept" -type f | wc -l)))
		[ "$room" -gt 0 ] || continue
		find "$found" -type f -size -2048c -printf '%s %f\n' | sort -n | cut -d' ' -f2 |
			while read -r name; do [ -e "$kept/$name" ] || echo "$name"; done |
			awk -v room="$room" '{ all[NR] = $0 } END {
				n = NR < room ? NR : room
				for (i = 0; i < n; i++) print all[1 + int(i * NR / n)]
			}' | while read -r name; do cp "$found/$name" "$kept/$name"; done
		rmdir "$kept" 2>/dev/null || true # nothing was found
	done
done
