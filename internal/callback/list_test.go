package callback

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/journal"
)

var ten = time.Date(2026, 3, 2, 2, 0, 0, 0, time.UTC) // 10:00 in China

func minute(n int) time.Time { return ten.Add(time.Duration(n) * time.Minute) }

// lost is a call of a caller that rang for half a minute.
func lost(id, caller string, at int) Call {
	c := Call{
		ID: id, Centre: "default", Source: "pbx", Queue: "q", Direction: hotline.Inbound, Outcome: hotline.AbandonedQueue,
		ArrivedAt: minute(at), DecidedAt: minute(at).Add(30 * time.Second), Wait: 30 * time.Second,
	}
	if caller != "" {
		c.Caller = "default/" + caller
	}
	return c
}

func answered(id, caller string, at int) Call {
	c := lost(id, caller, at)
	c.Outcome = hotline.Answered
	return c
}

func rules() Rules {
	return Rules{Short: 5 * time.Second, Deadline: func(_ string, t time.Time) time.Time { return t.Add(4 * time.Hour) }}
}

// entry is a step about calls; each replaces the one before it.
func history(subject string, steps ...journal.Entry) journal.History {
	h := journal.History{Slot: journal.Slot{Kind: journal.KindLostCall, Centre: "default", Subject: subject}}
	for i, e := range steps {
		e.Slot, e.ID = h.Slot, fmt.Sprintf("%d-%s", e.At.UnixMilli(), subject)
		if i > 0 {
			e.Replaces = h.Entries[i-1].ID
		}
		h.Entries = append(h.Entries, e)
	}
	return h
}

func step(at int, by string, body journal.CallBack) journal.Entry {
	return journal.Entry{At: minute(at), By: by, Body: journal.Encode(body)}
}

func taken(at int, by string, calls ...string) journal.Entry {
	return step(at, by, journal.CallBack{Step: journal.CallBackTaken, Calls: calls})
}

func done(at int, by string, calls ...string) journal.Entry {
	return step(at, by, journal.CallBack{Step: journal.CallBackDone, Result: journal.CallBackReached, Calls: calls})
}

