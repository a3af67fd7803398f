package source_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hotline12333/internal/hotline"
	"hotline12333/internal/kpi"
	"hotline12333/internal/source"
	"hotline12333/internal/wire"
)

// bankFile is a real month of a real call centre, beside the repository where it is.
const bankFile = "../../../shared/data/anonymous-bank/february.txt"

func openBank(tb testing.TB) *os.File {
	tb.Helper()
	f, err := os.Open(bankFile)
	if err != nil {
		if strings.Contains(os.Getenv("HOTLINE_REQUIRE"), "shared") {
			tb.Fatalf("HOTLINE_REQUIRE names shared: %v", err)
		}
		tb.Skipf("the data of the Anonymous Bank is not at %s", bankFile)
	}
	tb.Cleanup(func() { _ = f.Close() })
	return f
}

// fakeKeys shows in the tests what was made a pseudonym of.
type fakeKeys struct{}

func (fakeKeys) Pseudonym(number string) string { return "h:" + number[max(0, len(number)-2):] }
func (fakeKeys) PseudonymOfID(id string) string { return "i:" + id[:1] }
func (fakeKeys) Mask(number string) string      { return "****" + number[max(0, len(number)-2):] }

func builtin(tb testing.TB) *source.Registry {
	tb.Helper()
	reg, err := source.Load(os.DirFS("../../pipelines/sources"), source.DefaultConfig(), nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return reg
}

// TestBankTruth holds the reading of a real month against figures that were counted from
// the file by other means.
func TestBankTruth(t *testing.T) {
	f := openBank(t)
	src, err := builtin(t).Lookup("anonymous-bank")
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[string]bool, 40_000)
	total := kpi.Tally{}
	rows, last := 0, int64(1)
	dec := wire.NewDecoder()
	err = src.Read(t.Context(), f, source.Options{Keys: fakeKeys{}}, func(it *wire.Item) error {
		rows++
		if it.Call == nil {
			t.Fatalf("line %d: ignored %q, rejected %v", it.Line, it.Ignored, it.Rejected)
		}
		if it.Line != last+1 || it.Next.Line != it.Line {
			t.Fatalf("line %d after line %d, next %+v", it.Line, last, it.Next)
		}
		last = it.Line
		ids[it.Call.ID] = true
		b := wire.AppendCall(nil, it.Call)
		back, err := dec.Call(b)
		if err != nil {
			t.Fatalf("line %d: %v", it.Line, err)
		}
		one := kpi.One(back)
		total.Merge(&one)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	info, err := f.Stat()
	if err != nil {
		t.Fatal(err)
	}
	if rows != 33_344 || len(ids) != rows || last != 33_345 {
		t.Errorf("%d rows, %d identities, last line %d of %d bytes", rows, len(ids), last, info.Size())
	}
	fig := kpi.Compute(&total, src.Knows(), kpi.Definitions{ServiceLevels: []int{20}, AnswerRate: kpi.RateAgent})
	cut := func(r kpi.Ratio) string { s, _ := kpi.CutPercent(r, 2); return s }
	round := func(r kpi.Ratio) int64 { return (r.Num*10_000*2/r.Den + 1) / 2 } // hundredths of a percent
	type truth struct {
		Offered, Phantom, Answered, AbandonedQueue, AbandonedIVR, Requested, TalkMillis int64
		SL20OfAnswered, SL20, Composite, Agent                                          int64
		ASA                                                                             int64
	}
	got := truth{
		Offered: total.Offered(), Phantom: total.Excluded["phantom"], Answered: total.Answered,
		AbandonedQueue: total.AbandonedQueue, AbandonedIVR: total.AbandonedIVR, Requested: total.Requested(),
		TalkMillis:     total.TalkMillis,
		SL20OfAnswered: round(fig.ServiceLevelOfAnswered[20]), SL20: round(fig.ServiceLevel[20]),
		Composite: round(fig.AnswerRateComposite), Agent: round(fig.AnswerRateAgent),
		ASA: (fig.ASA.Num/10*2/fig.ASA.Den + 1) / 2,
	}
	want := truth{
		Offered: 33_066, Phantom: 278, Answered: 27_162, AbandonedQueue: 3_963, AbandonedIVR: 1_941,
		Requested: 31_125, TalkMillis: 4_790_100_000,
		SL20OfAnswered: 5968, SL20: 5208, Composite: 8214, Agent: 8727, ASA: 4077,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures (-want +got):\n%s", diff)
	}
	t.Logf("skewed %d, answer rates %s and %s", total.Skewed, cut(fig.AnswerRateAgent), cut(fig.AnswerRateComposite))
}

// TestBankRows are single rows of the shapes that go wrong easily.
func TestBankRows(t *testing.T) {
	src, err := builtin(t).Lookup("anonymous-bank")
	if err != nil {
		t.Fatal(err)
	}
	const header = "vru+line\tcall_id\tcustomer_id\tpriority\ttype\tdate\tvru_entry\tvru_exit\tvru_time\tq_start\tq_exit\tq_time\toutcome\tser_start\tser_exit\tser_time\tserver\r\n"
	zone, err := source.ParseZone("Asia/Jerusalem")
	if err != nil {
		t.Fatal(err)
	}
	at := func(day, hour, minute, second int) time.Time {
		return time.Date(1999, 2, day, hour, minute, second, 0, zone).UTC()
	}
	for name, tc := range map[string]struct {
		row  string
		want hotline.Call
	}{
		"midnight between arrival and answer": {
			"AA0102\t1\t15696776\t2\tPS\t990215\t23:59:54\t23:59:54\t0\t0:00:02\t0:00:29\t27\tAGENT\t0:00:26\t0:01:33\t67\tAVNI",
			hotline.Call{
				ID: "AA0102-1-990215-23:59:54", Outcome: hotline.Answered, Queue: "PS", Agent: "AVNI",
				StartedAt: at(15, 23, 59, 54), QueuedAt: at(16, 0, 0, 2), AnsweredAt: at(16, 0, 0, 26), EndedAt: at(16, 0, 1, 33),
				IVR: hotline.Seconds(0), Wait: hotline.Seconds(27), Talk: hotline.Seconds(67), CallerHash: "i:1",
				Topics: []string{"regular activity"}, Direction: hotline.Inbound,
				Attributes: map[string]string{"priority": "2", "line": "AA0102"},
			},
		},
		"clocks apart at midnight": {
			"AA0103\t2\t0\t0\tTT\t990228\t0:00:01\t23:59:58\t-3\t0:00:00\t0:00:00\t0\tHANG\t23:59:59\t0:00:00\t1\tNO_SERVER",
			hotline.Call{
				ID: "AA0103-2-990228-0:00:01", Outcome: hotline.AbandonedIVR, Queue: "TT",
				StartedAt: at(28, 0, 0, 1), IVR: hotline.Seconds(-3), Wait: hotline.Seconds(0),
				Topics: []string{"callback"}, Direction: hotline.Callback,
				Attributes: map[string]string{"priority": "0", "line": "AA0103"},
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var got []hotline.Call
			err := src.Read(context.Background(), strings.NewReader(header+tc.row+"\r\n"), source.Options{Keys: fakeKeys{}}, func(it *wire.Item) error {
				if it.Call == nil {
					t.Fatalf("%+v", it)
				}
				got = append(got, *it.Call)
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			tc.want.Version, tc.want.Centre, tc.want.Source = 1, "default", "anonymous-bank"
			if diff := cmp.Diff([]hotline.Call{tc.want}, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func BenchmarkBank(b *testing.B) {
	f := openBank(b)
	src, err := builtin(b).Lookup("anonymous-bank")
	if err != nil {
		b.Fatal(err)
	}
	rows := 0
	var buf []byte
	for b.Loop() {
		if _, err := f.Seek(0, 0); err != nil {
			b.Fatal(err)
		}
		err := src.Read(b.Context(), f, source.Options{Keys: fakeKeys{}}, func(it *wire.Item) error {
			rows++
			buf = wire.AppendCall(buf[:0], it.Call)
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
}
