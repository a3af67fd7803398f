package personal

import (
	"strings"
	"unicode/utf8"
)

// Scrub masks the telephone, identity card and bank card numbers in free text, however
// they are grouped and with full-width digits as well. Other digits stay as they are.
//
// It is for text that people or programs wrote, not for ids: one that has the form of a
// number would be masked too.
func Scrub(s string) string {
	if !worthALook(s) {
		return s
	}
	runs := digitRuns(s)
	var out strings.Builder
	done := 0
	for i := 0; i < len(runs); i++ {
		last, end, mask := longest(s, runs[i:])
		if mask == "" {
			continue
		}
		out.WriteString(s[done : runs[i].start-runs[i].plus])
		out.WriteString(mask)
		done = end
		i += last
	}
	if done == 0 {
		return s
	}
	out.WriteString(s[done:])
	return out.String()
}

// Holds says whether Scrub would change the text.
func Holds(s string) bool { return Scrub(s) != s }

// fewest is how many digits the shortest number has that Scrub looks for.
const fewest = 7

func worthALook(s string) bool {
	n := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			n++
		case c == 0xEF && i+2 < len(s) && s[i+1] == 0xBC && s[i+2] >= 0x90 && s[i+2] <= 0x99: // ０ to ９
			n++
		}
	}
	return n >= fewest
}

// digitRun is digits without anything between them.
type digitRun struct {
	start, end int
	digits     string
	plus       int  // bytes of a plus sign right before
	tied       bool // only separators stand between it and the run before
	dotted     bool // one of them is a dot
}

func digitRuns(s string) []digitRun {
	var runs []digitRun
	behind := 0 // the run before
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if _, ok := digit(r); !ok {
			i += size
			continue
		}
		run := digitRun{start: i}
		gap := s[behind:i]
		for _, sign := range [...]string{"+", "＋"} {
			if strings.HasSuffix(gap, sign) {
				run.plus = len(sign)
			}
		}
		run.tied = len(runs) > 0 && gap != "" && onlySeparators(gap)
		run.dotted = run.tied && strings.ContainsRune(gap, '.')
		run.digits, run.end = takeDigits(s, i)
		runs = append(runs, run)
		i, behind = run.end, run.end
	}
	return runs
}

// mostSeparators stand between two groups of one number, as in ") - ".
const mostSeparators = 3

func onlySeparators(s string) bool {
	n := 0
	for _, r := range s {
		if n++; n > mostSeparators || !separates(r) {
			return false
		}
	}
	return true
}

func separates(r rune) bool {
	switch r {
	case ' ', '-', '.', '(', ')', '\t', '\u00a0', '\u3000', '（', '）', '－', '–', '—', '‑', '‐', '−', '·', '‧', '_':
		return true
	}
	return false
}

func digit(r rune) (byte, bool) {
	switch {
	case r >= '0' && r <= '9':
		return byte(r), true
	case r >= '０' && r <= '９':
		return byte(r - '０' + '0'), true
	}
	return 0, false
}

func takeDigits(s string, at int) (digits string, end int) {
	var b strings.Builder
	for at < len(s) {
		r, size := utf8.DecodeRuneInString(s[at:])
		d, ok := digit(r)
		if !ok {
			break
		}
		b.WriteByte(d)
		at += size
	}
	return b.String(), at
}

// longest finds the longest number that begins with the first run: how many runs beyond
// it belong to it, where it ends, and its mask, empty when there is none.
func longest(s string, runs []digitRun) (last, end int, mask string) {
	var digits strings.Builder
	grouped := 0 // runs that can be one number
	for i, r := range runs {
		if i > 0 && !r.tied || digits.Len()+len(r.digits) > mostDigits {
			break
		}
		digits.WriteString(r.digits)
		grouped++
	}
	all := digits.String()
	for n := grouped; n > 0; n-- {
		c := candidate{
			digits: all, runs: runs[:n], foreign: runs[0].plus > 0,
			before: s[:runs[0].start], after: s[runs[n-1].end:],
		}
		if mask, extra := c.mask(); mask != "" {
			return n - 1, runs[n-1].end + extra, mask
		}
		all = all[:len(all)-len(runs[n-1].digits)]
	}
	return 0, 0, ""
}

// mostDigits is the longest number there is: a bank card's.
const mostDigits = 19
