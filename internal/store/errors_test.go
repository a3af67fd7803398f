package store_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/column"

	"hotline12333/internal/hotline"
	"hotline12333/internal/store"
	"hotline12333/internal/testkit"
)

func TestClassify(t *testing.T) {
	exception := func(code int32) error { return fmt.Errorf("batch: %w", &clickhouse.Exception{Code: code}) }
	status := func(code int) error { return &clickhouse.HTTPError{StatusCode: code, Err: errors.New("x")} }
	for _, test := range []struct {
		err  error
		want store.Class
	}{
		{exception(159), store.ClassRetry},
		{exception(202), store.ClassRetry},
		{exception(209), store.ClassRetry},
		{exception(210), store.ClassRetry},
		{exception(241), store.ClassRetry},
		{exception(242), store.ClassRetry},
		{exception(243), store.ClassRetry}, // the disk is full
		{exception(252), store.ClassRetry},
		{exception(425), store.ClassRetry},
		{exception(999), store.ClassRetry},
		{exception(1002), store.ClassRetry},
		{exception(246), store.ClassRetry}, // corrupted data is not the records' fault
		{exception(16), store.ClassSchema},
		{exception(47), store.ClassSchema},
		{exception(60), store.ClassSchema},
		{exception(81), store.ClassSchema},
		{exception(516), store.ClassSchema},
		{exception(53), store.ClassData},
		{exception(469), store.ClassData},
		{&clickhouse.HTTPError{StatusCode: 500, Err: exception(60)}, store.ClassSchema},
		{status(500), store.ClassRetry},
		{status(503), store.ClassRetry},
		{status(404), store.ClassSchema},
		{status(413), store.ClassData},
		{fmt.Errorf("x: %w", io.EOF), store.ClassRetry},
		{&net.OpError{Op: "dial", Err: errors.New("refused")}, store.ClassRetry},
		{fmt.Errorf("x: %w", context.DeadlineExceeded), store.ClassRetry},
		{fmt.Errorf("x: %w", context.Canceled), store.ClassEnded},
		{&clickhouse.OpError{Err: &column.ColumnConverterError{}}, store.ClassData},
		{clickhouse.ErrAcquireConnTimeout, store.ClassRetry},
		{store.ErrNewer, store.ClassSchema},
		{nil, ""},
	} {
		if got := store.Classify(test.err); got != test.want {
			t.Errorf("%v: %q, want %q", test.err, got, test.want)
		}
	}
}

// TestErrorsOfTheRealThing provokes one error of each class.
func TestErrorsOfTheRealThing(t *testing.T) {
	cfg := testkit.StoreConfig(t)
	s := testkit.OpenStore(t, cfg)
	c := row(t, &hotline.Call{ID: "a", Version: 1, StartedAt: noon, Outcome: hotline.Open})
	insert := func(ctx context.Context) error {
		return s.InsertCalls(ctx, store.Batch{Topic: "t"}, []store.Row{c})
	}
	err := insert(t.Context())
	if !store.IsSchema(err) || !strings.Contains(err.Error(), "insert_calls") {
		t.Errorf("no table: %v", err)
	}
	if _, err = s.Versions(t.Context(), []string{"a"}); !store.IsSchema(err) {
		t.Errorf("no table to read: %v", err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := insert(canceled); err == nil || store.IsRetryable(err) || store.IsData(err) || store.IsSchema(err) || !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	query(t, cfg, "ALTER TABLE {db}.calls ADD CONSTRAINT small CHECK length(call_id) < 1")
	if err = insert(t.Context()); !store.IsData(err) {
		t.Errorf("refused value: %v", err)
	}
	query(t, cfg, "ALTER TABLE {db}.calls DROP CONSTRAINT small, DROP COLUMN origin")
	if err = insert(t.Context()); !store.IsSchema(err) {
		t.Errorf("missing column: %v", err)
	}
}

func TestNothingListens(t *testing.T) {
	cfg := store.DefaultConfig()
	cfg.Address, cfg.ReadRetries = testkit.FreeAddress(t), 1
	s := testkit.OpenStore(t, cfg)
	if err := s.Ping(t.Context()); !store.IsRetryable(err) {
		t.Errorf("got %v", err)
	}
	if err := s.InsertLedger(t.Context(), store.Batch{}, []store.Ledger{{}}); !store.IsRetryable(err) {
		t.Errorf("got %v", err)
	}
}

// TestNoAnswer meets a server that takes a statement and keeps silent.
func TestNoAnswer(t *testing.T) {
	over := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-over:
		}
	}))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(over) })
	cfg := store.DefaultConfig()
	cfg.Address = strings.TrimPrefix(server.URL, "http://")
	cfg.ReadRetries, cfg.QueryTimeout, cfg.InsertTimeout = 0, time.Second, time.Second
	s := testkit.OpenStore(t, cfg)
	err := s.Ping(t.Context())
	if !store.IsRetryable(err) || !strings.Contains(err.Error(), "no answer within 1s, the outcome is unknown") {
		t.Errorf("got %v", err)
	}
}
