package intake_test

import (
	"context"
	"os"
	"testing"

	"hotline12333/internal/broker"
	"hotline12333/internal/intake"
	"hotline12333/internal/testkit"
)

const bankFile = "../../../shared/data/anonymous-bank/february.txt"

// TestBank imports a real month: every row is a record.
func TestBank(t *testing.T) {
	if _, err := os.Stat(bankFile); err != nil {
		testkit.Missing(t, "shared", "put the data of the Anonymous Bank at "+bankFile)
	}
	b := newBench(t)
	_, counts := b.whole(b.job("anonymous-bank", bankFile))
	if counts.Read != 33_344 || counts.Accepted != 33_344 {
		t.Errorf("counts %+v", counts)
	}
	ids := map[string]bool{}
	for _, r := range b.all(b.topics.Calls) {
		ids[string(r.Key)] = true
	}
	if len(ids) != 33_344 {
		t.Errorf("%d identities in the topic", len(ids))
	}
}

// swallow acknowledges everything at once.
type swallow struct{}

func (swallow) Ping(context.Context) error                             { return nil }
func (swallow) TopicID(context.Context, string) (string, error)        { return "", nil }
func (swallow) Produce(context.Context, string, []broker.Record) error { return nil }

// BenchmarkImport is rows a second of a real month, without a broker and with the
// embedded one.
func BenchmarkImport(bm *testing.B) {
	if _, err := os.Stat(bankFile); err != nil {
		bm.Skip(err)
	}
	b := newBench(bm)
	for name, over := range map[string]intake.Known{"swallowed": swallow{}, "embedded": b.client} {
		bm.Run(name, func(bm *testing.B) {
			rows := int64(0)
			for bm.Loop() {
				run, err := b.importer(over).Open(bm.Context(), b.job("anonymous-bank", bankFile))
				if err != nil {
					bm.Fatal(err)
				}
				if err := run.Import(bm.Context(), nil); err != nil {
					bm.Fatal(err)
				}
				rows += run.Counts().Read
				if err := run.Finish(); err != nil {
					bm.Fatal(err)
				}
				if err := run.Close(); err != nil {
					bm.Fatal(err)
				}
			}
			bm.ReportMetric(float64(rows)/bm.Elapsed().Seconds(), "rows/s")
		})
	}
}
