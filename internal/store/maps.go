package store

import (
	"fmt"
	"strings"

	"hotline12333/internal/kpi"
)

// Maps are read in ClickHouse's text form, {1:2,3:4} and {'a':1}: the driver would make
// every key and value by reflection, which for a year of buckets costs more than all
// the rest.

func parseHist(text string) (kpi.Hist, error) {
	p := mapText{rest: text}
	if !p.open() {
		return nil, p.bad(text)
	}
	if p.close() {
		return nil, nil
	}
	h := make(kpi.Hist, strings.Count(text, ":"))
	for {
		class, ok := p.number()
		if !ok || class > 0xffff || !p.skip(':') {
			return nil, p.bad(text)
		}
		n, ok := p.number()
		if !ok {
			return nil, p.bad(text)
		}
		h[uint16(class)] = n
		if p.close() {
			return h, nil
		}
		if !p.skip(',') {
			return nil, p.bad(text)
		}
	}
}

func parseCounts(text string) (map[string]int64, error) {
	p := mapText{rest: text}
	if !p.open() {
		return nil, p.bad(text)
	}
	if p.close() {
		return nil, nil
	}
	counts := make(map[string]int64)
	for {
		key, ok := p.quoted()
		if !ok || !p.skip(':') {
			return nil, p.bad(text)
		}
		n, ok := p.number()
		if !ok {
			return nil, p.bad(text)
		}
		counts[key] = n
		if p.close() {
			return counts, nil
		}
		if !p.skip(',') {
			return nil, p.bad(text)
		}
	}
}

// mapText is a map in text form, what is left of it.
type mapText struct{ rest string }

func (p *mapText) bad(text string) error { return fmt.Errorf("%.200q is not a map of counts", text) }

func (p *mapText) open() bool { return p.skip('{') }

// close says whether the map ends here, and nothing follows.
func (p *mapText) close() bool { return p.rest == "}" }

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
