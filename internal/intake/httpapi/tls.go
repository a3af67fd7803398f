package httpapi

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"

	"hotline12333/internal/intake"
)

// certificates are the server's certificate and its clients' authority as the files have
// them at each handshake.
type certificates struct {
	cfg intake.HTTPTLS
	log *slog.Logger

	mu    sync.Mutex
	files [3]fs.FileInfo
	conf  *tls.Config
}

func newCertificates(cfg intake.HTTPTLS, log *slog.Logger) *certificates {
	return &certificates{cfg: cfg, log: log}
}

// check reads the files and says what is wrong with them.
func (c *certificates) check() error {
	_, err := c.current()
	return err
}

// config asks for the files' state at each handshake.
func (c *certificates) config() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true, // a resumed session would outlive its certificate's authority
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			conf, err := c.current()
			if conf != nil && err != nil {
				// A renewal that is half done must not end the service.
				c.log.Error("certificates could not be read again, the last good ones are used", "err", err)
				return conf, nil
			}
			return conf, err
		},
	}
}

// current gives the configuration of the files as they are; with an error that of the
// last good ones, nil where there are none.
func (c *certificates) current() (*tls.Config, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var files [3]fs.FileInfo
	for i, name := range []string{c.cfg.CertFile, c.cfg.KeyFile, c.cfg.ClientCAFile} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return c.conf, err
		}
		files[i] = info
	}
	if c.conf != nil && sameFiles(c.files, files) {
		return c.conf, nil
	}
	conf, err := c.load()
	if err != nil {
		return c.conf, err
	}
	c.files, c.conf = files, conf
	return conf, nil
}

func sameFiles(a, b [3]fs.FileInfo) bool {
	for i := range a {
		if a[i] == nil || b[i] == nil {
			if a[i] != nil || b[i] != nil {
				return false
			}
			continue
		}
		if !os.SameFile(a[i], b[i]) || !a[i].ModTime().Equal(b[i].ModTime()) || a[i].Size() != b[i].Size() {
			return false
		}
	}
	return true
}

func (c *certificates) load() (*tls.Config, error) {
	pair, err := tls.LoadX509KeyPair(c.cfg.CertFile, c.cfg.KeyFile)
	if err != nil {
		return nil, fmt.Errorf("cert_file %s with key_file %s: %w", c.cfg.CertFile, c.cfg.KeyFile, err)
	}
	conf := &tls.Config{
		MinVersion: tls.VersionTLS12, SessionTicketsDisabled: true,
		Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"},
	}
	if c.cfg.ClientCAFile == "" {
		return conf, nil
	}
	pem, err := os.ReadFile(c.cfg.ClientCAFile)
	if err != nil {
		return nil, fmt.Errorf("client_ca_file: %w", err)
	}
	conf.ClientCAs = x509.NewCertPool()
	if !conf.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("client_ca_file %s holds no certificate", c.cfg.ClientCAFile)
	}
	// A token will do where there is no certificate; a wrong certificate will not.
	conf.ClientAuth = tls.VerifyClientCertIfGiven
	return conf, nil
}
