package httpapi_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hotline12333/internal/intake"
	"hotline12333/internal/intake/httpapi"
	"hotline12333/internal/intake/tokens"
)

// authority signs certificates.
type authority struct {
	t    *testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
	pem  []byte
	next int64
}

func newAuthority(t *testing.T, name string) *authority {
	t.Helper()
	a := &authority{t: t, pool: x509.NewCertPool(), next: 2}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	a.pool.AddCert(a.cert)
	a.pem = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return a
}

// sign makes a certificate for a server on loopback, or a client of a name.
func (a *authority) sign(name string, dns ...string) (cert, key []byte) {
	a.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.next++
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(a.next), Subject: pkix.Name{CommonName: name}, DNSNames: dns,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &k.PublicKey, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	raw, err := x509.MarshalECPrivateKey(k)
	if err != nil {
		a.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: raw})
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// trusting is a client that trusts an authority, with a certificate of its own perhaps.
func trusting(t *testing.T, ca *authority, own ...[]byte) *http.Client {
	t.Helper()
	conf := &tls.Config{RootCAs: ca.pool, ServerName: "intake.example"}
	if len(own) == 2 {
		pair, err := tls.X509KeyPair(own[0], own[1])
		if err != nil {
			t.Fatal(err)
		}
		// Whatever authorities the server names: a stranger would do so too.
		conf.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
	}
	return &http.Client{Transport: &http.Transport{TLSClientConfig: conf, DisableKeepAlives: true}, Timeout: 20 * time.Second}
}

// TestTLS takes records encrypted, from tokens and from certificates, and takes up files
// that are renewed while it runs.
func TestTLS(t *testing.T) {
	dir := t.TempDir()
	ca, clients := newAuthority(t, "servers"), newAuthority(t, "clients")
	certFile, keyFile, caFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")
	install := func(a *authority) {
		cert, key := a.sign("intake", "intake.example")
		write(t, certFile, cert)
		write(t, keyFile, key)
	}
	install(ca)
	write(t, caFile, clients.pem)
	w := newWorld(t, options{cfg: func(c *intake.HTTP) {
		c.TLS = intake.HTTPTLS{CertFile: certFile, KeyFile: keyFile, ClientCAFile: caFile}
	}})
	if !strings.HasPrefix(w.url, "https://") {
		t.Fatal(w.url)
	}
	w.token(tokens.Token{Name: "west", Certificate: "pbx.west.example", Kinds: []tokens.Kind{tokens.Calls}})
	w.token(tokens.Token{Name: "east", Certificate: "pbx-east"})
	good := posting{route: "/v1/calls", body: callJSON("c")}
	anonymous := good
	anonymous.token = "-"

	w.http = trusting(t, ca)
	w.want(202, good)
	w.want(401, anonymous)
	for name, want := range map[string]int{"pbx-east": 202, "pbx-south": 401} {
		cert, key := clients.sign(name)
		w.http = trusting(t, ca, cert, key)
		if a := w.want(want, anonymous); strings.Contains(a.body, "hl_") {
			t.Error(a.body)
		}
	}
	cert, key := clients.sign("any", "pbx.west.example")
	w.http = trusting(t, ca, cert, key)
	w.want(202, anonymous)
	w.want(403, posting{route: "/v1/agents", token: "-", body: agentJSON})
	w.want(401, posting{route: "/v1/calls", token: "hl_000000000000_x", body: callJSON("c")}) // a token that is given must be right
	if _, err := tokens.Revoke(t.Context(), w.tokens, "west", time.Now()); err != nil {
		t.Fatal(err)
	}
	w.want(401, anonymous)

	cert, key = newAuthority(t, "strangers").sign("pbx-east")
	w.http = trusting(t, ca, cert, key)
	if a, err := w.try(t.Context(), anonymous); err == nil {
		t.Errorf("a certificate of a stranger is let in: %d", a.code)
	}
	if _, err := (&http.Client{Transport: &http.Transport{}}).Get(w.url + "/healthz"); err == nil {
		t.Error("the certificate is of an authority nobody trusts, yet the client was content")
	}

	renewed := newAuthority(t, "renewed")
	write(t, keyFile, []byte("half written"))
	w.http = trusting(t, ca)
	w.want(202, good)
	install(renewed)
	w.http = trusting(t, renewed)
	w.want(202, good)
}

// TestTLSFiles refuses to start with files that cannot work.
func TestTLSFiles(t *testing.T) {
	dir := t.TempDir()
	ca := newAuthority(t, "servers")
	cert, key := ca.sign("intake")
	_, other := ca.sign("other")
	for name, data := range map[string][]byte{"cert": cert, "key": key, "other": other, "none": []byte("nothing")} {
		write(t, filepath.Join(dir, name), data)
	}
	for _, files := range [][3]string{{"cert", "other", ""}, {"cert", "missing", ""}, {"cert", "key", "none"}, {"cert", "key", "missing"}} {
		cfg := intake.DefaultHTTP()
		cfg.Listen = "127.0.0.1:0"
		for i, to := range []*string{&cfg.TLS.CertFile, &cfg.TLS.KeyFile, &cfg.TLS.ClientCAFile} {
			if files[i] != "" {
				*to = filepath.Join(dir, files[i])
			}
		}
		s, err := httpapi.New(cfg, httpapi.Deps{Broker: silent{}, Tokens: tokens.Watch("x")})
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Listen(); err == nil {
			t.Errorf("%v: it starts", files)
		} else {
			t.Log(err)
		}
	}
}
