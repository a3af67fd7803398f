package watch

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// State is how a hotline was found, from good to bad.
type State int

// The states.
const (
	Ready    State = iota
	NotReady       // it answers, and says what is missing
	Gone           // nothing that is a hotline answers
)

func (s State) String() string {
	return [...]string{"ready", "not_ready", "gone"}[s]
}

// Reason says why a hotline is not ready, for people.
type Reason struct{ ZH, EN string }

// Answer is what one check found; without a reason when ready.
type Answer struct {
	State  State
	Reason Reason
}

// The longest that is read of an answer, and of metrics.
const (
	mostAnswer  = 4 << 10
	mostMetrics = 64 << 20
)

// maintenanceUntil is the metric by which a hotline tells how long planned maintenance lasts.
const maintenanceUntil = "hotline_maintenance_until_timestamp_seconds"

// asker asks over HTTP.
type asker struct {
	client  *http.Client
	timeout time.Duration
	token   string
}

func newAsker(cfg Config) (*asker, error) {
	pool, err := cfg.authorities()
	if err != nil {
		return nil, err
	}
	transport := http.DefaultTransport.(*http.Transport).Clone() // what it is by documentation
	transport.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	// A connection of its own each time: one that was open before proves nothing.
	transport.DisableKeepAlives = true
	return &asker{
		timeout: cfg.Timeout, token: cfg.Token,
		// The page to sign in that a proxy sends us to is no answer, nor gets it the token.
		client: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// ask checks the hotline at an address: /readyz, and when that is not ready /healthz, which
// tells one that answers from one that is gone.
func (a *asker) ask(ctx context.Context, address string) Answer {
	status, body, err := a.get(ctx, address, "/readyz")
	if err == nil && status == http.StatusOK && body == "ready" {
		return Answer{State: Ready}
	}
	reason := a.reason(status, body, err)
	if status, body, err := a.get(ctx, address, "/healthz"); err == nil && status == http.StatusOK && body == "ok" {
		return Answer{NotReady, reason}
	}
	return Answer{Gone, reason}
}

func (a *asker) get(ctx context.Context, address, path string) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	resp, err := a.request(ctx, base(address)+path)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer))
	return resp.StatusCode, strings.TrimSpace(string(text)), err
}

func (a *asker) request(ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	if a.token != "" {
		req.Header.Set("Authorization", "Bearer "+a.token)
	}
	return a.client.Do(req)
}

// maintenance is until when a hotline that answers says it is worked on; zero: it is not.
func (a *asker) maintenance(ctx context.Context, address string) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, a.timeout)
	defer cancel()
	resp, err := a.request(ctx, base(address)+"/metrics")
	if err != nil {
		return time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return time.Time{}, fmt.Errorf("/metrics answers %s", resp.Status)
	}
	lines := bufio.NewScanner(io.LimitReader(resp.Body, mostMetrics))
	for lines.Scan() {
		value, ok := strings.CutPrefix(lines.Text(), maintenanceUntil+" ")
		if !ok {
			continue
		}
		seconds, err := strconv.ParseFloat(value, 64)
		if err != nil || seconds <= 0 {
			return time.Time{}, err
		}
		return time.Unix(int64(seconds), 0), nil
	}
	return time.Time{}, lines.Err() // roles without a board tell nothing
}

// reason puts what was found into words; those of the program are kept as they are.
func (a *asker) reason(status int, body string, err error) Reason {
	var (
		resolving *net.DNSError
		timeout   interface{ Timeout() bool }
		unknown   x509.UnknownAuthorityError
		invalid   x509.CertificateInvalidError
		host      x509.HostnameError
		noTLS     tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &resolving):
		return Reason{"找不到主机 " + resolving.Name, "no such host: " + resolving.Name}
	case errors.Is(err, syscall.ECONNREFUSED):
		return Reason{"拒绝连接", "connection refused"}
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Reason{"网络不通", "no route to the host"}
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return Reason{"连接中断", "the connection was lost"}
	case errors.As(err, &unknown), errors.As(err, &invalid), errors.As(err, &host), errors.As(err, &noTLS):
		text := withoutAddress(err).Error()
		return Reason{"证书或加密连接有误:" + text, text}
	case errors.As(err, &timeout) && timeout.Timeout(), errors.Is(err, os.ErrDeadlineExceeded):
		return Reason{fmt.Sprintf("%v 内无应答", a.timeout), fmt.Sprintf("no answer within %v", a.timeout)}
	case err != nil:
		text := withoutAddress(err).Error()
		return Reason{"请求失败:" + text, text}
	case status == http.StatusServiceUnavailable && strings.HasPrefix(body, "not ready"):
		text := strings.TrimPrefix(strings.TrimPrefix(body, "not ready"), ": ")
		return Reason{text, text}
	case status == http.StatusOK:
		return Reason{"应答的不是本程序", "what answers is not this program"}
	}
	text := strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
	return Reason{"应答 " + text, "it answers " + text}
}

// withoutAddress leaves out what the message has already.
func withoutAddress(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// base is an address without what its writing may end with.
func base(address string) string { return strings.TrimRight(address, "/") }
