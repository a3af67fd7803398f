package load

import (
	"strings"
	"testing"
	"testing/quick"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"hotline12333/internal/hotline"
)

func TestDefaultConfigIsValid(t *testing.T) {
	t.Parallel()
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
}

func TestConfigNamesTheFieldAtFault(t *testing.T) {
	t.Parallel()
	for field, spoil := range map[string]func(*Config){
		"group":           func(c *Config) { c.Group = "" },
		"batch_rows":      func(c *Config) { c.BatchRows = 0 },
		"batch_bytes":     func(c *Config) { c.BatchBytes = 1 },
		"fetch_bytes":     func(c *Config) { c.FetchBytes = 1 << 40 },
		"batch_wait":      func(c *Config) { c.BatchWait = 0 },
		"retry_min":       func(c *Config) { c.RetryMin = -1 },
		"retry_max":       func(c *Config) { c.RetryMax = c.RetryMin - 1 },
		"pause_retry":     func(c *Config) { c.PauseRetry = 0 },
		"shutdown_grace":  func(c *Config) { c.ShutdownGrace = -1 },
		"reconcile_every": func(c *Config) { c.ReconcileEvery = 0 },
	} {
		c := DefaultConfig()
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), field+":") {
			t.Errorf("%s: %v", field, err)
		}
		if _, err := New(c, Deps{}); err == nil {
			t.Errorf("%s: a loader is made of it", field)
		}
	}
}

// Alerts on rates need counters that exist before they count.
func TestReasonsStartAtZero(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	if _, err := New(DefaultConfig(), Deps{Registerer: reg}); err != nil {
		t.Fatal(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "hotline_load_rejected_total" && len(f.GetMetric()) == 4*len(hotline.Reasons()) {
			return
		}
	}
	t.Error("not all reasons are there")
}

func TestPositionComesBack(t *testing.T) {
	t.Parallel()
	for _, p := range []position{
		{topic: "0123", from: 7, gaps: 3},
		{topic: "0123@2", last: 99, announced: true},
		{topic: "0123", last: 0, announced: true},
		{topic: "0123", last: 5, announced: true, closed: 0, guarded: true},
		{topic: "0123", last: 5, announced: true, closed: 1771286400, guarded: true},
	} {
		if got := parsePosition(p.String()); got != p {
			t.Errorf("%+v came back as %+v", p, got)
		}
		if !p.of("0123") || p.of("012") {
			t.Errorf("%+v belongs to another topic", p)
		}
	}
	for _, foreign := range []string{"", "hello world", "last=x gaps= topic", "last=9999999999999999999999"} {
		if got := parsePosition(foreign); got != (position{}) {
			t.Errorf("%q is %+v", foreign, got)
		}
	}
}

func TestHeaderTexts(t *testing.T) {
	t.Parallel()
	bounded := func(b []byte) bool {
		s := headerText(b, 8)
		return utf8.ValidString(s) && len(s) <= 3*8
	}
	if err := quick.Check(bounded, nil); err != nil {
		t.Error(err)
	}
	var runs interner
	for _, s := range []string{"a", "a", "b", strings.Repeat("x", 200), ""} {
		if got, want := runs.text([]byte(s), maxRun), s[:min(len(s), maxRun)]; got != want {
			t.Errorf("%q became %q", s, got)
		}
	}
}
