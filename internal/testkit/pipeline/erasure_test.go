package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/broker"
	"hotline12333/internal/hotline"
	"hotline12333/internal/keys"
	"hotline12333/internal/kpi"
	"hotline12333/internal/load"
	"hotline12333/internal/store"
	"hotline12333/internal/subject"
	"hotline12333/internal/testkit"
	"hotline12333/internal/wire"
)

const erasuresTopic = "hotline.erasures"

// mortal is a desk's store that dies at one of its writes, before it or after it.
type mortal struct {
	*store.Store
	left  int
	after bool
}

func (m *mortal) write(do func() error) error {
	d := dying{left: m.left, after: m.after}
	err := d.write(do)
	m.left = d.left
	return err
}

func (m *mortal) AddErasures(ctx context.Context, list []store.Erasure) error {
	return m.write(func() error { return m.Store.AddErasures(ctx, list) })
}

func (m *mortal) EraseCallers(ctx context.Context, aliases []store.Alias, until time.Time) (n uint64, err error) {
	err = m.write(func() error {
		n, err = m.Store.EraseCallers(ctx, aliases, until)
		return err
	})
	return n, err
}

func (s *stack) desk(with subject.Store, kit *keys.Keys) *subject.Desk {
	topics := load.DefaultTopics()
	return subject.New(subject.Deps{
		Store: with, Broker: s.client, Keys: kit, Log: testkit.Log(s.t),
		Topics:  subject.Topics{Records: []string{topics.Calls, topics.Supplements}, Rejected: topics.Rejected, Erasures: erasuresTopic},
		Settled: func(ctx context.Context) error { return s.settled(ctx, topics.Calls) },
	})
}

