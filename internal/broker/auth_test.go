package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"

	"hotline12333/internal/testkit"
)

// selfSigned makes a certificate for 127.0.0.1 and the file of its authority.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "broker"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// TestLogin goes through TLS and each mechanism, requests and group alike.
func TestLogin(t *testing.T) {
	cert, ca := selfSigned(t)
	cluster, err := kfake.NewCluster(
		kfake.NumBrokers(1), kfake.EnableSASL(), kfake.TLS(&tls.Config{Certificates: []tls.Certificate{cert}}),
		kfake.Superuser("PLAIN", "plain", "secret"),
		kfake.Superuser("SCRAM-SHA-256", "scram-sha-256", "secret"),
		kfake.Superuser("SCRAM-SHA-512", "scram-sha-512", "secret"),
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	addr := cluster.ListenAddrs()[0]
	client := func(t *testing.T, mechanism, password string, tlsCfg TLSConfig) *Client {
		t.Helper()
		t.Setenv("TEST_BROKER_PASSWORD", password)
		cfg := DefaultConfig()
		cfg.Addresses = []string{addr}
		cfg.TLS = tlsCfg
		cfg.SASL = SASLConfig{Mechanism: mechanism, User: mechanism, PasswordEnv: "TEST_BROKER_PASSWORD"}
		c, err := New(cfg, Deps{Log: testkit.Log(t)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.Close() })
		return c
	}
	secure := TLSConfig{Enabled: true, CAFile: ca}
	for _, mechanism := range []string{"plain", "scram-sha-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) {
			c := client(t, mechanism, "secret", secure)
			topic := testTopic(t, c, 1, nil)
			if err := c.Produce(testCtx(t), topic, numbered(10)); err != nil {
				t.Fatal(err)
			}
			s := newSink()
			runGroup(t, c, GroupConfig{Group: mechanism, Topic: topic}, s.worker(mechanism))
			s.waitFor(t, 10)
		})
	}
	t.Run("wrong password", func(t *testing.T) {
		// This broker just hangs up; Apache Kafka says why.
		c := client(t, "plain", "wrong", secure)
		if err := c.Ping(testCtx(t)); err == nil || !strings.Contains(err.Error(), "sasl") {
			t.Errorf("ping: %v", err)
		}
	})
	t.Run("unknown authority", func(t *testing.T) {
		c := client(t, "plain", "secret", TLSConfig{Enabled: true})
		if err := c.Ping(testCtx(t)); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("ping: %v", err)
		}
	})
}
