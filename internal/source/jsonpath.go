package source

import (
	"fmt"
	"strconv"
	"strings"
)

// The kinds of steps on the way to a value in a JSON record.
const (
	stepKey   = iota // the value of a key
	stepIndex        // an element of a list, from 0; negative from its end
	stepEach         // every element of a list
)

type step struct {
	kind  int
	key   string
	index int
}

const maxSteps = 16

// parsePath reads "variables.start_epoch", "legs[0].agent", "legs[-1].agent", "tags[]". A
// key with a dot or a bracket in it is written between double quotes.
func parsePath(text string) ([]step, error) {
	var out []step
	rest := text
	for first := true; rest != ""; first = false {
		switch {
		case rest[0] == '[':
			inside, after, ok := strings.Cut(rest[1:], "]")
			if !ok || first {
				return nil, fmt.Errorf("%q is no path: it is written as a.b, a[0].b or a[].b", text)
			}
			rest = after
			if inside == "" {
				out = append(out, step{kind: stepEach})
				continue
			}
			i, err := strconv.Atoi(inside)
			if err != nil || i < -1000 || i > 1000 {
				return nil, fmt.Errorf("%q is no path: %q is no place in a list", text, inside)
			}
			out = append(out, step{kind: stepIndex, index: i})
			continue
		case rest[0] == '.':
			if first {
				return nil, fmt.Errorf("%q is no path: it begins with a dot", text)
			}
			rest = rest[1:]
		case !first:
			return nil, fmt.Errorf("%q is no path: a dot is missing before %q", text, rest)
		}
		var key string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			var closed bool
			if key, rest, closed = strings.Cut(quoted, `"`); !closed {
				return nil, fmt.Errorf("%q is no path: a quote is not closed", text)
			}
		} else {
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			key, rest = rest[:end], rest[end:]
		}
		if key == "" {
			return nil, fmt.Errorf("%q is no path: a key is empty", text)
		}
		out = append(out, step{kind: stepKey, key: key})
	}
	if len(out) == 0 || len(out) > maxSteps {
		return nil, fmt.Errorf("%q is no path: from 1 to %d steps", text, maxSteps)
	}
	return out, nil
}
