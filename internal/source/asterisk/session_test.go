package asterisk_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"hotline12333/internal/hotline"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/wire"
)

// oneCall draws the lines of one call of a queue_log, with the time of each.
func oneCall(t *rapid.T, id string) []string {
	at := rapid.Int64Range(1_700_000_000, 1_700_003_600).Draw(t, "begin")
	var out []string
	say := func(format string, args ...any) {
		out = append(out, fmt.Sprintf("%d|%s|", at, id)+fmt.Sprintf(format, args...))
	}
	pass := func() int64 {
		d := rapid.Int64Range(0, 90).Draw(t, "seconds")
		at += d
		return d
	}
	if rapid.Bool().Draw(t, "did") {
		say("q|NONE|DID|12333")
	}
	for visit := range rapid.IntRange(1, 3).Draw(t, "queues") {
		queue := []string{"q", "p"}[visit%2]
		say("%s|NONE|ENTERQUEUE||1390000%04d|1", queue, rapid.IntRange(0, 9999).Draw(t, "caller"))
		began := at
		for range rapid.IntRange(0, 2).Draw(t, "rings") {
			say("%s|SIP/%d|RINGNOANSWER|%d", queue, rapid.IntRange(1, 5).Draw(t, "agent"), 1000*pass())
		}
		pass()
		switch rapid.SampledFrom([]string{"answer", "answer", "abandon", "timeout", "key", "open"}).Draw(t, "end") {
		case "open":
			return out
		case "abandon":
			say("%s|NONE|ABANDON|1|1|%d", queue, at-began)
			return out
		case "timeout":
			say("%s|NONE|EXITWITHTIMEOUT|1|1|%d", queue, at-began)
		case "key":
			say("%s|NONE|EXITWITHKEY|1|1|1|%d", queue, at-began)
		default:
			agent := rapid.IntRange(1, 5).Draw(t, "agent")
			hold := at - began
			say("%s|SIP/%d|CONNECT|%d|%s7|1", queue, agent, hold, id)
			talk := pass()
			if rapid.Bool().Draw(t, "transfer") {
				say("%s|SIP/%d|BLINDTRANSFER|600|x|%d|%d|1", queue, agent, hold, talk)
				continue
			}
			say("%s|SIP/%d|COMPLETECALLER|%d|%d|1", queue, agent, hold, talk)
			return out
		}
	}
	return out
}

// interleave draws an order of all lines that keeps each call's own.
func interleave(t *rapid.T, calls [][]string) []string {
	rest := slices.Clone(calls)
	var out []string
	for {
		rest = slices.DeleteFunc(rest, func(c []string) bool { return len(c) == 0 })
		if len(rest) == 0 {
			return out
		}
		i := rapid.IntRange(0, len(rest)-1).Draw(t, "next")
		out = append(out, rest[i][0])
		rest[i] = rest[i][1:]
	}
}

// TestAnyInterleaving: in whichever order the lines of several calls are mixed, the same
// calls come out, and none that the log does not tell of.
func TestAnyInterleaving(t *testing.T) {
	src := builtin(t, "asterisk-queue-log")
	rapid.Check(t, func(rt *rapid.T) {
		var calls [][]string
		want := map[string]hotline.Call{}
		for i := range rapid.IntRange(1, 6).Draw(rt, "calls") {
			id := fmt.Sprintf("17000000%02d.%d", i, i)
			lines := oneCall(rt, id)
			calls = append(calls, lines)
			alone := read(t, src, []byte(strings.Join(lines, "\n")), wire.Position{})
			for id, c := range alone.calls {
				want[id] = c
			}
		}
		mixed := interleave(rt, calls)
		got := read(t, src, []byte(strings.Join(mixed, "\n")), wire.Position{})
		if diff := cmp.Diff(want, got.calls); diff != "" {
			rt.Fatalf("%s\n%s", strings.Join(mixed, "\n"), diff)
		}
		if got.lines != len(mixed) || len(got.rejected) > 0 {
			rt.Fatalf("%d of %d lines told, rejected %v", got.lines, len(mixed), got.rejected)
		}
	})
}

