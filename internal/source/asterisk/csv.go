package asterisk

import (
	"slices"
	"strings"
	"time"

	"hotline12333/internal/hotline"
)

// splitCSV cuts a line into its fields; ok is false where a quote is not closed or
// something follows it. A quote in a quoted field is doubled.
func splitCSV(dst []string, s string) (fields []string, ok bool) {
	for {
		if s == "" || s[0] != '"' {
			i := strings.IndexByte(s, ',')
			if i < 0 {
				return append(dst, s), true
			}
			dst, s = append(dst, s[:i]), s[i+1:]
			continue
		}
		s = s[1:]
		i := strings.IndexByte(s, '"')
		if i < 0 {
			return dst, false
		}
		field := s[:i]
		s = s[i+1:]
		for strings.HasPrefix(s, `"`) { // a doubled one
			i = strings.IndexByte(s[1:], '"')
			if i < 0 {
				return dst, false
			}
			field += s[:i+1]
			s = s[i+2:]
		}
		dst = append(dst, field)
		if s == "" {
			return dst, true
		}
		if s[0] != ',' {
			return dst, false
		}
		s = s[1:]
	}
}

// layout is where in a row the columns are.
type layout map[string]int

func layoutOf(names []string) layout {
	m := make(layout, len(names))
	for i, n := range names {
		m[strings.ToLower(n)] = i
	}
	return m
}

func (m layout) of(fields []string, name string) string {
	if i, ok := m[name]; ok && i < len(fields) {
		return strings.TrimSpace(fields[i])
	}
	return ""
}

// isHeader says whether a row names the columns instead of filling them.
func isHeader(fields, needed []string) bool {
	for _, n := range needed {
		if !slices.ContainsFunc(fields, func(f string) bool { return strings.EqualFold(strings.TrimSpace(f), n) }) {
			return false
		}
	}
	return true
}

const wallLayout = "2006-01-02 15:04:05"

// wallClock reads local times. Of a time that happened twice, as clocks were set back, the
// one nearest to hint is meant, where there is one (milliseconds), else the first.
type wallClock struct{ zone *time.Location }

func (w wallClock) read(s string, hint int64) (int64, bool) {
	utc, err := time.Parse(wallLayout, s)
	if err != nil {
		if utc, err = time.Parse(wallLayout+".999999", s); err != nil {
			return 0, false
		}
	}
	day := 24 * time.Hour
	_, before := utc.Add(-day).In(w.zone).Zone()
	_, after := utc.Add(day).In(w.zone).Zone()
	first := utc.Add(-time.Duration(before) * time.Second)
	if before == after {
		return first.UnixMilli(), true
	}
	second := utc.Add(-time.Duration(after) * time.Second)
	_, at1 := first.In(w.zone).Zone()
	_, at2 := second.In(w.zone).Zone()
	switch {
	case at1 == before && at2 == after && hint > 0 && abs(second.UnixMilli()-hint) < abs(first.UnixMilli()-hint):
		return second.UnixMilli(), true
	case at1 != before && at2 == after:
		return second.UnixMilli(), true
	}
	return first.UnixMilli(), true // also of a time that was skipped
}

func inYears(ms int64) bool {
	return ms >= hotline.Earliest.UnixMilli() && ms < hotline.Latest.UnixMilli()
}
