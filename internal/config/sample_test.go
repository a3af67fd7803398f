package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample has a field of every kind the machinery knows.
type sample struct {
	Name  string      `yaml:"name" doc:"A name."`
	Store sampleStore `yaml:"store" doc:"Where rows go."`
	Web   sampleWeb   `yaml:"web"   doc:"The pages."`
}

type sampleStore struct {
	Addresses    []string       `yaml:"addresses"     doc:"Servers, host:port."`
	Timeout      time.Duration  `yaml:"timeout"       doc:"Longest wait for an answer."`
	Block        int64          `yaml:"block"         doc:"Largest block." unit:"bytes"`
	CacheBytes   uint32         `yaml:"cache_bytes"   doc:"Size of the cache."`
	Rows         int            `yaml:"rows"          doc:"Rows per batch."`
	Ratio        float64        `yaml:"ratio"         doc:"Share of memory."`
	Verify       bool           `yaml:"verify"        doc:"Whether to verify | to trust."`
	Limits       map[string]int `yaml:"limits"        doc:"Limit by queue."`
	Quota        []sampleQuota  `yaml:"quota"         doc:"Quota by centre."`
	User         string         `yaml:"user"          doc:"User name."`
	Password     string         `yaml:"password"      doc:"Password of the user." secret:"true"`
	PasswordFile string         `yaml:"password_file" doc:"File with the password."`
	Runtime      func()         `yaml:"-"`
}

type sampleQuota struct {
	Centre string        `yaml:"centre" doc:"Centre."`
	Every  time.Duration `yaml:"every"  doc:"Period."`
}

type sampleWeb struct {
	Listen netip.AddrPort `yaml:"listen" doc:"Address to listen on."`
	Page   samplePage     `yaml:"page"   doc:"The live page."`
}

type samplePage struct {
	Title   string `yaml:"title"   doc:"Title of the page."`
	Refresh uint8  `yaml:"refresh" doc:"Seconds between updates."`
}

func (s sampleStore) Validate() error {
	var errs []error
	if s.Rows < 1 {
		errs = append(errs, errors.New("rows: must be at least 1"))
	}
	if len(s.Addresses) == 0 {
		errs = append(errs, errors.New("addresses is empty"))
	}
	if s.User == "root" && s.Password == "" {
		errs = append(errs, errors.New("no login as root without a password"))
	}
	return errors.Join(errs...)
}

func (p samplePage) Validate() error {
	if p.Refresh == 0 {
		return errors.New("refresh must be above zero")
	}
	return nil
}

func defaultSample() sample {
	return sample{
		Name: "centre",
		Store: sampleStore{
			Addresses: []string{"127.0.0.1:9000"}, Timeout: 2 * time.Second, Block: 16 << 20, CacheBytes: 64 << 10,
			Rows: 1000, Ratio: 0.5, Verify: true, Limits: map[string]int{"a": 1}, User: "hotline",
			Quota: []sampleQuota{{Centre: "x", Every: time.Minute}},
		},
		Web: sampleWeb{Listen: netip.MustParseAddrPort("127.0.0.1:8333"), Page: samplePage{Title: "Live", Refresh: 2}},
	}
}

// write puts text into a file called hotline.yaml and enters its directory, so
// that errors show the short name.
func write(t *testing.T, text string) string {
	t.Helper()
	t.Chdir(t.TempDir())
	put(t, "hotline.yaml", text)
	return "hotline.yaml"
}

func put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Clean(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want one with %q", parts)
	}
	for _, p := range parts {
		if !strings.Contains(err.Error(), p) {
			t.Errorf("error %q\nlacks %q", err, p)
		}
	}
}
