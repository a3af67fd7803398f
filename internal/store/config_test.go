package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/store"
)

func TestDefaultConfigIsValid(t *testing.T) {
	if err := store.DefaultConfig().Validate(); err != nil {
		t.Error(err)
	}
	cfg := store.DefaultConfig()
	cfg.Address, cfg.Protocol, cfg.Cluster = "ch-1:9000, ch-2:9000", "native", "province"
	cfg.TLS = store.TLSConfig{Enabled: true, ServerName: "ch"}
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}

func TestConfigRefuses(t *testing.T) {
	for want, change := range map[string]func(*store.Config){
		"address: \"\"":         func(c *store.Config) { c.Address = "" },
		"address: \"host\"":     func(c *store.Config) { c.Address = "host" },
		"address: \"h:0\"":      func(c *store.Config) { c.Address = "a:1,h:0" },
		"address: \":9000\"":    func(c *store.Config) { c.Address = ":9000" },
		"protocol: \"tcp\"":     func(c *store.Config) { c.Protocol = "tcp" },
		"database: \"a-b\"":     func(c *store.Config) { c.Database = "a-b" },
		"cluster: \"x'y\"":      func(c *store.Config) { c.Cluster = "x'y" },
		"user: must":            func(c *store.Config) { c.User = "" },
		"password_env: is set":  func(c *store.Config) { c.PasswordEnv, c.PasswordFile = "X", "y" },
		"max_connections: 0":    func(c *store.Config) { c.MaxConnections = 0 },
		"dial_timeout: 0s":      func(c *store.Config) { c.DialTimeout = 0 },
		"query_timeout: 10ms":   func(c *store.Config) { c.QueryTimeout = 10 * time.Millisecond },
		"insert_timeout: -1s":   func(c *store.Config) { c.InsertTimeout = -time.Second },
		"read_retries: -1":      func(c *store.Config) { c.ReadRetries = -1 },
		"tls.cert_file: ":       func(c *store.Config) { c.TLS = store.TLSConfig{Enabled: true, KeyFile: "k"} },
		"tls.enabled: is false": func(c *store.Config) { c.TLS.CAFile = "ca.pem" },
	} {
		cfg := store.DefaultConfig()
		change(&cfg)
		if err := cfg.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got %v, want %s…", err, want)
		}
		if _, err := store.Open(t.Context(), cfg, store.Deps{}); err == nil {
			t.Errorf("%s: opened", want)
		}
	}
}

func TestSecretsAndCertificates(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x")
	if err := os.WriteFile(file, []byte("geheim\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*store.Config){
		"password_file: ":                    func(c *store.Config) { c.PasswordFile = filepath.Join(dir, "none") },
		"password_env: the environment vari": func(c *store.Config) { c.PasswordEnv = "HOTLINE_TEST_NOT_SET" },
		"tls.ca_file: open":                  func(c *store.Config) { c.TLS = store.TLSConfig{Enabled: true, CAFile: filepath.Join(dir, "none")} },
		"tls.ca_file: " + file:               func(c *store.Config) { c.TLS = store.TLSConfig{Enabled: true, CAFile: file} },
		"tls.cert_file: ":                    func(c *store.Config) { c.TLS = store.TLSConfig{Enabled: true, CertFile: file, KeyFile: file} },
	} {
		cfg := store.DefaultConfig()
		change(&cfg)
		if _, err := store.Open(t.Context(), cfg, store.Deps{}); err == nil || !strings.HasPrefix(err.Error(), "store: "+want) {
			t.Errorf("got %v, want %s…", err, want)
		}
	}
	cfg := store.DefaultConfig()
	cfg.PasswordFile = file
	s, err := store.Open(t.Context(), cfg, store.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
