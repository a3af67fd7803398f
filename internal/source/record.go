package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"hotline12333/internal/hotline"
	"hotline12333/internal/wire"
)

// Records is the native of the contract itself: one record of JSON a line. The setting
// kind says which: call (the default), supplement, agent_state or ticket.
type Records struct{}

var _ Native = Records{}

// CheckSettings refuses what is no kind of record.
func (Records) CheckSettings(settings map[string]string) error {
	for k, v := range settings {
		switch {
		case k != "kind":
			return fmt.Errorf("%q is no setting of the records; known: kind", k)
		case v != kindCall && v != kindSupplement && v != kindAgentState && v != "ticket":
			return fmt.Errorf("kind: %q is none of call, supplement, agent_state, ticket", v)
		}
	}
	return nil
}

// Read reads strictly, as the loader does: a record without a version is rejected.
// What stands where a caller is masked and is a number in clear is masked.
func (Records) Read(ctx context.Context, in io.Reader, opts Options, fn func(*wire.Item) error) error {
	l := newLines(ctx, in)
	dec, enc, err := l.begin(encUTF8)
	if err != nil {
		return err
	}
	if opts.From.Offset > 0 {
		if err := l.jump(in, opts.From.Offset, opts.From.Line); err != nil {
			return err
		}
	}
	pieces := &linePieces{lines: l, dec: dec, encoding: enc}
	decode := wire.NewDecoder()
	for {
		p, err := pieces.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		item := p.Item()
		if item.Rejected == nil {
			if err := decodeRecord(decode, p.text(), opts, &item); err != nil {
				var reject *hotline.RejectError
				if !errors.As(err, &reject) {
					return err
				}
				item.Rejected = reject
			}
		}
		if err := fn(&item); err != nil {
			return err
		}
	}
}

func decodeRecord(d *wire.Decoder, text []byte, opts Options, item *wire.Item) (err error) {
	switch opts.Settings["kind"] {
	case kindSupplement:
		s, err := d.Supplement(text)
		if err == nil {
			item.Supplement = s
		}
		return err
	case kindAgentState:
		a, err := d.AgentState(text)
		if err == nil {
			item.AgentState = a
		}
		return err
	case "ticket":
		t, err := d.Ticket(text)
		if err == nil {
			item.Ticket = t
		}
		return err
	}
	c, err := d.Call(text)
	if err != nil {
		return err
	}
	if c.CallerMasked != "" && !strings.Contains(c.CallerMasked, "*") {
		c.CallerMasked = opts.Keys.Mask(c.CallerMasked)
	}
	if strings.Trim(c.CallerHash, "+0123456789 -") == "" && c.CallerHash != "" {
		return hotline.Reject(hotline.UnknownValue, "caller_hash", "a number in clear: it must be a keyed hash, or left out")
	}
	item.Call = c
	return nil
}
