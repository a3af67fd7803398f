package asterisk_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/source/asterisk"
	"hotline12333/internal/wire"
)

// fakeKeys shows in the tests what was made a pseudonym of.
type fakeKeys struct{}

func (fakeKeys) Pseudonym(number string) string { return "h:" + tail(number) }
func (fakeKeys) PseudonymOfID(id string) string { return "i:" + tail(id) }
func (fakeKeys) Mask(number string) string      { return "****" + tail(number) }

func tail(s string) string { return s[max(0, len(s)-2):] }

// builtin is one of the descriptions as they are shipped.
func builtin(tb testing.TB, name string) *source.Source {
	tb.Helper()
	data, err := os.ReadFile("../../../pipelines/sources/" + name + ".yaml")
	if err != nil {
		tb.Fatal(err)
	}
	reg, err := source.Load(fstest.MapFS{name + ".yaml": {Data: data}}, source.DefaultConfig(), asterisk.Natives(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	src, err := reg.Lookup(name)
	if err != nil {
		tb.Fatal(err)
	}
	return src
}

// shared opens a real file beside the repository where there is one.
func shared(tb testing.TB, name string) []byte {
	tb.Helper()
	data, err := os.ReadFile("../../../../shared/data/" + name)
	if err != nil {
		if strings.Contains(os.Getenv("HOTLINE_REQUIRE"), "shared") {
			tb.Fatalf("HOTLINE_REQUIRE names shared: %v", err)
		}
		tb.Skipf("the real file %s is not there: the real data lie beside the repository, in shared/data", name)
	}
	return data
}

// account is what a reading gave.
type account struct {
	calls    map[string]hotline.Call // the newest version of each
	order    []string                // of first appearance
	agents   []hotline.AgentState
	ignored  map[string]int
	rejected []string
	items    []string // every item, in words
	read     int
	accepted int
	lines    int // that gave an item
	last     int64
}

func newAccount() *account {
	return &account{calls: map[string]hotline.Call{}, ignored: map[string]int{}}
}

func (a *account) add(it *wire.Item) error {
	a.read++
	if it.Line != a.last {
		a.last = it.Line
		a.lines++
	}
	switch {
	case it.Call != nil:
		a.accepted++
		have, ok := a.calls[it.Call.ID]
		if !ok {
			a.order = append(a.order, it.Call.ID)
		}
		if !ok || wire.Rank(it.Call).Compare(wire.Rank(&have)) > 0 {
			a.calls[it.Call.ID] = *it.Call
		}
		a.items = append(a.items, string(wire.AppendCall(nil, it.Call)))
	case it.AgentState != nil:
		a.accepted++
		a.agents = append(a.agents, *it.AgentState)
		a.items = append(a.items, string(wire.AppendAgentState(nil, it.AgentState)))
	case it.Rejected != nil:
		a.rejected = append(a.rejected, it.Rejected.Error())
		a.items = append(a.items, it.Rejected.Error())
	default:
		a.ignored[it.Ignored]++
		a.items = append(a.items, it.Ignored)
	}
	return nil
}

// tally of the newest versions that are not deleted.
func (a *account) tally() kpi.Tally {
	var total kpi.Tally
	for _, c := range a.calls {
		if !c.Deleted {
			one := kpi.One(&c)
			total.Merge(&one)
		}
	}
	return total
}

func (a *account) states() string {
	var b strings.Builder
	for _, s := range a.agents {
		b.WriteString(s.Since.UTC().Format("15:04:05") + " " + s.Agent + " " + string(s.State))
		if s.Reason != "" {
			b.WriteString(" " + s.Reason)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func read(tb testing.TB, src *source.Source, data []byte, from wire.Position) *account {
	tb.Helper()
	a := newAccount()
	err := src.Read(tb.Context(), bytes.NewReader(data), source.Options{Keys: fakeKeys{}, Zone: time.UTC, From: from}, a.add)
	if err != nil {
		tb.Fatal(err)
	}
	return a
}

// text reads lines of the queue_log's own form.
func queueLog(tb testing.TB, lines ...string) *account {
	tb.Helper()
	return read(tb, builtin(tb, "asterisk-queue-log"), []byte(strings.Join(lines, "\n")+"\n"), wire.Position{})
}

// onlyReader hides that a reader can seek.
type onlyReader struct{ io.Reader }

// opener is what the three formats have in common.
type opener interface {
	Open(source.Options) (*asterisk.Session, error)
}

func open(tb testing.TB, o opener) *asterisk.Session {
	tb.Helper()
	s, err := o.Open(source.Options{Keys: fakeKeys{}, Zone: time.UTC, Source: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func feed(tb testing.TB, s *asterisk.Session, data []byte, from wire.Position, a *account) {
	tb.Helper()
	if err := s.Read(context.Background(), bytes.NewReader(data), source.Options{From: from}, a.add); err != nil {
		tb.Fatal(err)
	}
}
