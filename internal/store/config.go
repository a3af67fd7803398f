package store

import (
	"errors"
	"fmt"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config says where ClickHouse is and how to talk to it.
type Config struct {
	Address        string        `yaml:"address" doc:"ClickHouse address as host:port; several addresses of one cluster are separated by commas and tried in order."`
	Protocol       string        `yaml:"protocol" doc:"Protocol spoken to ClickHouse: http (the embedded engine and servers) or native (servers only)."`
	Database       string        `yaml:"database" doc:"Database that holds the tables; it is created when missing."`
	User           string        `yaml:"user" doc:"User name of the login."`
	PasswordFile   string        `yaml:"password_file" doc:"File that holds the password, a trailing line break ignored."`
	PasswordEnv    string        `yaml:"password_env" doc:"Environment variable that holds the password, when no password_file is given."`
	Cluster        string        `yaml:"cluster" doc:"Name of the ClickHouse cluster; when set, tables are replicated and sharded over it, when empty a single server is used."`
	TLS            TLSConfig     `yaml:"tls" doc:"Encryption of the connections to ClickHouse."`
	MaxConnections int           `yaml:"max_connections" doc:"Largest number of connections open at the same time."`
	DialTimeout    time.Duration `yaml:"dial_timeout" doc:"Limit for opening a connection."`
	QueryTimeout   time.Duration `yaml:"query_timeout" doc:"Limit for one query; a longer one is ended and reported."`
	InsertTimeout  time.Duration `yaml:"insert_timeout" doc:"Limit for one insert or recomputation; keep it below half of the broker's rebalance_timeout."`
	ReadRetries    int           `yaml:"read_retries" doc:"How often a query that failed for a passing reason is repeated before its error is returned."`
}

// TLSConfig encrypts the connections.
type TLSConfig struct {
	Enabled    bool   `yaml:"enabled" doc:"Whether connections are encrypted."`
	CAFile     string `yaml:"ca_file" doc:"PEM file of the authority that signed the server's certificate; the system's are used when empty."`
	CertFile   string `yaml:"cert_file" doc:"PEM file of this program's certificate, for servers that ask for one."`
	KeyFile    string `yaml:"key_file" doc:"PEM file of the key of cert_file."`
	ServerName string `yaml:"server_name" doc:"Name the server's certificate must carry; the host connected to when empty."`
}

// DefaultConfig reaches the embedded engine of the same machine.
func DefaultConfig() Config {
	return Config{
		Address:        "127.0.0.1:18123",
		Protocol:       "http",
		Database:       "hotline",
		User:           "default",
		MaxConnections: 8,
		DialTimeout:    5 * time.Second,
		QueryTimeout:   60 * time.Second,
		InsertTimeout:  40 * time.Second,
		ReadRetries:    3,
	}
}

// identifiers go into statements and ZooKeeper paths; nothing that would need quoting.
var identifier = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

// Validate names the first field that cannot work, by its name in the file.
func (c Config) Validate() error {
	for _, a := range c.addresses() {
		host, port, err := net.SplitHostPort(a)
		if err != nil {
			return fmt.Errorf("address: %q is not host:port", a)
		}
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 || host == "" {
			return fmt.Errorf("address: %q is not host:port with a port from 1 to 65535", a)
		}
	}
	if !slices.Contains([]string{"http", "native"}, c.Protocol) {
		return fmt.Errorf("protocol: %q is neither http nor native", c.Protocol)
	}
	if !identifier.MatchString(c.Database) {
		return fmt.Errorf("database: %q is not a name of letters, digits and underscores (at most 63)", c.Database)
	}
	if c.Cluster != "" && !identifier.MatchString(c.Cluster) {
		return fmt.Errorf("cluster: %q is not a name of letters, digits and underscores (at most 63)", c.Cluster)
	}
	if c.User == "" {
		return errors.New("user: must not be empty (ClickHouse's own is default)")
	}
	if c.PasswordFile != "" && c.PasswordEnv != "" {
		return errors.New("password_env: is set, yet password_file is too; keep one")
	}
	if c.MaxConnections < 1 || c.MaxConnections > 1000 {
		return fmt.Errorf("max_connections: %d is not between 1 and 1000", c.MaxConnections)
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"dial_timeout", c.DialTimeout}, {"query_timeout", c.QueryTimeout}, {"insert_timeout", c.InsertTimeout}} {
		// Below a second the server's own limit, which counts whole seconds, is off.
		if d.value < time.Second {
			return fmt.Errorf("%s: %v is below one second", d.name, d.value)
		}
	}
	if c.ReadRetries < 0 || c.ReadRetries > 100 {
		return fmt.Errorf("read_retries: %d is not between 0 and 100", c.ReadRetries)
	}
	if err := c.TLS.validate(); err != nil {
		return fmt.Errorf("tls.%w", err)
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

func (c Config) addresses() []string {
	list := strings.Split(c.Address, ",")
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	return list
}
