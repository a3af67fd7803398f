package connect_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/source"
	"hotline12333/internal/source/connect"
	"hotline12333/internal/wire"
)

type keys struct{}

func (keys) Pseudonym(n string) string   { return "h" + n[max(0, len(n)-2):] }
func (keys) PseudonymOfID(string) string { return "" }
func (keys) Mask(n string) string        { return fmt.Sprintf("*%d*", len(n)) }

func lookup(t testing.TB) *source.Source {
	t.Helper()
	reg, err := source.Load(fstest.MapFS{"c.yaml": {Data: []byte("name: c\nnative: amazon-connect\n")}}, source.DefaultConfig(), connect.Natives(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := reg.Lookup("c")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func read(t testing.TB, in string, from wire.Position) (out []string, places []wire.Position) {
	t.Helper()
	err := lookup(t).Read(t.Context(), strings.NewReader(in), source.Options{Keys: keys{}, From: from}, func(it *wire.Item) error {
		out, places = append(out, tell(it)), append(places, it.Next)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out, places
}

func tell(it *wire.Item) string {
	switch {
	case it.Rejected != nil:
		return it.Rejected.Error()
	case it.Ignored != "":
		return it.Ignored
	}
	c := it.Call
	f := c.Facts()
	s := fmt.Sprintf("%s v%d+%d %s", c.ID, c.Version>>42, c.Version&(1<<42-1)-1772415000000, c.Outcome)
	for _, p := range []string{c.Queue, c.Agent, c.CallerMasked, string(f.Excluded)} {
		if p != "" {
			s += " " + p
		}
	}
	s += fmt.Sprintf(" wait %d talk %d", f.Wait, f.Talk)
	if f.Hold+f.Wrapup > 0 {
		s += fmt.Sprintf(" hold %d wrapup %d", f.Hold, f.Wrapup)
	}
	if c.Transfers > 0 {
		s += fmt.Sprintf(" transfers %d", c.Transfers)
		for _, l := range c.Legs {
			s += " " + l.Agent
		}
	}
	if c.Direction != "inbound" {
		s += " " + string(c.Direction)
	}
	return s
}

// at is a moment of the day, in the notation of the records.
func at(second int) string {
	return time.Unix(1772415000+int64(second), 0).UTC().Format(time.RFC3339)
}

// contact writes a record; agent is answered at that second when it is not empty.
type contact struct {
	id, initial, next, method, agent, queue, reason, channel string
	from, enqueued, answered, to, updated                    int
}

func (c contact) String() string {
	quote := func(s string) string {
		if s == "" {
			return "null"
		}
		return `"` + s + `"`
	}
	if c.method == "" {
		c.method = "INBOUND"
	}
	if c.channel == "" {
		c.channel = "VOICE"
	}
	q, a := "null", "null"
	if c.queue != "" {
		q = fmt.Sprintf(`{"Name":%q,"EnqueueTimestamp":%q,"DequeueTimestamp":%q,"Duration":5}`, c.queue, at(c.enqueued), at(c.answered))
	}
	if c.agent != "" {
		a = fmt.Sprintf(`{"Username":%q,"ConnectedToAgentTimestamp":%q,"AgentInteractionDuration":40,"CustomerHoldDuration":5,"AfterContactWorkDuration":7}`, c.agent, at(c.answered))
	}
	return fmt.Sprintf(`{"AWSAccountId":"1","Channel":%q,"ContactId":%q,"InitialContactId":%s,"NextContactId":%s,"InitiationMethod":%q,"InitiationTimestamp":%q,"DisconnectTimestamp":%q,"DisconnectReason":%s,"LastUpdateTimestamp":%q,"Queue":%s,"Agent":%s,"CustomerEndpoint":{"Address":"+8613812345678","Type":"TELEPHONE_NUMBER"},"Attributes":{"note":"13812345678"}}`,
		c.channel, c.id, quote(c.initial), quote(c.next), c.method, at(c.from), at(c.to), quote(c.reason), at(c.updated), q, a)
}

func TestContacts(t *testing.T) {
	plain := contact{id: "a", agent: "li", queue: "社保", enqueued: 5, answered: 20, to: 80, updated: 100}
	first := contact{id: "a", initial: "a", next: "b", agent: "li", queue: "社保", enqueued: 5, answered: 20, to: 60, updated: 100}
	second := contact{id: "b", initial: "a", method: "TRANSFER", agent: "wang", queue: "养老", from: 60, enqueued: 60, answered: 70, to: 120, updated: 140}
	lost := contact{id: "a", initial: "a", next: "b", queue: "社保", enqueued: 5, answered: 60, to: 60, updated: 100}
	moved := contact{id: "b", initial: "a", method: "QUEUE_TRANSFER", agent: "wang", queue: "养老", from: 60, enqueued: 60, answered: 70, to: 120, updated: 140}
	callback := contact{id: "b", initial: "a", method: "CALLBACK", agent: "wang", queue: "社保", from: 600, enqueued: 600, answered: 610, to: 700, updated: 710}
	updated := func(c contact, s int) contact { c.updated = s; return c }
	whole := "a v3+140000 answered 社保 li *14* wait 15000 talk 80000 hold 10000 wrapup 14000 transfers 1 li wang"
	queueMove := "a v3+140000 answered 养老 wang *14* wait 65000 talk 40000 hold 5000 wrapup 7000 transfers 1 wang"
	for name, tc := range map[string]struct {
		in   []fmt.Stringer
		want []string
	}{
		"one":          {[]fmt.Stringer{plain}, []string{"a v0+100000 answered 社保 li *14* wait 15000 talk 40000 hold 5000 wrapup 7000"}},
		"again later":  {[]fmt.Stringer{updated(plain, 500)}, []string{"a v0+500000 answered 社保 li *14* wait 15000 talk 40000 hold 5000 wrapup 7000"}},
		"transfer":     {[]fmt.Stringer{first, second}, []string{whole, "transfer_leg"}},
		"reverse":      {[]fmt.Stringer{second, first}, []string{"transfer_leg", whole}},
		"first alone":  {[]fmt.Stringer{first}, []string{"a v2+100000 answered 社保 li *14* wait 15000 talk 40000 hold 5000 wrapup 7000"}},
		"second alone": {[]fmt.Stringer{second}, []string{"transfer_leg"}},
		"redelivered":  {[]fmt.Stringer{first, second, updated(first, 900)}, []string{whole, "transfer_leg", strings.Replace(whole, "v3+140000", "v3+900000", 1)}},
		"queue moved":  {[]fmt.Stringer{lost, moved}, []string{queueMove, "transfer_leg"}},
		"moved, lost":  {[]fmt.Stringer{lost}, []string{"a v0+100000 abandoned_queue 社保 *14* wait 55000 talk 0"}},
		"moved alone":  {[]fmt.Stringer{moved}, []string{"a v1+140000 answered 养老 wang *14* wait 10000 talk 40000 hold 5000 wrapup 7000"}},
		"callback":     {[]fmt.Stringer{lost, callback}, []string{"a v2+100000 callback_requested 社保 *14* wait 55000 talk 0", "b v0+710000 answered 社保 wang *14* wait 10000 talk 40000 hold 5000 wrapup 7000 callback"}},
		"menu":         {[]fmt.Stringer{contact{id: "a", to: 9, updated: 9, reason: "CUSTOMER_DISCONNECT"}}, []string{"a v0+9000 abandoned_ivr *14* wait 0 talk 0"}},
		"sent away":    {[]fmt.Stringer{contact{id: "a", queue: "q", enqueued: 1, to: 9, updated: 9, reason: "CONTACT_FLOW_DISCONNECT"}}, []string{"a v0+9000 timed_out q *14* wait 8000 talk 0"}},
		"outbound":     {[]fmt.Stringer{contact{id: "a", method: "OUTBOUND", to: 9, updated: 9}}, []string{"a v0+9000 abandoned_ivr *14* outbound wait 0 talk 0 outbound"}},
		"not voice":    {[]fmt.Stringer{contact{id: "a", channel: "CHAT"}, contact{id: "b", method: "MONITOR"}}, []string{"not_voice", "monitoring"}},
		"faults": {[]fmt.Stringer{contact{updated: 1}, raw(`{"ContactId":"a","LastUpdateTimestamp":"soon"}`), raw(`{"ContactId":"a",`), raw(`{"ContactId":"z","LastUpdateTimestamp":"2026-03-02T01:30:00Z"}`)}, []string{
			"ContactId: missing_field: the contact has no id", "LastUpdateTimestamp: wrong_type: not a time as 2026-03-02T01:30:00Z",
			"not_json: the record ends in the middle", "started_at: missing_field: the arrival time is needed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, between := range []string{"\n", "", ",\n"} {
				var parts []string
				for _, c := range tc.in {
					parts = append(parts, c.String())
				}
				in := strings.Join(parts, between)
				if name == "faults" {
					in = strings.Join(parts, "\n")
				}
				got, places := read(t, in, wire.Position{})
				if diff := cmp.Diff(tc.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				for i, at := range places {
					if rest, _ := read(t, in, at); strings.Join(rest, "\n") != strings.Join(got[i+1:], "\n") {
						t.Errorf("going on after %d: %q", i, rest)
					}
				}
			}
		})
	}
}

type raw string

func (r raw) String() string { return string(r) }

// TestPieces: however a chain is cut into inputs and delivered, the newest version is the
// one that knows most.
func TestPieces(t *testing.T) {
	all := []contact{
		{id: "a", initial: "a", next: "b", queue: "社保", enqueued: 5, answered: 60, to: 60, updated: 100},
		{id: "b", initial: "a", next: "c", method: "QUEUE_TRANSFER", agent: "wang", queue: "养老", from: 60, enqueued: 60, answered: 70, to: 120, updated: 140},
		{id: "c", initial: "a", method: "TRANSFER", agent: "li", queue: "社保", from: 120, enqueued: 120, answered: 130, to: 190, updated: 200},
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var newest *wire.Item
		version := uint64(0)
		deliver := func(list []contact) {
			var in strings.Builder
			for _, c := range list {
				c.updated += rng.IntN(1000)
				fmt.Fprintln(&in, c)
			}
			err := lookup(t).Read(t.Context(), strings.NewReader(in.String()), source.Options{Keys: keys{}}, func(it *wire.Item) error {
				if it.Call != nil && it.Call.Version > version {
					one := *it
					version, newest = it.Call.Version, &one
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		times := rng.IntN(4)
		for range times {
			deliver(all[rng.IntN(3):][:1])
		}
		shuffled := append([]contact(nil), all...)
		rng.Shuffle(3, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		deliver(shuffled)
		for range rng.IntN(4) {
			deliver(all[rng.IntN(3):][:1])
		}
		if c := newest.Call; c.ID != "a" || c.Outcome != "answered" || c.Transfers != 2 || len(c.Legs) != 2 || c.Agent != "wang" {
			t.Fatalf("%s", tell(newest))
		}
	}
}

// TestEndlessChain: contacts that all say they belong to one call cost no more than others,
// in time and memory.
func TestEndlessChain(t *testing.T) {
	if testing.Short() {
		t.Skip("is about time and memory, which the race detector multiplies")
	}
	const n = 14_000 // more than the window holds
	for name, next := range map[string]func(i int) contact{
		"ever new ones": func(i int) contact {
			return contact{id: fmt.Sprint(i), initial: "a", method: "TRANSFER", agent: "li", updated: i}
		},
		"the initial one again and again": func(i int) contact {
			return contact{id: "a", initial: "a", next: "b", updated: i}
		},
		"both": func(i int) contact {
			if i%2 == 0 {
				return contact{id: "a", initial: "a", next: "b", updated: i}
			}
			return contact{id: fmt.Sprint(i), initial: "a", method: "TRANSFER", updated: i}
		},
		"calls back": func(i int) contact {
			return contact{id: fmt.Sprint(i), initial: "a", method: "CALLBACK", updated: i}
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // some seconds; without a bound, days
			defer cancel()
			r, w := io.Pipe()
			go func() {
				var err error
				for i := 0; i < n && err == nil; i++ {
					_, err = io.WriteString(w, next(i).String())
				}
				w.CloseWithError(err)
			}()
			defer r.Close()
			got := map[string]int{}
			err := lookup(t).Read(ctx, r, source.Options{Keys: keys{}}, func(it *wire.Item) error {
				switch {
				case it.Call != nil:
					got["call"]++
				case it.Rejected != nil:
					got[string(it.Rejected.Reason)]++
				default:
					got[it.Ignored]++
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			if total := got["call"] + got["transfer_leg"] + got["too_long"]; total != n || len(got) > 3 {
				t.Errorf("%v of %d", got, n)
			}
			t.Log(got)
		})
	}
}

func FuzzContacts(f *testing.F) {
	f.Add(contact{id: "a", initial: "a", next: "b", agent: "li", queue: "q", to: 60, updated: 100}.String() + contact{id: "b", initial: "a", method: "CALLBACK"}.String())
	f.Add(`[{"ContactId":"a","Channel":"CHAT"},{}]`)
	f.Fuzz(func(t *testing.T, in string) {
		last := int64(0)
		err := lookup(t).Read(t.Context(), strings.NewReader(in), source.Options{Keys: keys{}}, func(it *wire.Item) error {
			kinds := 0
			for _, set := range []bool{it.Call != nil, it.Ignored != "", it.Rejected != nil} {
				if set {
					kinds++
				}
			}
			if kinds != 1 || it.Next.Offset <= last {
				t.Fatalf("%+v", it)
			}
			last = it.Next.Offset
			return nil
		})
		_ = err // about what is no JSON at all
	})
}
