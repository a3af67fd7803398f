package app

import (
	"slices"
	"strings"
	"unicode"

	"hotline12333/internal/personal"
)

// mostShown bounds what is printed of a record.
const mostShown = 2000

// printable shows bytes with every number and every longer run of digits masked: nobody
// needs a caller's number to see what is wrong with a record. Bytes that are no UTF-8 are
// shown as GB18030, for a number's digits must be seen to be masked.
func printable(b []byte) string {
	cut := len(b) > mostShown
	if cut {
		b = b[:mostShown]
	}
	text := strings.Map(func(r rune) rune {
		switch {
		case r >= '０' && r <= '９':
			return r - '０' + '0'
		case r == '\t' || r == '\n' || unicode.IsPrint(r):
			return r
		}
		return '\uFFFD' // a terminal would act on it
	}, personal.Readable(b))
	text = string(hideDigits([]byte(personal.Scrub(text))))
	if cut {
		text += " …"
	}
	return text
}

// hideDigits hides the middle of a run of seven digits or more, as telephone and identity
// numbers are: at least three digits of it.
func hideDigits(b []byte) []byte {
	out := slices.Clone(b)
	for i := 0; i < len(out); {
		j := i
		for j < len(out) && out[j] >= '0' && out[j] <= '9' {
			j++
		}
		if n := j - i; n >= 7 {
			for k := i + 3; k < j-min(4, n-6); k++ {
				out[k] = '*'
			}
		}
		i = max(j, i+1)
	}
	return out
}
