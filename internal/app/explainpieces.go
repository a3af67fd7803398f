package app

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"hotline12333/internal/aggregate"
	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/store"
)

// stretch is what was read of a piece of the period: how many calls stand where, and what
// the tallies say of them.
type stretch struct {
	from, to  time.Time
	gone      bool // retention has removed its calls: only the tallies are left
	tally     kpi.Tally
	knows     kpi.Knows
	standings kpi.Standings
	sampler   *kpi.Sampler // of places: the calls that are drawn in the end are told by drawn
}

// A period is read in one go, counted in so many pieces: where calls and tallies differ, it
// is told when, and only that is read again while records are still being loaded.
const mostPieces = 32

// mostDrawn is the largest sample that is drawn from all pieces in one go; what is held of a
// larger one, of every piece and kind of call, must not grow with the period.
const mostDrawn = 200

func pieceOf(from, to time.Time) time.Duration {
	const day = 24 * time.Hour
	return max(day, (to.Sub(from)/mostPieces+day-1)/day*day)
}

// remaining is from when on the period's calls are still there.
func (x *explainer) remaining(gone time.Time) time.Time {
	if gone.After(x.q.Span.From) {
		return gone
	}
	return x.q.Span.From
}

// each reads the pieces of the period, in order.
func (x *explainer) each(ctx context.Context, gone time.Time, each func(*stretch)) error {
	from, to := x.remaining(gone), x.q.Span.To
	if x.q.Span.From.Before(from) {
		p := &stretch{from: x.q.Span.From, to: from, gone: true}
		if err := x.readTallies(ctx, p); err != nil {
			return err
		}
		each(p)
	}
	piece := pieceOf(from, to)
	for at, next := from, from; at.Before(to); at = next {
		if next = to; x.q.Sample.Size > mostDrawn {
			next = minTime(at.Add(piece), to)
		}
		list, err := x.read(ctx, at, next, piece)
		if err != nil {
			return err
		}
		for _, p := range list {
			if p, err = x.settled(ctx, p); err != nil {
				return err
			}
			each(p)
		}
	}
	return nil
}

// read reads what tallies and calls say from one time to another.
func (x *explainer) read(ctx context.Context, from, to time.Time, piece time.Duration) ([]*stretch, error) {
	var list []*stretch
	for at := from; at.Before(to); at = at.Add(piece) {
		list = append(list, &stretch{from: at, to: minTime(at.Add(piece), to), standings: kpi.Standings{}, sampler: kpi.NewSampler(x.q.Sample)})
	}
	outside, err := x.outside(ctx, from, to)
	if err != nil {
		return nil, err
	}
	if err := x.tally(ctx, list, piece, outside); err != nil {
		return nil, err
	}
	counted := int64(0)
	for _, p := range list {
		counted += p.tally.Calls
	}
	q := store.KindQuery{SeenQuery: x.seen(from, to), Looks: x.figure.Looks(), Outside: outside, Piece: piece, Draw: x.draw(commonRole, counted)}
	kinds, err := x.kinds(ctx, q)
	if err != nil {
		return nil, err
	}
	explainer := kpi.NewExplainer(x.figure)
	for i := range kinds {
		k := &kinds[i]
		if k.Piece >= len(list) {
			return nil, fmt.Errorf("reading the calls: one of piece %d of %d", k.Piece, len(list))
		}
		for _, bucket := range []time.Time{k.First, k.Last} { // in no other year are any of these
			if err := placedIn(x.sources, k.Source, bucket); err != nil {
				return nil, err
			}
		}
		p, at := list[k.Piece], explainer.StandAll(k.Seen, k.Calls)
		p.standings.AddAll(at, k.Calls)
		if x.kindsOf[at.Role] == nil {
			x.kindsOf[at.Role] = map[kpi.Seen]bool{}
		}
		x.kindsOf[at.Role][x.figure.Looks().Kind(k.Seen)] = true
		for _, place := range k.Drawn {
			p.sampler.Offer(at.Role, place.CallID, func() kpi.ExplainedCall {
				return kpi.ExplainedCall{Role: at.Role, CallID: place.CallID, ArrivedAt: place.Bucket}
			})
		}
	}
	return list, nil
}

