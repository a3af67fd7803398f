package load

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/store"
)

// drawRecords gives a partition: few calls, few versions, few buckets, so that everything
// collides.
func drawRecords(t *rapid.T) []record {
	n := rapid.IntRange(1, 30).Draw(t, "records")
	out := make([]record, n)
	for i := range out {
		id := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "call")
		version := rapid.Uint64Range(1, 4).Draw(t, "version")
		if rapid.IntRange(0, 5).Draw(t, "deletes") == 0 {
			out[i] = deleted(id, version)
			continue
		}
		const twoDays = 192 // buckets
		bucket := rapid.SampledFrom([]int{0, 1, 2, 3, twoDays, twoDays + 2}).Draw(t, "bucket")
		out[i] = made(id, version, bucket, rapid.SampledFrom([]string{"x", "y"}).Draw(t, "queue")).
			by(rapid.SampledFrom([]string{"", "c1", "c1", "c2", "c2,c1"}).Draw(t, "caller"))
	}
	return out
}

// driver runs batches over a partition as workers do, with everything that goes wrong.
type driver struct {
	t         *rapid.T
	m         *model
	log       []record
	committed int
	announced int // end of the range that must be repeated, 0: none
	read      int // how far anyone has read
	zombies   []zombie
}

// zombie is a worker that has looked up its batch and then sleeps.
type zombie struct {
	id   store.Batch
	plan plan
}

func (d *driver) batch(first, last int) (store.Batch, plan) {
	records := d.log[first : last+1]
	var ids []string
	for _, r := range records {
		ids = append(ids, r.call.ID)
	}
	d.read = max(d.read, last+1)
	id := store.Batch{Topic: "calls", Epoch: 1, First: int64(first), Last: int64(last)}
	return id, makePlan(records, nil, d.m.snapshot(ids))
}

// run takes the next batch through its steps and dies before the given one.
func (d *driver) run(dies int) {
	if d.committed == len(d.log) {
		return
	}
	last := d.announced
	if d.announced == 0 {
		last = rapid.IntRange(d.committed, len(d.log)-1).Draw(d.t, "last")
	} else {
		last--
	}
	d.announced = last + 1
	id, p := d.batch(d.committed, last)
	d.write(id, p, dies)
	if dies > 8 {
		d.committed, d.announced = last+1, 0
	}
}

func (d *driver) write(id store.Batch, p plan, dies int) {
	ctx := context.Background()
	do := func(step int, f func() error) {
		if dies > step {
			if err := f(); err != nil {
				d.t.Fatal(err)
			}
		}
	}
	do(4, func() error {
		if len(p.rows) == 0 {
			return nil
		}
		return d.m.InsertCalls(ctx, id, p.rows)
	})
	do(5, func() error { return d.m.InsertCallers(ctx, id, p.callers) })
	do(5, func() error {
		if len(p.versions) == 0 {
			return nil
		}
		return d.m.InsertVersions(ctx, id, p.versions)
	})
	do(6, func() error { return d.m.InsertLedger(ctx, id, p.ledger) })
	do(7, func() error {
		around, err := d.m.CallerBuckets(ctx, p.places)
		d.m.marked(append(around, p.marks...))
		return err
	})
}

func TestPlanConverges(t *testing.T) {
	t.Parallel()
	for range 20 { // of rapid's hundred: some faults need several things to go wrong
		rapid.Check(t, converges)
	}
}

func converges(t *rapid.T) {
	d := &driver{t: t, m: newModel(), log: drawRecords(t)}
	for range rapid.IntRange(0, 40).Draw(t, "actions") {
		switch rapid.SampledFrom([]string{"run", "run", "die", "sleep", "wake", "rewind"}).Draw(t, "action") {
		case "run":
			d.run(9)
		case "die":
			d.run(rapid.IntRange(1, 8).Draw(t, "step"))
		case "sleep":
			// A worker announces and looks up its batch, and sleeps before it writes.
			if d.committed < len(d.log) {
				first := d.committed
				d.run(4)
				id, p := d.batch(first, d.announced-1)
				d.zombies = append(d.zombies, zombie{id, p})
			}
		case "wake":
			if len(d.zombies) > 0 {
				i := rapid.IntRange(0, len(d.zombies)-1).Draw(t, "zombie")
				z := d.zombies[i]
				d.write(z.id, z.plan, rapid.IntRange(4, 8).Draw(t, "step")) // its commit is refused
			}
		case "rewind":
			// Someone resets the group's offsets: ranges are cut anew.
			d.committed, d.announced = rapid.IntRange(0, d.committed).Draw(t, "offset"), 0
		}
	}
	for d.committed < len(d.log) {
		d.run(9)
	}
	for _, z := range d.zombies { // the last word
		d.write(z.id, z.plan, 8)
	}
	if err := d.m.check(truth(d.log)); err != nil {
		t.Fatal(err)
	}
}

// Every order of the same records ends the same.
func TestPlanOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := drawRecords(t)
		for _, order := range [][]record{log, rapid.Permutation(log).Draw(t, "order")} {
			d := &driver{t: t, m: newModel(), log: order}
			for d.committed < len(d.log) {
				d.run(9)
			}
			if err := d.m.check(truth(log)); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The same batch and registry give the same rows, whatever order the registry answers in:
// a token stands for exactly one set of rows.
func TestPlanIsDeterministic(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		log := drawRecords(t)
		at := rapid.IntRange(0, len(log)).Draw(t, "cut")
		known := registry(log[:at]...)
		one := makePlan(log[at:], nil, known)
		for id := range known {
			known[id] = rapid.Permutation(known[id]).Draw(t, "registry")
		}
		two := makePlan(log[at:], nil, known)
		byBucket := cmpopts.SortSlices(func(a, b store.Row) bool {
			return a.CallID < b.CallID || a.CallID == b.CallID && a.Bucket.Before(b.Bucket)
		})
		if diff := cmp.Diff(one.rows, two.rows, byBucket); diff != "" {
			t.Fatal(diff)
		}
	})
}
