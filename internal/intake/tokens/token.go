package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of record.
type Kind string

// The kinds.
const (
	Calls       Kind = "calls"
	Tickets     Kind = "tickets"
	Supplements Kind = "supplements"
	Agents      Kind = "agents"
)

// Kinds are all of them.
func Kinds() []Kind { return []Kind{Calls, Tickets, Supplements, Agents} }

// Token is one sender and what it may do. Empty lists and texts set no bound.
type Token struct {
	ID          string   `json:"id"`
	Name        string   `json:"name"`
	SHA256      string   `json:"sha256,omitempty"`      // of the secret, hexadecimal; empty where a certificate stands for it
	Certificate string   `json:"certificate,omitempty"` // common name, DNS name or URI of the client's certificate
	Sources     []string `json:"sources,omitempty"`
	Kinds       []Kind   `json:"kinds,omitempty"`
	Centre      string   `json:"centre,omitempty"`
	IDPrefix    string   `json:"id_prefix,omitempty"`  // every id it sends begins with this
	Pseudonyms  bool     `json:"pseudonyms,omitempty"` // it makes pseudonyms of callers itself

	RecordsPerSecond int `json:"records_per_second,omitempty"` // 0: the configuration's
	BytesPerSecond   int `json:"bytes_per_second,omitempty"`

	Created time.Time `json:"created"`
	Expires time.Time `json:"expires,omitzero"`
	Revoked time.Time `json:"revoked,omitzero"`
}

// Errors of a token that is no longer good. They are wrapped: compare with errors.Is.
var (
	ErrUnknown = errors.New("the token is not known")
	ErrRevoked = errors.New("the token is revoked")
	ErrExpired = errors.New("the token has expired")
)

// May says whether the token may send records of the kind.
func (t *Token) May(k Kind) bool { return len(t.Kinds) == 0 || slices.Contains(t.Kinds, k) }

// MayBe says whether the token may send records of the source.
func (t *Token) MayBe(source string) bool {
	return len(t.Sources) == 0 || slices.Contains(t.Sources, source)
}

// good is nil while the token may be used.
func (t *Token) good(now time.Time) error {
	switch {
	case !t.Revoked.IsZero():
		return ErrRevoked
	case !t.Expires.IsZero() && !now.Before(t.Expires):
		return ErrExpired
	}
	return nil
}

// State is a word for people: active, expired or revoked.
func (t *Token) State(now time.Time) string {
	switch err := t.good(now); {
	case errors.Is(err, ErrRevoked):
		return "revoked"
	case err != nil:
		return "expired"
	}
	return "active"
}

var (
	validName   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)
	validSource = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
)

const mostText = 128

func (t *Token) validate() error {
	switch {
	case !validName.MatchString(t.Name):
		return fmt.Errorf("name %q: small letters, digits, dot, dash and underscore, at most 64", t.Name)
	case t.RecordsPerSecond < 0 || t.BytesPerSecond < 0:
		return errors.New("limits must not be negative")
	case t.BytesPerSecond > 0 && t.BytesPerSecond < 1024:
		return fmt.Errorf("bytes per second: %d is below 1024", t.BytesPerSecond)
	case t.SHA256 == "" && t.Certificate == "":
		return errors.New("neither a secret nor a certificate")
	case t.SHA256 != "" && len(t.SHA256) != 2*sha256.Size:
		return errors.New("the secret's hash is damaged")
	}
	for _, s := range t.Sources {
		if !validSource.MatchString(s) {
			return fmt.Errorf("source %q is no name of a source", s)
		}
	}
	for _, k := range t.Kinds {
		if !slices.Contains(Kinds(), k) {
			return fmt.Errorf("kind %q is not calls, tickets, supplements or agents", k)
		}
	}
	for _, s := range []struct{ what, text string }{{"centre", t.Centre}, {"id prefix", t.IDPrefix}, {"certificate", t.Certificate}} {
		if len(s.text) > mostText || strings.ContainsFunc(s.text, func(r rune) bool { return r < ' ' || r == 0x7f }) {
			return fmt.Errorf("%s: at most %d bytes, without control characters", s.what, mostText)
		}
	}
	return nil
}

// A secret is written as hl_ID_SECRET: the prefix lets scanners of repositories find one
// that was committed, the id finds its entry.
const (
	prefix      = "hl_"
	idBytes     = 6
	secretBytes = 32
)

// newSecret makes an id and a secret for it.
func newSecret() (id, secret, hash string, err error) {
	b := make([]byte, idBytes+secretBytes)
	if _, err := rand.Read(b); err != nil {
		return "", "", "", fmt.Errorf("making a token: %w", err)
	}
	id = hex.EncodeToString(b[:idBytes])
	secret = prefix + id + "_" + base64.RawURLEncoding.EncodeToString(b[idBytes:])
	return id, secret, hashOf(secret), nil
}

func hashOf(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// idOf is the id inside a secret, empty when it has not the form of one.
func idOf(secret string) string {
	rest, ok := strings.CutPrefix(secret, prefix)
	if !ok || len(rest) < 2*idBytes+2 || rest[2*idBytes] != '_' {
		return ""
	}
	return rest[:2*idBytes]
}

// set is the tokens of one state of the file.
type set struct {
	byID          map[string]*Token
	byCertificate map[string]*Token
}

func newSet(list []Token) *set {
	s := &set{byID: make(map[string]*Token, len(list)), byCertificate: map[string]*Token{}}
	for i := range list {
		t := &list[i]
		if t.SHA256 != "" {
			s.byID[t.ID] = t
		}
		// Of several entries for one certificate the one in force counts.
		if have := s.byCertificate[t.Certificate]; t.Certificate != "" && (have == nil || !have.Revoked.IsZero()) {
			s.byCertificate[t.Certificate] = t
		}
	}
	return s
}

func (s *set) find(secret string, now time.Time) (*Token, error) {
	t := s.byID[idOf(secret)]
	have := hashOf(secret) // also where there is no entry: both cost the same
	want := ""
	if t != nil {
		want = t.SHA256
	}
	if subtle.ConstantTimeCompare([]byte(have), []byte(want)) != 1 {
		return nil, ErrUnknown
	}
	return t, t.good(now)
}

// findCertificate looks for the names of a certificate that has been verified.
func (s *set) findCertificate(c *x509.Certificate, now time.Time) (*Token, error) {
	names := append([]string{c.Subject.CommonName}, c.DNSNames...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	for _, name := range names {
		if t := s.byCertificate[name]; t != nil && name != "" {
			return t, t.good(now)
		}
	}
	return nil, fmt.Errorf("%w: no entry has the certificate's name", ErrUnknown)
}
