package store

import (
	"fmt"
	"math"
	"strings"

	"hotline12333/internal/kpi"
)

// Maps are read in ClickHouse's text form, {1:2,3:4} and {'a':1}: the driver would make
// every key and value by reflection, which for a year of buckets costs more than all
// the rest. Several maps may follow one another; they are added up.

func parseHist(text string) (h kpi.Hist, err error) {
	p := mapText{rest: text}
	err = p.each(text, func() bool {
		class, ok := p.number()
		if !ok || class > math.MaxUint16 || !p.skip(':') {
			return false
		}
		n, ok := p.number()
		if ok {
			h.Add(uint16(class), n)
		}
		return ok
	})
	return h, err
}

func parseCounts(text string) (counts map[string]int64, err error) {
	p := mapText{rest: text}
	err = p.each(text, func() bool {
		key, ok := p.quoted()
		if !ok || !p.skip(':') {
			return false
		}
		n, ok := p.number()
		if ok {
			if counts == nil {
				counts = make(map[string]int64)
			}
			counts[key] += n
		}
		return ok
	})
	return counts, err
}

// mapText is a map in text form, what is left of it.
type mapText struct{ rest string }

// each calls entry for every entry of every map; entry says whether it could read one.
func (p *mapText) each(text string, entry func() bool) error {
	for p.rest != "" {
		if !p.skip('{') {
			return fmt.Errorf("%.200q is not a map of counts", text)
		}
		for first := true; !p.skip('}'); first = false {
			if (!first && !p.skip(',')) || !entry() {
				return fmt.Errorf("%.200q is not a map of counts", text)
			}
		}
	}
	return nil
}

func (p *mapText) skip(c byte) bool {
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *mapText) number() (n int64, ok bool) {
	i := 0
	for ; i < len(p.rest) && i < 18 && p.rest[i] >= '0' && p.rest[i] <= '9'; i++ {
		n = 10*n + int64(p.rest[i]-'0')
	}
	p.rest = p.rest[i:]
	return n, i > 0
}

// quoted reads a string literal; ClickHouse escapes with backslashes.
func (p *mapText) quoted() (s string, ok bool) {
	if !p.skip('\'') {
		return "", false
	}
	if end := strings.IndexAny(p.rest, `\'`); end >= 0 && p.rest[end] == '\'' {
		s, p.rest = p.rest[:end], p.rest[end+1:]
		return s, true
	}
	var b strings.Builder
	for i := 0; i < len(p.rest); i++ {
		switch c := p.rest[i]; c {
		case '\'':
			p.rest = p.rest[i+1:]
			return b.String(), true
		case '\\':
			i++
			if i == len(p.rest) {
				return "", false
			}
			b.WriteByte(unescaped(p.rest[i]))
		default:
			b.WriteByte(c)
		}
	}
	return "", false
}

func unescaped(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	case '0':
		return 0
	}
	return c
}
