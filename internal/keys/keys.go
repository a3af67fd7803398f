package keys

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"time"

	"filippo.io/age"
)

const secretBytes = 32

// Keys are safe for concurrent use.
type Keys struct {
	id       string // of the active pseudonym key
	secret   []byte
	identity *age.X25519Identity
}

// Ephemeral returns keys that are never written: what is made with them can be matched
// and opened in this process only.
func Ephemeral() (*Keys, error) {
	f, err := generate(time.Time{})
	if err != nil {
		return nil, err
	}
	return f.keys()
}

// Pseudonym is the keyed hash of a telephone number, however it is written; empty when
// it holds no digits. The key's id stands before it.
func (k *Keys) Pseudonym(number string) string {
	n := normalize(number)
	if n == "" {
		return ""
	}
	return k.sum("number", []byte(n))
}

// PseudonymOfID is the keyed hash of an id that is no telephone number; the same digits
// as a number give another hash.
func (k *Keys) PseudonymOfID(id string) string {
	if id == "" {
		return ""
	}
	return k.sum("id", []byte(id))
}

// Fingerprint tells contents apart without telling anything of them.
func (k *Keys) Fingerprint(content []byte) string { return k.sum("content", content) }

// KeyID names the key the pseudonyms are made with.
func (k *Keys) KeyID() string { return k.id }

// sum is "keyid.hash" with 128 bits of HMAC-SHA-256.
func (k *Keys) sum(kind string, b []byte) string {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write(b)
	return k.id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// Recipient seals what Identity opens.
func (k *Keys) Recipient() age.Recipient { return k.identity.Recipient() }

// Identity opens what was sealed for Recipient.
func (k *Keys) Identity() age.Identity { return k.identity }

// file is the form of the key file. The lists leave room for rotation: the active key
// makes, the others still recognise and open.
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
}

type sealKey struct {
	Identity string `json:"identity"`
	Created  string `json:"created,omitempty"`
}

const fileFormat = 1

func generate(now time.Time) (*file, error) {
	secret := make([]byte, secretBytes)
	id := make([]byte, 4)
	for _, b := range [][]byte{secret, id} {
		if _, err := rand.Read(b); err != nil {
			return nil, fmt.Errorf("making keys: %w", err)
		}
	}
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, fmt.Errorf("making keys: %w", err)
	}
	created := ""
	if !now.IsZero() {
		created = now.UTC().Format(time.RFC3339)
	}
	name := hex.EncodeToString(id)
	return &file{
		Format:     fileFormat,
		Comment:    "Keys of hotline. Keep a copy in a safe place apart from the data; without it callers cannot be matched with earlier ones and rejected records cannot be opened.",
		Active:     name,
		Pseudonyms: []pseudonym{{ID: name, Secret: base64.StdEncoding.EncodeToString(secret), Created: created}},
		Seals:      []sealKey{{Identity: identity.String(), Created: created}},
	}, nil
}

// keys checks the file's content. No error shows a secret.
func (f *file) keys() (*Keys, error) {
	if f.Format != fileFormat {
		return nil, fmt.Errorf("format %d is not known to this version (%d is)", f.Format, fileFormat)
	}
	k := &Keys{id: f.Active}
	for _, p := range f.Pseudonyms {
		if p.ID != f.Active {
			continue
		}
		secret, err := base64.StdEncoding.DecodeString(p.Secret)
		if err != nil || len(secret) != secretBytes {
			return nil, fmt.Errorf("the secret of key %s is damaged", p.ID)
		}
		k.secret = secret
	}
	if k.id == "" || k.secret == nil {
		return nil, fmt.Errorf("the active key %q is missing", f.Active)
	}
	if len(f.Seals) == 0 {
		return nil, fmt.Errorf("the sealing key is missing")
	}
	identity, err := age.ParseX25519Identity(f.Seals[0].Identity)
	if err != nil {
		return nil, fmt.Errorf("the sealing key is damaged")
	}
	k.identity = identity
	return k, nil
}
