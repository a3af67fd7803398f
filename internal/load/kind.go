package load

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hotline12333/internal/store"
	"hotline12333/internal/wire"
)

// kind is what a worker does otherwise for each kind of record. The rest, and with it that
// nothing is lost or counted twice, is the same.
type kind interface {
	// decode reads a record. key is what its Kafka key must be, and field where that
	// stands in it.
	decode(d *wire.Decoder, value []byte) (r record, key, field string, err error)
	// seals is what must not change in a sealed quarter hour.
	seals() store.Sealed
	// lookup brings what writing the batch needs to know; it runs while the batch before
	// is being written.
	lookup(ctx context.Context, w *worker, b *batch) error
	// guard keeps what must not be stored out of the accepted records, by what was looked up.
	guard(w *worker, b *batch)
	// write brings the accepted records into the store and says what else follows from
	// them. It may be repeated, as a whole and after any part of it.
	write(ctx context.Context, w *worker, b *batch, id store.Batch) (plan, error)
}

type decodeFunc func(d *wire.Decoder, value []byte) (r record, key, field string, err error)

var (
	_ kind = calls{}
	_ kind = apart{}
	_ kind = tickets{}
)

// apart is the kinds of records that keep all their versions beside one another: writing
// one needs to know nothing of the others, and one that is there already stays as it is.
type apart struct {
	read    decodeFunc
	ofCalls bool // the records are about calls, and a sealed call takes no more
	insert  func(ctx context.Context, s Store, id store.Batch, records []record) error
	touched func(ctx context.Context, w *worker, records []record) ([]time.Time, error) // nil: no bucket
}

func (k apart) decode(d *wire.Decoder, value []byte) (r record, key, field string, err error) {
	return k.read(d, value)
}

func (apart) seals() store.Sealed { return store.SealedCall }

func (k apart) lookup(ctx context.Context, w *worker, b *batch) (err error) {
	b.known, b.sealed = nil, nil
	if !k.ofCalls || b.guard.Closed.IsZero() {
		return nil
	}
	if b.known, err = w.versions(ctx, stepLookup, b.accepted); err != nil {
		return err
	}
	b.sealed, err = w.sealed(ctx, b.accepted, store.SealedCall)
	return err
}

func (k apart) guard(w *worker, b *batch) {
	if k.ofCalls {
		w.rejectSealed(b, b.sealedBy)
	}
}

func (k apart) write(ctx context.Context, w *worker, b *batch, id store.Batch) (plan, error) {
	for len(b.accepted) > 0 {
		err := w.timed(stepRecords, func() error {
			return w.try(ctx, stepRecords, func(ctx context.Context) error {
				err := k.insert(ctx, w.store, id, b.accepted)
				if !store.IsData(err) {
					return err
				}
				return k.refuse(ctx, w, b, &id, err)
			})
		})
		if errors.Is(err, errReplan) {
			continue
		}
		if err != nil {
			return plan{}, fmt.Errorf("inserting %d records: %w", len(b.accepted), err)
		}
		break
	}
	p := plan{ledger: ledgerOf(b.accepted, b.rejectedRuns())}
	if k.touched == nil || len(b.accepted) == 0 {
		return p, nil
	}
	var err error
	p.marks, err = k.touched(ctx, w, b.accepted)
	return p, err
}

func (k apart) refuse(ctx context.Context, w *worker, b *batch, id *store.Batch, cause error) error {
	found, err := w.refused(ctx, *id, len(b.accepted), cause, func(ctx context.Context, part store.Batch, from, to int) error {
		return k.insert(ctx, w.store, part, b.accepted[from:to])
	})
	if err != nil {
		return err
	}
	bad := make(map[int]struct{}, len(found))
	for _, i := range found {
		bad[b.accepted[i].index] = struct{}{}
	}
	return w.refuse(ctx, b, id, func(r *record) bool {
		_, refused := bad[r.index]
		return refused
	})
}

// supplements are facts about calls. Each marks every bucket its call was ever seen in;
// a call that is not known yet marks its own when it comes. The look-up is made after the
// insert, so that of a call and a supplement loaded at the same time one sees the other.
func supplements() kind {
	return apart{
		ofCalls: true,
		read: func(d *wire.Decoder, value []byte) (r record, key, field string, err error) {
			if r.supplement, err = d.Supplement(value); err != nil {
				return r, "", "", err
			}
			r.id, r.rank = r.supplement.CallID, wire.RankSupplement(r.supplement)
			return r, r.id, "call_id", nil
		},
		insert: func(ctx context.Context, s Store, id store.Batch, records []record) error {
			rows := make([]store.SupplementRow, len(records))
			for i, r := range records {
				rows[i] = store.SupplementRow{Supplement: r.supplement, Rank: r.rank, Run: r.run, Origin: r.origin}
			}
			return s.InsertSupplements(ctx, id, rows)
		},
		touched: func(ctx context.Context, w *worker, records []record) ([]time.Time, error) {
			known, err := w.versions(ctx, stepAround, records)
			var buckets []time.Time
			for _, versions := range known {
				for i := range versions {
					if !versions[i].Bucket.IsZero() {
						buckets = append(buckets, versions[i].Bucket)
					}
				}
			}
			slices.SortFunc(buckets, time.Time.Compare)
			return slices.CompactFunc(buckets, time.Time.Equal), err
		},
	}
}

// agentStates are what agents do. No tally counts them.
func agentStates() kind {
	return apart{
		read: func(d *wire.Decoder, value []byte) (r record, key, field string, err error) {
			if r.state, err = d.AgentState(value); err != nil {
				return r, "", "", err
			}
			r.rank = wire.RankAgentState(r.state)
			return r, r.state.Key(), "centre/agent", nil
		},
		insert: func(ctx context.Context, s Store, id store.Batch, records []record) error {
			rows := make([]store.AgentRow, len(records))
			for i, r := range records {
				rows[i] = store.AgentRow{State: r.state, Rank: r.rank, Run: r.run, Origin: r.origin}
			}
			return s.InsertAgentStates(ctx, id, rows)
		},
	}
}
