package broker

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/segmentio/kafka-go"
)

func TestConfig(t *testing.T) {
	if err := DefaultConfig().Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"addresses: at least":   func(c *Config) { c.Addresses = nil },
		"addresses: \"host\"":   func(c *Config) { c.Addresses = []string{"host"} },
		"addresses: \"host:0\"": func(c *Config) { c.Addresses = []string{"host:0"} },
		"addresses: \":9092\"":  func(c *Config) { c.Addresses = []string{":9092"} },
		"client_id":             func(c *Config) { c.ClientID = "" },
		"compression":           func(c *Config) { c.Compression = "brotli" },
		"dial_timeout":          func(c *Config) { c.DialTimeout = 0 },
		"request_timeout":       func(c *Config) { c.RequestTimeout = -1 },
		"retry_min":             func(c *Config) { c.RetryMin = 0 },
		"retry_max":             func(c *Config) { c.RetryMax = time.Millisecond },
		"session_timeout":       func(c *Config) { c.SessionTimeout = 0 },
		"heartbeat":             func(c *Config) { c.Heartbeat = c.SessionTimeout },
		"rebalance_timeout":     func(c *Config) { c.RebalanceTimeout = 0 },
		"batch_bytes":           func(c *Config) { c.BatchBytes = 1 },
		"batch_records":         func(c *Config) { c.BatchRecords = 0 },
		"max_record_bytes":      func(c *Config) { c.MaxRecordBytes = 1 << 30 },
		"tls.cert_file":         func(c *Config) { c.TLS = TLSConfig{Enabled: true, CertFile: "x"} },
		"tls.enabled":           func(c *Config) { c.TLS.CAFile = "x" },
		"sasl.mechanism: \"gs":  func(c *Config) { c.SASL.Mechanism = "gssapi" },
		"sasl.mechanism: is":    func(c *Config) { c.SASL.User = "u" },
		"sasl.user":             func(c *Config) { c.SASL.Mechanism = "plain" },
		"sasl.password_file":    func(c *Config) { c.SASL = SASLConfig{Mechanism: "plain", User: "u"} },
	} {
		cfg := DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		if _, err := New(cfg, Deps{}); err == nil {
			t.Errorf("%s: a client was made", name)
		}
	}
}

func TestSecrets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte("s3cret\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TEST_BROKER_PASSWORD", "from env")
	for name, tc := range map[string]struct {
		cfg  SASLConfig
		want string
		err  string
	}{
		"file":     {cfg: SASLConfig{PasswordFile: file, PasswordEnv: "TEST_BROKER_PASSWORD"}, want: "s3cret"},
		"env":      {cfg: SASLConfig{PasswordEnv: "TEST_BROKER_PASSWORD"}, want: "from env"},
		"no file":  {cfg: SASLConfig{PasswordFile: file + ".no"}, err: "password_file"},
		"no value": {cfg: SASLConfig{PasswordEnv: "TEST_BROKER_NOTHING"}, err: "password_env: environment variable TEST_BROKER_NOTHING is not set"},
	} {
		got, err := tc.cfg.password()
		if got != tc.want || tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		m, err := SASLConfig{Mechanism: mechanism, User: "u", PasswordFile: file}.load()
		if err != nil || !strings.EqualFold(m.Name(), mechanism) {
			t.Errorf("%s: %v, %v", mechanism, m, err)
		}
	}
}

func TestTLS(t *testing.T) {
	notPEM := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notPEM, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, cfg := range map[string]TLSConfig{
		"ca_file: open":      {Enabled: true, CAFile: notPEM + ".no"},
		"ca_file: " + notPEM: {Enabled: true, CAFile: notPEM},
		"cert_file":          {Enabled: true, CertFile: notPEM, KeyFile: notPEM},
	} {
		if _, err := cfg.load(); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	got, err := TLSConfig{Enabled: true, ServerName: "kafka.example"}.load()
	if err != nil || got.ServerName != "kafka.example" || got.MinVersion != tls.VersionTLS12 {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := (TLSConfig{}).load(); got != nil || err != nil {
		t.Errorf("without tls: %v, %v", got, err)
	}
}

// TestSharedMetrics makes two clients in one process, as one machine does.
func TestSharedMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	for range 2 {
		c, err := New(DefaultConfig(), Deps{Registerer: reg})
		if err != nil {
			t.Fatal(err)
		}
		c.metrics.produced.WithLabelValues("t").Inc()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if !strings.HasPrefix(f.GetName(), "hotline_broker_") || f.GetHelp() == "" {
			t.Errorf("metric %s, help %q", f.GetName(), f.GetHelp())
		}
		if f.GetName() == "hotline_broker_produced_records_total" && f.Metric[0].GetCounter().GetValue() != 2 {
			t.Errorf("two clients count apart: %v", f)
		}
	}
}

func TestErrors(t *testing.T) {
	for _, tc := range []struct {
		err       error
		transient bool
		reason    string
	}{
		{nil, false, "other"},
		{io.ErrUnexpectedEOF, true, "network"},
		{fmt.Errorf("wrapped: %w", kafka.NotLeaderForPartition), true, "refused"},
		{kafka.RequestTimedOut, true, "timeout"},
		{kafka.KafkaStorageError, true, "storage"},
		{kafka.TopicAuthorizationFailed, false, "refused"},
		{fmt.Errorf("%w: %w", ErrTooLarge, kafka.MessageSizeTooLarge), false, "too_large"},
		{ErrFenced, false, "fenced"},
		{ErrUnknownTopic, false, "unknown_topic"},
		{errors.New("odd"), false, "other"},
		{ErrClosed, false, "other"},
	} {
		if got := transient(tc.err); got != tc.transient {
			t.Errorf("%v: transient %v", tc.err, got)
		}
		if got := reason(tc.err); got != tc.reason {
			t.Errorf("%v: reason %s, want %s", tc.err, got, tc.reason)
		}
	}
	e := &PartialError{Topic: "t", Total: 3, Failed: []RecordError{{Index: 1, Err: ErrTooLarge}, {Index: 2, Err: ErrTooLarge}, {Index: 2, Err: io.EOF}}}
	if want := "producing to t: 2 of 3 records not acknowledged, first record 1: record too large"; (&PartialError{Topic: "t", Total: 3, Failed: e.Failed[:2]}).Error() != want {
		t.Errorf("says %q", e.Error())
	}
	if n := len(e.Unwrap()); n != 2 {
		t.Errorf("%d distinct errors, want 2", n)
	}
}