// inputs are one of each format, with calls that go on for long.
func inputs(tb testing.TB) map[string]struct {
	o    opener
	data []byte
} {
	rng := rand.New(rand.NewPCG(1, 2))
	var log []string
	for i := range 40 {
		id := fmt.Sprintf("17000000%02d.%d", i, i)
		t := int64(1_700_000_000 + i)
		hold, talk := rng.Int64N(60), rng.Int64N(60)
		log = append(log, fmt.Sprintf("%d|%s|q|NONE|ENTERQUEUE||13900%06d|1", t, id, i), fmt.Sprintf("%d|%s|q|SIP/%d|RINGNOANSWER|1000", t+1, id, i%5))
		if i%4 == 0 {
			log = append(log, fmt.Sprintf("%d|%s|q|NONE|ABANDON|1|1|%d", t+hold, id, hold))
			continue
		}
		log = append(log, fmt.Sprintf("%d|%s|q|SIP/%d|CONNECT|%d|%s9|1", t+hold, id, i%5, hold, id),
			fmt.Sprintf("%d|%s|q|SIP/%d|COMPLETEAGENT|%d|%d|1", t+hold+talk, id, i%5, hold, talk))
	}
	log = append(log, "", "nonsense", "1700000999|REALTIME|q|SIP/1|REMOVEMEMBER|")
	slices.SortStableFunc(log, func(a, b string) int { return strings.Compare(a[:min(10, len(a))], b[:min(10, len(b))]) })

	var rows, events strings.Builder
	for i := range 30 {
		id := fmt.Sprintf("17724420%02d.%d", i, i)
		r := cdr{
			src: fmt.Sprintf("13900%06d", i), dst: "12333", context: "in", channel: fmt.Sprintf("SIP/t-%08x", i), to: "SIP/301-00000002", app: "Dial",
			data: "SIP/301,30", start: fmt.Sprintf("%02d:00:%02d", i%24, i), end: fmt.Sprintf("%02d:00:59", i%24), duration: "10", disposition: "NO ANSWER",
		}
		rows.WriteString(r.text(quoted(id, "", "", id, "1")...))
		r.answer, r.disposition, r.to = r.end, "ANSWERED", "SIP/302-00000003"
		if i > 2 { // a leg of an earlier call comes late
			late := fmt.Sprintf("17724420%02d.%d", i-2, i-2)
			rows.WriteString(r.text(quoted(late, "", "", late, "2")...))
		}
		events.WriteString(strings.ReplaceAll(cel(fmt.Sprintf(`
%02d.000000 CHAN_START SIP/t-%08x 1
%02d.500000 APP_START SIP/t-%08x 1 Queue kefu`, i, i, i, i)), "1700000000.1", fmt.Sprintf("17000000%02d.1", i)))
		if i > 5 {
			events.WriteString(strings.ReplaceAll(cel(fmt.Sprintf(`
%02d.600000 BRIDGE_ENTER SIP/301-00000002 2
%02d.600000 BRIDGE_ENTER SIP/t-%08x 1
%02d.900000 HANGUP SIP/t-%08x 1`, i, i, i-5, i, i-5)), "1700000000.1", fmt.Sprintf("17000000%02d.1", i-5)))
		}
	}
	return map[string]struct {
		o    opener
		data []byte
	}{
		"asterisk-queue-log": {asterisk.QueueLog{}, []byte(strings.Join(log, "\n"))},
		"asterisk-cdr":       {asterisk.CDR{}, []byte(rows.String())},
		"asterisk-cel":       {asterisk.CEL{}, []byte(events.String())},
	}
}

// places are where each line of the data ends.
func places(data []byte) []wire.Position {
	out := []wire.Position{{}}
	p := wire.Position{}
	for l := range bytes.Lines(data) {
		p.Offset += int64(len(l))
		p.Line++
		out = append(out, p)
	}
	return out
}

// TestGoOn: wherever a reading is interrupted, going on there tells what is left, and
// nothing else; a restored state does so without reading what is before.
func TestGoOn(t *testing.T) {
	for name, in := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			src := builtin(t, name)
			whole := read(t, src, in.data, wire.Position{})
			if len(whole.calls) < 20 {
				t.Fatal(whole.items)
			}
			stop := io.ErrUnexpectedEOF
			for n := 0; n < len(whole.items); n += 4 + n%3 {
				first, count := newAccount(), 0
				var at wire.Position
				s := open(t, in.o)
				var snap []byte
				err := s.Read(t.Context(), bytes.NewReader(in.data), source.Options{}, func(it *wire.Item) error {
					if count == n {
						return stop
					}
					count++
					if at = it.Next; count == n {
						snap = s.Snapshot()
					}
					return first.add(it)
				})
				if err != stop {
					t.Fatal(err)
				}
				rest := read(t, src, in.data, at)
				got := append(slices.Clone(first.items), rest.items...)
				if !sameRecords(named(whole.items), named(got)) {
					t.Fatalf("after %d items, at %+v:\n%s", n, at, cmp.Diff(whole.items, got))
				}
				if snap == nil || n == 0 {
					continue
				}
				on, more := open(t, in.o), newAccount()
				if err := on.Restore(snap); err != nil {
					t.Fatal(err)
				}
				err = on.Read(t.Context(), onlyReader{bytes.NewReader(in.data)}, source.Options{From: on.At()}, more.add)
				if err != nil {
					t.Fatal(err)
				}
				if got := append(slices.Clone(first.items), more.items...); !sameRecords(named(whole.items), named(got)) {
					t.Fatalf("restored after %d items:\n%s", n, cmp.Diff(named(whole.items), named(got)))
				}
			}
		})
	}
}

// sameRecords compares what was told; a record may be told twice around an interruption.
func sameRecords(want, got []string) bool {
	uniq := func(list []string) []string {
		list = slices.DeleteFunc(slices.Clone(list), func(s string) bool { return !strings.HasPrefix(s, "{") })
		slices.Sort(list)
		return slices.Compact(list)
	}
	return slices.Equal(uniq(want), uniq(got))
}

