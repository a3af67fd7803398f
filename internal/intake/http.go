package intake

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// HTTP configures the taking of records over HTTP (package httpapi).
type HTTP struct {
	Listen           string        `yaml:"listen" doc:"Address records are posted to; empty switches it off."`
	AllowRemote      bool          `yaml:"allow_remote" doc:"Take records without encryption on an address that is not loopback. Tokens and telephone numbers can be read on the way: put a proxy that encrypts in front, or set tls instead."`
	TokensFile       string        `yaml:"tokens_file" doc:"File with the hashes of the tokens that may post (hotline tokens), read again when it changes. Empty: tokens.json beside the key file; where data.dir is one of your own and keys.file is not set, a file of that data directory, beside it too."`
	TLS              HTTPTLS       `yaml:"tls" doc:"Encryption of what is posted."`
	MaxBodyBytes     int64         `yaml:"max_body_bytes" doc:"Largest body of one request, decompressed."`
	MaxRecords       int           `yaml:"max_records" doc:"Most records of one request."`
	BufferBytes      int64         `yaml:"buffer_bytes" doc:"Bytes of bodies held at the same time, of which one token gets half; further requests are told to come again. The memory needed is about three times as much."`
	MaxConnections   int           `yaml:"max_connections" doc:"Connections open at the same time; further ones wait."`
	ReadTimeout      time.Duration `yaml:"read_timeout" doc:"Time a request's body gets to arrive."`
	AckTimeout       time.Duration `yaml:"ack_timeout" doc:"Time Kafka gets to acknowledge a request's records before the sender is told to come again."`
	ShutdownGrace    time.Duration `yaml:"shutdown_grace" doc:"Time requests under way get to finish when the program ends."`
	RecordsPerSecond int           `yaml:"records_per_second" doc:"Records a token may send a second, where its own entry names no limit; ten seconds' worth may come at once."`
	BytesPerSecond   int           `yaml:"bytes_per_second" doc:"Bytes a token may send a second, where its own entry names no limit; ten seconds' worth may come at once." unit:"bytes"`
}

// HTTPTLS encrypts what is posted. The files are read again when they change.
type HTTPTLS struct {
	CertFile     string `yaml:"cert_file" doc:"PEM file of the server's certificate; empty: no encryption."`
	KeyFile      string `yaml:"key_file" doc:"PEM file of the key of cert_file."`
	ClientCAFile string `yaml:"client_ca_file" doc:"PEM file of the authority that signs clients' certificates; a client with one needs no token (hotline tokens add --certificate)."`
}

// DefaultHTTP takes records from this machine only.
func DefaultHTTP() HTTP {
	return HTTP{
		Listen:           "127.0.0.1:8334",
		MaxBodyBytes:     16 << 20,
		MaxRecords:       10_000,
		BufferBytes:      64 << 20,
		MaxConnections:   512,
		ReadTimeout:      30 * time.Second,
		AckTimeout:       10 * time.Second,
		ShutdownGrace:    3 * time.Second,
		RecordsPerSecond: 5000,
		BytesPerSecond:   8 << 20,
	}
}

// Validate names the first field that cannot work.
func (c HTTP) Validate() error {
	if c.Listen == "" {
		return nil // off
	}
	host, _, err := net.SplitHostPort(c.Listen)
	switch {
	case err != nil:
		return fmt.Errorf("listen: %q is not host:port: %w", c.Listen, err)
	case (c.TLS.CertFile == "") != (c.TLS.KeyFile == ""):
		return errors.New("tls.cert_file: cert_file and key_file are needed together")
	case c.TLS.ClientCAFile != "" && c.TLS.CertFile == "":
		return errors.New("tls.client_ca_file: clients' certificates need encryption: set cert_file and key_file too")
	case c.TLS.CertFile == "" && !c.AllowRemote && !loopback(host):
		return fmt.Errorf("listen: %s can be reached from other machines, and nothing is encrypted; set tls.cert_file and tls.key_file, use 127.0.0.1, or set allow_remote behind a proxy that encrypts", c.Listen)
	case c.MaxBodyBytes < 1024 || c.MaxBodyBytes > 256<<20:
		return fmt.Errorf("max_body_bytes: %d is not from 1024 to %d", c.MaxBodyBytes, 256<<20)
	case c.MaxRecords < 1 || c.MaxRecords > 100_000:
		return fmt.Errorf("max_records: %d is not from 1 to 100000", c.MaxRecords)
	case c.BufferBytes < 4*c.MaxBodyBytes:
		return fmt.Errorf("buffer_bytes: %d is below four times max_body_bytes: two tokens could not send at the same time", c.BufferBytes)
	case c.MaxConnections < 1:
		return fmt.Errorf("max_connections: %d is below 1", c.MaxConnections)
	case c.RecordsPerSecond < 1:
		return fmt.Errorf("records_per_second: %d is below 1", c.RecordsPerSecond)
	case c.BytesPerSecond < 1024:
		return fmt.Errorf("bytes_per_second: %d is below 1024", c.BytesPerSecond)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"read_timeout", c.ReadTimeout}, {"ack_timeout", c.AckTimeout}, {"shutdown_grace", c.ShutdownGrace}} {
		if d.value < 100*time.Millisecond || d.value > 10*time.Minute {
			return fmt.Errorf("%s: %v is not from 100ms to 10m", d.name, d.value)
		}
	}
	return nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
