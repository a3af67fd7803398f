package tokens

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"hotline12333/internal/credential"
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
	ErrUnknown = credential.ErrUnknown
	ErrRevoked = credential.ErrRevoked
	ErrExpired = credential.ErrExpired
)

// kind is how the file of tokens is kept.
var kind = credential.Kind[Token]{
	Prefix: "hl_", Command: "hotline tokens",
	Comment:    "Who may post records to hotline. Change it with hotline tokens; it holds no secret, only hashes.",
	Fields:     (*Token).fields,
	Validate:   (*Token).validate,
	Secretless: func(t *Token) bool { return t.Certificate != "" },
	Clash: func(have, added *Token) error {
		if added.Certificate != "" && have.Certificate == added.Certificate {
			return fmt.Errorf("the certificate %s stands for token %s already", added.Certificate, have.Name)
		}
		return nil
	},
}

func (t *Token) fields() credential.Fields {
	return credential.Fields{ID: &t.ID, Name: &t.Name, SHA256: &t.SHA256, Created: &t.Created, Expires: &t.Expires, Revoked: &t.Revoked}
}

// List reads the tokens of the file; none when there is no file.
func List(path string) ([]Token, error) { return kind.List(path) }

// Add puts a new token into the file, which is made when missing, and gives its secret:
// nothing else ever tells it again. A token for a certificate has none.
func Add(ctx context.Context, path string, t Token, now time.Time) (secret string, made Token, err error) {
	return kind.Add(ctx, path, t, now)
}

// Begin makes a file without tokens where there is none.
func Begin(ctx context.Context, path string) error { return kind.Begin(ctx, path) }

// Revoke ends a token, given by name or id, for good. Who uses the file refuses it from
// the next request on.
func Revoke(ctx context.Context, path, which string, now time.Time) (Token, error) {
	return kind.Revoke(ctx, path, which, now)
}

// Watched is a file of tokens as it is at each moment. It is safe for concurrent use.
type Watched struct{ *credential.Watched[Token] }

// Watch opens nothing; the first look does.
func Watch(path string) *Watched { return &Watched{kind.Watch(path)} }

// FindCertificate gives the token of a certificate that has been verified.
func (w *Watched) FindCertificate(c *x509.Certificate, now time.Time) (*Token, error) {
	names := append([]string{c.Subject.CommonName}, c.DNSNames...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	t, err := w.Look(func(t *Token) bool { return t.Certificate != "" && slices.Contains(names, t.Certificate) }, now)
	if errors.Is(err, ErrUnknown) {
		err = fmt.Errorf("%w: no entry has the certificate's name", err)
	}
	return t, err
}

// May says whether the token may send records of the kind.
func (t *Token) May(k Kind) bool { return len(t.Kinds) == 0 || slices.Contains(t.Kinds, k) }

// MayBe says whether the token may send records of the source.
func (t *Token) MayBe(source string) bool {
	return len(t.Sources) == 0 || slices.Contains(t.Sources, source)
}

// State is a word for people: active, expired or revoked.
func (t *Token) State(now time.Time) string { return t.fields().State(now) }

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
