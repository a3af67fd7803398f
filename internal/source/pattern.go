package source

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// wall is what a clock and a calendar on a wall show, with an offset where it is told.
type wall struct {
	year, month, day            int
	hour, minute, second, nanos int
	offset                      int // seconds east of UTC
	hasOffset                   bool
}

// pattern is a compiled notation of times, as "yyyy-MM-dd HH:mm:ss". A doubled letter
// takes exactly that many digits, a single one (M d H h m s) one or two. S is a fraction
// of a second, a is AM/PM or 上午/下午, X an offset, text in ” or that is no Latin
// letter stands for itself. "epoch" and "epoch_ms" are Unix time.
type pattern struct {
	text    string
	parts   []part
	epoch   int64 // units a second, 0 when it is no Unix time
	hasDate bool
	hasTime bool
}

type part struct {
	kind        byte // a letter, or 0 for literal text
	least, most int  // digits
	literal     string
}

const maxEpochDigits = 15

func compilePattern(text string) (*pattern, error) {
	p := &pattern{text: text}
	switch text {
	case "epoch":
		p.epoch, p.hasDate, p.hasTime = 1, true, true
		return p, nil
	case "epoch_ms":
		p.epoch, p.hasDate, p.hasTime = 1000, true, true
		return p, nil
	}
	seen := map[byte]bool{}
	for rest := text; rest != ""; {
		c := rest[0]
		if c == '\'' {
			lit, after, ok := strings.Cut(rest[1:], "'")
			if !ok {
				return nil, fmt.Errorf("format %q: a ' is not closed", text)
			}
			if lit == "" {
				lit = "'"
			}
			p.parts = append(p.parts, part{literal: lit})
			rest = after
			continue
		}
		if c|0x20 < 'a' || c|0x20 > 'z' {
			_, n := utf8.DecodeRuneInString(rest)
			p.parts = append(p.parts, part{literal: rest[:n]})
			rest = rest[n:]
			continue
		}
		n := len(rest) - len(strings.TrimLeft(rest, string(c)))
		el, err := letter(c, n)
		if err != nil {
			return nil, fmt.Errorf("format %q: %w", text, err)
		}
		if seen[c] {
			return nil, fmt.Errorf("format %q: %c stands twice", text, c)
		}
		seen[c] = true
		p.parts = append(p.parts, el)
		rest = rest[n:]
	}
	return p, p.complete(seen)
}

func letter(c byte, n int) (part, error) {
	switch {
	case c == 'y' && (n == 2 || n == 4), c == 'S' && n > 1 && n <= 9, strings.IndexByte("MdHhms", c) >= 0 && n == 2:
		return part{kind: c, least: n, most: n}, nil
	case c == 'S' && n == 1:
		return part{kind: c, least: 1, most: 9}, nil
	case strings.IndexByte("MdHhms", c) >= 0 && n == 1:
		return part{kind: c, least: 1, most: 2}, nil
	case c == 'a' && n == 1, c == 'X' && n <= 3:
		return part{kind: c}, nil
	}
	return part{}, fmt.Errorf("%s means nothing; known: yyyy yy MM M dd d HH H hh h mm m ss s SSS S a X, other text in ''",
		strings.Repeat(string(c), n))
}

func (p *pattern) complete(seen map[byte]bool) error {
	p.hasDate = seen['y'] || seen['M'] || seen['d']
	p.hasTime = seen['H'] || seen['h'] || seen['m'] || seen['s']
	switch {
	case p.hasDate && !(seen['y'] && seen['M'] && seen['d']):
		return fmt.Errorf("format %q: a date needs year, month and day (y, M, d)", p.text)
	case p.hasTime && !((seen['H'] || seen['h']) && seen['m']):
		return fmt.Errorf("format %q: a time needs hours and minutes (H, m)", p.text)
	case seen['h'] != seen['a'] || seen['h'] && seen['H']:
		return fmt.Errorf("format %q: h (1 to 12) goes with a (AM/PM), H (0 to 23) goes alone", p.text)
	case !p.hasDate && !p.hasTime:
		return fmt.Errorf("format %q names neither a date nor a time", p.text)
	case seen['X'] && !(p.hasDate && p.hasTime):
		return fmt.Errorf("format %q: an offset (X) needs date and time", p.text)
	}
	return nil
}

