package credential

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Kind is what the holders of one file have in common.
type Kind[T any] struct {
	Prefix  string // of secrets: it lets scanners of repositories find one that was committed
	Comment string // at the head of the file
	Command string // that changes it, for messages

	Fields   func(*T) Fields
	Validate func(*T) error

	Secretless func(*T) bool              // something else stands for it; nil: never
	Clash      func(have, added *T) error // with one in force; nil: names alone clash
}

// Fields are those that every holder has.
type Fields struct {
	ID, Name, SHA256          *string // of the secret, hexadecimal; empty where something else stands for it
	Created, Expires, Revoked *time.Time
}

// Errors of a secret that is no longer good. They are wrapped: compare with errors.Is.
var (
	ErrUnknown = errors.New("the token is not known")
	ErrRevoked = errors.New("the token is revoked")
	ErrExpired = errors.New("the token has expired")
)

// Good is nil while it may be used.
func (f Fields) Good(now time.Time) error {
	switch {
	case !f.Revoked.IsZero():
		return ErrRevoked
	case !f.Expires.IsZero() && !now.Before(*f.Expires):
		return ErrExpired
	}
	return nil
}

// State is a word for people: active, expired or revoked.
func (f Fields) State(now time.Time) string {
	switch err := f.Good(now); {
	case errors.Is(err, ErrRevoked):
		return "revoked"
	case err != nil:
		return "expired"
	}
	return "active"
}

func (f Fields) validate() error {
	if *f.SHA256 != "" && len(*f.SHA256) != 2*sha256.Size {
		return errors.New("the secret's hash is damaged")
	}
	return nil
}

// A secret is written as PREFIX_ID_SECRET: the id finds its entry.
const (
	idBytes     = 6
	secretBytes = 32
)

// newSecret makes an id and a secret for it.
func newSecret(prefix string) (id, secret, hash string, err error) {
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
func idOf(prefix, secret string) string {
	rest, ok := strings.CutPrefix(secret, prefix)
	if !ok || len(rest) < 2*idBytes+2 || rest[2*idBytes] != '_' {
		return ""
	}
	return rest[:2*idBytes]
}

// set is the holders of one state of the file.
type set[T any] struct {
	kind *Kind[T]
	list []T
	byID map[string]*T // of those with a secret
}

func newSet[T any](k *Kind[T], list []T) *set[T] {
	s := &set[T]{kind: k, list: list, byID: make(map[string]*T, len(list))}
	for i := range list {
		if of := k.Fields(&list[i]); *of.SHA256 != "" {
			s.byID[*of.ID] = &list[i]
		}
	}
	return s
}

func (s *set[T]) find(secret string, now time.Time) (*T, error) {
	t := s.byID[idOf(s.kind.Prefix, secret)]
	have := hashOf(secret) // also where there is no entry: both cost the same
	want := ""
	if t != nil {
		want = *s.kind.Fields(t).SHA256
	}
	if subtle.ConstantTimeCompare([]byte(have), []byte(want)) != 1 {
		return nil, ErrUnknown
	}
	return t, s.kind.Fields(t).Good(now)
}

func (s *set[T]) look(fits func(*T) bool, now time.Time) (*T, error) {
	var found *T
	for i := range s.list {
		t := &s.list[i]
		if !fits(t) {
			continue
		}
		if s.kind.Fields(t).Good(now) == nil {
			return t, nil
		}
		if found == nil {
			found = t
		}
	}
	if found == nil {
		return nil, ErrUnknown
	}
	return found, s.kind.Fields(found).Good(now)
}