func build(t testing.TB, f Facts) *List {
	t.Helper()
	l, err := Build(f, rules())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// said is a list in short form.
func said(l *List) []string {
	var out []string
	for _, x := range l.Items {
		text := string(x.State)
		for _, c := range x.Calls {
			text += " " + c.ID
		}
		if x.ShortCalls > 0 {
			text += fmt.Sprintf(" +%d", x.ShortCalls)
		}
		if x.Owner != "" {
			text += " " + x.Owner
		}
		if x.Way != "" {
			text += " " + string(x.Way) + ":" + x.EndedBy
		}
		out = append(out, text)
	}
	return out
}

func TestItems(t *testing.T) {
	short := func(id, caller string, at int) Call {
		c := lost(id, caller, at)
		c.Wait = 4999 * time.Millisecond
		return c
	}
	with := func(c Call, change func(*Call)) Call { change(&c); return c }
	for name, tt := range map[string]struct {
		calls   []Call
		tickets []hotline.Ticket
		entries []journal.History
		want    []string
	}{
		"nothing": {},
		"several calls are one item": {
			calls: []Call{lost("b", "x", 5), lost("a", "x", 0), lost("c", "y", 3)},
			want:  []string{"owed a b", "owed c"},
		},
		"answered after all": {
			calls: []Call{answered("a", "x", 0)},
		},
		"a redial ends what was lost before it": {
			calls: []Call{lost("a", "x", 0), answered("b", "x", 10), lost("c", "x", 20)},
			want:  []string{"redialled a redial:b", "owed c"},
		},
		"a call that came while the other waited is no redial": {
			calls: []Call{with(lost("a", "x", 0), func(c *Call) { c.DecidedAt = minute(10) }), answered("b", "x", 5)},
			want:  []string{"owed a"},
		},
		"somebody else's call is none": {
			calls: []Call{lost("a", "x", 0), answered("b", "y", 10)},
			want:  []string{"owed a"},
		},
		"an excluded call reaches nobody": {
			calls: []Call{lost("a", "x", 0), with(answered("b", "x", 10), func(c *Call) { c.Excluded = hotline.ExcludedTest })},
			want:  []string{"owed a"},
		},
		"a recorded call back": {
			calls: []Call{lost("a", "x", 0), with(answered("b", "x", 10), func(c *Call) { c.Direction = hotline.Callback })},
			want:  []string{"done a callback:b"},
		},
		"the name before a change of keys": {
			calls: []Call{lost("a", "old", 0), with(answered("b", "new", 10), func(c *Call) { c.Before = "default/old" })},
			want:  []string{"redialled a redial:b"},
		},
		"short abandons stand apart": {
			calls: []Call{short("a", "x", 0), short("b", "y", 1), lost("c", "y", 2)},
			want:  []string{"short a", "owed c +1"},
		},
		"at the threshold it is none": {
			calls: []Call{with(lost("a", "x", 0), func(c *Call) { c.Wait = 5 * time.Second })},
			want:  []string{"owed a"},
		},
		"a short message is a message": {
			calls: []Call{with(short("a", "x", 0), func(c *Call) { c.Outcome = hotline.Voicemail })},
			want:  []string{"owed a"},
		},
		"withheld, erased": {
			calls: []Call{lost("a", "", 0), lost("b", "", 1), lost("c", hotline.ErasedPrefix+"z", 2), answered("d", hotline.ErasedPrefix+"z", 9)},
			want:  []string{"withheld a", "withheld b", "withheld c"},
		},
		"hung up in the menu, outbound, excluded": {
			calls: []Call{
				with(lost("a", "x", 0), func(c *Call) { c.Outcome = hotline.AbandonedIVR }),
				with(lost("b", "x", 0), func(c *Call) { c.Direction = hotline.Callback }),
				with(lost("c", "x", 0), func(c *Call) { c.Excluded = hotline.ExcludedBlacklist }),
			},
		},
		"taken, and a further call": {
			calls:   []Call{lost("a", "x", 0), lost("b", "x", 20)},
			entries: []journal.History{history("a", taken(10, "王芳", "a"))},
			want:    []string{"taken a b 王芳"},
		},
		"taken, then the caller got through": {
			calls:   []Call{lost("a", "x", 0), answered("b", "x", 20), lost("c", "x", 30)},
			entries: []journal.History{history("a", taken(10, "王芳", "a"))},
			want:    []string{"redialled a redial:b", "owed c"},
		},
		"given back": {
			calls:   []Call{lost("a", "x", 0)},
			entries: []journal.History{history("a", taken(10, "王芳", "a"), step(11, "王芳", journal.CallBack{Step: journal.CallBackGivenBack, Calls: []string{"a"}}))},
			want:    []string{"owed a"},
		},
		"done ends what was lost before, told late or not": {
			calls:   []Call{lost("a", "x", 0), lost("late", "x", 5), lost("after", "x", 20)},
			entries: []journal.History{history("a", taken(10, "王芳", "a"), done(12, "王芳", "a"))},
			want:    []string{"done a late person:王芳", "owed after"},
		},
		"done, and its first call is gone": {
			calls:   []Call{lost("b", "x", 5)},
			entries: []journal.History{history("a", done(12, "王芳", "a", "b"))},
			want:    []string{"done b person:王芳"},
		},
		"done, and its call is moved behind it": {
			calls:   []Call{lost("a", "x", 30)},
			entries: []journal.History{history("a", done(12, "王芳", "a"))},
			want:    []string{"done a person:王芳"},
		},
		"a redial before it was done counts": {
			calls:   []Call{lost("a", "x", 0), answered("b", "x", 10)},
			entries: []journal.History{history("a", done(12, "王芳", "a"))},
			want:    []string{"redialled a redial:b"},
		},
		"opened again": {
			calls:   []Call{lost("a", "x", 0)},
			entries: []journal.History{history("a", done(12, "王芳", "a"), step(13, "李强", journal.CallBack{Step: journal.CallBackReopened, Calls: []string{"a"}}))},
			want:    []string{"owed a"},
		},
		"the ticket was answered": {
			calls:   []Call{lost("a", "x", 0), lost("b", "y", 0)},
			tickets: []hotline.Ticket{{ID: "t1", CallID: "a", Kind: hotline.TicketCallback, RespondedAt: minute(9)}, {ID: "t2", CallID: "b", Kind: hotline.TicketVoicemail}, {ID: "t3", CallID: "b", Kind: hotline.TicketConsultation, RespondedAt: minute(9)}},
			want:    []string{"done a ticket:t1", "owed b"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := build(t, Facts{Calls: tt.calls, Tickets: tt.tickets, Entries: tt.entries})
			if diff := cmp.Diff(tt.want, said(l), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// world draws calls, tickets and entries of few callers, so that much meets.
func world(t *rapid.T) Facts {
	var f Facts
	n := rapid.IntRange(0, 14).Draw(t, "calls")
	for i := range n {
		c := lost(fmt.Sprint("c", i), rapid.SampledFrom([]string{"", "x", "y", "z"}).Draw(t, "caller"), rapid.IntRange(0, 40).Draw(t, "at"))
		c.Outcome = rapid.SampledFrom([]hotline.Outcome{hotline.Answered, hotline.AbandonedQueue, hotline.Voicemail, hotline.SelfService}).Draw(t, "outcome")
		c.Wait = time.Duration(rapid.SampledFrom([]int{1, 5, 60}).Draw(t, "wait")) * time.Second
		c.DecidedAt = c.ArrivedAt.Add(c.Wait)
		if c.Caller == "default/z" && rapid.Bool().Draw(t, "renamed") {
			c.Before = "default/y"
		}
		f.Calls = append(f.Calls, c)
	}
	for i := range rapid.IntRange(0, 4).Draw(t, "slots") {
		some := fmt.Sprint("c", rapid.IntRange(0, 14).Draw(t, "about"))
		e := taken(rapid.IntRange(0, 50).Draw(t, "when"), "王芳", some)
		if rapid.Bool().Draw(t, "done") {
			e = done(rapid.IntRange(0, 50).Draw(t, "when"), "王芳", some, fmt.Sprint("c", i))
		}
		if slices.ContainsFunc(f.Entries, func(h journal.History) bool { return h.Slot.Subject == some }) {
			continue
		}
		f.Entries = append(f.Entries, history(some, e))
	}
	return f
}

// TestListProperties: the order of the facts does not matter; every lost call stands in one
// item and no other call in any; a caller has one open item at most, and of its calls nothing
// says that the caller was reached since.
func TestListProperties(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		f := world(rt)
		l, err := Build(f, rules())
		if err != nil {
			rt.Fatal(err)
		}
		mixed := Facts{Calls: slices.Clone(f.Calls), Entries: slices.Clone(f.Entries)}
		r := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
		r.Shuffle(len(mixed.Calls), func(i, j int) { mixed.Calls[i], mixed.Calls[j] = mixed.Calls[j], mixed.Calls[i] })
		r.Shuffle(len(mixed.Entries), func(i, j int) { mixed.Entries[i], mixed.Entries[j] = mixed.Entries[j], mixed.Entries[i] })
		other, err := Build(mixed, rules())
		if err != nil {
			rt.Fatal(err)
		}
		if diff := cmp.Diff(l.Items, other.Items); diff != "" {
			rt.Fatalf("another order gives another list:\n%s", diff)
		}
		stands := map[string]int{}
		shorts, open := 0, map[string]int{}
		same := func(c *Call) string { // y and z may be one caller
			for i := range f.Calls {
				if f.Calls[i].Before != "" && (c.Caller == f.Calls[i].Caller || c.Caller == f.Calls[i].Before) {
					return "default/y"
				}
			}
			return c.Caller
		}
		for _, x := range l.Items {
			shorts += x.ShortCalls
			for j := range x.Calls {
				c := &x.Calls[j]
				stands[c.ID]++
				if l.Find(c.ID) != x {
					rt.Fatalf("%s is not found in its item", c.ID)
				}
				if !x.Open() {
					continue
				}
				for k := range f.Calls {
					if o := &f.Calls[k]; o.Reached() && o.known() && same(o) == same(c) && !o.ArrivedAt.Before(c.DecidedAt) {
						rt.Fatalf("%s is owed, though %s reached its caller", c.ID, o.ID)
					}
				}
			}
			if x.Open() {
				if open[same(x.First())]++; open[same(x.First())] > 1 {
					rt.Fatalf("%s has two open items: %v", x.First().Caller, said(l))
				}
			}
		}
		for i := range f.Calls {
			c := &f.Calls[i]
			want := 0
			if c.Lost() {
				want = 1
			}
			if stands[c.ID] > want || stands[c.ID] < want && !c.short(rules().Short) {
				rt.Fatalf("%s (%s) stands in %d items", c.ID, c.Outcome, stands[c.ID])
			}
			if c.Lost() && stands[c.ID] == 0 {
				shorts--
			}
		}
		if shorts != 0 {
			rt.Fatalf("%d short calls too many or too few", shorts)
		}
	})
}