// parse reads s, all of it.
func (p *pattern) parse(s string) (w wall, ok bool) {
	if p.epoch != 0 {
		return p.unix(s)
	}
	w = wall{month: 1, day: 1}
	afternoon, half := false, false
	for i := range p.parts {
		el := &p.parts[i]
		var n int
		switch el.kind {
		case 0:
			if !strings.HasPrefix(s, el.literal) {
				return w, false
			}
			s = s[len(el.literal):]
			continue
		case 'a':
			half = true
			if afternoon, s, ok = meridiem(s); !ok {
				return w, false
			}
			continue
		case 'X':
			if w.offset, s, ok = offset(s); !ok {
				return w, false
			}
			w.hasOffset = true
			continue
		}
		for n < len(s) && n < el.most && s[n] >= '0' && s[n] <= '9' {
			n++
		}
		if n < el.least {
			return w, false
		}
		w.set(el.kind, digits(s[:n]), n)
		s = s[n:]
	}
	if half {
		if w.hour < 1 || w.hour > 12 {
			return w, false
		}
		w.hour %= 12
		if afternoon {
			w.hour += 12
		}
	}
	return w, s == "" && w.exists()
}

func (w *wall) set(kind byte, v, n int) {
	switch kind {
	case 'y':
		if n == 2 { // as POSIX: 69 to 99 are the last century
			v += 2000
			if v >= 2069 {
				v -= 100
			}
		}
		w.year = v
	case 'M':
		w.month = v
	case 'd':
		w.day = v
	case 'H', 'h':
		w.hour = v
	case 'm':
		w.minute = v
	case 's':
		w.second = v
	case 'S':
		for ; n < 9; n++ {
			v *= 10
		}
		w.nanos = v
	}
}

func (w *wall) exists() bool {
	return w.month >= 1 && w.month <= 12 && w.day >= 1 && w.hour < 24 && w.minute < 60 && w.second < 60 &&
		(w.day <= 28 || w.day <= time.Date(w.year, time.Month(w.month)+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

func digits(s string) int {
	v := 0
	for i := range len(s) {
		v = v*10 + int(s[i]-'0')
	}
	return v
}

func meridiem(s string) (afternoon bool, rest string, ok bool) {
	for _, m := range []struct {
		word      string
		afternoon bool
	}{{"AM", false}, {"PM", true}, {"上午", false}, {"下午", true}} {
		if len(s) >= len(m.word) && strings.EqualFold(s[:len(m.word)], m.word) {
			return m.afternoon, s[len(m.word):], true
		}
	}
	return false, s, false
}

// offset reads Z, +08, +0800 or +08:00.
func offset(s string) (seconds int, rest string, ok bool) {
	if s == "" {
		return 0, s, false
	}
	sign := 1
	switch s[0] {
	case 'Z', 'z':
		return 0, s[1:], true
	case '-':
		sign = -1
	case '+':
	default:
		return 0, s, false
	}
	h, s, ok := two(s[1:])
	if !ok {
		return 0, s, false
	}
	m := 0
	if after, found := strings.CutPrefix(s, ":"); found {
		if m, s, ok = two(after); !ok {
			return 0, s, false
		}
	} else if v, after, found := two(s); found {
		m, s = v, after
	}
	return sign * (h*3600 + m*60), s, h < 24 && m < 60
}

func two(s string) (v int, rest string, ok bool) {
	if len(s) < 2 || s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, s, false
	}
	return digits(s[:2]), s[2:], true
}

// unix reads Unix time, which may have a fraction.
func (p *pattern) unix(s string) (w wall, ok bool) {
	whole, fraction, dotted := strings.Cut(s, ".")
	if whole == "" || len(whole) > maxEpochDigits || len(fraction) > 9 || dotted && fraction == "" {
		return w, false
	}
	for _, c := range whole + fraction {
		if c < '0' || c > '9' {
			return w, false
		}
	}
	v := int64(digits(whole))
	nanos := int64(digits((fraction + "000000000")[:9]))
	t := time.Unix(v/p.epoch, (v%p.epoch*1e9+nanos)/p.epoch).UTC()
	return wall{
		year: t.Year(), month: int(t.Month()), day: t.Day(),
		hour: t.Hour(), minute: t.Minute(), second: t.Second(), nanos: t.Nanosecond(), hasOffset: true,
	}, true
}
