package strictyaml

import "strings"

// closest returns the candidate most like name, or "" when none is close enough to be
// what was meant. It compares letters, not bytes: columns are often named in Chinese.
func closest(name string, candidates []string) string {
	n := []rune(strings.ToLower(name))
	best, least := "", max(1, len(n)/3)+1
	for _, c := range candidates {
		if d := edits(n, []rune(strings.ToLower(c))); d < least {
			best, least = c, d
		}
	}
	return best
}

// Meant is the tail of an error about an unknown name.
func Meant(name string, candidates []string) string {
	if c := closest(name, candidates); c != "" {
		return ", did you mean " + c + "?"
	}
	return ""
}

// edits counts the changes between two names, a swap of neighbours being one.
func edits(a, b []rune) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		row := make([]int, len(b)+1)
		row[0] = i + 1
		for j := range b {
			change := last[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, change)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last = last, row
	}
	return last[len(b)]
}
