package asterisk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// machine is what one format does with its lines.
type machine interface {
	// line tells what became of one line. Several items are one line's, or none where
	// a later line will tell.
	line(l *line, out *outbox)
	// end tells what is left at the end of an input. The state stays: another input may
	// go on.
	end(out *outbox)
	save() any
	restore(data []byte) error
}

// Session reads the inputs of one exchange in their order, as rotated files, and keeps
// the calls that go on from one to the next. It is not safe for concurrent use.
type Session struct {
	kind string
	m    machine
	at   wire.Position // after the line that was read last
	told wire.Position // Next of the item that was told last: the lines from there to at told nothing
	mid  bool          // some items of a line are told and some are not
	out  outbox
}

func newSession(kind string, opts source.Options, m machine) *Session {
	return &Session{kind: kind, m: m, out: outbox{source: opts.Source, centre: opts.Centre}}
}

// Read reads one input and hands each item to fn, in order. opts.From says where:
//   - the zero value: another input, from its start; the state goes on;
//   - where the last Read or the restored state ended, or its last item: the same input, grown;
//   - anywhere else: the input is read from its start to rebuild the state, and what
//     comes after From is told.
//
// Several items can come of one line; then all but the last have the place before the
// line as their Next, so that reading on tells all of them again. They are the same
// records: nothing counts twice. Of opts only From and Name are used.
func (s *Session) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	r := newLineReader(in)
	from := opts.From
	if from.Offset > 0 && (from == s.at || from == s.told && !s.mid) {
		if err := r.skip(ctx, in, s.at.Offset, s.at.Line); err != nil {
			return fmt.Errorf("going on at byte %d: %w", s.at.Offset, err)
		}
	} else {
		s.at, s.told = wire.Position{}, from
		r.mark()
	}
	for {
		l, err := r.next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		s.step(l)
		before, after := s.at, wire.Position{Offset: l.end, Line: l.number}
		if l.last {
			s.out.l = nil // what the end tells is of no line
			s.m.end(&s.out)
		}
		s.at = after
		if l.start < from.Offset {
			s.out.reset()
			continue
		}
		if err := s.tell(before, after, fn); err != nil {
			return err
		}
	}
}

func (s *Session) step(l *line) {
	s.out.reset()
	s.out.l = l
	switch body := l.body(); {
	case l.length > int64(len(l.raw)) || l.length > maxLine:
		s.out.reject(hotline.Reject(hotline.TooLarge, "", "a line of %d bytes, at most %d", l.length, maxLine))
	case len(bytes.TrimSpace(body)) == 0:
	default:
		s.m.line(l, &s.out)
	}
}

func (s *Session) tell(before, after wire.Position, fn func(*wire.Item) error) error {
	for i := range s.out.items {
		it := &s.out.items[i]
		it.Next = before
		if s.mid = i < len(s.out.items)-1; !s.mid {
			it.Next = after
		}
		s.told = it.Next
		if err := fn(it); err != nil {
			return err
		}
	}
	s.mid = false
	return nil
}

// At is where the last line ended that was read.
func (s *Session) At() wire.Position { return s.at }

// snapshot is a session as it is written down.
type snapshot struct {
	Format int
	Kind   string
	At     wire.Position
	Told   wire.Position
	State  json.RawMessage
}

const snapshotFormat = 2

// Snapshot is the state after the item that was told last, for Restore. It is nil between
// the items of one line: take it at the next. It holds no number of a caller.
func (s *Session) Snapshot() []byte {
	if s.mid {
		return nil
	}
	state, err := json.Marshal(s.m.save())
	if err != nil {
		return nil // numbers and texts can always be written
	}
	data, err := json.Marshal(snapshot{Format: snapshotFormat, Kind: s.kind, At: s.at, Told: s.told, State: state})
	if err != nil {
		return nil
	}
	return data
}

// Restore puts a new session where another was, of the same source.
func (s *Session) Restore(data []byte) error {
	var snap snapshot
	if err := json.Unmarshal(data, &snap); err != nil {
		return fmt.Errorf("the state of %s is damaged: read the file from its start", s.kind)
	}
	if snap.Format != snapshotFormat || snap.Kind != s.kind {
		return fmt.Errorf("the state is of %s, version %d, not of %s, version %d: read the file from its start",
			snap.Kind, snap.Format, s.kind, snapshotFormat)
	}
	if err := s.m.restore(snap.State); err != nil {
		return fmt.Errorf("the state of %s is damaged: read the file from its start", s.kind)
	}
	s.at, s.told = snap.At, snap.Told
	return nil
}

// outbox gathers the items of one line.
type outbox struct {
	source, centre string

	l     *line
	items []wire.Item
}

func (o *outbox) reset() {
	clear(o.items)
	o.items = o.items[:0]
}

func (o *outbox) add(it wire.Item) {
	if o.l != nil {
		if it.Line == 0 {
			it.Line = o.l.number
		}
		it.Raw, it.Length, it.SHA256 = o.l.raw, o.l.length, o.l.sum
	}
	o.items = append(o.items, it)
}

func (o *outbox) ignore(reason string)            { o.add(wire.Item{Ignored: reason}) }
func (o *outbox) reject(err *hotline.RejectError) { o.add(wire.Item{Rejected: err}) }

// call tells a record; from is the line it began with, 0 for the current one.
func (o *outbox) call(c *hotline.Call, from int64) {
	c.Source, c.Centre = o.source, o.centre
	var invalid *hotline.RejectError
	if errors.As(c.Validate(), &invalid) {
		o.reject(invalid)
		return
	}
	o.add(wire.Item{Call: c, Line: from})
}

func (o *outbox) agent(a *hotline.AgentState) {
	a.Source, a.Centre = o.source, o.centre
	var invalid *hotline.RejectError
	if errors.As(a.Validate(), &invalid) {
		o.reject(invalid)
		return
	}
	o.add(wire.Item{AgentState: a})
}

// alone answers a line that is read by itself, as when a dead letter is replayed: it says
// nothing without the lines around it, and could replace what is known by less.
func alone(raw []byte, fn func(*wire.Item) error) error {
	return fn(&wire.Item{
		Rejected: hotline.Reject(hotline.BadRow, "", "a line of this log means nothing alone: import the file again"),
		Raw:      raw, Length: int64(len(raw)), Line: 1, Next: wire.Position{Offset: int64(len(raw)), Line: 1},
	})
}
