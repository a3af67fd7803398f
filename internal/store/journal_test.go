package store_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
	"hotline12333/internal/store"
	"hotline12333/internal/store/engine"
	"hotline12333/internal/testkit"
)

var entered = time.Date(2026, 4, 2, 2, 11, 0, 123e6, time.UTC)

func valueEntry(subject, period, by, value, replaces string) journal.Entry {
	return journal.Entry{
		Slot: journal.Slot{Kind: journal.KindValue, Subject: subject, Period: period},
		At:   entered, By: by, Reason: "survey", Evidence: "file 12", Replaces: replaces,
		Body: journal.Encode(journal.Value{Value: journal.Decimal(value), Unit: "%"}),
	}
}

func appendEntry(t *testing.T, s *store.Store, e journal.Entry) journal.Entry {
	t.Helper()
	kept, err := s.AppendEntry(t.Context(), e)
	if err != nil {
		t.Fatal(err)
	}
	return kept
}

func histories(t *testing.T, s *store.Store, q store.EntryQuery) []journal.History {
	t.Helper()
	list, err := s.Entries(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	return journal.Histories(list)
}

func TestJournalKeepsEveryEntry(t *testing.T) {
	s := testkit.Store(t)
	first := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "王", "95.30", ""))
	second := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "李", "95.4", first.ID))
	other := valueEntry("policy_awareness", "2026Q2", "王", "96", "")
	other.At = entered.Add(time.Hour)
	other = appendEntry(t, s, other)
	centre := valueEntry("policy_awareness", "2026Q1", "赵", "90", "")
	centre.Centre = "xianyang"
	centre = appendEntry(t, s, centre)
	outage := appendEntry(t, s, journal.Entry{
		Slot: journal.Slot{Kind: journal.KindOutage, Subject: "o1"}, At: entered, By: "王", Withdrawn: true,
	})
	if first.ID >= second.ID || len(first.ID) != 26 {
		t.Errorf("ids %q, %q", first.ID, second.ID)
	}
	want := []journal.History{
		{Slot: outage.Slot, Entries: []journal.Entry{outage}},
		{Slot: first.Slot, Entries: []journal.Entry{first, second}},
		{Slot: other.Slot, Entries: []journal.Entry{other}},
		{Slot: centre.Slot, Entries: []journal.Entry{centre}},
	}
	if diff := cmp.Diff(want, histories(t, s, store.EntryQuery{}), cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
	for name, test := range map[string]struct {
		q    store.EntryQuery
		want []journal.History
	}{
		"kind":    {store.EntryQuery{Kind: journal.KindOutage}, want[:1]},
		"subject": {store.EntryQuery{Subject: "policy_awareness"}, want[1:]},
		"period":  {store.EntryQuery{Period: "2026Q2"}, want[2:3]},
		"centre":  {store.EntryQuery{Centre: "xianyang"}, want[3:]},
		"since":   {store.EntryQuery{Since: entered.Add(time.Minute)}, want[2:3]},
		"none":    {store.EntryQuery{Subject: "it's 'quoted'"}, nil},
	} {
		if diff := cmp.Diff(test.want, histories(t, s, test.q), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestJournalNamesWhoWasFaster(t *testing.T) {
	s := testkit.Store(t)
	first := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "王", "95.3", ""))
	second := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "李四", "95.4", first.ID))
	for name, test := range map[string]struct {
		replaces, want string
	}{
		"an entry that was replaced": {first.ID, "value policy_awareness 2026Q1 was changed by 李四 at 2026-04-02 02:11:00 +00:00 (entry " + second.ID + ")"},
		"nothing":                    {"", "was changed by 李四"},
		"what never was":             {"01J00000000000000000000000", "was changed by 李四"},
	} {
		_, err := s.AppendEntry(t.Context(), valueEntry("policy_awareness", "2026Q1", "赵", "1", test.replaces))
		var conflict *journal.Conflict
		if !errors.As(err, &conflict) || conflict.Newest.ID != second.ID || !strings.Contains(err.Error(), test.want) {
			t.Errorf("replacing %s: %v", name, err)
		}
	}
	_, err := s.AppendEntry(t.Context(), valueEntry("other", "2026Q1", "赵", "1", first.ID))
	if err == nil || err.Error() != "value other 2026Q1: there is no entry "+first.ID+" to replace" {
		t.Error(err)
	}
	if got := histories(t, s, store.EntryQuery{}); len(got) != 1 || len(got[0].Entries) != 2 {
		t.Errorf("%+v", got)
	}
}

