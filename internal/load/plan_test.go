package load

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

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
