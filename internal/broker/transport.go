package broker

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"

	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/sasl"
	"github.com/segmentio/kafka-go/sasl/plain"
	"github.com/segmentio/kafka-go/sasl/scram"
)

// codecs names kafka-go's compressions as the configuration does.
func codecs() map[string]kafka.Compression {
	return map[string]kafka.Compression{
		"none": 0, "gzip": kafka.Gzip, "snappy": kafka.Snappy, "lz4": kafka.Lz4, "zstd": kafka.Zstd,
	}
}

// connector holds the two ways kafka-go opens connections: the transport for
// requests and the dialer for the consumer group, which has its own.
type connector struct {
	transport *kafka.Transport
	dialer    *kafka.Dialer
	addr      net.Addr
}

func newConnector(cfg Config) (*connector, error) {
	tlsCfg, err := cfg.TLS.load()
	if err != nil {
		return nil, fmt.Errorf("broker: tls.%w", err)
	}
	mechanism, err := cfg.SASL.load()
	if err != nil {
		return nil, fmt.Errorf("broker: sasl.%w", err)
	}
	dial := &net.Dialer{Timeout: cfg.DialTimeout}
	return &connector{
		transport: &kafka.Transport{
			Dial:        dial.DialContext,
			DialTimeout: cfg.DialTimeout,
			ClientID:    cfg.ClientID,
			TLS:         tlsCfg,
			SASL:        mechanism,
		},
		dialer: &kafka.Dialer{
			ClientID:      cfg.ClientID,
			Timeout:       cfg.DialTimeout,
			TLS:           tlsCfg,
			SASLMechanism: mechanism,
		},
		addr: kafka.TCP(cfg.Addresses...),
	}, nil
}

func (c TLSConfig) load() (*tls.Config, error) {
	if !c.Enabled {
		return nil, nil
	}
	out := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: c.ServerName}
	if c.CAFile != "" {
		pem, err := os.ReadFile(c.CAFile)
		if err != nil {
			return nil, fmt.Errorf("ca_file: %w", err)
		}
		out.RootCAs = x509.NewCertPool()
		if !out.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", c.CAFile)
		}
	}
	if c.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(c.CertFile, c.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("cert_file: %w", err)
		}
		out.Certificates = []tls.Certificate{cert}
	}
	return out, nil
}

func (c SASLConfig) load() (sasl.Mechanism, error) {
	if c.Mechanism == "" {
		return nil, nil
	}
	password, err := c.password()
	if err != nil {
		return nil, err
	}
	switch c.Mechanism {
	case "plain":
		return plain.Mechanism{Username: c.User, Password: password}, nil
	case "scram-sha-256":
		return scram.Mechanism(scram.SHA256, c.User, password)
	case "scram-sha-512":
		return scram.Mechanism(scram.SHA512, c.User, password)
	default:
		return nil, fmt.Errorf("mechanism: %q is unknown", c.Mechanism)
	}
}

func (c SASLConfig) password() (string, error) {
	if c.PasswordFile != "" {
		b, err := os.ReadFile(c.PasswordFile)
		if err != nil {
			return "", fmt.Errorf("password_file: %w", err)
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
	password, ok := os.LookupEnv(c.PasswordEnv)
	if !ok || password == "" {
		return "", fmt.Errorf("password_env: environment variable %s is not set", c.PasswordEnv)
	}
	return password, nil
}

// roundTrip sends one request under the client's request timeout.
func (c *Client) roundTrip(ctx context.Context, req kafka.Request) (kafka.Response, error) {
	if c.closed.Load() {
		return nil, ErrClosed
	}
	// kafka-go limits a request on the wire by the context's deadline alone.
	ctx, cancel := context.WithTimeoutCause(ctx, c.cfg.RequestTimeout, errRequestTimeout)
	defer cancel()
	res, err := c.conn.transport.RoundTrip(ctx, c.conn.addr, req)
	if err != nil && errors.Is(context.Cause(ctx), errRequestTimeout) {
		return nil, fmt.Errorf("%w after %v", kafka.RequestTimedOut, c.cfg.RequestTimeout)
	}
	return res, err
}

var errRequestTimeout = errors.New("request timeout")