// Of those who write at the same time, as processes of their own would, one gets through,
// and every other is told who.
func TestJournalRace(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	if err := testkit.OpenStore(t, cfg).Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const writers, rounds = 6, 12
	stores := make([]*store.Store, writers)
	for i := range stores {
		stores[i] = testkit.OpenStore(t, cfg)
	}
	newest := ""
	for round := range rounds {
		kept, failed := make([]journal.Entry, writers), make([]error, writers)
		var all sync.WaitGroup
		start := make(chan struct{})
		for i, s := range stores {
			all.Go(func() {
				<-start
				kept[i], failed[i] = s.AppendEntry(t.Context(), valueEntry("policy_awareness", "2026Q1", fmt.Sprint(i), "95", newest))
			})
		}
		close(start)
		all.Wait()
		winner := slices.IndexFunc(failed, func(err error) bool { return err == nil })
		if winner < 0 {
			t.Fatalf("round %d: nobody got through: %v", round, failed)
		}
		newest = kept[winner].ID
		for i, err := range failed {
			var conflict *journal.Conflict
			if i != winner && (!errors.As(err, &conflict) || conflict.Newest.ID != newest) {
				t.Fatalf("round %d: %d got through with %s, %d was told %v", round, winner, newest, i, err)
			}
		}
	}
	got := histories(t, stores[0], store.EntryQuery{})
	if len(got) != 1 || len(got[0].Entries) != rounds || len(got[0].Aside) != 0 || got[0].Newest().ID != newest {
		t.Errorf("history: %+v", got)
	}
}

// An insert whose outcome was not known is repeated with the same id and is one entry.
func TestJournalRepeatedInsert(t *testing.T) {
	s := testkit.Store(t)
	e := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "王", "95.3", ""))
	again := appendEntry(t, s, e)
	later := appendEntry(t, s, valueEntry("policy_awareness", "2026Q1", "李", "95.4", e.ID))
	third := appendEntry(t, s, e) // even after it was replaced
	if diff := cmp.Diff([]journal.Entry{e, e}, []journal.Entry{again, third}); diff != "" {
		t.Error(diff)
	}
	if got := histories(t, s, store.EntryQuery{}); len(got) != 1 || len(got[0].Entries) != 2 || got[0].Newest().ID != later.ID {
		t.Errorf("%+v", got)
	}
}

// A token that a crash has used up without its row keeps nobody from writing.
func TestJournalTokenUsedUp(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	e := valueEntry("policy_awareness", "2026Q1", "王", "95.3", "")
	query(t, cfg, "INSERT INTO {db}.journal (kind, subject, id) SETTINGS insert_deduplication_token = '"+store.EntryToken(e)+"' VALUES ('elsewhere', 'x', 'y')")
	appendEntry(t, s, e)
	_, err := s.AppendEntry(t.Context(), e)
	var conflict *journal.Conflict
	if !errors.As(err, &conflict) {
		t.Errorf("the second: %v", err)
	}
}

func TestJournalScrubs(t *testing.T) {
	s := testkit.Store(t)
	e := valueEntry("policy_awareness", "2026Q1", "王 13812345678", "13812345678", "")
	e.Reason, e.Evidence = "来电 13812345678", "身份证 610402198001011234"
	e.Body = []byte(`{"value":13812345678,"note":["打 13812345678"],"from":"2026-03-02T09:30:00+08:00"}`)
	kept := appendEntry(t, s, e)
	if diff := cmp.Diff(`{"from":"2026-03-02T09:30:00+08:00","note":["打 138****5678"],"value":13812345678}`, string(kept.Body)); diff != "" {
		t.Error(diff)
	}
	if text := kept.By + kept.Reason + kept.Evidence; strings.Contains(text, "13812345678") || strings.Contains(text, "19800101") {
		t.Errorf("kept: %s", text)
	}
	if got := histories(t, s, store.EntryQuery{})[0].Entries[0]; !cmp.Equal(got, kept) {
		t.Errorf("read back: %s", cmp.Diff(kept, got))
	}
}

func TestJournalRefuses(t *testing.T) {
	s := testkit.Store(t)
	for want, change := range map[string]func(*journal.Entry){
		"kind":    func(e *journal.Entry) { e.Kind = "gossip" },
		"subject": func(e *journal.Entry) { e.Subject = "" },
		"by":      func(e *journal.Entry) { e.By = "  " },
		"at":      func(e *journal.Entry) { e.At = time.Time{} },
		"body":    func(e *journal.Entry) { e.Body = []byte("{") },
		"reason":  func(e *journal.Entry) { e.Reason = strings.Repeat("x", 1<<17) },
	} {
		e := valueEntry("policy_awareness", "2026Q1", "王", "95.3", "")
		change(&e)
		if _, err := s.AppendEntry(t.Context(), e); err == nil || !strings.Contains(err.Error(), "the entry cannot be kept: "+want+":") {
			t.Errorf("%s: %v", want, err)
		}
	}
	if got := histories(t, s, store.EntryQuery{}); len(got) != 0 {
		t.Errorf("written: %+v", got)
	}
}

