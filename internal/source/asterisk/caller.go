package asterisk

import (
	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
)

// caller is what may be kept of a number; the number itself is not.
type caller struct {
	Hash, Previous string `json:",omitempty"`
	Mask           string `json:",omitempty"`
	Sealed         string `json:",omitempty"`
	Region         string `json:",omitempty"`
}

// callerOf makes what may be kept of the number in a call that arrived at a moment.
func callerOf(keys source.Pseudonyms, id string, arrived int64, number string) caller {
	if keys == nil || !hasDigit(number) { // withheld, anonymous …
		return caller{}
	}
	c := hotline.Call{ID: id, StartedAt: instant(arrived)}
	source.SetCaller(keys, &c, number, source.KeepAll())
	return caller{
		Hash: c.CallerHash, Previous: c.Attributes[hotline.CallerPrevious],
		Mask: c.CallerMasked, Sealed: c.CallerSealed, Region: c.Region,
	}
}

func hasDigit(s string) bool {
	for i := range len(s) {
		if isDigit(s[i]) {
			return true
		}
	}
	return false
}

func (k caller) put(c *hotline.Call) {
	c.CallerHash, c.CallerMasked, c.CallerSealed, c.Region = k.Hash, k.Mask, k.Sealed, k.Region
	if k.Previous == "" {
		return
	}
	if c.Attributes == nil {
		c.Attributes = make(map[string]string, 1)
	}
	c.Attributes[hotline.CallerPrevious] = k.Previous
}