// kinds counts calls by kind, and calls of sources that no tally has named yet by their
// service hours too.
func (x *explainer) kinds(ctx context.Context, q store.KindQuery) ([]store.SeenKind, error) {
	for {
		kinds, err := x.sys.store.SeenKinds(ctx, q)
		if err != nil {
			return nil, fmt.Errorf("reading the calls: %w", err)
		}
		again := false
		for i := range kinds {
			name := kinds[i].Source
			if _, known := q.Outside[name]; !known {
				q.Outside[name] = outsideOf(x.sources.Calendar(name), kpi.Span{From: q.From, To: q.To})
				again = again || len(q.Outside[name]) > 0
			}
		}
		if !again {
			return kinds, nil
		}
	}
}

// outside are the stretches outside service hours of the sources that tallies name.
func (x *explainer) outside(ctx context.Context, from, to time.Time) (map[string][]store.Stretch, error) {
	names, err := x.sys.store.TallySources(ctx, from, to, "")
	if err != nil {
		return nil, fmt.Errorf("asking which sources have calls: %w", err)
	}
	outside := make(map[string][]store.Stretch, len(names))
	for _, name := range names {
		outside[name] = outsideOf(x.sources.Calendar(name), kpi.Span{From: from, To: to})
	}
	return outside, nil
}

// tally reads what the tallies say of the place, piece by piece.
func (x *explainer) tally(ctx context.Context, list []*stretch, piece time.Duration, outside map[string][]store.Stretch) error {
	if len(list) == 0 {
		return nil
	}
	at := &x.q.Place
	q := store.SumQuery{TallyQuery: x.tallies, Outside: outside, Piece: piece, Now: x.build.Now}
	q.From, q.To = list[0].from, list[len(list)-1].to
	q.Within = stretchesOf(*at, q.From, q.To, x.q.Zone)
	if x.checked && x.tallies.Names {
		q.Only = []string{at.Name(x.tallies.Dimension)}
	}
	entries, err := x.sys.sums(ctx, q)
	if err != nil {
		return err
	}
	of := make([][]kpi.Entry, len(list))
	for i := range entries {
		e := &entries[i]
		if at.Source != "" && at.Source != e.Key.Source {
			continue
		}
		n := int(e.Key.Bucket.Sub(q.From) / piece)
		of[n] = append(of[n], *e)
	}
	for i, p := range list {
		p.tally, p.knows = x.build.Sum(of[i])
	}
	return nil
}

// readTallies reads what the tallies say of the place in one stretch.
func (x *explainer) readTallies(ctx context.Context, p *stretch) error {
	outside, err := x.outside(ctx, p.from, p.to)
	if err != nil {
		return err
	}
	return x.tally(ctx, []*stretch{p}, p.to.Sub(p.from)+hotline.BucketLength, outside)
}

// settling is how long calls and tallies get to agree: what is loaded this moment is
// tallied the next.
const settling = 20 * time.Second