// named takes out the source's name, which a session of its own does not have.
func named(list []string) []string {
	out := slices.Clone(list)
	for i, s := range out {
		for _, name := range []string{"asterisk-queue-log", "asterisk-cdr", "asterisk-cel"} {
			s = strings.Replace(s, `"source":"`+name+`"`, `"source":"test"`, 1)
		}
		out[i] = s
	}
	return out
}

// TestRotation: files in their order are one log, wherever it was cut; and a file that
// grows between two readings is one file.
func TestRotation(t *testing.T) {
	for name, in := range inputs(t) {
		t.Run(name, func(t *testing.T) {
			whole := newAccount()
			feed(t, open(t, in.o), in.data, wire.Position{}, whole)
			for i, cut := range places(in.data) {
				if i%3 != 0 {
					continue
				}
				rotated, s := newAccount(), open(t, in.o)
				feed(t, s, in.data[:cut.Offset], wire.Position{}, rotated)
				feed(t, s, in.data[cut.Offset:], wire.Position{}, rotated)
				grown, s2 := newAccount(), open(t, in.o)
				feed(t, s2, in.data[:cut.Offset], wire.Position{}, grown)
				feed(t, s2, in.data, s2.At(), grown)
				for what, got := range map[string]*account{"rotated": rotated, "grown": grown} {
					if diff := cmp.Diff(whole.calls, got.calls); diff != "" {
						t.Fatalf("%s at line %d: %s", what, cut.Line, diff)
					}
					if len(got.agents) != len(whole.agents) || len(got.rejected) != len(whole.rejected) {
						t.Fatalf("%s at line %d", what, cut.Line)
					}
				}
			}
		})
	}
}

// TestApart: rotated files imported one by one, without the state between them, still end
// with each call decided.
func TestApart(t *testing.T) {
	in := inputs(t)["asterisk-queue-log"]
	src := builtin(t, "asterisk-queue-log")
	whole := read(t, src, in.data, wire.Position{})
	for _, cut := range places(in.data) {
		apart := read(t, src, in.data[:cut.Offset], wire.Position{})
		if err := src.Read(t.Context(), bytes.NewReader(in.data[cut.Offset:]), source.Options{Keys: fakeKeys{}}, apart.add); err != nil {
			t.Fatal(err)
		}
		for id, want := range whole.calls {
			got := apart.calls[id]
			if got.Outcome != want.Outcome || got.Wait != want.Wait || got.Talk != want.Talk || got.Agent != want.Agent {
				t.Fatalf("cut at line %d: %s", cut.Line, cmp.Diff(want, got))
			}
		}
	}
}

// TestSourceSession: two rotated files through the source as it is described.
func TestSourceSession(t *testing.T) {
	files := []string{
		"1700000000|1.1|q|NONE|ENTERQUEUE||13812345678|1\n",
		"1700000005|1.1|q|SIP/1|CONNECT|5|1.2|1\n1700000025|1.1|q|SIP/1|COMPLETEAGENT|5|20|1\n",
	}
	s, err := builtin(t, "asterisk-queue-log").Session(source.Options{Keys: fakeKeys{}, Centre: "west"})
	if err != nil {
		t.Fatal(err)
	}
	a := newAccount()
	for _, f := range files {
		if err := s.Read(t.Context(), strings.NewReader(f), source.Options{}, a.add); err != nil {
			t.Fatal(err)
		}
	}
	c := a.calls["1.1"]
	if c.Outcome != hotline.Answered || c.CallerHash != "h:78" || c.Centre != "west" || c.Source != "asterisk-queue-log" || c.Version != 3 {
		t.Errorf("%+v", c)
	}
	if s.Snapshot() == nil {
		t.Error("no state to keep")
	}
}

func TestRestoreRefuses(t *testing.T) {
	s := open(t, asterisk.QueueLog{})
	for _, data := range []string{"", "{", `{"Format":9,"Kind":"asterisk-queue-log"}`, `{"Format":2,"Kind":"asterisk-cdr"}`, `{"Format":2,"Kind":"asterisk-queue-log","State":[]}`} {
		if err := s.Restore([]byte(data)); err == nil {
			t.Errorf("%s was taken", data)
		}
	}
}

// TestBounded: a log that never ends its calls does not fill the memory.
func TestBounded(t *testing.T) {
	if testing.Short() {
		t.Skip("reads 60,000 lines")
	}
	pr, pw := io.Pipe()
	go func() {
		for i := range 60_000 {
			fmt.Fprintf(pw, "%d|17%08d.%d|q|NONE|ENTERQUEUE||13900000000|1\n", 1_700_000_000+i/100, i, i)
		}
		_ = pw.Close()
	}()
	s, n := open(t, asterisk.QueueLog{}), 0
	err := s.Read(t.Context(), pr, source.Options{}, func(*wire.Item) error { n++; return nil })
	if err != nil || n != 60_000 {
		t.Fatal(n, err)
	}
	if size := len(s.Snapshot()); size > 20<<20 {
		t.Errorf("the state has %d bytes", size)
	}
}
