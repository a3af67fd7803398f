package journal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var shiftSlot = Slot{Kind: KindShiftNote, Subject: ShiftSubject, Period: "2026-03"}

func read(t testing.TB, entries []Entry) *Shifts {
	t.Helper()
	s, err := ReadShifts(entries)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func kept(e Entry, n int) Entry {
	e.ID, e.At = fmt.Sprintf("%06d", n), time.Date(2026, 3, 2, 8, n, 0, 0, time.UTC)
	return e
}

func TestHandover(t *testing.T) {
	var log []Entry
	sign := func(e Entry, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Validate(); err == nil { // what is missing is given when it is kept
			t.Fatal("an entry without its time is kept")
		}
		log = append(log, kept(e, len(log)))
		return log[len(log)-1].ID
	}
	at := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	h := Handover{Outgoing: "王芳", HandedAt: at, Notes: "下午系统升级", Points: []OpenPoint{{ID: "1", Text: "耳机待换", By: "王芳", Since: at}}}
	id := sign(read(t, log).Hand(shiftSlot, h))
	s := read(t, log)
	if s.Pending == nil || s.Pending.ID != id || len(s.Points) != 1 {
		t.Fatalf("after the first signature: %+v", s)
	}
	for what, err := range map[error]error{
		ShiftPending:    second(s.Hand(shiftSlot, h)),
		ShiftSamePerson: second(s.Accept(id, "王芳", "")),
		ShiftNotPending: second(s.Accept("other", "李强", "")),
		ShiftNotYours:   second(s.Withdraw(id, "李强", "x")),
	} {
		if !errors.Is(err, what) || err.Error() == "" {
			t.Errorf("%v, want %v", err, what)
		}
	}
	if second(s.Withdraw(id, "王芳", " ")) == nil {
		t.Error("withdrawn without a reason")
	}
	sign(s.Accept(id, "李强", "已清点"))
	s = read(t, log)
	if got := s.List[0]; s.Pending != nil || got.Incoming != "李强" || got.Outgoing != "王芳" || got.Remark != "已清点" || got.Notes != "下午系统升级" || !got.HandedAt.Equal(at) {
		t.Errorf("after the second: %+v", got)
	}
	// The point is carried over until it is ticked off; a new one comes.
	h = Handover{Outgoing: "李强", HandedAt: at.Add(8 * time.Hour), Points: append(s.Points, OpenPoint{ID: "2", Text: "回访张先生", By: "李强", Since: at})}
	h.Points[0].Done = true
	id = sign(s.Hand(shiftSlot, h))
	sign(read(t, log).Withdraw(id, "李强", "填错"))
	if s = read(t, log); s.Pending != nil || len(s.Points) != 1 || s.Points[0].ID != "1" || !s.List[0].Withdrawn || s.List[0].Reason != "填错" {
		t.Errorf("after it was withdrawn: %+v", s)
	}
	id = sign(s.Hand(shiftSlot, h))
	sign(read(t, log).Accept(id, "赵敏", ""))
	if s = read(t, log); len(s.Points) != 1 || s.Points[0].ID != "2" || len(s.List) != 3 {
		t.Errorf("after the third: %+v", s)
	}
	if s.Find(id) == nil || s.Find("nothing") != nil {
		t.Error("a hand-over is not found, or one that is none is")
	}
	april := shiftSlot
	april.Period = "2026-04"
	if e, err := s.Hand(april, h); err != nil || e.Replaces != "" {
		t.Errorf("the first of a month: %+v %v", e, err)
	}
}

func second(_ Entry, err error) error { return err }

func TestHandoverTexts(t *testing.T) {
	long := make([]byte, mostNotes+1)
	for what, h := range map[string]Handover{
		"nobody":      {HandedAt: time.Now()},
		"never":       {Outgoing: "王芳"},
		"long":        {Outgoing: "王芳", HandedAt: time.Now(), Notes: string(long)},
		"a blank":     {Outgoing: "王芳", HandedAt: time.Now(), Points: []OpenPoint{{Text: " "}}},
		"many points": {Outgoing: "王芳", HandedAt: time.Now(), Points: make([]OpenPoint, mostPoints+1)},
	} {
		if _, err := new(Shifts).Hand(shiftSlot, h); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
}

// TestShiftsProperties: whatever people try, at most one hand-over waits, nobody takes over
// from themselves, no point is lost that nobody has ticked off, and the order in which
// entries are read does not matter.
func TestShiftsProperties(t *testing.T) {
	people := []string{"王芳", "李强", "赵敏"}
	rapid.Check(t, func(rt *rapid.T) {
		var log []Entry
		open := map[string]bool{}
		for n := range rapid.IntRange(1, 25).Draw(rt, "steps") {
			s, err := ReadShifts(log)
			if err != nil {
				rt.Fatal(err)
			}
			by := rapid.SampledFrom(people).Draw(rt, "by")
			id := ""
			if s.Pending != nil {
				id = s.Pending.ID
			}
			var e Entry
			switch rapid.IntRange(0, 2).Draw(rt, "what") {
			case 0:
				h := Handover{Outgoing: by, HandedAt: time.Date(2026, 3, 2, 8, n, 0, 0, time.UTC), Points: append(s.Points, OpenPoint{ID: fmt.Sprint(n), Text: "x"})}
				if len(s.Points) > 0 && rapid.Bool().Draw(rt, "tick") {
					h.Points[0].Done = true
				}
				e, err = s.Hand(shiftSlot, h)
				if (err == nil) != (s.Pending == nil) {
					rt.Fatalf("handed over beside another: %v", err)
				}
			case 1:
				e, err = s.Accept(id, by, "")
				if err == nil && (s.Pending == nil || s.Pending.Outgoing == by) {
					rt.Fatal("accepted by who handed over")
				}
				if err == nil {
					for _, p := range s.Pending.Points {
						open[p.ID] = !p.Done
					}
				}
			default:
				e, err = s.Withdraw(id, by, "x")
			}
			if err == nil {
				log = append(log, kept(e, n))
			}
		}
		rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed"))).Shuffle(len(log), func(i, j int) { log[i], log[j] = log[j], log[i] })
		s, err := ReadShifts(log)
		if err != nil {
			rt.Fatal(err)
		}
		if s.Pending != nil {
			return
		}
		n := 0
		for _, still := range open {
			if still {
				n++
			}
		}
		if n != len(s.Points) {
			rt.Fatalf("%d points are open, %d were never ticked off", len(s.Points), n)
		}
	})
}
