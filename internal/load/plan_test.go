package load

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// made is a version of a call in the n-th bucket after noon.
func made(id string, version uint64, bucket int, queue string) record {
	c := &hotline.Call{
		ID: id, Version: version, Outcome: hotline.AbandonedQueue, Queue: queue,
		StartedAt: noon.Add(time.Duration(bucket) * hotline.BucketLength),
	}
	return finished(c)
}

func deleted(id string, version uint64) record {
	return finished(&hotline.Call{ID: id, Version: version, Deleted: true})
}

func finished(c *hotline.Call) record {
	if err := c.Validate(); err != nil {
		panic(err) // a mistake of the test
	}
	r := record{call: c, id: c.ID, rank: wire.Rank(c)}
	if !c.Deleted {
		r.facts, r.caller, r.before = c.Facts(), c.Caller(), c.CallerBefore()
	}
	return r
}

// by makes it a call of the caller.
func (r record) by(caller string) record {
	c := *r.call
	c.CallerHash, c.Attributes = caller, nil
	if now, before, ok := strings.Cut(caller, ","); ok {
		c.CallerHash, c.Attributes = now, map[string]string{hotline.CallerPrevious: before}
	}
	return finished(&c).from(r.run)
}

func (r record) from(run string) record {
	r.run = run
	return r
}

func registry(records ...record) map[string][]store.Version {
	known := map[string][]store.Version{}
	for _, r := range records {
		known[r.call.ID] = append(known[r.call.ID], store.Version{
			CallID: r.call.ID, Rank: r.rank, Bucket: r.bucket(), Deleted: r.call.Deleted, Caller: r.caller, CallerBefore: r.before, Run: r.run,
		})
	}
	return known
}

// shown is a plan in words.
func shown(p plan) []string {
	var out []string
	at := func(t time.Time) string { return fmt.Sprint(int(t.Sub(noon) / hotline.BucketLength)) }
	for _, r := range p.rows {
		kind := "row"
		if r.Call == nil {
			kind = "tombstone"
		}
		out = append(out, fmt.Sprintf("%s %s v%d in %s", kind, r.CallID, r.Rank.Version, at(r.Bucket)))
	}
	for _, v := range p.versions {
		where := "nowhere"
		if !v.Bucket.IsZero() {
			where = at(v.Bucket)
		}
		out = append(out, fmt.Sprintf("register %s v%d in %s by %q", v.CallID, v.Rank.Version, where, v.Run))
	}
	for _, m := range p.marks {
		out = append(out, "mark "+at(m))
	}
	for _, l := range p.ledger {
		out = append(out, fmt.Sprintf("book %q %d accepted %d rejected", l.Run, l.Accepted, l.Rejected))
	}
	if p.conflicts > 0 {
		out = append(out, fmt.Sprintf("%d conflicts", p.conflicts))
	}
	return out
}

