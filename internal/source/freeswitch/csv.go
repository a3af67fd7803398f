package freeswitch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// CSV reads mod_cdr_csv in its default template: caller_id_name, caller_id_number,
// destination_number, context, start_stamp, answer_stamp, end_stamp, duration, billsec,
// hangup_cause, uuid, bleg_uuid, accountcode, and what may follow.
//
// A row that another row names as its second leg (bleg_uuid) is that call's second leg:
// it tells who answered and when, and is no call. Where two rows name each other the one
// that started first is the call, else the one that stands first. Two rows are held
// together when they end within two minutes of each other and no more than 5,000 rows are
// between them, in any order; further apart each is a call of its own.
//
// The template does not tell whether a person or a machine answered a leg that names no
// second one: the setting answered_alone says which, machine (such a call was lost in the
// announcement) or person.
type CSV struct{}

const answeredAlone = "answered_alone"

// CheckSettings refuses what means nothing.
func (CSV) CheckSettings(settings map[string]string) error {
	for k, v := range settings {
		switch {
		case k != answeredAlone:
			return fmt.Errorf("%q is no setting of mod_cdr_csv; known: %s", k, answeredAlone)
		case v != "machine" && v != "person":
			return fmt.Errorf("%s: %q is neither machine nor person", answeredAlone, v)
		}
	}
	return nil
}

// TellsRequests says whether it can be known who asked for an agent: where a machine is
// taken to have answered, everybody whom no agent answered has hung up on it.
func (CSV) TellsRequests(settings map[string]string) bool {
	return settings[answeredAlone] == "person"
}

var (
	_ source.Native    = CSV{}
	_ source.Sessioned = CSV{}
)

// The window in which two legs find each other. FreeSWITCH writes both at the hang-up.
const (
	pairWithin = 2 * time.Minute
	pairRows   = 5000
	pairBytes  = 16 << 20
)

const columns = 13 // of the template; more may follow

// LocalTimes says that the stamps have no offset.
func (CSV) LocalTimes() bool { return true }

// Patience is how long a leg waits for the other in a file that is followed.
func (CSV) Patience() time.Duration { return pairWithin }

// Read tells one item for each row. It reads from the start even where it is to go on,
// since a row may belong to an earlier one.
func (CSV) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	s, err := CSV{}.Session(opts)
	if err != nil {
		return err
	}
	return s.Read(ctx, in, opts, fn)
}

// Session keeps the legs that wait for their other one, so that a growing file need not be
// read from its start again and again.
func (CSV) Session(opts source.Options) (source.Session, error) {
	times, err := source.NewTimes(opts.Zone, "yyyy-MM-dd HH:mm:ss", "yyyy/M/d H:mm:ss", "yyyy/M/d H:mm", "yyyy-M-d H:mm")
	if err != nil {
		return nil, err
	}
	return &csvSession{opts: opts, times: times}, nil
}

type csvSession struct {
	opts     source.Options
	times    *source.Times
	legs     *pairing      // of the current input
	at, told wire.Position // after the row read last, and the one told last
}

// Snapshot is nil: another process reads the input from its start.
func (*csvSession) Snapshot() []byte { return nil }

// Restore has nothing to put back.
func (*csvSession) Restore([]byte) error { return nil }

// Read goes on with the legs it knows where the input is the one before, grown.
func (s *csvSession) Read(ctx context.Context, in io.Reader, opts source.Options, fn func(*wire.Item) error) error {
	from := opts.From
	if s.legs == nil || from.Offset == 0 || from != s.told {
		s.legs, s.at, s.told = newPairing(s.opts, s.times), wire.Position{}, from
	}
	opts.From = s.at
	rows, err := source.NewTextRows(ctx, in, "auto", opts)
	if err != nil {
		return err
	}
	s.legs.window.Tell = source.After(from, func(it *wire.Item) error {
		s.told = it.Next
		return fn(it)
	})
	for {
		row, err := rows.Next()
		switch {
		case errors.Is(err, io.EOF) && opts.Growing:
			return nil
		case errors.Is(err, io.EOF):
			return s.legs.window.Flush()
		case err != nil:
			return err
		}
		s.at = row.Next
		if err := s.legs.window.Add(s.legs.leg(row), row.Length); err != nil {
			return err
		}
		s.legs.forget()
	}
}

// leg is one row.
type leg struct {
	piece                    source.Piece
	name, number, dest       string
	started, answered, ended time.Time
	duration, billed         int64 // seconds
	cause, id, second        string
	order                    int64
	told                     bool
	fault                    *hotline.RejectError
}

// pairing keeps the legs of the window, and those told within it: either leg of a call
// may come first.
type pairing struct {
	opts   source.Options
	times  *source.Times
	window source.Window[*leg]
	byID   map[string]*leg   // the last leg of an id
	named  map[string][]*leg // legs by the second leg they name
	kept   []*leg            // in their order
	count  int64
}

func newPairing(opts source.Options, times *source.Times) *pairing {
	p := &pairing{opts: opts, times: times, byID: map[string]*leg{}, named: map[string][]*leg{}}
	p.window = source.Window[*leg]{
		Rows: pairRows, Bytes: pairBytes, Done: p.done,
		Ready: func(first, newest *leg) bool {
			return !newest.ended.IsZero() && (first.ended.IsZero() || newest.ended.Sub(first.ended) > pairWithin)
		},
	}
	return p
}

