package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"sync/atomic"
	"time"

	"filippo.io/age"
)

// Keys are safe for concurrent use.
type Keys struct {
	path string // empty: never written
	ring atomic.Pointer[ring]
}

// ring is what one state of the key file says.
type ring struct {
	keys  []key            // by the time they begin to hold, the oldest first; at least one
	seals []openSeal       // of all keys that are not retired
	make  age.Recipient    // of the newest seal
	open  manyIdentities   // of all seals
	names map[string]Facts // of the keys, without their secrets
}

type key struct {
	id      string
	secret  []byte
	from    time.Time // zero: always
	overlap time.Time // until when calls carry the pseudonym of the key before as well
}

type openSeal struct {
	id       string
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

// Pseudonym is the keyed hash of a telephone number, however it is written, under the
// key that holds now; empty when it holds no digits. The key's id stands before it.
// For a call, which has its own time, use [Keys.Pseudonyms].
func (k *Keys) Pseudonym(number string) string {
	current, _ := k.Pseudonyms(number, time.Now())
	return current
}

// PseudonymOfID is the keyed hash of an id that is no telephone number; the same digits
// as a number give another hash. It is made with the oldest key: what names a record must
// not become another name by a rotation. Who called is told by [Keys.PseudonymsOfID].
func (k *Keys) PseudonymOfID(id string) string {
	if id == "" {
		return ""
	}
	return k.ring.Load().keys[0].sum("id", []byte(id))
}

// Pseudonyms are the keyed hashes of the number of a call that arrived at the time: under
// the key that held then and, in the overlap after a rotation, under the key before it as
// well, so that a caller is recognised across the change. The choice depends on the call
// alone: the same record read again on another day gives the same pseudonyms, as long as
// no key is retired.
func (k *Keys) Pseudonyms(number string, at time.Time) (current, previous string) {
	n := normalize(number)
	if n == "" {
		return "", ""
	}
	return k.both("number", n, at)
}

// PseudonymsOfID is [Keys.Pseudonyms] for an id that is no telephone number.
func (k *Keys) PseudonymsOfID(id string, at time.Time) (current, previous string) {
	if id == "" {
		return "", ""
	}
	return k.both("id", id, at)
}

// AllPseudonyms are the pseudonyms a number can have under any key that is not retired,
// the oldest key's first: what to look for when everything about one caller is wanted.
func (k *Keys) AllPseudonyms(number string) []string {
	n := normalize(number)
	if n == "" {
		return nil
	}
	var out []string
	for _, key := range k.ring.Load().keys {
		out = append(out, key.sum("number", []byte(n)))
	}
	return out
}

func (k *Keys) both(kind, content string, at time.Time) (current, previous string) {
	keys := k.ring.Load().keys
	i := len(keys) - 1
	for i > 0 && at.Before(keys[i].from) {
		i--
	}
	current = keys[i].sum(kind, []byte(content))
	if i > 0 && at.Before(keys[i].overlap) {
		previous = keys[i-1].sum(kind, []byte(content))
	}
	return current, previous
}

// Fingerprint tells contents apart without telling anything of them. It is made with the
// oldest key, so that a rotation does not make the same content another.
func (k *Keys) Fingerprint(content []byte) string {
	return k.ring.Load().keys[0].sum("content", content)
}

// KeyID names the newest key; it may not hold yet.
func (k *Keys) KeyID() string {
	keys := k.ring.Load().keys
	return keys[len(keys)-1].id
}

// sum is "keyid.hash" with 128 bits of HMAC-SHA-256.
func (k *key) sum(kind string, b []byte) string {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte(kind))
	mac.Write([]byte{0})
	mac.Write(b)
	return k.id + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

// Recipient seals what Identity opens. Its key is the one that is newest when it is used.
func (k *Keys) Recipient() age.Recipient { return recipient{k} }

// Identity opens what was sealed for Recipient, under the newest key or an earlier one
// that is not retired.
func (k *Keys) Identity() age.Identity { return identity{k} }

type recipient struct{ keys *Keys }

func (r recipient) Wrap(fileKey []byte) ([]*age.Stanza, error) {
	return r.keys.ring.Load().make.Wrap(fileKey)
}

type identity struct{ keys *Keys }

func (i identity) Unwrap(stanzas []*age.Stanza) ([]byte, error) {
	return i.keys.ring.Load().open.Unwrap(stanzas)
}