func TestPlan(t *testing.T) {
	t.Parallel()
	v1, v1b := made("a", 1, 0, "x"), made("a", 1, 0, "y")
	if v1.rank.Compare(v1b.rank) > 0 {
		v1, v1b = v1b, v1
	}
	for name, c := range map[string]struct {
		batch    []record
		rejected []string
		known    map[string][]store.Version
		want     []string
	}{
		"nothing": {},
		"a new call": {
			batch: []record{made("a", 1, 0, "x").from("r")},
			want:  []string{"row a v1 in 0", `register a v1 in 0 by "r"`, "mark 0", `book "r" 1 accepted 0 rejected`},
		},
		"seen before: marked again, for the first attempt may have died before its mark": {
			batch: []record{made("a", 1, 0, "x").from("s")},
			known: registry(made("a", 1, 0, "x").from("r")),
			want:  []string{"mark 0", `book "s" 1 accepted 0 rejected`},
		},
		"twice in a batch, by two runs: the first brought it": {
			batch: []record{made("a", 1, 0, "x").from("r"), made("a", 1, 0, "x").from("s")},
			want: []string{
				"row a v1 in 0", `register a v1 in 0 by "r"`, "mark 0",
				`book "r" 1 accepted 0 rejected`, `book "s" 1 accepted 0 rejected`,
			},
		},
		"a correction in its bucket": {
			batch: []record{made("a", 2, 0, "y")},
			known: registry(made("a", 1, 0, "x")),
			want:  []string{"row a v2 in 0", `register a v2 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`},
		},
		"a move": {
			batch: []record{made("a", 2, 5, "x")},
			known: registry(made("a", 1, 0, "x")),
			want: []string{
				"row a v2 in 5", "tombstone a v2 in 0", `register a v2 in 5 by ""`, "mark 0", "mark 5",
				`book "" 1 accepted 0 rejected`,
			},
		},
		"a move within a batch": {
			batch: []record{made("a", 1, 0, "x"), made("a", 2, 5, "x")},
			want: []string{
				"row a v2 in 5", "tombstone a v2 in 0", `register a v1 in 0 by ""`, `register a v2 in 5 by ""`,
				"mark 0", "mark 5", `book "" 2 accepted 0 rejected`,
			},
		},
		"a move back: the row outranks its old tombstone": {
			batch: []record{made("a", 3, 0, "x")},
			known: registry(made("a", 1, 0, "x"), made("a", 2, 5, "x")),
			want: []string{
				"row a v3 in 0", "tombstone a v3 in 5", `register a v3 in 0 by ""`, "mark 0", "mark 5",
				`book "" 1 accepted 0 rejected`,
			},
		},
		"an older version in another bucket, late": {
			batch: []record{made("a", 1, 0, "x")},
			known: registry(made("a", 2, 5, "x")),
			want: []string{
				"tombstone a v2 in 0", `register a v1 in 0 by ""`, "mark 0", "mark 5", `book "" 1 accepted 0 rejected`,
			},
		},
		"an older version in the same bucket, late": {
			batch: []record{made("a", 1, 0, "x")},
			known: registry(made("a", 2, 0, "x")),
			want:  []string{`register a v1 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`},
		},
		"a deletion": {
			batch: []record{deleted("a", 2)},
			known: registry(made("a", 1, 0, "x")),
			want:  []string{"tombstone a v2 in 0", `register a v2 in nowhere by ""`, "mark 0", `book "" 1 accepted 0 rejected`},
		},
		"a deletion of an unknown call": {
			batch: []record{deleted("a", 2)},
			want:  []string{`register a v2 in nowhere by ""`, `book "" 1 accepted 0 rejected`},
		},
		"deleted before it was known": {
			batch: []record{made("a", 1, 0, "x")},
			known: registry(deleted("a", 2)),
			want:  []string{"tombstone a v2 in 0", `register a v1 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`},
		},
		"back after a deletion": {
			batch: []record{made("a", 3, 0, "x")},
			known: registry(made("a", 1, 0, "x"), deleted("a", 2)),
			want:  []string{"row a v3 in 0", `register a v3 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`},
		},
		"the same version with a larger hash wins": {
			batch: []record{v1b}, known: registry(v1),
			want: []string{"row a v1 in 0", `register a v1 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`, "1 conflicts"},
		},
		"the same version with a smaller hash loses": {
			batch: []record{v1}, known: registry(v1b),
			want: []string{`register a v1 in 0 by ""`, "mark 0", `book "" 1 accepted 0 rejected`, "1 conflicts"},
		},
		"rejects only": {
			rejected: []string{"r", "r", ""},
			want:     []string{`book "r" 0 accepted 2 rejected`, `book "" 0 accepted 1 rejected`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := shown(makePlan(c.batch, c.rejected, c.known))
			if diff := cmp.Diff(c.want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("plan (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanOfManyVersionsOfOneCall(t *testing.T) {
	t.Parallel()
	var batch []record
	for v := range 20_000 {
		batch = append(batch, made("a", uint64(v+1), v%3000, "x"))
	}
	started := time.Now()
	p := makePlan(batch, nil, registry(batch[:10_000]...))
	testkit.Promised(t, "a plan of 20,000 versions", time.Since(started), 2*time.Second)
	if len(p.versions) != 10_000 || len(p.marks) != 3000 || len(p.rows) != 3000 {
		t.Errorf("%d versions, %d marks, %d rows", len(p.versions), len(p.marks), len(p.rows))
	}
}

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