// settled reads a piece again while its calls and tallies differ and marks are waiting to be
// recomputed.
func (x *explainer) settled(ctx context.Context, p *stretch) (*stretch, error) {
	again := func() (*stretch, error) {
		list, err := x.read(ctx, p.from, p.to, p.to.Sub(p.from))
		if err != nil {
			return nil, err
		}
		return list[0], nil
	}
	deadline := time.Now().Add(settling)
	for {
		calls, tallies := x.terms(p)
		if !x.checked || calls == tallies || time.Now().After(deadline) {
			return p, nil
		}
		marks, err := aggregate.Pending(ctx, x.sys.broker, x.sys.cfg.Aggregate.Group, x.sys.cfg.Topics.Touched)
		if err != nil {
			return nil, fmt.Errorf("calls and tallies differ; asking what is still to be recomputed: %w", err)
		}
		if marks == 0 {
			// Both may have been read around a recomputation: the last word is one more look.
			return again()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
		if p, err = again(); err != nil {
			return nil, err
		}
	}
}

// commonRole is how often calls of a role are at least, as one in so many, to be found with
// the first reading: those of rarer ones are looked for by themselves.
const commonRole = 30

// draw picks so many of n calls that a sample of each role that is one in the share of them
// is all but certainly among them.
func (x *explainer) draw(share, n int64) store.Draw {
	size := int64(x.q.Sample.Size)
	if size == 0 {
		return store.Draw{}
	}
	d := store.Draw{Seed: x.q.Sample.Seed, UpTo: math.MaxUint64}
	if wanted := share * (3*size + 30); wanted < n { // of 3n+30 expected, less than n come once in 10^9 times
		d.UpTo = math.MaxUint64 / uint64(n) * uint64(wanted)
	}
	return d
}

// drawn tells the calls of a sample of places, as they stand now: one that is corrected
// meanwhile may stand elsewhere, or be gone.
func (x *explainer) drawn(ctx context.Context, from time.Time, standings kpi.Standings, places *kpi.Sampler) ([]kpi.ExplainedCall, error) {
	for _, total := range standings.Totals() {
		if places.Kept(total.Role) < int(min(int64(x.q.Sample.Size), total.Calls)) {
			if err := x.drawRare(ctx, from, total, places); err != nil {
				return nil, err
			}
		}
	}
	var only []store.SeenPlace
	for _, c := range places.Calls() {
		only = append(only, store.SeenPlace{Bucket: c.ArrivedAt, CallID: c.CallID})
	}
	told := kpi.NewSampler(x.q.Sample)
	calls, err := x.tell(ctx, only)
	for _, c := range calls {
		told.Offer(c.Role, c.CallID, func() kpi.ExplainedCall { return c })
	}
	return told.Calls(), err
}

// drawRare offers the sampler the calls of a role that is rare among the calls.
func (x *explainer) drawRare(ctx context.Context, from time.Time, role kpi.RoleTotal, places *kpi.Sampler) error {
	q := store.KindQuery{SeenQuery: x.seen(from, x.q.Span.To), Looks: x.figure.Looks(), Kinds: slices.Collect(maps.Keys(x.kindsOf[role.Role])), Draw: x.draw(1, role.Calls)}
	var err error
	if q.Outside, err = x.outside(ctx, q.From, q.To); err != nil {
		return err
	}
	found, err := x.sys.store.SeenPlaces(ctx, q)
	if err != nil {
		return fmt.Errorf("drawing calls: %w", err)
	}
	again := kpi.NewSampler(x.q.Sample) // some are kept already
	for _, p := range found {
		again.Offer(role.Role, p.CallID, func() kpi.ExplainedCall {
			return kpi.ExplainedCall{Role: role.Role, CallID: p.CallID, ArrivedAt: p.Bucket}
		})
	}
	places.Replace(role.Role, again)
	return nil
}

// tell tells the calls of places, in order of bucket and call_id, with where they stand.
func (x *explainer) tell(ctx context.Context, places []store.SeenPlace) (calls []kpi.ExplainedCall, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	first, last := places[0].Bucket, places[0].Bucket
	for _, p := range places {
		if first = minTime(first, p.Bucket); p.Bucket.After(last) {
			last = p.Bucket
		}
	}
	q := x.seen(first, last.Add(hotline.BucketLength))
	q.Only, q.Within, q.Limit = places, nil, len(places)
	explainer := kpi.NewExplainer(x.figure)
	err = x.sys.store.SeenCalls(ctx, q, func() { calls = nil }, func(c *store.SeenCall) error {
		calls = append(calls, x.told(c, x.stand(explainer, c)))
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the calls: %w", err)
	}
	return calls, nil
}
