package load

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/broker"
	"hotline12333/internal/deadletter"
	"hotline12333/internal/hotline"
)

func TestRejectedRecords(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	stop := s.start(t.Context(), s.deps())
	defer stop()
	const head = `{"call_id":"a","version":1,"started_at":"2026-03-02T12:00:00Z","outcome":"answered"`
	large := head + `,"attributes":{"x":"` + strings.Repeat("y", 5<<20) + `"}}`
	cases := []struct {
		name, key, value string
		reason           hotline.Reason
		field            string
	}{
		{"not JSON", "a", `hello`, hotline.NotJSON, ""},
		{"cut off", "a", head, hotline.NotJSON, ""},
		{"nothing", "a", ``, hotline.NotJSON, ""},
		{"wrong type", "a", head + `,"queue":7}`, hotline.WrongType, "queue"},
		{"no call_id", "a", `{"version":1,"started_at":"2026-03-02T12:00:00Z","outcome":"answered"}`, hotline.Missing, "call_id"},
		{"no started_at", "a", `{"call_id":"a","version":1,"outcome":"answered"}`, hotline.Missing, "started_at"},
		{"unknown outcome", "a", `{"call_id":"a","version":1,"started_at":"2026-03-02T12:00:00Z","outcome":"lost"}`, hotline.UnknownValue, "outcome"},
		{"year 1", "a", `{"call_id":"a","version":1,"started_at":"0001-03-02T12:00:00Z","outcome":"open"}`, hotline.OutOfRange, "started_at"},
		{"year 9999", "a", `{"call_id":"a","version":1,"started_at":"9999-03-02T12:00:00Z","outcome":"open"}`, hotline.OutOfRange, "started_at"},
		{"5 MB", "a", large, hotline.TooLarge, ""},
		{"not UTF-8", "a", head + ",\"queue\":\"\xff\xfe\"}", hotline.InvalidUTF8, "queue"},
		{"duplicate key", "a", head + `,"queue":"x","queue":"y"}`, hotline.DuplicateKey, "queue"},
		{"NaN", "a", head + `,"wait_seconds":NaN}`, hotline.NotJSON, "wait_seconds"},
		{"version 2^53", "a", `{"call_id":"a","version":9007199254740992}`, hotline.OutOfRange, "version"},
		{"another key", "b", head + `}`, hotline.KeyMismatch, "call_id"},
	}
	for _, c := range cases {
		s.produce(broker.Record{Key: []byte(c.key), Value: []byte(c.value), Headers: []broker.Header{{Key: "origin", Value: []byte(c.name)}}})
	}
	s.produce(broker.Record{Key: []byte("a")}) // no value at all
	s.produce(sent(made("good", 1, 0, "x")))
	s.loaded()
	s.shows([]record{made("good", 1, 0, "x")})
	s.booked()

	list := s.letters()
	if list.Total != len(cases)+1 || list.Foreign != 0 {
		t.Fatalf("%d letters, not %d", list.Total, len(cases)+1)
	}
	for i, c := range cases {
		e := list.Entries[i].Letter
		if e.Origin != c.name || e.Reason != c.reason || c.field != "" && e.Field != c.field {
			t.Errorf("%s: rejected for %s in %q: %s", c.name, e.Reason, e.Field, e.Detail)
		}
		l, err := deadletter.Open(t.Context(), s.client, s.topics.Rejected, list.Entries[i].ID, s.identity)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else if string(l.Bytes) != c.value || string(l.Key) != c.key || !l.Replayable {
			t.Errorf("%s: comes back as %.80q", c.name, l.Bytes)
		}
	}

	// Sent again it is rejected again: one entry, not two.
	r := deadletter.Replayer{Reader: s.client, Producer: s.client, Identity: s.identity, Topic: s.topics.Rejected}
	done, err := r.Replay(t.Context(), list.Entries[:1])
	if err != nil || done.Sent != 1 {
		t.Fatalf("%+v, %v", done, err)
	}
	s.loaded()
	if again := s.letters(); again.Total != len(cases)+1 {
		t.Errorf("%d letters after a replay, not %d", again.Total, len(cases)+1)
	}
	s.booked()
}

func TestCorrections(t *testing.T) {
	t.Parallel()
	s := newStack(t, 1)
	stop := s.start(t.Context(), s.deps())
	defer stop()
	open := func(id string) record {
		return finished(&hotline.Call{ID: id, Version: 1, Outcome: hotline.Open, Queue: "card", StartedAt: noon})
	}
	answered := func(id string) record {
		return finished(&hotline.Call{
			ID: id, Version: 2, Outcome: hotline.Answered, Queue: "card", Agent: "li", StartedAt: noon,
			AnsweredAt: noon.Add(10 * time.Second), EndedAt: noon.Add(time.Minute),
		})
	}
	const month = 31 * 96 // buckets
	x, y := made("either", 5, 0, "x"), made("either", 5, 7, "y")
	var all []record
	for _, step := range [][]record{
		{open("a"), open("b"), open("c"), open("d")},
		{answered("a")},                   // answered
		{made("b", 2, month, "pension")},  // in another month and queue
		{deleted("c", 2)},                 // deleted
		{open("a"), open("b"), open("c")}, // redelivered, older
		{x},
		{y},
		{x},                                   // the same version of other content, in both orders
		{made("b", 3, 0, "card")},             // and back
		{deleted("unknown", 4)},               // before anyone knew it
		{made("unknown", 3, 1, "x")},          // and late
		{made("c", 3, 2, "x"), answered("d")}, // back after a deletion
		all,
	} {
		all = append(all, step...)
		at := time.Now()
		for _, r := range step {
			s.produce(sent(r))
		}
		s.shows(all)
		t.Logf("%d records shown after %v", len(step), time.Since(at).Round(time.Millisecond))
	}
	s.loaded()
	s.booked()
	if n := s.letters().Total; n != 0 {
		t.Errorf("%d dead letters", n)
	}
	marks := s.marks()
	for _, b := range []int{0, 1, 2, 7, month} {
		if at := noon.Add(time.Duration(b) * hotline.BucketLength); marks[at.Unix()] == 0 {
			t.Errorf("bucket %v was never marked", at)
		}
	}
}

// marks counts the marks of each bucket.
func (s *stack) marks() map[int64]int {
	s.t.Helper()
	out := map[int64]int{}
	err := s.client.ReadRange(s.t.Context(), s.topics.Touched, 0, 0, -1, func(recs []broker.Record) error {
		for _, r := range recs {
			at, err := strconv.ParseInt(string(r.Key), 10, 64)
			if err != nil || r.Value == nil || len(r.Value) > 0 {
				return fmt.Errorf("mark %q of value %q: %w", r.Key, r.Value, err)
			}
			out[at]++
		}
		return nil
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out
}

// Loaders come and go while records arrive: partitions change hands in the middle of
// batches.
func TestRebalancing(t *testing.T) {
	t.Parallel()
	s := newStack(t, 4)
	s.cfg.BatchRows, s.cfg.BatchWait = 20, 10*time.Millisecond
	var good []record
	send := func() {
		for i := range 100 {
			n := len(good)
			r := made(fmt.Sprint("c", n%150), uint64(n/150+1), (n*7+i)%20, "x")
			good = append(good, r)
			s.produce(sent(r))
		}
	}
	start := func() func() {
		s.registry = newRegistry()
		return s.start(t.Context(), s.deps())
	}
	stop1 := start()
	send()
	stop2 := start()
	send()
	stop1()
	send()
	stop3 := start()
	send()
	stop2()
	send()
	s.loaded()
	stop3()
	s.shows(good)
	s.booked()
}
