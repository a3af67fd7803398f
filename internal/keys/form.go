package keys

import (
	"cmp"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"filippo.io/age"
)

const secretBytes = 32

// file is the form of the key file. The active key is the newest; the others still
// recognise and open what was made with them.
type file struct {
	Format     int         `json:"format"`
	Comment    string      `json:"comment"`
	Active     string      `json:"active"`
	Pseudonyms []pseudonym `json:"pseudonyms"`
	Seals      []sealKey   `json:"seals"`
}

type pseudonym struct {
	ID      string `json:"id"`
	Secret  string `json:"secret"` // base64
	Created string `json:"created,omitempty"`
	From    string `json:"from,omitempty"`    // calls that arrive from then on; empty: all
	Overlap string `json:"overlap,omitempty"` // until then they carry the pseudonym before as well
}

type sealKey struct {
	ID       string `json:"id,omitempty"` // of the pseudonym key it came with
	Identity string `json:"identity"`
	Created  string `json:"created,omitempty"`
}

const (
	fileFormat  = 1
	fileComment = "Keys of hotline. Keep a copy in a safe place apart from the data; without it callers cannot be matched with earlier ones and rejected records cannot be opened."
)

// generate makes the first keys; they hold for all calls.
func generate(now time.Time) (*file, error) {
	f := &file{Format: fileFormat, Comment: fileComment}
	if err := f.add(now, time.Time{}, time.Time{}); err != nil {
		return nil, err
	}
	return f, nil
}

// add makes a new key and makes it the active one.
func (f *file) add(now, from, overlap time.Time) error {
	secret := make([]byte, secretBytes)
	id := make([]byte, 4)
	for _, b := range [][]byte{secret, id} {
		if _, err := rand.Read(b); err != nil {
			return fmt.Errorf("making keys: %w", err)
		}
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	name := hex.EncodeToString(id)
	if slices.ContainsFunc(f.Pseudonyms, func(p pseudonym) bool { return p.ID == name }) {
		return errors.New("making keys: the new key has the name of an old one: try again")
	}
	f.Active = name
	f.Pseudonyms = append(f.Pseudonyms, pseudonym{
		ID: name, Secret: base64.StdEncoding.EncodeToString(secret),
		Created: stamp(now), From: stamp(from), Overlap: stamp(overlap),
	})
	f.Seals = append(f.Seals, sealKey{ID: name, Identity: identity.String(), Created: stamp(now)})
	return nil
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func moment(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	return time.Parse(time.RFC3339, s)
}

func (f *file) keys() (*Keys, error) {
	r, err := f.ring()
	if err != nil {
		return nil, err
	}
	k := &Keys{}
	k.ring.Store(r)
	return k, nil
}

// ring checks the file's content. No error shows a secret.
func (f *file) ring() (*ring, error) {
	if f.Format != fileFormat {
		return nil, fmt.Errorf("format %d is not known to this version (%d is)", f.Format, fileFormat)
	}
	r := &ring{names: map[string]Facts{}}
	for _, p := range f.Pseudonyms {
		secret, err := base64.StdEncoding.DecodeString(p.Secret)
		if err != nil || len(secret) != secretBytes {
			return nil, fmt.Errorf("the secret of key %s is damaged", p.ID)
		}
		from, err1 := moment(p.From)
		overlap, err2 := moment(p.Overlap)
		created, err3 := moment(p.Created)
		if err := errors.Join(err1, err2, err3); err != nil {
			return nil, fmt.Errorf("a time of key %s is damaged", p.ID)
		}
		if _, twice := r.names[p.ID]; twice || p.ID == "" {
			return nil, fmt.Errorf("the key %q is there twice or has no name", p.ID)
		}
		r.names[p.ID] = Facts{ID: p.ID, Created: created, From: from, OverlapUntil: overlap, Active: p.ID == f.Active}
		r.keys = append(r.keys, key{id: p.ID, secret: secret, from: from, overlap: overlap})
	}
	slices.SortStableFunc(r.keys, func(a, b key) int { return cmp.Compare(a.from.Unix(), b.from.Unix()) })
	if n := len(r.keys); n == 0 || r.keys[n-1].id != f.Active {
		return nil, fmt.Errorf("the active key %q is missing or not the newest", f.Active)
	}
	if err := r.unseal(f.Seals); err != nil {
		return nil, err
	}
	return r, nil
}

func (r *ring) unseal(seals []sealKey) error {
	for _, s := range seals {
		id, err := age.ParseX25519Identity(s.Identity)
		if err != nil {
			return errors.New("the sealing key is damaged")
		}
		r.seals = append(r.seals, openSeal{id: s.ID, identity: id})
		r.open = append(r.open, id)
	}
	if len(r.seals) == 0 {
		return errors.New("the sealing key is missing")
	}
	slices.Reverse(r.open) // the newest has most to open
	r.make = r.seals[len(r.seals)-1].identity.Recipient()
	return nil
}

// manyIdentities opens with the first that fits.
type manyIdentities []*age.X25519Identity

func (m manyIdentities) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	for _, id := range m {
		fileKey, err := id.Unwrap(stanzas)
		if err == nil || !errors.Is(err, age.ErrIncorrectIdentity) {
			return fileKey, err
		}
	}
	return nil, age.ErrIncorrectIdentity
}
