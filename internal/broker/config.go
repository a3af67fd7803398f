package broker

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"time"
)

// Config says where the brokers are and how to talk to them.
type Config struct {
	Addresses        []string      `yaml:"addresses" doc:"Kafka bootstrap addresses as host:port."`
	ClientID         string        `yaml:"client_id" doc:"Name this program gives itself towards the brokers."`
	TLS              TLSConfig     `yaml:"tls" doc:"Encryption of the connections to the brokers."`
	SASL             SASLConfig    `yaml:"sasl" doc:"Login at the brokers."`
	DialTimeout      time.Duration `yaml:"dial_timeout" doc:"Limit for opening a connection, login included."`
	RequestTimeout   time.Duration `yaml:"request_timeout" doc:"Limit for one request; it is repeated after that."`
	Compression      string        `yaml:"compression" doc:"Compression of produced batches: none, lz4, zstd, snappy or gzip."`
	BatchBytes       int           `yaml:"batch_bytes" doc:"Uncompressed size in bytes at which produced records are cut into the next batch."`
	BatchRecords     int           `yaml:"batch_records" doc:"Number of records at which they are cut into the next batch."`
	MaxRecordBytes   int           `yaml:"max_record_bytes" doc:"Largest record in bytes this program sends at all; the topic's own limit applies as well."`
	RetryMin         time.Duration `yaml:"retry_min" doc:"First pause before a failed request is repeated; it doubles up to retry_max."`
	RetryMax         time.Duration `yaml:"retry_max" doc:"Longest pause before a failed request is repeated."`
	SessionTimeout   time.Duration `yaml:"session_timeout" doc:"Time without a heartbeat after which the group gives a member's partitions to others."`
	Heartbeat        time.Duration `yaml:"heartbeat" doc:"Interval of group heartbeats, at most a third of session_timeout."`
	RebalanceTimeout time.Duration `yaml:"rebalance_timeout" doc:"Time members get to finish their work when the group is rebalanced; keep it above twice the longest insert."`
}

// TLSConfig encrypts the connections.
type TLSConfig struct {
	Enabled    bool   `yaml:"enabled" doc:"Whether connections are encrypted."`
	CAFile     string `yaml:"ca_file" doc:"PEM file of the authority that signed the brokers' certificates; the system's are used when empty."`
	CertFile   string `yaml:"cert_file" doc:"PEM file of this program's certificate, for brokers that ask for one."`
	KeyFile    string `yaml:"key_file" doc:"PEM file of the key of cert_file."`
	ServerName string `yaml:"server_name" doc:"Name the brokers' certificates must carry; the host connected to when empty."`
}

// SASLConfig logs in. The password never stands in the configuration itself.
type SASLConfig struct {
	Mechanism    string `yaml:"mechanism" doc:"Login mechanism: empty for none, plain, scram-sha-256 or scram-sha-512."`
	User         string `yaml:"user" doc:"User name of the login."`
	PasswordFile string `yaml:"password_file" doc:"File that holds the password, a trailing line break ignored."`
	PasswordEnv  string `yaml:"password_env" doc:"Environment variable that holds the password, when no password_file is given."`
}

// DefaultConfig reaches the embedded broker of the same machine.
func DefaultConfig() Config {
	return Config{
		Addresses:        []string{"127.0.0.1:19092"},
		ClientID:         "hotline",
		DialTimeout:      5 * time.Second,
		RequestTimeout:   30 * time.Second,
		Compression:      "lz4",
		BatchBytes:       900_000,
		BatchRecords:     10_000,
		MaxRecordBytes:   16 << 20,
		RetryMin:         50 * time.Millisecond,
		RetryMax:         3 * time.Second,
		SessionTimeout:   10 * time.Second,
		Heartbeat:        3 * time.Second,
		RebalanceTimeout: 90 * time.Second,
	}
}

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	if len(c.Addresses) == 0 {
		return errors.New("addresses: at least one host:port is needed")
	}
	for _, a := range c.Addresses {
		if err := validAddress(a); err != nil {
			return fmt.Errorf("addresses: %w", err)
		}
	}
	if c.ClientID == "" {
		return errors.New("client_id: must not be empty")
	}
	if _, ok := codecs()[c.Compression]; !ok {
		return fmt.Errorf("compression: %q is none of none, lz4, zstd, snappy, gzip", c.Compression)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"dial_timeout", c.DialTimeout},
		{"request_timeout", c.RequestTimeout},
		{"retry_min", c.RetryMin},
		{"session_timeout", c.SessionTimeout},
		{"heartbeat", c.Heartbeat},
		{"rebalance_timeout", c.RebalanceTimeout},
	} {
		if d.value <= 0 {
			return fmt.Errorf("%s: %v must be above zero", d.name, d.value)
		}
	}
	if c.RetryMax < c.RetryMin {
		return fmt.Errorf("retry_max: %v is below retry_min %v", c.RetryMax, c.RetryMin)
	}
	if c.Heartbeat > c.SessionTimeout/3 {
		return fmt.Errorf("heartbeat: %v is above a third of session_timeout %v", c.Heartbeat, c.SessionTimeout)
	}
	if c.BatchBytes < 1024 {
		return fmt.Errorf("batch_bytes: %d is below 1024", c.BatchBytes)
	}
	if c.BatchRecords < 1 {
		return fmt.Errorf("batch_records: %d is below 1", c.BatchRecords)
	}
	// Brokers close the connection on a request above 100 MB without an answer.
	if c.MaxRecordBytes < 1024 || c.MaxRecordBytes > 64<<20 {
		return fmt.Errorf("max_record_bytes: %d is not between 1024 and %d", c.MaxRecordBytes, 64<<20)
	}
	if err := c.TLS.validate(); err != nil {
		return fmt.Errorf("tls.%w", err)
	}
	if err := c.SASL.validate(); err != nil {
		return fmt.Errorf("sasl.%w", err)
	}
	return nil
}

func (c TLSConfig) validate() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("cert_file: cert_file and key_file are needed together")
	}
	if !c.Enabled && (c.CAFile != "" || c.CertFile != "" || c.ServerName != "") {
		return errors.New("enabled: is false, yet other fields of tls are set")
	}
	return nil
}

func (c SASLConfig) validate() error {
	if !slices.Contains([]string{"", "plain", "scram-sha-256", "scram-sha-512"}, c.Mechanism) {
		return fmt.Errorf("mechanism: %q is none of plain, scram-sha-256, scram-sha-512", c.Mechanism)
	}
	if c.Mechanism == "" {
		if c.User != "" || c.PasswordFile != "" || c.PasswordEnv != "" {
			return errors.New("mechanism: is empty, yet other fields of sasl are set")
		}
		return nil
	}
	if c.User == "" {
		return fmt.Errorf("user: is needed for mechanism %s", c.Mechanism)
	}
	if c.PasswordFile == "" && c.PasswordEnv == "" {
		return errors.New("password_file: password_file or password_env is needed")
	}
	return nil
}

func validAddress(addr string) error {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%q is not host:port", addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" {
		return fmt.Errorf("%q is not host:port with a port from 1 to 65535", addr)
	}
	return nil
}