func (p *pairing) leg(row *source.TextRow) *leg {
	p.count++
	l := &leg{piece: row.Clone(), order: p.count}
	if l.fault = row.Fault; l.fault != nil {
		return l
	}
	if len(row.Fields) < columns {
		l.fault = hotline.Reject(hotline.BadRow, "", "%d fields where mod_cdr_csv's default template has %d", len(row.Fields), columns)
		return l
	}
	f := make([]string, len(row.Fields))
	for i := range f {
		f[i] = strings.Clone(strings.TrimSpace(row.Fields[i]))
	}
	l.name, l.number, l.dest, l.cause, l.id, l.second = f[0], f[1], f[2], f[9], f[10], f[11]
	if l.started = p.stamp(l, "start_stamp", f[4], time.Time{}); l.started.IsZero() && l.fault == nil {
		l.fault = hotline.Reject(hotline.Missing, "start_stamp", "the leg has no start")
	}
	l.answered = p.stamp(l, "answer_stamp", f[5], l.started)
	l.ended = p.stamp(l, "end_stamp", f[6], l.started)
	l.duration, l.billed = l.seconds("duration", f[7]), l.seconds("billsec", f[8])
	if l.id == "" && l.fault == nil {
		l.fault = hotline.Reject(hotline.Missing, "uuid", "the leg has no id")
	}
	if l.fault != nil {
		return l
	}
	p.byID[l.id] = l
	if l.second != "" {
		p.named[l.second] = append(p.named[l.second], l)
	}
	p.kept = append(p.kept, l)
	return l
}

func (p *pairing) stamp(l *leg, name, v string, earliest time.Time) time.Time {
	if v == "" || l.fault != nil {
		return time.Time{}
	}
	t, ok := p.times.Parse(v, earliest)
	if !ok {
		l.fault = hotline.Reject(hotline.WrongType, name, "not a time as 2026-03-02 09:30:00")
	}
	return t
}

func (l *leg) seconds(name, v string) int64 {
	if v == "" || l.fault != nil {
		return 0
	}
	n, err := strconv.ParseInt(v, 10, 32)
	if err != nil {
		l.fault = hotline.Reject(hotline.WrongType, name, "not a whole number of seconds")
	}
	return n
}

// forget lets go of legs that were told and that nothing can belong to any more.
func (p *pairing) forget() {
	newest := p.kept
	for len(p.kept) > 0 && p.kept[0].told {
		first, last := p.kept[0], newest[len(newest)-1]
		if len(p.kept) <= pairRows && !(last.ended.Sub(first.ended) > pairWithin) {
			return
		}
		p.kept[0] = nil
		p.kept = p.kept[1:]
		if p.byID[first.id] == first {
			delete(p.byID, first.id)
		}
		if list := p.named[first.second]; len(list) > 1 {
			p.named[first.second] = list[1:]
		} else {
			delete(p.named, first.second)
		}
	}
}

// owner is the leg whose second leg this one is, nil for a call's own.
func (p *pairing) owner(l *leg) *leg {
	for _, by := range p.named[l.id] {
		if by.id == l.id {
			continue
		}
		if l.second == by.id && (l.started.Before(by.started) || l.started.Equal(by.started) && l.order < by.order) {
			continue // they name each other, and this one was first
		}
		return by
	}
	return nil
}

func (p *pairing) done(l *leg) (wire.Item, error) {
	l.told = true
	item := l.piece.Item()
	l.piece = source.Piece{} // its bytes are not needed any more
	switch {
	case l.fault != nil:
		item.Rejected = l.fault
	case p.owner(l) != nil:
		item.Ignored = agentLeg
	default:
		item.Call = p.call(l)
	}
	return item, nil
}

func (p *pairing) call(l *leg) *hotline.Call {
	c := &hotline.Call{ID: l.id, Version: p.opts.Revision, StartedAt: l.started, EndedAt: l.ended}
	agent := p.byID[l.second]
	if l.second == "" || agent == l {
		agent = nil
	}
	if l.name == placedByUs {
		c.Direction = hotline.Outbound
	}
	if !anonymous(l.number) {
		source.SetCaller(p.opts.Keys, c, l.number, source.KeepAll())
	}
	switch {
	case agent != nil && !agent.answered.IsZero():
		c.Outcome, c.AnsweredAt = hotline.Answered, agent.answered
		c.Agent = source.Name(agent.dest, p.opts.Keys)
		c.Wait = hotline.Millis(agent.answered.Sub(l.started).Milliseconds())
		c.Talk = hotline.Seconds(agent.billed)
	case agent != nil:
		c.Outcome = hotline.AbandonedRinging
	case !l.answered.IsZero() && l.second == "" && c.Direction != hotline.Outbound && p.opts.Settings[answeredAlone] != "person":
		c.Outcome = hotline.AbandonedIVR
	case !l.answered.IsZero():
		c.Outcome, c.AnsweredAt = hotline.Answered, l.answered
		c.Agent = source.Name(l.dest, p.opts.Keys)
		// A stamp may have lost its seconds; the durations have not.
		c.Wait, c.Talk = hotline.Seconds(l.duration-l.billed), hotline.Seconds(l.billed)
	default:
		if c.Outcome = unanswered(l.cause); c.Outcome != hotline.Blocked { // nobody waits at a busy line
			c.Wait = hotline.Seconds(l.duration)
		}
	}
	return c
}
