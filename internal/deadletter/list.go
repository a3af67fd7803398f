package deadletter

import (
	"context"
	"fmt"
	"strconv"

	"filippo.io/age"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
)

// Reader is how the topic of dead letters is read.
type Reader interface {
	Offsets(ctx context.Context, topic string) ([]broker.OffsetRange, error)
	ReadRange(ctx context.Context, topic string, partition int, from, to int64, fn func([]broker.Record) error) error
}

var _ Reader = (*broker.Client)(nil)

// Query selects letters. Empty fields select all.
type Query struct {
	Topic  string // of the dead letters; needed
	Reason hotline.Reason
	Run    string
	Source string
	Limit  int // entries kept, the oldest of each partition first; 0: all
}

// Listing is the letters that wait for someone.
type Listing struct {
	Entries  []Entry
	Total    int // of all that match, beyond the limit too
	ByReason map[hotline.Reason]int
	Foreign  int // records in the topic that are no letters
}

// List reads the whole topic. A record rejected several times is one entry, one that has
// been replayed is none until it is rejected again.
func List(ctx context.Context, r Reader, q Query) (Listing, error) {
	out := Listing{ByReason: map[hotline.Reason]int{}}
	extents, err := r.Offsets(ctx, q.Topic)
	if err != nil {
		return out, fmt.Errorf("listing dead letters: %w", err)
	}
	for _, e := range extents {
		// All records of one key lie in one partition, so each is a listing of its own.
		p := partitionListing{query: q, out: &out, waiting: map[string]*Entry{}}
		err := r.ReadRange(ctx, q.Topic, e.Partition, e.First, e.Next, func(recs []broker.Record) error {
			for i := range recs {
				p.add(&recs[i])
			}
			return nil
		})
		if err != nil {
			return out, fmt.Errorf("listing dead letters: %w", err)
		}
		p.close()
	}
	return out, nil
}

type partitionListing struct {
	query   Query
	out     *Listing
	waiting map[string]*Entry
	order   []*Entry
}

func (p *partitionListing) add(rec *broker.Record) {
	key := string(rec.Key)
	if settles(rec) {
		if e := p.waiting[key]; e != nil {
			e.Times = 0
			delete(p.waiting, key)
		}
		return
	}
	l, err := Describe(*rec)
	switch {
	case err != nil:
		p.out.Foreign++
		return
	case p.query.Reason != "" && l.Reason != p.query.Reason,
		p.query.Run != "" && l.Run != p.query.Run,
		p.query.Source != "" && l.Source != p.query.Source:
		return
	}
	if e := p.waiting[key]; e != nil {
		e.Times++
		return
	}
	e := &Entry{
		ID:     fmt.Sprintf("%d-%d", rec.Partition, rec.Offset),
		Letter: l, At: rec.Time, Times: 1,
		key: key, partition: rec.Partition, offset: rec.Offset,
	}
	p.waiting[key] = e
	p.order = append(p.order, e)
}

func (p *partitionListing) close() {
	for _, e := range p.order {
		if e.Times == 0 {
			continue
		}
		p.out.Total++
		p.out.ByReason[e.Letter.Reason]++
		if p.query.Limit == 0 || len(p.out.Entries) < p.query.Limit {
			p.out.Entries = append(p.out.Entries, *e)
		}
	}
}

// Open fetches and opens the letter of the id in a listing, unless it was erased.
func Open(ctx context.Context, r Reader, topic, id string, identity age.Identity) (Letter, error) {
	before, after, ok := cutLast(id, "-")
	partition, err1 := strconv.Atoi(before)
	offset, err2 := strconv.ParseInt(after, 10, 64)
	if !ok || err1 != nil || err2 != nil || partition < 0 || offset < 0 {
		return Letter{}, fmt.Errorf("dead letter %q: an id is partition-offset, as the list shows it", id)
	}
	rec, err := at(ctx, r, topic, partition, offset)
	if err != nil {
		return Letter{}, err
	}
	if err := notErased(ctx, r, topic, rec); err != nil {
		return Letter{}, fmt.Errorf("dead letter %q: %w", id, err)
	}
	return Decode(rec, identity)
}

func at(ctx context.Context, r Reader, topic string, partition int, offset int64) (broker.Record, error) {
	var found *broker.Record
	err := r.ReadRange(ctx, topic, partition, offset, offset+1, func(recs []broker.Record) error {
		for i := range recs {
			if recs[i].Offset == offset {
				found = &recs[i]
			}
		}
		return nil
	})
	if err != nil {
		return broker.Record{}, fmt.Errorf("reading dead letter %d-%d: %w", partition, offset, err)
	}
	if found == nil {
		return broker.Record{}, fmt.Errorf("reading dead letter %d-%d: it is not there, retention may have removed it", partition, offset)
	}
	return *found, nil
}