// TestJournalKilled kills the engine while several write into the same slots: what was
// acknowledged is there, once, and each entry replaces the one before it.
func TestJournalKilled(t *testing.T) {
	testkit.NeedEngine(t)
	cfg := engine.DefaultConfig()
	cfg.Dir, cfg.Listen = filepath.Join(t.TempDir(), "engine"), testkit.FreeAddress(t)
	e := engine.New(cfg, engine.Deps{Log: testkit.Log(t)})
	if err := e.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), testkit.Patience)
		defer cancel()
		if err := e.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	sc := store.DefaultConfig()
	sc.Address = e.Addr()
	s := testkit.OpenStore(t, sc)
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	const writers, kills = 4, 3
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			subject, newest := fmt.Sprint("slot ", w%2), ""
			for ctx.Err() == nil {
				kept, err := s.AppendEntry(ctx, valueEntry(subject, "2026Q1", fmt.Sprint(w), "95", newest))
				var conflict *journal.Conflict
				switch {
				case err == nil:
					newest = kept.ID
					mu.Lock()
					acknowledged[kept.ID] = true
					mu.Unlock()
				case errors.As(err, &conflict):
					newest = conflict.Newest.ID
				}
			}
		})
	}
	count := func() int {
		mu.Lock()
		defer mu.Unlock()
		return len(acknowledged)
	}
	for range kills {
		before, pid := count(), e.PID()
		testkit.Eventually(t, testkit.Patience, func() error {
			if n := count(); n < before+20 {
				return fmt.Errorf("%d entries since the last kill", n-before)
			}
			return nil
		})
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		testkit.Eventually(t, testkit.Patience, func() error {
			if !e.Up() || e.PID() == pid {
				return errors.New("the engine is not back")
			}
			return nil
		})
	}
	cancel()
	all.Wait()
	found := 0
	for _, h := range histories(t, s, store.EntryQuery{}) {
		if len(h.Aside) > 0 {
			t.Errorf("%s: %d entries stand aside", h.Slot, len(h.Aside))
		}
		for i := range h.Entries {
			if acknowledged[h.Entries[i].ID] {
				found++
			}
		}
	}
	if found != len(acknowledged) {
		t.Errorf("%d of %d acknowledged entries are there", found, len(acknowledged))
	}
	t.Logf("%d entries over %d kills", found, kills)
}

// TestEnteredAboutACaller: what people entered about a caller's calls is held of them, by
// the call's id; a longer id, or a text that has it in the middle, is another's.
func TestEnteredAboutACaller(t *testing.T) {
	s := newSealing(t)
	about := func(subject, note string) journal.Entry {
		return journal.Entry{
			Slot: journal.Slot{Kind: journal.KindLostCall, Subject: subject}, At: entered, By: "王", Body: journal.Encode(map[string]any{"note": note}),
		}
	}
	s.give(&hotline.Call{ID: "mine-1", Version: 1, StartedAt: s.first, Outcome: hotline.AbandonedQueue, Queue: "q", CallerHash: "k.mine"})
	first := appendEntry(t, s.store, about("mine-1", "已回拨 13812345678"))
	second := appendEntry(t, s.store, about("shift", "mine-1"))
	appendEntry(t, s.store, about("mine-11", "见 mine-1 之后"))
	appendEntry(t, s.store, about("other", ""))
	held, err := s.store.Held(t.Context(), []string{"k.mine"})
	if err != nil || len(held.Calls) != 1 || len(held.Entered) != 2 {
		t.Fatalf("%d calls, %d entries, %v", len(held.Calls), len(held.Entered), err)
	}
	text := string(held.Entered[0]) + string(held.Entered[1])
	if !strings.Contains(text, first.ID) || !strings.Contains(text, second.ID) || strings.Contains(text, "13812345678") {
		t.Errorf("entries %s", text)
	}
	if held, err = s.store.Held(t.Context(), []string{"k.nobody"}); err != nil || len(held.Entered) != 0 {
		t.Errorf("of nobody: %d entries, %v", len(held.Entered), err)
	}
}

// TestConfirmedOfTheWholeSystem: definitions are confirmed for the system; an entry about one
// of its centres makes nothing official.
func TestConfirmedOfTheWholeSystem(t *testing.T) {
	s, _ := newStore(t)
	for centre, version := range map[string]int{"": 1, "xy": 2} {
		appendEntry(t, s, journal.Entry{
			Slot: journal.Slot{Kind: journal.KindDefinition, Centre: centre, Subject: "answer_rate", Period: "2026-03-01"},
			At:   entered, By: "王芳", Reason: "x", Evidence: "y", Body: journal.Encode(journal.Confirmation{Version: version, From: "2026-03-01"}),
		})
	}
	list, err := s.Confirmed(t.Context())
	if err != nil || len(list) != 1 || list[0].Version != 1 {
		t.Errorf("%+v, %v", list, err)
	}
}