// TestErasedStaysErasedAndCounted erases a caller whose calls lie on both sides of a change
// of keys, dying on the way; then come duplicates, a correction, the whole log again, and a
// database that is made anew from the log. Nowhere is the identity again, and no count of
// repeat calls, or any other, is another.
func TestErasedStaysErasedAndCounted(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if err := s.client.EnsureTopics(t.Context(), []broker.TopicSpec{{Name: erasuresTopic, Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	s.start()
	const number, other = "13812345678", "13912345678"
	// Up to now: what the log says of when it was written is by the clock.
	first := time.Now().UTC().Add(-7 * 24 * time.Hour).Truncate(24 * time.Hour)
	path := filepath.Join(t.TempDir(), "keys.json")
	if _, err := keys.Init(path, first); err != nil {
		t.Fatal(err)
	}
	if _, err := keys.Rotate(path, keys.Rotation{Now: first, From: first.AddDate(0, 0, 3), Overlap: keys.MinOverlap}); err != nil {
		t.Fatal(err)
	}
	kit, err := keys.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	call := func(id, by string, at time.Time, version uint64) hotline.Call {
		c := hotline.Call{
			ID: id, Version: version, StartedAt: at, Outcome: hotline.Answered, Queue: "q", Centre: hotline.DefaultCentre, Direction: hotline.Inbound,
			CallerMasked: "138****5678", CallerSealed: "sealed-" + id, Attributes: map[string]string{"note": "free text of " + id},
		}
		var before string
		if c.CallerHash, before = kit.Pseudonyms(by, at); before != "" {
			c.Attributes[hotline.CallerPrevious] = before
		}
		return c
	}
	var calls []hotline.Call
	for i := range 18 { // every nine hours, over a week
		by := number
		if i%5 == 4 {
			by = other
		}
		calls = append(calls, call(fmt.Sprint("c-", i), by, first.Add(time.Duration(i)*9*time.Hour), 1))
	}
	if err := s.send(calls); err != nil {
		t.Fatal(err)
	}
	centres := []string{hotline.DefaultCentre}
	tallies := func() map[kpi.Key]kpi.Tally {
		t.Helper()
		out, err := s.tallies(centres)
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	before := tallies()
	repeats := int64(0)
	for k, y := range before {
		if k.Dimension == kpi.ByQueue {
			repeats += y.RepeatedWithin
		}
	}
	if repeats < 10 {
		t.Fatalf("only %d repeat calls: nothing is shown", repeats)
	}
	now := time.Now()
	caller, err := s.desk(s.store, kit).Find(t.Context(), subject.Query{CallID: "c-8"})
	if err != nil || len(caller.Pseudonyms) != 2 {
		t.Fatalf("%d pseudonyms, %v", len(caller.Pseudonyms), err)
	}
	names := kit.AllPseudonyms(number)
	gone := func(when string, in *store.Store) {
		t.Helper()
		held, err := in.Held(t.Context(), names)
		if err != nil || len(held.Calls)+len(held.Versions)+len(held.CallerCalls) > 0 {
			t.Fatalf("%s: %d calls, %d versions, %d calls of callers are still held, %v", when, len(held.Calls), len(held.Versions), len(held.CallerCalls), err)
		}
	}
	same := func(when string) {
		t.Helper()
		if diff := cmp.Diff(before, tallies()); diff != "" {
			t.Fatalf("%s: (-before +after)\n%.3000s", when, diff)
		}
	}
	for n := 1; ; n++ { // dies before and after each write, and is asked again
		_, err := s.desk(&mortal{Store: s.store, left: (n + 1) / 2, after: n%2 == 0}, kit).Erase(t.Context(), caller, now)
		if errors.Is(err, subject.ErrNothing) || err == nil {
			break
		}
		if !errors.Is(err, errDied) {
			t.Fatal(err)
		}
		if err := s.send(calls[:6]); err != nil { // the same records come again at the worst time
			t.Fatal(err)
		}
		same(fmt.Sprintf("killed at write %d", n))
		if n > 10 {
			t.Fatal("it never ends")
		}
	}
	if err := s.desk(s.store, nil).Again(t.Context()); err != nil {
		t.Fatal(err)
	}
	gone("erased", s.store)
	same("erased")

	// The correction of a call, a call that came late, and the whole log again.
	corrected := call("c-3", number, calls[3].StartedAt, 2)
	corrected.Queue = "r"
	lateOne := call("late", number, calls[10].StartedAt.Add(time.Hour), 1)
	if err := s.send([]hotline.Call{corrected, lateOne}); err != nil {
		t.Fatal(err)
	}
	all := append(append([]hotline.Call{}, calls...), corrected, lateOne)
	if err := s.send(all); err != nil {
		t.Fatal(err)
	}
	gone("everything again", s.store)
	h := history{}
	h.add(all)
	counted := h.count() // without repeats, which come by what Go says of the calls with their callers
	var newest []*hotline.Call
	for i := range all {
		if all[i].ID != "c-3" || all[i].Version == 2 {
			newest = append(newest, &all[i])
		}
	}
	want := make(map[kpi.Key]*kpi.Tally, len(counted))
	for k, y := range counted {
		want[k] = &y
	}
	kpi.CountRepeats(want, newest)
	for k, y := range tallies() {
		if w := want[k]; w == nil || !cmp.Equal(*w, y) {
			t.Errorf("%v after a correction: %s", k, cmp.Diff(w, &y))
		}
	}
	before = tallies()

	// A database made anew reads the list of the erased first, and then the log.
	s.stop()
	anew := testkit.Store(t)
	s.store = anew
	if err := s.desk(anew, nil).Sync(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.groups = "anew"
	s.start()
	testkit.Eventually(t, testkit.Patience, func() error {
		got, err := s.tallies(centres)
		if err != nil {
			return err
		}
		if diff := cmp.Diff(before, got); diff != "" {
			return fmt.Errorf("(-before +made anew)\n%.2000s", diff)
		}
		return nil
	})
	gone("made anew from the log", anew)

	// The caller is nobody now, and someone else is still who they were.
	if _, err := s.desk(anew, kit).Find(t.Context(), subject.Query{CallID: "no such call"}); !errors.Is(err, subject.ErrUnknown) {
		t.Errorf("a call that is not there: %v", err)
	}
	erased, err := s.desk(anew, kit).Find(t.Context(), subject.Query{CallID: "c-8"})
	if err != nil || len(erased.Pseudonyms) != 1 || !strings.HasPrefix(erased.Pseudonyms[0], hotline.ErasedPrefix) {
		t.Errorf("%+v, %v", erased.Pseudonyms, err)
	}
	if _, err := s.desk(anew, kit).Erase(t.Context(), erased, now); !errors.Is(err, subject.ErrNothing) {
		t.Errorf("erased twice: %v", err)
	}
	export, err := s.desk(anew, kit).Export(t.Context(), mustFind(t, s.desk(anew, kit), other), now)
	if err != nil || len(export.ClickHouse.Calls) != 3 || export.Kafka[0].Records == 0 {
		t.Errorf("%d calls of someone else, %+v, %v", len(export.ClickHouse.Calls), export.Kafka, err)
	}
}

func mustFind(t *testing.T, d *subject.Desk, number string) subject.Caller {
	t.Helper()
	c, err := d.Find(t.Context(), subject.Query{Number: number})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestErasedAreForgotten: the name an erased caller goes by is in the list as long as some
// log holds their calls, and then nowhere but in the calls.
func TestErasedAreForgotten(t *testing.T) {
	t.Parallel()
	s := newStack(t)
	if err := s.client.EnsureTopics(t.Context(), []broker.TopicSpec{{Name: erasuresTopic, Partitions: 1}}); err != nil {
		t.Fatal(err)
	}
	s.start()
	path := filepath.Join(t.TempDir(), "keys.json")
	kit, err := keys.Init(path, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	var calls []hotline.Call
	for i := range 12 {
		calls = append(calls, hotline.Call{
			ID: fmt.Sprint("c-", i), Version: 1, StartedAt: now.Add(-time.Duration(i) * time.Hour), Outcome: hotline.Answered, Queue: "q",
			CallerHash: kit.Pseudonym("13812345678"), Centre: hotline.DefaultCentre, Direction: hotline.Inbound,
		})
	}
	ahead := calls[0]
	ahead.ID, ahead.StartedAt = "ahead", now.Add(24*time.Hour)
	if err := s.send(append(slices.Clone(calls), ahead)); err != nil {
		t.Fatal(err)
	}
	desk := s.desk(s.store, kit)
	done, err := desk.Erase(t.Context(), mustFind(t, desk, "13812345678"), now)
	if err != nil || done.Calls != 12 || done.Later != 1 || done.Kafka[0].Records != 13 {
		t.Fatalf("%+v, %v", done, err)
	}
	ahead.Version, ahead.CallerHash = 2, "" // corrected, so that nothing more is held
	if err := s.send([]hotline.Call{ahead}); err != nil {
		t.Fatal(err)
	}
	list := func() store.Erasure {
		t.Helper()
		if err := desk.Again(t.Context()); err != nil {
			t.Fatal(err)
		}
		all, err := s.store.Erasures(t.Context())
		if err != nil || len(all) != 1 {
			t.Fatalf("%v, %v", all, err)
		}
		return all[0]
	}
	name := list().Replacement
	if !strings.HasPrefix(name, hotline.ErasedPrefix) {
		t.Fatalf("the caller is called %q", name)
	}
	// Of a quiet topic the last record stays for ever. It is nobody's.
	supplement := broker.Record{Key: []byte("c-1"), Value: []byte(`{"call_id":"c-1","version":1,"kind":"topics","topics":["x"]}`), Time: now.Add(-time.Hour)}
	if err := s.client.Produce(t.Context(), load.DefaultTopics().Supplements, []broker.Record{supplement}); err != nil {
		t.Fatal(err)
	}
	// Every partition gets a record of later, and what was before goes.
	topic := load.DefaultTopics().Calls
	later := done.Until.Add(time.Hour)
	filled := map[int]bool{}
	for i := 0; len(filled) < 3; i++ {
		id := fmt.Sprint("later-", i)
		c := hotline.Call{ID: id, Version: 1, StartedAt: now, Outcome: hotline.Answered, Queue: "q", Centre: hotline.DefaultCentre, Direction: hotline.Inbound}
		before := s.ends(topic)
		if err := s.client.Produce(t.Context(), topic, []broker.Record{{Key: []byte(id), Value: wire.AppendCall(nil, &c), Time: later}}); err != nil {
			t.Fatal(err)
		}
		for p, next := range s.ends(topic) {
			filled[p] = filled[p] || next > before[p]
			if !filled[p] {
				delete(filled, p)
			}
		}
	}
	at, err := s.client.OffsetsAt(t.Context(), topic, done.Until)
	if err != nil {
		t.Fatal(err)
	}
	for p, offset := range at {
		if name != list().Replacement {
			t.Fatal("forgotten while a log still holds a call")
		}
		if offset == 0 {
			continue // nothing of the caller was there
		}
		if err := s.client.DeleteBefore(t.Context(), topic, p, offset); err != nil {
			t.Fatal(err)
		}
	}
	if got := list().Replacement; got != "" {
		t.Errorf("the name is still in the list: %q", got)
	}
	found := false
	err = s.client.ReadRange(t.Context(), erasuresTopic, 0, 0, -1, func(recs []broker.Record) error {
		for i := range recs {
			found = found || strings.Contains(string(recs[i].Value), name)
		}
		return nil
	})
	if err != nil || found {
		t.Errorf("the name is still on the topic: %v, %v", found, err)
	}
	held, err := s.store.Held(t.Context(), []string{name})
	if err != nil || len(held.Calls) != 12 {
		t.Errorf("%d calls go by the name, %v", len(held.Calls), err)
	}
	// A file imported again makes nobody of them the caller's: known calls keep their name.
	corrected := calls[3]
	corrected.Version = 2
	late := calls[4]
	late.ID = "never seen before"
	if err := s.send([]hotline.Call{corrected, late}); err != nil {
		t.Fatal(err)
	}
	if held, err = s.store.Held(t.Context(), []string{name}); err != nil || len(held.Calls) != 12 {
		t.Errorf("%d calls go by the name after a correction, %v", len(held.Calls), err)
	}
	if held, err = s.store.Held(t.Context(), kit.AllPseudonyms("13812345678")); err != nil || len(held.Calls) != 0 {
		t.Errorf("%d calls are the caller's again, %v", len(held.Calls), err)
	}
}

func (s *stack) ends(topic string) map[int]int64 {
	s.t.Helper()
	extents, err := s.client.Offsets(s.t.Context(), topic)
	if err != nil {
		s.t.Fatal(err)
	}
	out := map[int]int64{}
	for _, e := range extents {
		out[e.Partition] = e.Next
	}
	return out
}
