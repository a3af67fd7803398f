package wire

import (
	"bytes"
	"errors"
	"io"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"hotline12333/internal/hotline"
)

// MaxRecord is the most bytes a record may have; what is larger is a dead letter.
const MaxRecord = 1 << 20

// Decoder decodes records, reusing its buffers. It is not safe for concurrent use.
type Decoder struct {
	dec   *jsontext.Decoder
	in    bytes.Reader
	words words
}

// NewDecoder returns a decoder.
func NewDecoder() *Decoder {
	return &Decoder{dec: jsontext.NewDecoder(new(bytes.Reader)), words: words{}}
}

// Call decodes and validates one call. The error is a [*hotline.RejectError].
func (d *Decoder) Call(data []byte) (*hotline.Call, error) {
	return validated(read(d, data, callField))
}

// validated is a record that was read, if it is valid too.
func validated[R interface{ Validate() error }](r R, err error) (R, error) {
	if err == nil {
		err = r.Validate()
	}
	if err != nil {
		var none R
		return none, err
	}
	return r, nil
}

// read decodes one record of any kind.
func read[T any](d *Decoder, data []byte, field func(r *reader, into *T, name string)) (*T, error) {
	into := new(T)
	if err := d.record(data, func(r *reader, name string) { field(r, into, name) }); err != nil {
		return nil, err
	}
	return into, nil
}

// record reads one object and nothing after it, field by field.
func (d *Decoder) record(data []byte, field func(r *reader, name string)) error {
	if len(data) > MaxRecord {
		return hotline.Reject(hotline.TooLarge, "", "%d bytes, at most %d", len(data), MaxRecord)
	}
	d.in.Reset(data)
	d.dec.Reset(&d.in)
	r := reader{dec: d.dec, words: d.words}
	r.object("", func(name string) { field(&r, name) })
	if r.err == nil {
		if _, err := d.dec.ReadToken(); !errors.Is(err, io.EOF) {
			r.fail(hotline.NotJSON, "", "something follows the record")
		}
	}
	if r.err != nil {
		return r.err
	}
	return nil
}

func callField(r *reader, c *hotline.Call, name string) {
	switch name {
	case "call_id":
		c.ID = r.text(name)
	case "version":
		c.Version = r.integer(name, hotline.MaxVersion)
	case "centre":
		c.Centre = r.word(name)
	case "started_at":
		c.StartedAt = r.instant(name)
	case "queued_at":
		c.QueuedAt = r.instant(name)
	case "answered_at":
		c.AnsweredAt = r.instant(name)
	case "ended_at":
		c.EndedAt = r.instant(name)
	case "direction":
		c.Direction = hotline.Direction(r.word(name))
	case "outcome":
		c.Outcome = hotline.Outcome(r.word(name))
	case "excluded":
		c.Excluded = hotline.Exclusion(r.word(name))
	case "queue":
		c.Queue = r.word(name)
	case "agent":
		c.Agent = r.word(name)
	case "topics":
		c.Topics = r.texts(name)
	case "wait_seconds":
		c.Wait = r.span(name)
	case "talk_seconds":
		c.Talk = r.span(name)
	case "hold_seconds":
		c.Hold = r.span(name)
	case "wrapup_seconds":
		c.Wrapup = r.span(name)
	case "ivr_seconds":
		c.IVR = r.span(name)
	case "legs":
		c.Legs = legs(r)
	case "transfers":
		c.Transfers = uint32(r.integer(name, hotline.MaxTransfers))
	case "caller_hash":
		c.CallerHash = r.text(name)
	case "caller_masked":
		c.CallerMasked = r.word(name)
	case "caller_sealed":
		c.CallerSealed = r.text(name)
	case "region":
		c.Region = r.word(name)
	case "rating":
		c.Rating = rating(r)
	case "source":
		c.Source = r.word(name)
	case "attributes":
		r.object(name, func(key string) {
			if c.Attributes == nil {
				c.Attributes = make(map[string]string)
			}
			c.Attributes[key] = r.text("attributes." + key)
		})
	case "deleted":
		c.Deleted = r.boolean(name)
	default:
		r.skip()
	}
}

func legs(r *reader) []hotline.Leg {
	var list []hotline.Leg
	r.array("legs", func(at string) {
		var l hotline.Leg
		r.object(at, func(name string) {
			switch path := at + "." + name; name {
			case "agent":
				l.Agent = r.word(path)
			case "queue":
				l.Queue = r.word(path)
			case "answered_at":
				l.AnsweredAt = r.instant(path)
			case "ended_at":
				l.EndedAt = r.instant(path)
			case "hold_seconds":
				l.Hold = r.span(path)
			default:
				r.skip()
			}
		})
		list = append(list, l)
	})
	return list
}

func rating(r *reader) hotline.Rating {
	var out hotline.Rating
	r.object("rating", func(name string) {
		switch path := "rating." + name; name {
		case "invited":
			out.Invited = r.boolean(path)
		case "value":
			if r.dec.PeekKind() == 'n' {
				r.skip()
				return
			}
			out.Given, out.Value = true, uint8(r.integer(path, 255))
		case "scale":
			out.Scale = r.word(path)
		default:
			r.skip()
		}
	})
	return out
}

// parseInstant reads RFC 3339 with an offset and cuts to the millisecond.
func parseInstant(field string, b []byte) (t time.Time, reject *hotline.RejectError) {
	if err := t.UnmarshalText(b); err != nil || !strictInstant(b) {
		return time.Time{}, hotline.Reject(hotline.WrongType, field, "not a time in RFC 3339 with an offset, as 2026-03-02T09:30:00+08:00")
	}
	t = t.UTC().Truncate(time.Millisecond)
	if t.Before(hotline.Earliest) || !t.Before(hotline.Latest) {
		return time.Time{}, hotline.Reject(hotline.OutOfRange, field, "year %d is outside 1990 to 2099", t.Year())
	}
	return t, nil
}

// strictInstant refuses what package time lets through although RFC 3339 does not: hours
// of one digit, a comma before the fraction, offsets of a day and more. Two readers of one
// record must not differ about it.
func strictInstant(b []byte) bool {
	if len(b) < len("2006-01-02T15:04:05Z") || b[13] != ':' || bytes.IndexByte(b, ',') >= 0 {
		return false
	}
	if b[len(b)-1] == 'Z' {
		return true
	}
	offset := b[len(b)-len("08:00"):]
	return string(offset[:2]) < "24" && string(offset[3:]) < "60"
}
