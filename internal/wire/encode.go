package wire

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/hotline"
)

// AppendCall appends the call's canonical JSON: fixed order of fields, nothing that is
// empty, instants in UTC to the millisecond.
func AppendCall(b []byte, c *hotline.Call) []byte {
	e := encoder{append(b, '{')}
	e.text("call_id", c.ID)
	e.key("version")
	e.b = strconv.AppendUint(e.b, c.Version, 10)
	return append(e.content(c).b, '}')
}

// Rank returns the call's rank: its version and the hash of everything else in it but
// its identity.
func Rank(c *hotline.Call) hotline.Rank {
	e := encoder{append(make([]byte, 0, 512), '{')}
	sum := sha256.Sum256(e.content(c).b)
	return hotline.Rank{Version: c.Version, Hash: binary.BigEndian.Uint64(sum[:8])}
}

type encoder struct{ b []byte }

func (e *encoder) content(c *hotline.Call) *encoder {
	e.text("centre", c.Centre)
	e.instant("started_at", c.StartedAt)
	e.instant("queued_at", c.QueuedAt)
	e.instant("answered_at", c.AnsweredAt)
	e.instant("ended_at", c.EndedAt)
	e.text("direction", string(c.Direction))
	e.text("outcome", string(c.Outcome))
	e.text("excluded", string(c.Excluded))
	e.text("queue", c.Queue)
	e.text("agent", c.Agent)
	e.texts("topics", c.Topics)
	e.span("wait_seconds", c.Wait)
	e.span("talk_seconds", c.Talk)
	e.span("hold_seconds", c.Hold)
	e.span("wrapup_seconds", c.Wrapup)
	e.span("ivr_seconds", c.IVR)
	e.legs(c.Legs)
	e.count("transfers", uint64(c.Transfers))
	e.text("caller_hash", c.CallerHash)
	e.text("caller_masked", c.CallerMasked)
	e.text("caller_sealed", c.CallerSealed)
	e.text("region", c.Region)
	e.rating(c.Rating)
	e.text("source", c.Source)
	e.attributes(c.Attributes)
	if c.Deleted {
		e.key("deleted")
		e.b = append(e.b, "true"...)
	}
	return e
}

func (e *encoder) key(name string) {
	if last := e.b[len(e.b)-1]; last != '{' {
		e.b = append(e.b, ',')
	}
	e.b = append(e.b, '"')
	e.b = append(e.b, name...)
	e.b = append(e.b, '"', ':')
}

func (e *encoder) quote(s string) {
	if plain(s) {
		e.b = append(e.b, '"')
		e.b = append(e.b, s...)
		e.b = append(e.b, '"')
		return
	}
	// The only error is invalid UTF-8, which is replaced; validation has refused it before.
	e.b, _ = jsontext.AppendQuote(e.b, s)
}

// plain says that a text is written as it is: ASCII without anything to escape.
func plain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func (e *encoder) text(name, s string) {
	if s != "" {
		e.key(name)
		e.quote(s)
	}
}

func (e *encoder) texts(name string, list []string) {
	if len(list) == 0 {
		return
	}
	e.key(name)
	e.b = append(e.b, '[')
	for i, s := range list {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.quote(s)
	}
	e.b = append(e.b, ']')
}

func (e *encoder) instant(name string, t time.Time) {
	if t.IsZero() {
		return
	}
	e.key(name)
	e.b = append(e.b, '"')
	e.b = appendInstant(e.b, t.UTC())
	e.b = append(e.b, '"')
}

// appendInstant writes the milliseconds always, in UTC. Years have four digits:
// validation has refused all others.
func appendInstant(b []byte, t time.Time) []byte {
	year, month, day := t.Date()
	hour, minute, second := t.Clock()
	b = append(b, byte('0'+year/1000%10), byte('0'+year/100%10))
	b = append(two(b, year), '-')
	b = append(two(b, int(month)), '-')
	b = append(two(b, day), 'T')
	b = append(two(b, hour), ':')
	b = append(two(b, minute), ':')
	b = append(two(b, second), '.')
	ms := t.Nanosecond() / int(time.Millisecond)
	b = append(b, byte('0'+ms/100))
	return append(two(b, ms), 'Z')
}

// two writes the last two digits.
func two(b []byte, n int) []byte { return append(b, byte('0'+n/10%10), byte('0'+n%10)) }

func (e *encoder) count(name string, n uint64) {
	if n != 0 {
		e.key(name)
		e.b = strconv.AppendUint(e.b, n, 10)
	}
}

// span writes seconds with up to three decimals, exactly.
func (e *encoder) span(name string, s hotline.Span) {
	if !s.Known {
		return
	}
	e.key(name)
	ms := s.Millis
	if ms < 0 {
		e.b, ms = append(e.b, '-'), -ms
	}
	e.b = strconv.AppendInt(e.b, ms/1000, 10)
	if rest := ms % 1000; rest != 0 {
		e.b = append(e.b, '.', byte('0'+rest/100), byte('0'+rest/10%10), byte('0'+rest%10))
	}
}

func (e *encoder) legs(legs []hotline.Leg) {
	if len(legs) == 0 {
		return
	}
	e.key("legs")
	e.b = append(e.b, '[')
	for i, l := range legs {
		if i > 0 {
			e.b = append(e.b, ',')
		}
		e.b = append(e.b, '{')
		e.text("agent", l.Agent)
		e.text("queue", l.Queue)
		e.instant("answered_at", l.AnsweredAt)
		e.instant("ended_at", l.EndedAt)
		e.span("hold_seconds", l.Hold)
		e.b = append(e.b, '}')
	}
	e.b = append(e.b, ']')
}

func (e *encoder) rating(r hotline.Rating) {
	if r == (hotline.Rating{}) {
		return
	}
	e.key("rating")
	e.b = append(e.b, '{')
	if r.Invited {
		e.key("invited")
		e.b = append(e.b, "true"...)
	}
	if r.Given {
		e.key("value")
		e.b = strconv.AppendUint(e.b, uint64(r.Value), 10)
	}
	e.text("scale", r.Scale)
	e.b = append(e.b, '}')
}

func (e *encoder) attributes(m map[string]string) {
	if len(m) == 0 {
		return
	}
	e.key("attributes")
	e.b = append(e.b, '{')
	for _, k := range slices.Sorted(maps.Keys(m)) {
		if e.b[len(e.b)-1] != '{' {
			e.b = append(e.b, ',')
		}
		e.quote(k)
		e.b = append(e.b, ':')
		e.quote(m[k])
	}
	e.b = append(e.b, '}')
}
