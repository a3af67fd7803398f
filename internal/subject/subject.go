package subject

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"filippo.io/age"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/personal"
	"hotline12333/internal/store"
)

// Store is what is needed of ClickHouse; *store.Store has it.
type Store interface {
	CallerOf(ctx context.Context, callID string) (pseudonyms []string, sealed string, found bool, err error)
	SamePerson(ctx context.Context, pseudonyms []string) ([]string, error)
	Held(ctx context.Context, pseudonyms []string) (store.Held, error)
	Erasures(ctx context.Context) ([]store.Erasure, error)
	AddErasures(ctx context.Context, list []store.Erasure) error
	ForgetReplacements(ctx context.Context, list []store.Erasure) error
	EraseCallers(ctx context.Context, aliases []store.Alias, until time.Time) (uint64, error)
	EraseAgain(ctx context.Context, erasures []store.Erasure) (uint64, error)
}

// Broker is what is needed of Kafka; *broker.Client has it.
type Broker interface {
	deadletter.Reader
	deadletter.Producer
	OffsetsAt(ctx context.Context, topic string, at time.Time) ([]int64, error)
	DeleteBefore(ctx context.Context, topic string, partition int, before int64) error
}

// Keys are what is needed of the key file; *keys.Keys has it.
type Keys interface {
	AllPseudonyms(number string) []string
	OpenForCallback(callID, sealed string) (string, error)
	Identity() age.Identity
}

var (
	_ Store  = (*store.Store)(nil)
	_ Broker = (*broker.Client)(nil)
	_ Keys   = (*keys.Keys)(nil)
)

// Topics are those that hold something of callers, and that of the erasures.
type Topics struct {
	Records  []string // of calls, supplements and tickets
	Rejected string
	Erasures string
}

// Deps is what a Desk needs from its surroundings.
type Deps struct {
	Store  Store
	Broker Broker
	Keys   Keys // may be nil for Again
	Topics Topics

	// Settled returns when every record that was on Kafka when it was called is loaded.
	Settled func(ctx context.Context) error

	Log *slog.Logger // nil: nothing is logged
}

// Desk answers requests of callers.
type Desk struct {
	deps Deps
	log  *slog.Logger
}

// New returns a desk.
func New(deps Deps) *Desk {
	if deps.Log == nil {
		deps.Log = slog.New(slog.DiscardHandler)
	}
	return &Desk{deps: deps, log: deps.Log}
}

// Query names a caller, in one of two ways.
type Query struct {
	CallID string // of one of their calls
	Number string // as it is written by people; never logged, never stored
}

// Caller is somebody of whom something may be held.
type Caller struct {
	Pseudonyms []string // under the keys that are not retired, and those that calls carry beside them
	CallID     string   // it was named by

	number string // normal form; empty where it is not known
}

// ErrUnknown is in the error that says that there is no such call.
var ErrUnknown = errors.New("not found")

// Find finds the pseudonyms of a caller. A number always has some, whether anything is held
// of it or not.
func (d *Desk) Find(ctx context.Context, q Query) (Caller, error) {
	c := Caller{CallID: q.CallID, number: personal.Normalize(q.Number)}
	switch {
	case (q.CallID == "") == (q.Number == ""):
		return c, errors.New("name the caller by a call's id or by the number, one of the two")
	case q.Number != "" && c.number == "":
		return c, errors.New("what was typed holds no digits, so it is no telephone number")
	case q.Number != "":
		c.Pseudonyms = d.deps.Keys.AllPseudonyms(q.Number)
	default:
		var sealed string
		var found bool
		var err error
		if c.Pseudonyms, sealed, found, err = d.deps.Store.CallerOf(ctx, q.CallID); err != nil {
			return c, err
		}
		if !found {
			return c, fmt.Errorf("there is no call %q: %w", q.CallID, ErrUnknown)
		}
		if number, err := d.deps.Keys.OpenForCallback(q.CallID, sealed); err == nil {
			c.number = number
			c.Pseudonyms = union(c.Pseudonyms, d.deps.Keys.AllPseudonyms(number))
		}
	}
	if len(c.Pseudonyms) == 0 {
		return c, nil // the call came without a number
	}
	var err error
	c.Pseudonyms, err = d.deps.Store.SamePerson(ctx, c.Pseudonyms)
	return c, err
}

func union(a, b []string) []string {
	for _, s := range b {
		if !slices.Contains(a, s) {
			a = append(a, s)
		}
	}
	return a
}

// letters finds the dead letters that hold the caller: their number, a pseudonym of theirs
// or the id of one of their calls. unread is the number of those that no key opens.
func (d *Desk) letters(ctx context.Context, c *Caller, callIDs []string) (found []deadletter.Entry, unread int, err error) {
	list, err := deadletter.List(ctx, d.deps.Broker, deadletter.Query{Topic: d.deps.Topics.Rejected})
	if err != nil {
		return nil, 0, err
	}
	ids := make(map[string]struct{}, len(callIDs))
	for _, id := range callIDs {
		ids[id] = struct{}{}
	}
	for _, e := range list.Entries {
		l, err := e.Opened(ctx, d.deps.Broker, d.deps.Topics.Rejected, d.deps.Keys.Identity())
		if err != nil {
			if ctx.Err() != nil {
				return nil, 0, err
			}
			unread++
			continue
		}
		_, ofCall := ids[string(l.Key)]
		if ofCall || c.in(l.Bytes) || slices.ContainsFunc(l.Headers, func(h broker.Header) bool { return c.in(h.Value) }) {
			found = append(found, e)
		}
	}
	return found, unread, nil
}

// in says whether bytes hold the caller, whatever they are encoded in.
func (c *Caller) in(b []byte) bool {
	text := personal.Readable(b)
	return personal.Mentions(text, c.number) ||
		slices.ContainsFunc(c.Pseudonyms, func(p string) bool { return strings.Contains(text, p) })
}

// Log is what a topic of Kafka holds of a caller.
type Log struct {
	Topic   string    `json:"topic"`
	Records int       `json:"records"`
	Newest  time.Time `json:"newest_written"` // of the records, zero without any
}

// logs reads the topics of records. It looks at every record there is.
func (d *Desk) logs(ctx context.Context, c *Caller, callIDs []string) ([]Log, error) {
	ids := make(map[string]struct{}, len(callIDs))
	for _, id := range callIDs {
		ids[id] = struct{}{}
	}
	var out []Log
	for _, topic := range d.deps.Topics.Records {
		log := Log{Topic: topic}
		extents, err := d.deps.Broker.Offsets(ctx, topic)
		if err != nil {
			return nil, err
		}
		for _, e := range extents {
			err := d.deps.Broker.ReadRange(ctx, topic, e.Partition, e.First, e.Next, func(recs []broker.Record) error {
				for i := range recs {
					_, ofCall := ids[string(recs[i].Key)]
					if !ofCall && !slices.ContainsFunc(c.Pseudonyms, func(p string) bool { return strings.Contains(string(recs[i].Value), p) }) {
						continue
					}
					log.Records++
					if recs[i].Time.After(log.Newest) {
						log.Newest = recs[i].Time
					}
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		out = append(out, log)
	}
	return out, nil
}

// erasedOnly says whether all that is known of a caller is that they were erased.
func (c *Caller) erasedOnly() bool {
	return len(c.Pseudonyms) > 0 && !slices.ContainsFunc(c.Pseudonyms, func(p string) bool { return !hotline.IsErased(p) })
}

func sortedKeys(m map[string]store.Erasure) []string { return slices.Sorted(maps.Keys(m)) }
