package watch

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"time"
)

// Config says which hotlines are asked, and how.
type Config struct {
	URLs        []string      `yaml:"urls" doc:"Addresses of the hotlines, as https://12333.example.cn or http://10.0.0.5:8333; /readyz and /healthz below them are asked."`
	Every       time.Duration `yaml:"every" doc:"How often each is asked."`
	Timeout     time.Duration `yaml:"timeout" doc:"Limit for one answer."`
	Failures    int           `yaml:"failures" doc:"After so many checks in a row without an answer the program is gone: people are told, as a page."`
	NotReadyFor time.Duration `yaml:"not_ready_for" doc:"After so long people are told, as a warning, that a program answers but is not ready; it is not while history is imported or just after a start."`
	Repeat      time.Duration `yaml:"repeat" doc:"How often they are told again while it lasts."`
	Token       string        `yaml:"token" doc:"Bearer token sent with each request, for a proxy that asks for one; the program itself asks for none." secret:"true"`
	TokenFile   string        `yaml:"token_file" doc:"File that holds the token."`
	CAFile      string        `yaml:"ca_file" doc:"PEM file of the certificate authorities that https addresses are held against; empty: those of this machine."`
}

// DefaultConfig watches nothing.
func DefaultConfig() Config {
	return Config{Every: 10 * time.Second, Timeout: 5 * time.Second, Failures: 3, NotReadyFor: 5 * time.Minute, Repeat: time.Hour}
}

// Validate names the first field that cannot work.
func (c Config) Validate() error {
	seen := map[string]bool{}
	for _, address := range c.URLs {
		u, err := url.Parse(address)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return errors.New("urls: each begins with http:// or https:// and names a machine, as http://10.0.0.5:8333")
		case u.User != nil:
			return fmt.Errorf("urls: %s holds a password, which logs and metrics would show: use token", u.Redacted())
		case u.RawQuery != "" || u.Fragment != "":
			return fmt.Errorf("urls: %s has more than an address and a path, as http://10.0.0.5:8333", address)
		case seen[base(address)]:
			return fmt.Errorf("urls: %s is named twice", address)
		}
		seen[base(address)] = true
	}
	switch {
	case c.Every < time.Second || c.Every > time.Hour:
		return fmt.Errorf("every: %v is not between 1s and 1h", c.Every)
	case c.Timeout < 100*time.Millisecond || c.Timeout > time.Minute:
		return fmt.Errorf("timeout: %v is not between 100ms and 1m", c.Timeout)
	case c.Failures < 1 || c.Failures > 100:
		return fmt.Errorf("failures: %d is not between 1 and 100", c.Failures)
	case c.NotReadyFor < 0:
		return fmt.Errorf("not_ready_for: %v is negative", c.NotReadyFor)
	case c.Repeat < time.Minute:
		return fmt.Errorf("repeat: %v would tell people without a pause, use at least 1m", c.Repeat)
	}
	return nil
}

// authorities are those of the file; nil where none is named.
func (c Config) authorities() (*x509.CertPool, error) {
	if c.CAFile == "" {
		return nil, nil
	}
	text, err := os.ReadFile(c.CAFile)
	if err != nil {
		return nil, fmt.Errorf("ca_file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca_file: %s holds no certificate in PEM form", c.CAFile)
	}
	return pool, nil
}
