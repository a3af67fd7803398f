package store_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

func TestMetrics(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	reg := prometheus.NewRegistry()
	s, err := store.Open(t.Context(), cfg, store.Deps{Registerer: reg})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.InsertLedger(t.Context(), store.Batch{Topic: "t"}, []store.Ledger{{Run: "a"}, {Run: "b"}}); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ping(t.Context()); err == nil {
		t.Error("a closed store answers")
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	values := map[string]float64{}
	for _, f := range families {
		names = append(names, f.GetName())
		for _, m := range f.GetMetric() {
			key := f.GetName()
			for _, l := range m.GetLabel() {
				key += "," + l.GetValue()
			}
			values[key] = m.GetCounter().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	want := []string{"hotline_store_errors_total", "hotline_store_inserted_rows_total", "hotline_store_retries_total", "hotline_store_statement_seconds"}
	if !slices.Equal(names, want) {
		t.Errorf("got %v", names)
	}
	for key, want := range map[string]float64{
		"hotline_store_inserted_rows_total,load_batches":      2,
		"hotline_store_inserted_rows_total,calls":             0,
		"hotline_store_statement_seconds,insert_load_batches": 1,
		"hotline_store_retries_total,ping":                    3,
		"hotline_store_errors_total,retry,ping":               4,
	} {
		if got := values[key]; got != want {
			t.Errorf("%s: %v, want %v (%v)", key, got, want, values)
		}
	}
	problems, err := testutil.GatherAndLint(reg)
	if err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
	_, err = store.Open(t.Context(), cfg, store.Deps{Registerer: reg})
	if registered := new(prometheus.AlreadyRegisteredError); !errors.As(err, registered) {
		t.Errorf("twice on one registry: %v", err)
	}
}
