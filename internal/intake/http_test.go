package intake_test

import (
	"strings"
	"testing"
	"time"

	"hotline12333/internal/intake"
)

// TestHTTPConfig has a failing input for every rule.
func TestHTTPConfig(t *testing.T) {
	if err := intake.DefaultHTTP().Validate(); err != nil {
		t.Error(err)
	}
	for want, change := range map[string]func(*intake.HTTP){
		"listen: \"8334\" is not host:port":    func(c *intake.HTTP) { c.Listen = "8334" },
		"listen: 0.0.0.0:8334 can be reached":  func(c *intake.HTTP) { c.Listen = "0.0.0.0:8334" },
		"tls.cert_file: cert_file and":         func(c *intake.HTTP) { c.TLS.KeyFile = "k" },
		"tls.client_ca_file: clients'":         func(c *intake.HTTP) { c.TLS.ClientCAFile = "c" },
		"max_body_bytes: 10 is not":            func(c *intake.HTTP) { c.MaxBodyBytes = 10 },
		"max_records: 0 is not":                func(c *intake.HTTP) { c.MaxRecords = 0 },
		"buffer_bytes: 1024 is below":          func(c *intake.HTTP) { c.BufferBytes = 1024 },
		"max_connections: 0 is below":          func(c *intake.HTTP) { c.MaxConnections = 0 },
		"records_per_second: 0 is below":       func(c *intake.HTTP) { c.RecordsPerSecond = 0 },
		"bytes_per_second: 1 is below":         func(c *intake.HTTP) { c.BytesPerSecond = 1 },
		"read_timeout: 1ns is not from":        func(c *intake.HTTP) { c.ReadTimeout = 1 },
		"ack_timeout: 1h0m0s is not from":      func(c *intake.HTTP) { c.AckTimeout = time.Hour },
		"shutdown_grace: 0s is not from 100ms": func(c *intake.HTTP) { c.ShutdownGrace = 0 },
	} {
		c := intake.DefaultHTTP()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %s…", err, want)
		}
	}
	for name, change := range map[string]func(*intake.HTTP){
		"off":               func(c *intake.HTTP) { *c = intake.HTTP{} },
		"remote, allowed":   func(c *intake.HTTP) { c.Listen, c.AllowRemote = "0.0.0.0:8334", true },
		"remote, encrypted": func(c *intake.HTTP) { c.Listen, c.TLS.CertFile, c.TLS.KeyFile = "0.0.0.0:8334", "c", "k" },
	} {
		c := intake.DefaultHTTP()
		change(&c)
		if err := c.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	whole := intake.DefaultConfig()
	whole.HTTP.MaxRecords = 0
	if err := whole.Validate(); err == nil || !strings.HasPrefix(err.Error(), "http.max_records") {
		t.Error(err)
	}
}
